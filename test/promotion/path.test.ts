import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { branchMatches } from "../../src/promotion/change/glob.ts"
import { pathMatcher } from "../../src/promotion/change/path.ts"

describe("path globs", () => {
  test.each([
    ["package.json", "package.json", true],
    ["package.json", "web/package.json", false],
    ["**/package.json", "package.json", true],
    ["**/package.json", "web/a/package.json", true],
    [".github/workflows/**", ".github/workflows/a/b.yml", true],
    [".github/workflows/**", ".github/workflows", true],
    [".github/workflows/**", ".github/workflows2/a.yml", false],
    [".github/workflows/**", ".GitHub/workflows/a.yml", false],
    ["scripts/rollback*", "scripts/rollback.sh", true],
    ["scripts/rollback*", "scripts/rollback/x.sh", false],
    ["src/auth/**", "src/auth.ts", false],
    ["src/*/index.ts", "src/a/index.ts", true],
    ["src/*/index.ts", "src/a/b/index.ts", false],
    ["**/migrations/**", "migrations/1.sql", true],
    ["**/migrations/**", "db/migrations/1/up.sql", true],
    ["**/migrations/**", "db/migrations.sql", false],
    ["**/*.yml", ".hidden.yml", true],
    ["**", "anything/at/all", true],
    ["*", "a/b", false],
    ["a/**b", "a/xb", true],
    ["a/**b", "a/x/b", false],
    ["[ab].txt", "a.txt", false],
    ["[ab].txt", "[ab].txt", true],
    ["a?", "ab", false],
    ["{a,b}", "a", false],
    ["a.b", "axb", false],
    ["a*", "a\nb", true],
    ["a.txt", "A.txt", false],
    ["", "", true],
  ])("%s %s: %s", (glob, path, expected) => {
    expect(pathMatcher([glob]).find(path)).toBe(expected ? glob : null)
  })

  test("the first glob that fits is told, and no globs fit nothing", () => {
    expect(pathMatcher(["x", "src/**", "**/*.ts"]).find("src/a.ts")).toBe("src/**")
    expect(pathMatcher([]).find("src/a.ts")).toBeNull()
  })

  test("many globs mean what each of them means", () => {
    const slashes = (of: fc.Arbitrary<string>): fc.Arbitrary<string> =>
      fc.array(of, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("/"))
    const glob = slashes(fc.constantFrom("a", "b", "*", "**", "a*", "*b*", ""))
    const path = slashes(fc.constantFrom("a", "b", "ab", "c", "*", ""))
    fc.assert(
      fc.property(fc.array(glob, { maxLength: 4 }), path, (globs, name) => {
        const fits = globs.some((one) => branchMatches(one, name))
        expect(pathMatcher(globs).find(name) !== null).toBe(fits)
      }),
      { numRuns: 8000, seed: 4 },
    )
  })

  test("many stars cost no more than a long path", () => {
    const began = performance.now()
    const matcher = pathMatcher(["**/a/".repeat(40), "*a".repeat(100), `${"**/".repeat(100)}c`])
    expect(matcher.find(`${"a/".repeat(2000)}b`)).toBeNull()
    expect(matcher.find(`${"a".repeat(4000)}!`)).toBeNull()
    expect(performance.now() - began).toBeLessThan(2000)
  })
})
