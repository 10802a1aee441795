import { describe, expect, test } from "vitest"
import { policySchema, riskSchema } from "../../src/promotion/config/config-rules.ts"

function problems(policy: object): string[] {
  return (policySchema.safeParse(policy).error?.issues ?? []).map(({ message }) => message)
}

describe("the rules of a config", () => {
  test.each(["/src", "!src", "src/", "src//a", "./src", "src/../a", "src/."])(
    "the path %s could never hold",
    (path) => {
      expect(problems({ forbidden_paths: [path] })).not.toEqual([])
      expect(riskSchema.safeParse([{ level: "high", paths: [path] }]).success).toBe(false)
    },
  )

  test.each(["src", ".github/**", "**", "a b/[x]", "..."])("the path %s may hold", (path) => {
    expect(problems({ forbidden_paths: [path] })).toEqual([])
  })

  test("a pattern that cannot be used says why", () => {
    const content = (added: string): object => ({ content: [{ name: "x", added }] })
    expect(problems(content("(a"))).toEqual(["not a pattern: missing closing ): `(a`"])
    expect(problems(content("(?<=a)b(?!c)"))).toEqual([
      "not a pattern: a pattern may look ahead or look behind, but not both",
    ])
    expect(problems(content(String.raw`https?://(?!github\.com/)`))).toEqual([])
  })
})
