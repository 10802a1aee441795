import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { syncTree } from "../../src/lib/db/sync-tree.ts"

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-sync-"))
  for (const inner of ["a", "a/b", "c"]) await mkdir(join(folder, inner))
  for (let count = 0; count < 40; count += 1) await writeFile(join(folder, "a/b", `file-${count}`), "x")
  await writeFile(join(folder, "top"), "x")
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const tick = (): Promise<void> => new Promise((done) => setImmediate(done))

test("every file and every directory is forced to the disk once, some dozens at a time", async () => {
  const synced: string[] = []
  let [underWay, most] = [0, 0]
  await syncTree(folder, async (path) => {
    underWay += 1
    most = Math.max(most, underWay)
    await tick()
    synced.push(path)
    underWay -= 1
  })
  const inside = await readdir(folder, { recursive: true })
  expect(synced.toSorted()).toEqual([folder, ...inside.map((name) => join(folder, name))].toSorted())
  expect(most).toBeGreaterThan(10)
  expect(most).toBeLessThan(65)
})

test("nothing is called forced while something is under way, or when one path failed", async () => {
  let ended = 0
  const sync = async (path: string): Promise<void> => {
    await tick()
    if (path.endsWith("file-7")) throw new Error("the disk says no")
    ended += 1
  }
  await expect(syncTree(folder, sync)).rejects.toThrow("the disk says no")
  await syncTree(join(folder, "c"), sync)
  expect(ended).toBeGreaterThan(0)
})

test("the real thing goes through a tree", async () => {
  await expect(syncTree(folder)).resolves.toBeUndefined()
  await expect(syncTree(join(folder, "nowhere"))).rejects.toThrow("ENOENT")
})
