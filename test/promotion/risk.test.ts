import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { riskLevels, riskSchema, type RiskLevel, type RiskRule } from "../../src/promotion/config/config-rules.ts"
import { judgeRisk, type RiskInput } from "../../src/promotion/policy/risk.ts"
import { changeOf, changes, riskRules } from "./change-arbitrary.ts"

const rules = riskSchema.parse([
  { level: "high", paths: ["src/auth/**", "**/migrations/**"], reason: "authentication or schema" },
  { level: "high", changed_lines_over: 500 },
  { level: "medium", paths: ["package.json"], reason: "dependencies" },
  { level: "medium", author: "agent" },
  { level: "high", author: "agent", paths: ["deploy/**"], changed_lines_over: 10 },
])

const ordinary: RiskInput = { rules, change: changeOf([{ path: "a.ts" }]), agent: false, raised: [] }

function rank(level: RiskLevel): number {
  return riskLevels.indexOf(level)
}

describe("a change's risk", () => {
  test("is low when no rule matches, and says so", () => {
    const none = { level: "low", why: "default", reason: null, paths: [], more: 0 }
    expect(judgeRisk(ordinary)).toEqual({ level: "low", reasons: [none] })
  })

  test("is the highest of all that match, and all are told", () => {
    const change = changeOf([{ path: "package.json" }, { path: "src/auth/a.ts" }, { path: "b/migrations/1.sql" }])
    expect(judgeRisk({ ...ordinary, change, agent: true })).toEqual({
      level: "high",
      reasons: [
        {
          level: "high",
          why: "paths",
          reason: "authentication or schema",
          paths: ["src/auth/a.ts", "b/migrations/1.sql"],
          more: 0,
        },
        { level: "medium", why: "paths", reason: "dependencies", paths: ["package.json"], more: 0 },
        { level: "medium", why: "agent", reason: null, paths: [], more: 0 },
      ],
    })
  })

  test.each([
    [500, "low"],
    [501, "high"],
    [Number.NaN, "high"],
  ])("of %d changed lines is %s", (additions, level) => {
    expect(judgeRisk({ ...ordinary, change: changeOf([{ path: "a", additions }]) }).level).toBe(level)
  })

  test("counts removed lines", () => {
    const change = changeOf([
      { path: "a", additions: 300, deletions: 100 },
      { path: "b", deletions: 101 },
    ])
    expect(judgeRisk({ ...ordinary, change }).reasons).toMatchObject([{ level: "high", why: "changed-lines" }])
  })

  test("needs all conditions of a rule", () => {
    const change = changeOf([{ path: "deploy/x", additions: 11 }])
    const high = (more: Partial<RiskInput>): boolean => judgeRisk({ ...ordinary, change, ...more }).level === "high"
    expect(high({ agent: true })).toBe(true)
    expect(high({ agent: false })).toBe(false)
    expect(high({ agent: true, change: changeOf([{ path: "deploy/x", additions: 10 }]) })).toBe(false)
    expect(high({ agent: true, change: changeOf([{ path: "other/x", additions: 11 }]) })).toBe(false)
  })

  test("counts a renamed file by both its paths, a copied one by its new path", () => {
    const moved = (status: "renamed" | "copied"): RiskInput["change"] =>
      changeOf([{ path: "lib/a.ts", previousPath: "src/auth/a.ts", status }])
    expect(judgeRisk({ ...ordinary, change: moved("renamed") }).reasons[0]?.paths).toEqual(["src/auth/a.ts"])
    expect(judgeRisk({ ...ordinary, change: moved("copied") }).level).toBe("low")
  })

  test("names twenty paths and counts the rest", () => {
    const change = changeOf(Array.from({ length: 25 }, (_, n) => ({ path: `src/auth/${n}` })))
    const [reason] = judgeRisk({ ...ordinary, change }).reasons
    expect(reason?.paths).toHaveLength(20)
    expect(reason?.more).toBe(5)
  })
})

describe("content rules raise the risk", () => {
  test.each<[boolean, string[], RiskLevel, RiskLevel[]]>([
    [false, [], "low", ["low"]],
    [false, ["one"], "medium", ["medium"]],
    [false, ["one", "two"], "medium", ["medium", "medium"]],
    [true, ["one"], "high", ["high", "medium"]],
  ])("agent %s, raised by %j: %s", (...[agent, raised, level, levels]) => {
    const risk = judgeRisk({ ...ordinary, agent, raised })
    expect(risk.level).toBe(level)
    expect(risk.reasons.map((reason) => reason.level)).toEqual(levels)
    for (const name of raised)
      expect(risk.reasons).toContainEqual(expect.objectContaining({ why: "content", reason: name }))
  })

  test("but not beyond high", () => {
    const change = changeOf([{ path: "src/auth/a.ts" }])
    expect(judgeRisk({ ...ordinary, change, raised: ["one"] }).level).toBe("high")
  })
})

describe("what is unread", () => {
  const agentOnly = riskSchema.parse([{ level: "medium", author: "agent" }])

  test.each([null, changeOf([{ path: "a.ts" }], { complete: false })])(
    "may match any rule that asks for it",
    (change) => {
      expect(judgeRisk({ ...ordinary, change })).toMatchObject({ level: "high", reasons: [{ why: "unknown" }] })
      expect(judgeRisk({ ...ordinary, change, rules: [] }).level).toBe("low")
      expect(judgeRisk({ ...ordinary, change, rules: agentOnly }).level).toBe("low")
      expect(judgeRisk({ ...ordinary, change, rules: agentOnly, agent: true }).level).toBe("medium")
      const ofAgents = riskSchema.parse([{ level: "high", author: "agent", paths: ["x"] }])
      expect(judgeRisk({ ...ordinary, change, rules: ofAgents }).level).toBe("low")
      expect(judgeRisk({ ...ordinary, change, rules: ofAgents, agent: true }).level).toBe("high")
    },
  )

  test("changes nothing where what was read matches already", () => {
    const change = changeOf([{ path: "package.json" }], { complete: false })
    const risk = judgeRisk({ ...ordinary, change, rules: rules.slice(2, 3) })
    expect(risk).toMatchObject({ level: "medium", reasons: [{ why: "paths" }] })
  })
})

describe("laws of risk", () => {
  const inputs = fc.record({
    rules: riskRules,
    change: fc.option(changes),
    agent: fc.boolean(),
    raised: fc.subarray(["one", "two"]),
  })

  test("another rule, another raise and an agent never lower it", () => {
    fc.assert(
      fc.property(inputs, riskRules, fc.nat(4), (input, more, at) => {
        const { level } = judgeRisk(input)
        const longer: RiskRule[] = input.rules.toSpliced(at, 0, ...more)
        expect(rank(judgeRisk({ ...input, rules: longer }).level)).toBeGreaterThanOrEqual(rank(level))
        expect(rank(judgeRisk({ ...input, raised: [...input.raised, "x"] }).level)).toBeGreaterThanOrEqual(rank(level))
        expect(rank(judgeRisk({ ...input, agent: true }).level)).toBeGreaterThanOrEqual(rank(level))
      }),
      { numRuns: 4000, seed: 1 },
    )
  })

  test("the unread is never less risky than what it turns out to be", () => {
    fc.assert(
      fc.property(inputs, changes, (input, change) => {
        const known = rank(judgeRisk({ ...input, change }).level)
        const unread = rank(judgeRisk({ ...input, change: null }).level)
        const partly = rank(judgeRisk({ ...input, change: { ...change, complete: false } }).level)
        expect(unread).toBeGreaterThanOrEqual(known)
        expect(partly).toBeGreaterThanOrEqual(known)
      }),
      { numRuns: 4000, seed: 2 },
    )
  })

  test("the level is that of the gravest reason, and there is always one", () => {
    fc.assert(
      fc.property(inputs, (input) => {
        const { level, reasons } = judgeRisk(input)
        expect(reasons[0]?.level).toBe(level)
        for (const reason of reasons) expect(rank(reason.level)).toBeLessThanOrEqual(rank(level))
      }),
      { numRuns: 2000, seed: 3 },
    )
  })
})
