import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { atLeast, authorise, demandableRoles, parseRole, type Role } from "../../src/promotion/permission.ts"

const ladder: readonly Role[] = ["none", "read", "triage", "write", "maintain", "admin"]

describe("roles", () => {
  test("each is at least itself and everything below it", () => {
    const table = ladder.map((has) => ladder.map((needs) => (atLeast(has, needs) ? "y" : ".")).join(""))
    expect(table).toEqual(["y.....", "yy....", "yyy...", "yyyy..", "yyyyy.", "yyyyyy"])
  })

  test("only GitHub's own words are read", () => {
    expect(ladder.map(parseRole)).toEqual(ladder)
    for (const word of ["", "owner", "Write", "push", "security-manager"]) expect(parseRole(word)).toBeUndefined()
  })

  test("nobody may be let in without a role", () => {
    expect(demandableRoles).not.toContain("none")
  })
})

describe("authorise", () => {
  test.each([
    ["a person with the role", { isAgent: false, has: "write", effect: "loosens" }, { allowed: true }],
    ["a person above it", { isAgent: false, has: "admin", effect: "loosens" }, { allowed: true }],
    ["a person below it", { isAgent: false, has: "triage", effect: "tightens" }, { allowed: false, why: "role" }],
    ["a stranger", { isAgent: false, has: "none", effect: "tightens" }, { allowed: false, why: "role" }],
    ["an app that tightens", { isAgent: true, has: "write", effect: "tightens" }, { allowed: true }],
    ["an app that reads", { isAgent: true, has: "write", effect: "reads" }, { allowed: true }],
    ["an app that loosens", { isAgent: true, has: "admin", effect: "loosens" }, { allowed: false, why: "bot" }],
    ["an app below the role", { isAgent: true, has: "read", effect: "loosens" }, { allowed: false, why: "role" }],
  ] as const)("%s", (_, request, expected) => {
    expect(authorise({ needs: "write", ...request })).toMatchObject(expected)
  })

  test("a higher role never takes anything away, and no app ever loosens", () => {
    const request = fc.record({
      isAgent: fc.boolean(),
      needs: fc.constantFrom(...demandableRoles),
      effect: fc.constantFrom("reads", "tightens", "loosens"),
    })
    fc.assert(
      fc.property(request, fc.nat(5), fc.nat(5), (asked, one, two) => {
        const [low, high] = [ladder[Math.min(one, two)] ?? "none", ladder[Math.max(one, two)] ?? "none"]
        const below = authorise({ ...asked, has: low }).allowed
        expect(authorise({ ...asked, has: high }).allowed || !below).toBe(true)
        expect(below && asked.isAgent && asked.effect === "loosens").toBe(false)
      }),
      { seed: 1 },
    )
  })
})
