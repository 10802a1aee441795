import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { judgePolicy, type PolicyInput, type PolicyStage } from "../../src/promotion/policy/policy.ts"
import { changes, policies } from "./change-arbitrary.ts"

describe("laws of the policy", () => {
  const inputs: fc.Arbitrary<PolicyInput> = fc.record({
    rules: policies,
    from: fc.option(fc.subarray(["main", "topic/*"])),
    pullRequest: fc.record({
      headRef: fc.constantFrom("main", "topic/a", "x"),
      fork: fc.boolean(),
      body: fc.constantFrom("", "## Risk\nnone", "**Test plan**\nyes"),
    }),
    change: fc.option(changes),
    agent: fc.boolean(),
    operatorApproved: fc.boolean(),
  })

  const keys = (stage: PolicyStage): string[] =>
    stage.violations.map(({ rule, name, path, line }) => JSON.stringify([rule, name, path, line]))

  /** That `stricter` finds whatever `stage` found. */
  function expectNoLess(stage: PolicyStage, stricter: PolicyStage): void {
    expect(stricter.violations.length + stricter.left).toBeGreaterThanOrEqual(stage.violations.length + stage.left)
    if (stricter.left === 0) expect(keys(stricter)).toEqual(expect.arrayContaining(keys(stage)))
    expect(stricter.raisesRisk).toEqual(expect.arrayContaining([...stage.raisesRisk]))
    if (stage.status !== "passed") expect(stricter.status).not.toBe("passed")
  }

  test("another rule never lessens what is found", () => {
    fc.assert(
      fc.property(inputs, policies, (input, more) => {
        const { rules } = input
        const scope = rules.scope.length === 0 ? more.scope : rules.scope
        const renamed = more.content.map((rule) => ({ ...rule, name: `more ${rule.name}` }))
        const stricter: typeof rules = {
          protected_paths: [...rules.protected_paths, ...more.protected_paths],
          forbidden_paths: [...rules.forbidden_paths, ...more.forbidden_paths],
          scope,
          max_changed_lines: Math.min(rules.max_changed_lines, more.max_changed_lines),
          description: {
            require_sections: [...rules.description.require_sections, ...more.description.require_sections],
          },
          syntax: [...new Set([...rules.syntax, ...more.syntax])],
          content: [...rules.content, ...renamed],
        }
        expectNoLess(judgePolicy(input), judgePolicy({ ...input, rules: stricter }))
      }),
      { numRuns: 4000, seed: 1 },
    )
  })

  test("an agent gets away with no more than a person, and approval never adds a violation", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        expectNoLess(judgePolicy({ ...input, agent: false }), judgePolicy({ ...input, agent: true }))
        const approved = judgePolicy({ ...input, operatorApproved: true })
        expectNoLess(approved, judgePolicy({ ...input, operatorApproved: false }))
        expect(approved.violations.filter(({ needs }) => needs === "operator")).toEqual([])
      }),
      { numRuns: 4000, seed: 2 },
    )
  })

  test("the unread never passes", () => {
    fc.assert(
      fc.property(inputs, changes, (input, change) => {
        expect(judgePolicy({ ...input, change: null }).status).toBe("pending")
        const partly = judgePolicy({ ...input, change: { ...change, complete: false }, operatorApproved: false })
        expect(partly.status).toBe("failed")
        expectNoLess(judgePolicy({ ...input, change, operatorApproved: false }), partly)
        const untold = change.files.map((file) => ({ ...file, kind: "text" as const, added: null, syntax: null }))
        const blind = judgePolicy({ ...input, change: { ...change, files: untold }, operatorApproved: false })
        const seen = judgePolicy({ ...input, change, operatorApproved: false })
        if (seen.violations.some(({ rule }) => rule === "content" || rule === "syntax")) {
          const { path, rule } = seen.violations.find((one) => one.rule === "content" || one.rule === "syntax") ?? {}
          const told = blind.violations.some((one) => one.rule === "unreadable" && one.path === path)
          expect(told, `${rule} ${path}`).toBe(true)
        }
      }),
      { numRuns: 4000, seed: 3 },
    )
  })

  test("a stage passes exactly if nothing is wrong with a change that was read", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { status, violations, left } = judgePolicy(input)
        const expected = input.change === null ? "pending" : violations.length + left === 0 ? "passed" : "failed"
        expect(status).toBe(expected)
        for (const { detail } of violations) expect(detail.length).toBeLessThanOrEqual(200)
      }),
      { numRuns: 2000, seed: 4 },
    )
  })
})
