import fc from "fast-check"
import { fromMarkdown } from "mdast-util-from-markdown"
import { describe, expect, test } from "vitest"
import { bare, code, plain, quoted, table, upTo } from "../../src/report/markdown.ts"
import { anyText } from "../harness/any-text.ts"

type Node = { type: string; value?: string; children?: readonly Node[] }

/** What a Markdown renderer makes of a paragraph: each inline piece as its type and its text. */
function rendered(markdown: string): string[] {
  const { children } = fromMarkdown(markdown) as Node
  if (children?.length !== 1 || children[0]?.type !== "paragraph") return ["not one paragraph"]
  return (children[0].children ?? []).map(({ type, value }) => `${type}: ${value}`)
}

const marks = fc.constantFrom(
  "*",
  "_",
  "`",
  "``",
  "[a](b)",
  "<b>",
  "&amp;",
  "\\",
  "\n",
  "\r\n",
  "| ",
  "#",
  "!",
  "~~",
  "<!--",
  "a",
  " ",
)
const hostile = fc.oneof(
  anyText({ maxLength: 150 }),
  fc.array(marks, { maxLength: 40 }).map((parts) => parts.join("")),
)

describe("text of other people in ours", () => {
  test("plain text renders as itself, whatever is in it", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(rendered(`by ${plain(text)}.`)).toEqual([`text: by ${bare(text)}.`])
      }),
      { numRuns: 800, seed: 1 },
    )
  })

  test("code renders as itself, whatever is in it", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = bare(text).replaceAll("|", "¦")
        expect(rendered(`by ${code(text)}.`)).toEqual(["text: by ", `inlineCode: ${shown}`, "text: ."])
      }),
      { numRuns: 800, seed: 2 },
    )
  })

  test("quoted text is text and code, and nothing else", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const kinds = rendered(`by ${quoted(text)}.`).map((piece) => piece.split(":")[0])
        expect(kinds.filter((kind) => kind !== "text" && kind !== "inlineCode")).toEqual([])
      }),
      { numRuns: 800, seed: 3 },
    )
    expect(rendered(`by ${quoted("must be `a` or `b`, not *c*")}`)).toEqual([
      "text: by must be ",
      "inlineCode: a",
      "text:  or ",
      "inlineCode: b",
      "text: , not *c*",
    ])
  })

  test("nobody is mentioned, nothing is linked, no formula or emoji is made", () => {
    expect(plain("@olga #1 GH-2 gh-3 www.a.b https://a.b a@b.c $x$ :tada:")).toBe(
      "&#64;olga &#35;1 GH&#45;2 gh&#45;3 www&#46;a.b https&#58;//a.b a&#64;b.c &#36;x&#36; &#58;tada:",
    )
  })

  test("plain words stay as they are, for programs that read them", () => {
    const words = "incident 42: db (eu-west) is down - see log.txt, 50%!"
    expect(plain(words)).toBe(words)
  })
})

describe("one line, and a short one", () => {
  test.each([
    ["line breaks and tabs", "a\r\n\tb\u2028c\u0085d", "a b c d"],
    ["what turns the direction of writing", "\u202Eevil\u2066", "evil"],
    ["what cannot be seen", "a\u200B\uFEFFb\u0000", "a b"],
    ["nothing at all", "\u200B \n", "(no text)"],
    ["a text to its end", "x".repeat(10), "xxxxxxxxxx"],
    ["a text that is cut", "x".repeat(11), "xxxxxxxxx…"],
    ["a text that is cut within a character", `${"x".repeat(8)}🚨yy`, "xxxxxxxx…"],
  ])("%s", (_, text, expected) => {
    expect(bare(text, 10)).toBe(expected)
  })

  test("no text is longer than told, and none is broken", () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 2, max: 60 }), (text, limit) => {
        const line = bare(text, limit)
        expect(line.length).toBeLessThanOrEqual(Math.max(limit, "(no text)".length))
        expect(line.isWellFormed()).toBe(true)
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\n\r]/u)
      }),
      { seed: 4 },
    )
  })
})

test("a table is one header, one rule, and a row each", () => {
  expect(table(["a", "b"], [["1", "2"]])).toBe("| a | b |\n| --- | --- |\n| 1 | 2 |")
})

test("as many lines as fit are shown, and the others counted, in UTF-8", () => {
  expect(upTo(["aaaa", "bbbb", "cccc"], 16)).toEqual({ shown: ["aaaa", "bbbb"], left: 1 })
  expect(upTo(["öö", "ö"], 8)).toEqual({ shown: ["öö"], left: 1 })
  expect(upTo([], 8)).toEqual({ shown: [], left: 0 })
})
