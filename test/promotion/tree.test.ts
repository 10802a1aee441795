import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { revertTree, type TreeEdit, type TreeEntry } from "../../src/promotion/change/tree.ts"
import { touchesWorkflows } from "../../src/promotion/change/workflow.ts"

/** A tree in short: path to content, or to mode and content. */
type Short = Record<string, string>

function treeOf(short: Short): TreeEntry[] {
  return Object.entries(short).map(([path, text]) => {
    const [sha = "", mode = "100644"] = text.split(" ").toReversed()
    return { path, mode, sha }
  })
}

const revert = (before: Short, after: Short, head: Short) =>
  revertTree({ before: treeOf(before), after: treeOf(after), head: treeOf(head) })

const set = (path: string, text: string): TreeEdit => {
  const [sha = "", mode = "100644"] = text.split(" ").toReversed()
  return { path, entry: { mode, sha } }
}
const gone = (path: string): TreeEdit => ({ path, entry: null })

describe("a revert by tree", () => {
  test("takes back changes, additions, removals, modes, links and submodules", () => {
    const before = { changed: "1", removed: "2", mode: "3", link: "120000 4", module: "160000 5", kept: "6" }
    const after = { changed: "9", added: "8", mode: "100755 3", link: "4", module: "160000 7", kept: "6" }
    expect(revert(before, after, { ...after, later: "0", kept: "66" })).toEqual({
      kind: "edits",
      edits: [
        set("changed", "1"),
        set("removed", "2"),
        set("mode", "3"),
        set("link", "120000 4"),
        set("module", "160000 5"),
        gone("added"),
      ],
    })
  })

  test("leaves alone what has been taken back already", () => {
    expect(revert({ a: "1", b: "1" }, { a: "2", b: "2", c: "3" }, { a: "1", b: "2" })).toEqual({
      kind: "edits",
      edits: [set("b", "1")],
    })
    expect(revert({ a: "1" }, { a: "2" }, { a: "1" })).toEqual({ kind: "edits", edits: [] })
  })

  test("conflicts where something was changed since, in content or mode, and names all such paths", () => {
    const before = { z: "1", a: "1", b: "1", mode: "1", fine: "1" }
    const after = { z: "2", a: "2", b: "2", mode: "2", fine: "2", added: "1" }
    const head = { z: "3", b: "2", mode: "100755 2", fine: "2", added: "9" }
    expect(revert(before, after, head)).toEqual({ kind: "conflict", paths: ["a", "added", "mode", "z"] })
  })

  test("conflicts where a folder or a file is in the way by now", () => {
    expect(revert({ a: "1" }, {}, { "a/new": "1" })).toEqual({ kind: "conflict", paths: ["a"] })
    expect(revert({ "a/b": "1" }, {}, { a: "new" })).toEqual({ kind: "conflict", paths: ["a/b"] })
    expect(revert({ "a/b": "1" }, {}, { "a/c": "new", ab: "1", "a.b": "1" })).toEqual({
      kind: "edits",
      edits: [set("a/b", "1")],
    })
  })

  test("turns a folder back into a file, and a file into a folder, by one edit each", () => {
    expect(revert({ a: "1" }, { "a/b": "2", "a/c/d": "3" }, { "a/b": "2", "a/c/d": "3" })).toEqual({
      kind: "edits",
      edits: [set("a", "1")],
    })
    expect(revert({ "a/b": "1", "a/c": "1" }, { a: "2" }, { a: "2" })).toEqual({
      kind: "edits",
      edits: [set("a/b", "1"), set("a/c", "1")],
    })
  })
})

/** Trees that git could hold: no path is a folder of another. */
const tree = fc
  .dictionary(fc.constantFrom("a", "b", "c/d", "c/e", "c", "f/g/h", "f/g", "i"), fc.constantFrom("1", "2", "100755 1"))
  .map((short) => Object.fromEntries(Object.entries(short).filter(([path]) => !isFolder(path, short))))

function isFolder(path: string, short: Short): boolean {
  return Object.keys(short).some((other) => other.startsWith(`${path}/`))
}

/** What git makes of edits: setting a path takes away what is below it, and what is a file above it. */
function apply(short: Short, edits: readonly TreeEdit[]): Short {
  const result = new Map(Object.entries(short))
  for (const { path, entry } of edits) {
    if (entry === null) {
      result.delete(path)
      continue
    }
    for (const other of result.keys()) {
      if (other.startsWith(`${path}/`) || path.startsWith(`${other}/`)) result.delete(other)
    }
    result.set(path, entry.mode === "100644" ? entry.sha : `${entry.mode} ${entry.sha}`)
  }
  return Object.fromEntries(result)
}

describe("laws of a revert by tree", () => {
  test("right after the landing it gives back exactly what was there", () => {
    fc.assert(
      fc.property(tree, tree, (before, after) => {
        const plan = revert(before, after, after)
        expect(plan.kind === "edits" && apply(after, plan.edits)).toEqual(before)
      }),
    )
  })

  test("what it makes has at each path what was before, or what is there now where the landing changed nothing", () => {
    fc.assert(
      fc.property(tree, tree, tree, (before, after, head) => {
        const plan = revert(before, after, head)
        if (plan.kind === "conflict") return
        const made = apply(head, plan.edits)
        for (const path of Object.keys({ ...before, ...after, ...head, ...made })) {
          expect(made[path]).toBe(before[path] === after[path] ? head[path] : before[path])
        }
      }),
    )
  })

  test("a second revert finds nothing left to do", () => {
    fc.assert(
      fc.property(tree, tree, tree, (before, after, head) => {
        const plan = revert(before, after, head)
        if (plan.kind === "conflict") return
        expect(revert(before, after, apply(head, plan.edits))).toEqual({ kind: "edits", edits: [] })
      }),
    )
  })
})

test("workflow files are known by their folder", () => {
  expect(touchesWorkflows(["src/a.ts", ".github/workflows/ci.yml"])).toBe(true)
  expect(touchesWorkflows([".github/workflows/deep/ci.yml"])).toBe(true)
  expect(touchesWorkflows([".github/promotion.yml", "x/.github/workflows/ci.yml", ".github/workflows.md"])).toBe(false)
})
