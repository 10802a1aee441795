import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { branchMatches, nameMatches } from "../../src/promotion/change/glob.ts"

/** The same pattern as a regular expression, by escaping all but the stars. */
function reference(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[\\^$.+?()[\]{}|/-]/g, String.raw`\$&`)
  return new RegExp(`^${escaped.replaceAll("*", "[^]*")}$`)
}

describe("names of checks", () => {
  test.each([
    ["build", "build", true],
    ["build", "builds", false],
    ["build", "Build", false],
    ["*", "anything / at (all)", true],
    ["test (*)", "test (ubuntu-latest, 24)", true],
    ["test (*)", "test ubuntu", false],
    ["*/lint", "ci/lint", true],
    ["a*a", "a", false],
    ["a*a", "aa", true],
    ["a*b*b", "ab", false],
    ["ci*build*x", "ci / build / linux", true],
    ["[ab]", "a", false],
    ["{a,b}", "a", false],
    ["a?", "ab", false],
    ["a.c", "abc", false],
  ])("%s %s: %s", (pattern, name, expected) => {
    expect(nameMatches(pattern, name)).toBe(expected)
  })

  test("a pattern means what its escaped regular expression means", () => {
    const few = fc.string({ unit: fc.constantFrom("a", "b", "*", "*", "(", ".", "\\", "[", "\n", "💥"), maxLength: 8 })
    fc.assert(
      fc.property(few, few, (pattern, name) => {
        expect(nameMatches(pattern, name)).toBe(reference(pattern).test(name))
      }),
      { numRuns: 8000, seed: 1 },
    )
  })

  test("a name made from the pattern always fits", () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 5 }), fc.string(), (parts, filling) => {
        const plain = parts.map((part) => part.replaceAll("*", ""))
        expect(nameMatches(plain.join("*"), plain.join(filling))).toBe(true)
      }),
      { seed: 2 },
    )
  })
})

describe("branches", () => {
  test.each([
    ["main", "main", true],
    ["main", "mainline", false],
    ["hotfix/*", "hotfix/42", true],
    ["hotfix/*", "hotfix", false],
    ["hotfix/*", "hotfix/a/b", false],
    ["hotfix/**", "hotfix/a/b", true],
    ["hotfix/**", "hotfix", true],
    ["**/main", "main", true],
    ["**/main", "team/a/main", true],
    ["a/**/z", "a/z", true],
    ["a/**/z", "a/b/c/z", true],
    ["a/**/b/**/z", "a/b/c/b/z/z", true],
    ["a/**/b/**/z", "a/c/z", false],
    ["*", "main", true],
    ["*", "a/b", false],
    ["**", "a/b/c", true],
    ["release-*", "release-", true],
    ["release-*-rc", "release-1-rc", true],
    ["release**", "release/1", false],
    ["release/v1.*", "release/v1x0", false],
    ["(a|b)", "a", false],
    ["!main", "develop", false],
    ["@(a|b)", "a", false],
    ["{a,b}", "{a,b}", true],
    ["*", ".hidden", true],
    ["Main", "main", false],
  ])("%s %s: %s", (pattern, branch, expected) => {
    expect(branchMatches(pattern, branch)).toBe(expected)
  })

  test("a pattern means what a regular expression over whole segments means", () => {
    const segment = fc.constantFrom("a", "b", "*", "**", "a*", "*b*")
    const slashes = (of: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc.array(of, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"))
    fc.assert(
      fc.property(slashes(segment), slashes(fc.constantFrom("a", "b", "ab", "c")), (pattern, branch) => {
        const parts = pattern
          .split("/")
          .map((part) => (part === "**" ? "(?:[^/]+/)*" : `${part.replaceAll("*", "[^/]*")}/`))
        expect(branchMatches(pattern, branch)).toBe(new RegExp(`^${parts.join("")}$`).test(`${branch}/`))
      }),
      { numRuns: 8000, seed: 3 },
    )
  })

  test("many stars cost no more than a long name", () => {
    const began = performance.now()
    expect(branchMatches("*a".repeat(100), `${"a".repeat(250)}!`)).toBe(false)
    expect(branchMatches("**/a/".repeat(40), `${"a/".repeat(120)}b`)).toBe(false)
    expect(performance.now() - began).toBeLessThan(1000)
  })
})
