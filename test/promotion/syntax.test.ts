import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { readSyntax } from "../../src/promotion/change/syntax.ts"

/** The lines with problems; null when the file was not read. */
function wrongLines(path: string, text: string): number[] | null {
  return readSyntax(path, text)?.problems.map(({ line }) => line) ?? null
}

describe("YAML", () => {
  test.each<[string, string, number[]]>([
    ["nothing", "", []],
    ["comments", "# only\n", []],
    ["several documents", "a: 1\n---\na: 1\n...\n", []],
    ["an error in the second document", "a: 1\n---\nb: [1\n", [4]],
    ["a key twice", "a: 1\nb: 2\na: 3\n", [3]],
    ["a key twice, quoted", 'a: 1\n"a": 3\n', [2]],
    ["a key twice, deep", "x:\n  - {a: 1,\n    a: 2}\n", [3]],
    ["keys that only look alike", '1: a\n"1": b\n', []],
    ["several merges", "a: &a {b: 1}\nc:\n  <<: *a\n  <<: *a\n", []],
    ["an alias of nothing", "a: *b\n", [1]],
    ["an alias before its anchor", "a: *b\nb: &b 1\n", [1]],
    ["an alias of a list and of a map", "a: &a [1]\nb: *a\nc: &c {d: 1}\ne: *c\n", []],
    ["an alias across documents", "a: &a 1\n---\nb: *a\n", [3]],
    ["tags of one's own", "a: !Ref b\nc: !Sub [d]\n", []],
    ["a tab for indentation", "a:\n\tb: 1\n", [2]],
    ["a template", "a: {{ .Values.b }}\n", []],
    ["an unclosed quote", 'a: "b\n', [2]],
    ["Windows' ends of lines", "a: 1\r\nb: 2\r\n", []],
    ["a byte order mark", "\uFEFFa: 1\n", []],
  ])("%s", (_, text, expected) => {
    expect(wrongLines("a/b.yml", text)).toEqual(expected)
    expect(wrongLines("B.YAML", text)).toEqual(expected)
  })
})

describe("JSON", () => {
  test.each<[string, string, number[], number[]]>([
    ["an object", '{"a": [1, 2.5e3, true, null, "\\u00e9"]}', [], []],
    ["a bare value", "1", [], []],
    ["nothing", "", [1], [1]],
    ["a key twice", '{\n"a": 1,\n"a": 2}', [3], [3]],
    ["a key twice, escaped", '{\n"a": 1,\n"\\u0061": 2}', [3], [3]],
    ["equal keys of two objects", '[{"a": 1}, {"a": {"a": 1}}]', [], []],
    ["a comment", '{\n// why\n"a": 1}', [2], []],
    ["a trailing comma", '{\n"a": 1,\n}', [3], []],
    ["a missing comma", '{"a": 1\n"b": 2}', [2], [2]],
    ["an unclosed object", '{"a": 1\n', [2], [2]],
    ["two values", "{}\n{}", [2], [2]],
    ["single quotes", "{'a': 1}", [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]],
    ["a number that is none", "[01]", [1, 1], [1, 1]],
    ["NaN", "[NaN]", [1, 1], [1, 1]],
    ["a bare tab in a string", '["\t"]', [1], [1]],
    ["a byte order mark", "\uFEFF{}", [], []],
  ])("%s", (...[, text, strictly, withComments]) => {
    const has = (lines: readonly number[] | null): number[] => [...new Set(lines)]
    expect(has(wrongLines("package.json", text))).toEqual(has(strictly))
    for (const path of [
      "tsconfig.build.json",
      "x/.vscode/a.json",
      ".devcontainer/a.json",
      "a.jsonc",
      "x/.eslintrc.json",
    ]) {
      expect(has(wrongLines(path, text)), path).toEqual(has(withComments))
    }
  })

  test("is what JavaScript takes for JSON, but for keys that stand twice", () => {
    const scrap = fc.constantFrom(...'{}[]",:0123456789.-+eE\\ntrufalsn/* \t\n\u0001\u2028'.split(""))
    const nearly = fc.json({ maxDepth: 2 }).chain((text) =>
      fc.tuple(fc.nat(text.length), fc.nat(2), fc.string({ unit: scrap, maxLength: 2 })).map(([at, gone, by]) => {
        return text.slice(0, at) + by + text.slice(at + gone)
      }),
    )
    fc.assert(
      fc.property(nearly, (text) => {
        const problems = readSyntax("a.json", text)?.problems ?? []
        expect(problems.filter(({ message }) => !message.includes("again")).length === 0).toBe(isJson(text))
      }),
      { numRuns: 5000, seed: 1 },
    )
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

describe("in either", () => {
  test("what is neither is not read", () => {
    for (const path of ["a.ts", "a.yml.txt", "yml", "json/a", "a.json5"]) expect(readSyntax(path, "{")).toBeNull()
  })

  test("what is too large or too deep is not read, or is a problem, but never passes", () => {
    expect(readSyntax("a.yml", "a".repeat(600_000))).toBeNull()
    expect(readSyntax("a.json", `"${"a".repeat(9_000_000)}"`)).toBeNull()
    expect(readSyntax("a.json", "[".repeat(200_000) + "]".repeat(200_000))).toBeNull()
    for (const [open, close] of [
      ["[", "]"],
      ["- ", ""],
      ["{a: ", "}"],
    ] as const) {
      expect(readSyntax("a.yml", open.repeat(20_000) + close.repeat(20_000))?.problems).not.toEqual([])
    }
  })

  test("not more is told than anyone reads", () => {
    expect(readSyntax("a.yml", "]\n".repeat(1000))?.problems).toHaveLength(20)
    const long = readSyntax("a.json", `{"${"k".repeat(500)}": 1, "${"k".repeat(500)}": 2}`)?.problems[0]?.message
    expect(long).toHaveLength(200)
  })

  test("many keys take no more than their share of time", () => {
    const began = performance.now()
    const keys = Array.from({ length: 40_000 }, (_, n) => `k${n}`)
    expect(wrongLines("a.yml", keys.map((key) => `${key}: 1\n`).join(""))).toEqual([])
    expect(wrongLines("a.json", `{${keys.map((key) => `"${key}":1`).join(",")}}`)).toEqual([])
    expect(performance.now() - began).toBeLessThan(6000)
  })

  test("any text is read or not, without an error, and YAML is never more lenient than its own parser", () => {
    const scrap = fc.constantFrom(
      "a",
      "b: ",
      "- ",
      "\n",
      "  ",
      "{",
      "}",
      "[",
      "]",
      ",",
      '"',
      "'",
      "&a ",
      "*a",
      "? ",
      "|",
      "#",
      "---\n",
      "!t ",
      "%YAML 1.2\n",
    )
    fc.assert(
      fc.property(fc.string({ unit: scrap, maxLength: 12 }), (text) => {
        const problems = readSyntax("a.yml", text)?.problems ?? []
        const options = { uniqueKeys: true, prettyErrors: false, logLevel: "error" } as const
        const errors = [...parseAllDocuments(text, options)].flatMap((document) => document.errors)
        if (errors.length > 0) expect(problems.length).toBeGreaterThan(0)
        readSyntax("a.json", text)
      }),
      { numRuns: 5000, seed: 2 },
    )
  })
})
