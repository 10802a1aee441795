import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { mirrorText } from "../../src/promotion/change/mirror.ts"
import { compilePattern } from "../../src/promotion/change/pattern.ts"
import { anyText } from "../harness/any-text.ts"

function found(pattern: string, line: string): boolean {
  const compiled = compilePattern(pattern)
  if (!compiled.ok) throw new Error(`${pattern}: ${compiled.why}`)
  return compiled.matches(line)
}

/** Random patterns that mean the same to JavaScript and to RE2; `look` are the openings of groups they may hold. */
function patterns(look: readonly string[]): fc.Arbitrary<string> {
  const atom = fc.constantFrom("a", "b", "a", "b", "é", ".", "[ab]", "[^a]", String.raw`\b`, String.raw`\x61`, "^", "$")
  return fc.letrec<{ alternatives: string; sequence: string; part: string; group: string }>((tie) => ({
    alternatives: fc.array(tie("sequence"), { minLength: 1, maxLength: 2 }).map((parts) => parts.join("|")),
    sequence: fc.array(tie("part"), { maxLength: 4 }).map((parts) => parts.join("")),
    part: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 3, arbitrary: atom },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom("a", "b", "[ab]", "."), fc.constantFrom("*", "+", "?", "*?", "{2}", "{0,1}", "{1,}"))
          .map((parts) => parts.join("")),
      },
      { weight: 3, arbitrary: tie("group") },
    ),
    group: fc
      .tuple(fc.constantFrom("(?:", "(", ...look), tie("alternatives"), fc.constantFrom("", "", "*", "?", "{2}"))
      .map(([open, inside, times]) => `${open}${inside})${open === "(" || open === "(?:" ? times : ""}`),
  })).alternatives
}

const lines = fc.string({ unit: fc.constantFrom("a", "a", "b", "b", " ", "é", "ß"), maxLength: 10 })

describe("patterns", () => {
  test.each([
    [String.raw`https?://(?!github\.com/)`, "see https://evil.example/x", true],
    [String.raw`https?://(?!github\.com/)`, "see https://github.com/x", false],
    [String.raw`https?://(?!github\.com/)`, "https://github.com/a https://evil.example", true],
    [String.raw`https?://(?!github\.com/)`, "https://github.com.evil.example/", true],
    [String.raw`https?://(?!github\.com/)`, "https://", true],
    [String.raw`https?://(?!github\.com/)`, "no address", false],
    [String.raw`https?://(?!(?:github|gitlab)\.com/|[a-z]+\.example/)`, "http://gitlab.com/ http://a.example/", false],
    [String.raw`(?i)https?://(?!github\.com/)`, "HTTPS://GITHUB.COM/", false],
    [String.raw`(?i)https?://(?!github\.com/)`, "HTTPS://EVIL.EXAMPLE/", true],
    [String.raw`permissions:\s*write-all`, "  permissions: write-all # why", true],
    [String.raw`permissions:\s*write-all`, "permissions: read-all", false],
    ["^(?!.*ok).*host", "host: evil", true],
    ["^(?!.*ok).*host", "host: ok", false],
    ["a(?=b)", "ab", true],
    ["a(?=b)", "ac", false],
    ["(?<!x)y", "xy", false],
    ["(?<!x)y", "zy", true],
    [String.raw`\Aab(?!c)`, "abd", true],
    [String.raw`ab(?!c)\z`, "ab", true],
    [String.raw`ab(?!c)\z`, "abd", false],
    ["(?P<name>a)(?<other>b)(?![[:alpha:])])", "ab)", false],
    ["(?P<name>a)(?<other>b)(?![[:alpha:])])", "ab1", true],
    ["x(?![])|])", "x]", false],
    ["x(?![])|])", "x|", false],
    ["x(?![])|])", "x(", true],
    [String.raw`\p{Latin}{2}(?!\p{Greek})`, "éèα", false],
    [String.raw`\x{1F4A5}b(?!\x41)`, "💥bA", false],
    [String.raw`\x{1F4A5}b(?!\x41)`, "💥bB", true],
    [String.raw`a\((?!\))`, "a(", true],
    [String.raw`a\((?!\))`, "a()", false],
    ["a{2}(?!b{,2})", "aab{,2}", false],
    ["a{2}(?!b{,2})", "aabb", true],
    ["[(](?!x)", "(x", false],
    ["(?m)a$(?!b)", "a", true],
  ])("%s in %s: %s", (pattern, line, expected) => {
    expect(found(pattern, line)).toBe(expected)
  })

  test.each([
    ["(a", /missing closing/],
    ["a)(?!b)", /unexpected \)/],
    ["a(?!b", /missing closing/],
    ["a(?!*)", /missing argument/],
    ["(?!a)**", /nested repetition/],
    [String.raw`(a)\1`, /invalid escape sequence/],
    ["(?>a)", /not supported: `\(\?>`/],
    ["(?<=a)b(?!c)", /not both/],
    ["a(?i)b(?!c)", /beginning/],
    [String.raw`\Q(?!\E(?!b)`, /do not go together/],
    ["a{1001}", /repeat count/],
    ["(?:a{100}){10}b", /too large/],
    ["(?:a{100}){10}(?!b)", /too large/],
    ["x(?!(?:a{100}){10})", /too large/],
    ["[z-a]", /range/],
    ["\\", /trailing backslash/],
  ])("%s is refused", (pattern, why) => {
    const compiled = compilePattern(pattern)
    expect(compiled.ok).toBe(false)
    expect(compiled.ok || compiled.why).toMatch(why)
  })

  test.each([
    ["plain ones", []],
    ["those that look ahead", ["(?=", "(?!", "(?!"]],
    ["those that look behind", ["(?<=", "(?<!"]],
  ])("%s mean what they mean to JavaScript", (_, look) => {
    let [yes, all] = [0, 0]
    fc.assert(
      fc.property(patterns(look), fc.array(lines, { minLength: 3, maxLength: 3 }), (pattern, texts) => {
        // Nothing that captures may stand where something is looked for behind, in the mirror neither.
        const re2 = pattern.replaceAll(/\((?!\?)/g, look.includes("(?<=") ? "(?:" : "(")
        for (const text of texts) {
          const expected = new RegExp(pattern, "u").test(text)
          if (found(re2, text) !== expected) expect.fail(`${re2} in ${JSON.stringify(text)}, not ${expected}`)
          yes += expected ? 1 : 0
          all += 1
        }
      }),
      { numRuns: 6000, seed: 1 },
    )
    expect(yes / all).toBeGreaterThan(0.2)
    expect(yes / all).toBeLessThan(0.9)
  })

  test("never throws, whatever the pattern and the line", () => {
    const signs = fc.constantFrom(..."ab(){}[]^$.*+?|\\-,:=!<>PpQEx01iz\n".split(""), "\uD800", "💥")
    fc.assert(
      fc.property(fc.string({ unit: signs, maxLength: 14 }), anyText(), (pattern, line) => {
        const compiled = compilePattern(pattern)
        if (compiled.ok) compiled.matches(line)
        else expect(compiled.why.length).toBeGreaterThan(5)
      }),
      { numRuns: 20_000, seed: 2 },
    )
  })

  test("a rule is not walked around by a long line", () => {
    const padding = "https://github.com/ ".repeat(50_000)
    const pattern = String.raw`https?://(?!github\.com/)`
    expect(found(pattern, padding)).toBe(false)
    expect(found(pattern, `${padding}https://evil.example`)).toBe(true)
    expect(found(pattern, `https://evil.example ${padding}`)).toBe(true)
  })

  test("time does not explode", () => {
    const began = performance.now()
    const line = `${"a".repeat(100_000)}!`
    for (const pattern of ["(a+)+$", "(a|aa)+$", "(a*)*b", "(?:a|a)*(?!!)b", "a*a*a*a*a*(?=b)", "(?<=a*a*a*)b"]) {
      expect(found(pattern, line)).toBe(false)
    }
    expect(performance.now() - began).toBeLessThan(10_000)
  })

  test("is compiled once, and not kept for ever", () => {
    const first = compilePattern("kept")
    expect(compilePattern("kept")).toBe(first)
    for (let i = 0; i < 300; i += 1) compilePattern(`x${i}`)
    expect(compilePattern("kept")).not.toBe(first)
  })
})

test("a mirrored text is read by whole characters", () => {
  expect(mirrorText("a💥é")).toBe("é💥a")
  expect(mirrorText("\uDCA5\uD83D")).toBe("\uFFFD\uFFFD")
})
