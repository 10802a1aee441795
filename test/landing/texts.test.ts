import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { beforeAll, describe, expect, test } from "vitest"
import { explainLines } from "../../src/promotion/landing/explain-lines.ts"
import { countLines, countUnexplained } from "../../src/promotion/landing/lines.ts"
import { mergeTexts } from "../../src/promotion/landing/merge-texts.ts"
import { createStore, runGit, type GitStore } from "../github/git.ts"
import { changedLines, lotOf, someLines } from "./lot.ts"

type Case = { ancestor: string; ours: string; theirs: string }
type Merged = Case & { landed: string }

const count = 600

/** Texts half of whose lines repeat, changed on two sides, and what git makes of those that it merges. */
let merged: Merged[]
beforeAll(async () => {
  const lot = lotOf(7)
  const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("")
  const cases = Array.from({ length: count }, (): Case => {
    const lines = someLines(lot, 20 + lot.below(80))
    return { ancestor: text(lines), ours: text(changedLines(lot, lines)), theirs: text(changedLines(lot, lines)) }
  })
  const dir = mkdtempSync(join(tmpdir(), "texts-"))
  merged = await mergedByGit(await createStore(dir), cases)
  rmSync(dir, { recursive: true, force: true })
})

async function mergedByGit(store: GitStore, cases: readonly Case[]): Promise<Merged[]> {
  const side = (name: keyof Case, from: string): string => {
    const files = cases.map((one, index) => `M 100644 inline ${index}\ndata ${one[name].length}\n${one[name]}\n`)
    return `commit refs/heads/${name}\ncommitter max <max@example.com> 1 +0000\ndata 0\n${from}${files.join("")}`
  }
  const from = "from refs/heads/ancestor\n"
  await runGit(store, ["fast-import", "--quiet"], side("ancestor", "") + side("ours", from) + side("theirs", from))
  const merge = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "ours", "theirs"]
  const [tree = "", ...conflicts] = (await runGit(store, merge)).stdout.toString().split("\0")
  const { stdout } = await runGit(
    store,
    ["cat-file", "--batch"],
    cases.map((_, index) => `${tree}:${index}\n`).join(""),
  )
  let at = 0
  return cases.flatMap((one, index) => {
    const end = stdout.indexOf(10, at)
    const size = Number(stdout.subarray(at, end).toString().split(" ")[2])
    const landed = stdout.subarray(end + 1, end + 1 + size).toString()
    at = end + 2 + size
    return conflicts.includes(String(index)) ? [] : [{ ...one, landed }]
  })
}

describe("what git merges", () => {
  test("is nearly always what is merged here, and called a conflict otherwise", () => {
    const here = merged.map((one) => ({ landed: one.landed, merged: mergeTexts(one) }))
    const same = here.filter((one) => one.merged.kind === "text" && one.merged.text === one.landed)
    expect(same.length / merged.length).toBeGreaterThan(0.95)
    expect(merged.length).toBeGreaterThan(count / 2)
  })

  test("is explained by both sides' changes, each as short as can be, without a line too few or too many", () => {
    expect(merged.filter((one) => explainLines(one).answer !== "yes")).toEqual([])
    expect(merged.filter((one) => sum(countUnexplained(one)) > 0)).toEqual([])
  })

  test("is explained no more once it lacks a side's change, or a line, or has a line twice", () => {
    const lot = lotOf(11)
    const explained = merged.flatMap((one) => {
      const lines = one.landed.split(/(?<=\n)/)
      const less = lines.toSpliced(lot.below(lines.length), 1).join("")
      const more = lines.toSpliced(lot.below(lines.length), 0, lot.of(lines)).join("")
      const wrong = [one.ancestor, one.ours, one.theirs, less, more].filter((landed) => landed !== one.landed)
      return wrong.map((landed) => ({ ...one, landed })).filter((spoilt) => explainLines(spoilt).answer !== "no")
    })
    expect(explained).toEqual([])
  })
})

function sum({ missing, extra }: { missing: number; extra: number }): number {
  return missing + extra
}

describe("texts", () => {
  test("are merged where changes do not touch, taken once where they are the same, and in conflict otherwise", () => {
    const texts = (ours: string, theirs: string) => mergeTexts({ ancestor: "a\nb\nc\nd\n", ours, theirs })
    expect(texts("A\nb\nc\nd\n", "a\nb\nc\nD\n")).toMatchObject({ kind: "text", text: "A\nb\nc\nD\n" })
    expect(texts("A\nb\nc\nd\n", "A\nb\nd\n")).toMatchObject({ kind: "text", text: "A\nb\nd\n" })
    expect(texts("a\nB\nc\nd\n", "a\nb\nC\nd\n")).toMatchObject({ kind: "conflict" })
    expect(texts("a\nb\nc\nd", "A\nb\nc\nd\n")).toMatchObject({ kind: "text", text: "A\nb\nc\nd" })
    expect(texts("", "a\nb\nc\nd\n")).toMatchObject({ kind: "text", text: "" })
    expect(mergeTexts({ ancestor: "", ours: "x", theirs: "x" })).toMatchObject({ kind: "text", text: "x" })
    expect(mergeTexts({ ancestor: "", ours: "x\n", theirs: "y\n" })).toMatchObject({ kind: "conflict" })
  })

  test("written to take for ever are given up after a bounded time", () => {
    const ends = (end: string): string => `${end}\n${"x\ny\n".repeat(50_000)}${end}\n`
    expect(mergeTexts({ ancestor: ends("a"), ours: ends("b"), theirs: ends("c") })).toMatchObject({ kind: "conflict" })
    const noise = (seed: number): string => {
      const lot = lotOf(seed)
      return Array.from({ length: 20_000 }, () => `${lot.below(3)}\n`).join("")
    }
    const hostile = { ancestor: noise(1), ours: noise(2), theirs: noise(3) }
    expect(mergeTexts(hostile)).toEqual({ kind: "too-large", work: 2_000_000 })
    expect(explainLines({ ...hostile, landed: noise(4) })).toEqual({ answer: "too-large", work: 0 })
  })

  test("are counted by their lines, and old lines that are back as such", () => {
    const lines = countLines({ expected: "a\nb\nb\nc\n", landed: "b\nc\nd\nold\n", ancestor: "old\n" })
    expect(lines).toEqual({ missing: 2, extra: 2, back: 1 })
    const both = { ancestor: "a\n", ours: "a\nx\ny\n", theirs: "x\na\n" }
    expect(countUnexplained({ ...both, landed: "a\nx\ny\n" })).toEqual({ missing: 0, extra: 0, back: 0 })
    expect(countUnexplained({ ...both, landed: "x\na\nx\ny\n" })).toEqual({ missing: 0, extra: 0, back: 0 })
    expect(countUnexplained({ ...both, landed: "x\nx\nx\na\n" })).toEqual({ missing: 1, extra: 1, back: 0 })
  })
})
