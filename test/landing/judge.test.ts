import { describe, expect, test } from "vitest"
import type { TreeEntry } from "../../src/promotion/landing/tree.ts"
import { judgeHere, short, type Reading } from "./judge.ts"
import { write, writeTree, type Store } from "./objects.ts"

// The judgement itself, on trees made by hand.

type Entry = string | Buffer | { link: string } | { submodule: string }
type Files = Record<string, Entry>
type Four = { ancestor: Files; ours: Files; theirs: Files; landed: Files }

const link = (to: string): Entry => ({ link: to })
const submodule = (digit: string): Entry => ({ submodule: digit.repeat(40) })

function rootOf(store: Store, files: Files): string {
  return writeTree(store, new Map(Object.entries(files).map(([path, entry]) => [path, treeEntry(store, entry)])))
}

function treeEntry(store: Store, entry: Entry): TreeEntry {
  const blob = (text: string | Buffer): string => write(store, "blob", Buffer.from(text))
  if (typeof entry === "string" || Buffer.isBuffer(entry)) return { mode: "100644", type: "blob", sha: blob(entry) }
  if ("submodule" in entry) return { mode: "160000", type: "commit", sha: entry.submodule }
  return { mode: "120000", type: "blob", sha: blob(entry.link) }
}

function judge(four: Four): { told: string[]; reading: Reading } {
  const store: Store = new Map()
  const roots = {
    ancestor: rootOf(store, four.ancestor),
    ours: rootOf(store, four.ours),
    theirs: rootOf(store, four.theirs),
    landed: rootOf(store, four.landed),
  }
  const { judgement, reading } = judgeHere(store, roots)
  return { told: short(judgement), reading }
}

/** A landing at which both sides only change what is named, on top of the same files. */
function told(ours: Files, theirs: Files, landed: Files): string[] {
  return judge({
    ancestor: base,
    ours: { ...base, ...ours },
    theirs: { ...base, ...theirs },
    landed: { ...base, ...landed },
  }).told
}

const numbered = (count: number, changes: Record<number, string> = {}): string =>
  Array.from({ length: count }, (_, index) => `${changes[index] ?? `line ${index}`}\n`).join("")

const base: Files = {
  "a.ts": numbered(20),
  "logo.png": Buffer.from([0, 1]),
  link: link("a.ts"),
  vendor: submodule("1"),
  "src/deep/er/b.ts": "b\n",
}

describe("what both sides changed", () => {
  test("is put together line by line", () => {
    const [first, last] = [numbered(20, { 2: "two" }), numbered(20, { 17: "seventeen" })]
    expect(told({ "a.ts": first }, { "a.ts": last }, { "a.ts": numbered(20, { 2: "two", 17: "seventeen" }) })).toEqual([
      "clean",
    ])
    expect(told({ "a.ts": first }, { "a.ts": last }, { "a.ts": first })).toEqual(["lost of change: a.ts -1 +1"])
    expect(told({ "a.ts": first }, { "a.ts": last }, { "a.ts": last })).toEqual(["lost of branch: a.ts -1 +1"])
    expect(told({ "a.ts": first }, { "a.ts": last }, {})).toEqual(["lost of both: a.ts -2 +2"])
  })

  test("in the very same lines has no one merge, and whoever is taken, the other one is lost", () => {
    const sides = [{ "a.ts": numbered(20, { 2: "two" }) }, { "a.ts": numbered(20, { 2: "zwei" }) }] as const
    expect(told(...sides, sides[0])).toEqual(["lost of change: a.ts -1 +0"])
    expect(told(...sides, { "a.ts": numbered(20, { 2: "zwo" }) })).toEqual(["altered of both: a.ts -2 +1"])
  })

  test("is not put together where it is no text, but whoever is taken, the other one is lost", () => {
    const sides = [{ "logo.png": Buffer.from([0, 2]) }, { "logo.png": Buffer.from([0, 3]) }] as const
    expect(told(...sides, sides[1])).toEqual(["lost of branch: logo.png"])
    expect(told(...sides, { "logo.png": Buffer.from([0, 4]) })).toEqual(["unknown: no-text", "logo.png"])
    expect(told({ link: link("b") }, { link: link("c") }, { link: link("b") })).toEqual(["lost of change: link"])
  })

  test("and is a submodule is left open: which commit is the newer one stands in another repository", () => {
    expect(told({ vendor: submodule("2") }, { vendor: submodule("3") }, { vendor: submodule("3") })).toEqual([
      "unknown: submodule",
      "vendor",
    ])
    expect(told({ vendor: submodule("2") }, {}, { vendor: submodule("2") })).toEqual(["clean"])
    expect(told({ vendor: submodule("2") }, {}, {})).toEqual(["lost of branch: vendor"])
  })

  test("with a finding elsewhere is a mismatch, even if it cannot be told itself", () => {
    const sides = [{ "logo.png": Buffer.from([0, 2]) }, { "logo.png": Buffer.from([0, 3]) }] as const
    expect(told(...sides, { "logo.png": Buffer.from([0, 4]), more: "x\n" })).toEqual(["added of neither: more"])
  })
})

describe("a file that was moved", () => {
  const without = (files: Files, path: string): Files =>
    Object.fromEntries(Object.entries(files).filter(([name]) => name !== path))
  const moved = { ...without(base, "a.ts"), "src/new.ts": numbered(20, { 0: "moved" }) }
  const edited = { ...base, "a.ts": numbered(20, { 17: "seventeen" }) }
  const both = { ...moved, "src/new.ts": numbered(20, { 0: "moved", 17: "seventeen" }) }

  test("by one side has the other one's change at its new path", () => {
    expect(judge({ ancestor: base, ours: moved, theirs: edited, landed: both }).told).toEqual(["clean"])
    expect(judge({ ancestor: base, ours: edited, theirs: moved, landed: both }).told).toEqual(["clean"])
  })

  test("and lacks the other one's change there is found", () => {
    expect(judge({ ancestor: base, ours: edited, theirs: moved, landed: moved }).told).toEqual([
      "lost of branch: src/new.ts -1 +1",
    ])
    expect(judge({ ancestor: base, ours: moved, theirs: edited, landed: moved }).told).toEqual([
      "lost of change: src/new.ts -1 +1",
    ])
  })

  test("by both sides, as where one pull request stands on another that was squashed, is one file", () => {
    const further = { ...moved, "src/new.ts": numbered(20, { 0: "moved", 9: "nine" }) }
    const other = { ...moved, "src/new.ts": numbered(20, { 0: "moved", 17: "seventeen" }) }
    const landed = { ...moved, "src/new.ts": numbered(20, { 0: "moved", 9: "nine", 17: "seventeen" }) }
    expect(judge({ ancestor: base, ours: further, theirs: other, landed }).told).toEqual(["clean"])
    expect(judge({ ancestor: base, ours: further, theirs: other, landed: other }).told).toEqual([
      "lost of branch: src/new.ts -1 +1",
    ])
  })

  test("is the one that is the very same, not another one that looks as if it had the change", () => {
    const lines = numbered(20).split(/(?<=\n)/)
    const shorter = { ...base, "a.ts": lines.toSpliced(5, 1).join("") }
    const copied = {
      ...without(base, "a.ts"),
      "src/new.ts": numbered(20),
      "src/copy.ts": lines.toSpliced(5, 1).join(""),
    }
    expect(judge({ ancestor: base, ours: copied, theirs: shorter, landed: copied }).told).toEqual([
      "lost of change: src/new.ts -0 +1",
    ])
    const { "src/copy.ts": copy, ...others } = copied
    const apart = { ...others, "copy.ts": copy }
    expect(
      judge({ ancestor: base, ours: apart, theirs: shorter, landed: apart }).told,
      "the copy is seen first",
    ).toEqual(["lost of change: src/new.ts -0 +1"])
    const landed = { ...copied, "src/new.ts": lines.toSpliced(5, 1).join("") }
    expect(judge({ ancestor: base, ours: copied, theirs: shorter, landed }).told).toEqual(["clean"])
  })

  test("is not any new file: what was removed on one side and changed on the other is lost if it is gone", () => {
    const other = { ...without(base, "a.ts"), "src/new.ts": "nothing alike\n" }
    expect(judge({ ancestor: base, ours: edited, theirs: other, landed: other }).told).toEqual(["lost of branch: a.ts"])
  })
})

test("a folder that became a file, and a file that became a folder, land as they are", () => {
  const ours = { ...base, "a.ts": "a\n" }
  const theirs: Files = {
    "a.ts": base["a.ts"] ?? "",
    link: link("a.ts"),
    "logo.png/x": "x\n",
    vendor: submodule("1"),
    src: "file\n",
  }
  const landed = { ...theirs, "a.ts": "a\n" }
  expect(judge({ ancestor: base, ours, theirs, landed }).told).toEqual(["clean"])
  expect(judge({ ancestor: base, ours, theirs, landed: ours }).told).toEqual([
    "added of change: logo.png",
    "lost of change: logo.png/x",
    "lost of change: src",
    "added of change: src/deep/er/b.ts",
  ])
})

test("only folders are read in which there is something to find, however large the repository is", () => {
  const many: Files = {}
  for (let index = 0; index < 100; index += 1) many[`lib/part-${index}/file.ts`] = `${index}\n`
  const ancestor = { ...many, "src/deep/er/a.ts": numbered(20), "src/other/b.ts": "b\n" }
  const ours = { ...ancestor, "src/deep/er/a.ts": numbered(20, { 2: "two" }), "lib/part-7/file.ts": "seven\n" }
  const theirs = { ...ancestor, "src/deep/er/a.ts": numbered(20, { 17: "seventeen" }), "src/other/b.ts": "c\n" }
  const landed = { ...ours, "src/deep/er/a.ts": numbered(20, { 2: "two", 17: "seventeen" }), "src/other/b.ts": "c\n" }
  const clean = judge({ ancestor, ours, theirs, landed })
  expect(clean).toEqual({ told: ["clean"], reading: { folders: 4 * 4, blobs: 4 } })
  const { reading } = judge({ ancestor, ours: ancestor, theirs, landed: theirs })
  expect(reading, "nothing came between").toEqual({ folders: 0, blobs: 0 })
})

test("folders within folders without end are given up", () => {
  const deep = (word: string): Files => ({ [`${"d/".repeat(150)}file`]: word })
  const four = { ancestor: deep("a"), ours: deep("b"), theirs: deep("c"), landed: deep("d") }
  expect(judge(four).told).toEqual(["unknown: too-large"])
})
