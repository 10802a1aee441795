import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { createStore } from "../github/git.ts"
import { judgeHere } from "./judge.ts"
import { lotOf } from "./lot.ts"
import { landMany, readAll, type MadeLanding } from "./many.ts"
import { spoil } from "./spoil.ts"

// Git itself lands hundreds of pull requests, by merge (which has the tree of a squash), by rebase, and as groups.

let landings: MadeLanding[]
let objects: Map<string, { type: string; body: Buffer }>
beforeAll(async () => {
  const dir = mkdtempSync(join(tmpdir(), "landing-"))
  const store = await createStore(dir)
  landings = await landMany(store, 260, 423)
  objects = await readAll(store)
  rmSync(dir, { recursive: true, force: true })
})

test("five hundred landings as git makes them raise no alarm, and none is left open", () => {
  const judged = landings.map((landing) => ({ landing, ...judgeHere(objects, landing) }))
  expect(judged.filter(({ judgement }) => judgement.kind !== "clean")).toEqual([])
  expect(landings.length).toBeGreaterThanOrEqual(500)
  const texts = judged.filter(({ reading }) => reading.blobs > 0)
  expect(texts.length, "in which both sides changed the same file").toBeGreaterThan(100)
})

test("whatever goes wrong in one of them is found, and where", () => {
  const lot = lotOf(24)
  const tried = new Set<string>()
  const missed = []
  for (const landing of landings) {
    const spoilt = spoil(objects, landing, lot)
    if (spoilt === undefined) continue
    const { judgement } = judgeHere(objects, { ...landing, landed: spoilt.landed })
    const paths = judgement.kind === "mismatch" ? judgement.findings.map(({ path }) => path) : []
    const found = judgement.kind === "mismatch" && (spoilt.path === null || paths.includes(spoilt.path))
    if (!found) missed.push({ landing, spoilt, judgement })
    tried.add(spoilt.what)
  }
  expect(missed).toEqual([])
  expect([...tried].toSorted()).toEqual([
    "a file less",
    "a file more",
    "a file without the branch's change",
    "a file without the change",
    "a line less",
    "a stale tree",
    "another line",
    "another mode",
    "nothing",
  ])
})
