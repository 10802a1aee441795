import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterEach, expect, test } from "vitest"
import { copyOfTemplate } from "../harness/database.ts"

// What the embedded database acknowledged must be there after the process was killed, whenever that was. A power cut
// cannot be tried here; for it, every commit waits for an fsync (see docs/decisions/002-embedded-database.md).

const rounds = 30
const abreast = 2
const directories: string[] = []
const writers = new Set<ChildProcess>()

afterEach(async () => {
  await Promise.all(
    [...writers].map(async (writer) => {
      writer.kill("SIGKILL")
      await once(writer, "close")
    }),
  )
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true })))
})

test("thirty rounds of SIGKILL while committing lose no acknowledged row", { timeout: 180_000 }, async () => {
  const acknowledged = await Promise.all(
    Array.from({ length: abreast }, async () => {
      const directory = await copyOfTemplate()
      directories.push(directory)
      return manyLives(directory, rounds / abreast)
    }),
  )
  expect(Math.min(...acknowledged)).toBeGreaterThan(rounds)
})

/** Kills the writer again and again; returns how many rows were acknowledged, all of which were found. */
async function manyLives(directory: string, lives: number): Promise<number> {
  const acknowledged = new Set<string>()
  for (let life = 1; life <= lives + 1; life += 1) {
    const { found, written } = await oneLife(directory, life)
    // Every fifth is killed while it still opens or recovers, so it finds nothing to say.
    if (found !== undefined) {
      const there = new Set(found)
      expect([...acknowledged].filter((guid) => !there.has(guid))).toEqual([])
      expect(found.filter((guid) => guid.endsWith("is torn"))).toEqual([])
    }
    for (const guid of written) acknowledged.add(guid)
  }
  return acknowledged.size
}

type Life = { found: string[] | undefined; written: string[] }

/** From start to SIGKILL: mostly after some dozen answers, while the next ones are under way; sometimes before any. */
async function oneLife(directory: string, life: number): Promise<Life> {
  const writer = join(import.meta.dirname, "embedded-writer.ts")
  // V8's first compiler alone: a life is too short for the second one to pay.
  const child = spawn(process.execPath, ["--liftoff-only", writer, directory, String(life)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  writers.add(child)
  child.once("close", () => writers.delete(child))
  const kill = (): void => void child.kill("SIGKILL")
  if (life % 5 === 0) setTimeout(kill, 150 + Math.random() * 500)
  const ended: Life = { found: undefined, written: [] }
  const enough = Math.ceil(Math.random() * 60)
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith("found ")) {
      ended.found = JSON.parse(line.slice(6)) as string[]
    } else {
      ended.written.push(line)
      if (ended.written.length === enough) kill()
    }
  }
  return ended
}
