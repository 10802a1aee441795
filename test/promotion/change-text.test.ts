import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { changeText } from "../../src/promotion/change/patch.ts"
import { changed, file, type Entry, type Files } from "./diffs.ts"

describe("the change itself", () => {
  const base = Array.from({ length: 40 }, (_, n) => `line ${n}`)
  const content = (lines: readonly string[]): Entry => file(`${lines.join("\n")}\n`)
  const textOf = async (before: Files, after: Files, ...options: string[]): Promise<string | null> =>
    changeText(await changed(before, after, ...options))
  const edited = base.with(20, "other")

  test("is the same on another base, however far it is moved", async () => {
    const here = await textOf({ f: content(base), g: file("1\n") }, { f: content(edited), g: file("1\n") })
    const above = ["new first line", ...base.slice(0, 10), ...base.slice(12)]
    const there = await textOf({ f: content(above) }, { f: content(above.with(19, "other")) })
    expect(there).toBe(here)
    expect(here).not.toBeNull()
  })

  test("does not depend on the order of files or the length of ids", async () => {
    const before = { a: content(base), b: content(base) }
    const after = { a: content(edited), b: content(base.with(3, "x")) }
    const files = await changed(before, after)
    expect(changeText(files.toReversed())).toBe(changeText(files))
    expect(await textOf(before, after, "--full-index")).toBe(changeText(files))
  })

  test.each<[string, Files]>([
    ["a word", { f: content(base.with(20, "others")) }],
    ["a space", { f: content(base.with(20, "other ")) }],
    ["the end of a line", { f: content(base.with(20, "other\r")) }],
    ["the end of the file", { f: file(edited.join("\n")) }],
    ["its place", { f: content(base.with(21, "other")) }],
    ["its mode", { f: { ...content(edited), mode: "100755" } }],
    ["its name", { g: content(edited) }],
    ["one more file", { f: content(edited), empty: file("") }],
  ])("differs by %s", async (_, after) => {
    const before = { f: content(base) }
    expect(await textOf(before, after)).not.toBe(await textOf(before, { f: content(edited) }))
  })

  test("differs by where a file is moved to, and from", async () => {
    const [f, e] = [{ f: content(base) }, { e: content(base) }]
    const [g, h] = [{ g: content(base) }, { h: content(base) }]
    expect(new Set([await textOf(f, g), await textOf(f, h), await textOf(e, g)]).size).toBe(3)
  })

  test("differs by a line of context", async () => {
    const here = await textOf({ f: content(base) }, { f: content(edited) })
    const near = base.with(18, "near")
    expect(await textOf({ f: content(near) }, { f: content(near.with(20, "other")) })).not.toBe(here)
  })

  test("differs between any two results on one base", async () => {
    const result = fc.array(fc.tuple(fc.nat(39), fc.constantFrom("", " ", "x", "diff --git a/f b/f", "@")), {
      maxLength: 3,
    })
    const apply = (edits: readonly [number, string][]): Files => {
      let lines: readonly string[] = base
      for (const [at, by] of edits) lines = lines.with(at, by)
      return { f: content(lines) }
    }
    await fc.assert(
      fc.asyncProperty(result, result, async (one, other) => {
        const [a, b] = [apply(one), apply(other)]
        const same = a["f"]?.content === b["f"]?.content
        expect((await textOf({ f: content(base) }, a)) === (await textOf({ f: content(base) }, b))).toBe(same)
      }),
      { numRuns: 100, seed: 5 },
    )
  })

  test("of a binary file is known by whole object ids, or not at all", async () => {
    const [a, b, c] = ["\0a", "\0b", "\0c"].map((bytes) => ({ f: file(Buffer.from(bytes)) }))
    if (!a || !b || !c) throw new Error("three files")
    expect(await textOf(a, b)).toBeNull()
    const whole = await textOf(a, b, "--full-index")
    expect(whole).not.toBeNull()
    expect(await textOf(a, b, "--binary")).toBe(whole)
    expect(await textOf(a, c, "--full-index")).not.toBe(whole)
  })

  test("of a text that is no UTF-8 is known by whole object ids, or not at all", async () => {
    const [a, b, c] = [0x61, 0xff, 0xfe].map((byte) => ({ f: file(Buffer.from([byte, 10])) }))
    if (!a || !b || !c) throw new Error("three files")
    expect(await textOf(a, b)).toBeNull()
    expect(await textOf(a, b, "--full-index")).not.toBe(await textOf(a, c, "--full-index"))
  })
})
