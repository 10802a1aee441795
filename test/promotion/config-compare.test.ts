import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compareConfigsOnce } from "../../src/promotion/config/config-compare-once.ts"
import { comparedKeys, compareConfigs, loosens } from "../../src/promotion/config/config-compare.ts"
import { globCovers, opposite, type ConfigDifference } from "../../src/promotion/config/config-difference.ts"
import { readConfigFile } from "../../src/promotion/config/config-file.ts"
import { builtInConfig, promotionConfigSchema, type PromotionConfig } from "../../src/promotion/config/config.ts"
import { branchMatches } from "../../src/promotion/change/glob.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { changeOf, changes } from "./change-arbitrary.ts"
import { configs, similarConfigs } from "./config-arbitrary.ts"
import { settled } from "./review-laws.ts"
import { kinds, snapshotOf, type Choice } from "./review-world.ts"
import { deployments } from "./deployment-world.ts"
import { head } from "./world.ts"

const defaultBranch = "main"
const compare = (was: PromotionConfig, becomes: PromotionConfig): ConfigDifference[] =>
  compareConfigs({ was, becomes, defaultBranch })

describe("laws of comparing two configs", () => {
  test("a config has no difference to itself", () => {
    fc.assert(
      fc.property(configs, (config) => {
        expect(compare(config, structuredClone(config))).toEqual([])
      }),
      { numRuns: 500, seed: 1 },
    )
  })

  test("compared the other way round, loosening and tightening change places", () => {
    const effects = (found: readonly ConfigDifference[]) => found.map(({ effect }) => effect).toSorted()
    fc.assert(
      fc.property(fc.oneof(fc.tuple(configs, configs), similarConfigs), ([one, other]) => {
        expect(effects(compare(other, one))).toEqual(
          compare(one, other)
            .map(({ effect }) => opposite(effect))
            .toSorted(),
        )
      }),
      { numRuns: 1500, seed: 1 },
    )
  })

  const choices: fc.Arbitrary<Choice> = fc.record({
    ...(Object.fromEntries(
      Object.entries(kinds).map(([kind, values]) => [kind, fc.constantFrom(...Object.keys(values))]),
    ) as { [Kind in keyof Choice]: fc.Arbitrary<string> }),
    config: fc.constant("nothing asked"),
    sight: fc.constant("all"),
  })

  /** Whether somebody may merge, as far as the gate goes; null where it could not be judged. */
  function isOpen(snapshot: Snapshot, config: PromotionConfig): boolean | null {
    const { config: inForce } = snapshot
    if (inForce?.status !== "valid") throw new Error("the choice has a valid config")
    const plan = settled({ ...snapshot, config: { ...inForce, config } })?.plan
    if (plan === undefined) return null
    return plan.verdict === null || plan.verdict.open || plan.verdict.mode === "advisory"
  }

  /** Two configs that are different, and of which none is said to loosen the other. */
  const tightened = similarConfigs.filter(([was, becomes]) => {
    const found = compare(was, becomes)
    return found.length > 0 && !found.some(loosens)
  })

  test("what is said to loosen nothing opens no gate that was shut", () => {
    const world = fc.tuple(choices, fc.option(changes, { freq: 3 }), deployments)
    const worlds = fc.array(world, { minLength: 10, maxLength: 10 })
    let shut = 0
    fc.assert(
      fc.property(tightened, worlds, ([was, becomes], places) => {
        for (const [choice, diff, deployed] of places) {
          const plain = snapshotOf(choice)
          const { commits, patchId } = plain.change ?? changeOf([])
          const change = diff === null ? plain.change : { ...diff, headSha: head, commits, patchId }
          const snapshot = { ...plain, change, deployments: deployed }
          if (isOpen(snapshot, becomes) !== true) continue
          if (isOpen(snapshot, was) === false) expect.fail(JSON.stringify(compare(was, becomes)))
          shut += 1
        }
      }),
      { numRuns: 1500, seed: 1 },
    )
    expect(shut).toBeGreaterThan(1000)
  })

  test("a glob covers another one only if it fits whatever that one fits", () => {
    const segment = fc.constantFrom("a", "ab", "*", "a*", "*b", "a*b", "**")
    const globs = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"))
    const names = fc
      .array(fc.constantFrom("a", "ab", "b", "aab", "acb"), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join("/"))
    fc.assert(
      fc.property(globs, globs, names, (wide, narrow, name) => {
        if (globCovers(wide, narrow) && branchMatches(narrow, name)) expect(branchMatches(wide, name)).toBe(true)
      }),
      { numRuns: 20_000, seed: 1 },
    )
  })
})

test("every key of the config is compared rule by rule", () => {
  expect(Object.keys(promotionConfigSchema.shape).filter((key) => !comparedKeys.includes(key))).toEqual([])
})

test("a key that nobody knows the effect of is unclear", () => {
  const strange = { ...builtInConfig, tomorrow: { may: "open" }, review: { ...builtInConfig.review, soon: 1 } }
  expect(compare(builtInConfig, strange)).toEqual([
    { path: "review.soon", was: null, becomes: "1", effect: "unclear" },
    { path: "tomorrow", was: null, becomes: "{ may: open }", effect: "unclear" },
  ])
})

/** Every difference in a line. */
function parsed(text: string): PromotionConfig {
  const reading = readConfigFile(`version: 1\n${text}`)
  return reading.status === "valid" ? reading.config : expect.fail(JSON.stringify(reading))
}

function told(was: string, becomes: string): string[] {
  return compare(parsed(was), parsed(becomes)).map(({ path, effect, ...values }) => {
    return `${effect}: ${path}: ${values.was ?? "-"} -> ${values.becomes ?? "-"}`
  })
}

const on = (rules: string): string => `branches: { main: { ${rules} } }`

test.each<[string, string, string[]]>([
  ["mode: enforce", "mode: advisory", ["loosens: mode: enforce -> advisory"]],
  ["", on("stages: [checks]"), []],
  [on("stages: [policy, review]"), on("stages: [review, policy]"), []],
  [
    on("stages: [{ checks: { require: [build, test] } }]"),
    on("stages: [{ checks: { require: [{ name: build, app: ci }, test] } }]"),
    [
      "loosens: branches.main.stages.checks.require: build -> -",
      "tightens: branches.main.stages.checks.require: - -> { name: build, app: ci }",
    ],
  ],
  [
    on("stages: [policy]") + "\npolicy: { protected_paths: [infra/a/**] }",
    on("stages: [policy]") + '\npolicy: { protected_paths: ["infra/**"] }',
    ["neither: policy.protected_paths: infra/a/** -> -", "tightens: policy.protected_paths: - -> infra/**"],
  ],
  ["policy: { scope: [src/**] }", "", ["loosens: policy.scope: [src/**] -> []"]],
  [
    "risk: [{ level: high, changed_lines_over: 500 }]",
    "risk: [{ level: high, changed_lines_over: 300, reason: large }]",
    [
      "neither: risk: { level: high, changed_lines_over: 500 } -> -",
      "tightens: risk: - -> { level: high, changed_lines_over: 300, reason: large }",
    ],
  ],
  [
    "risk: [{ level: high, author: agent }]",
    "risk: [{ level: high, author: agent, reason: robots }]",
    ["neither: risk: [{ level: high, author: agent }] -> [{ level: high, author: agent, reason: robots }]"],
  ],
  [
    "review: { low: { approvals: 0 } }",
    "review: { low: { approvals: 0, auto_approve_after: 24h } }",
    ["tightens: review.low.auto_approve_after: - -> 1d"],
  ],
  ["", "review: { low: { auto_approve_after: 90m } }", ["loosens: review.low.auto_approve_after: - -> 90m"]],
  [
    "",
    "review: { high: { from: [maintain] } }",
    ["tightens: review.high.from: write -> -", "neither: review.high.from: - -> maintain"],
  ],
  [
    'review: { high: { from: [write, "user:eve"] } }',
    "review: { high: { from: [write] } }",
    ["tightens: review.high.from: user:eve -> -", "loosens: review: user:eve may ask for changes -> -"],
  ],
  [
    "commands: { pause-promotion: write, promote: write }",
    "commands: { pause-promotion: admin, resume-promotion: write, rollback: admin, promote: admin }",
    [
      "loosens: commands.pause-promotion: write -> admin",
      "unclear: commands.rollback: write -> admin",
      "tightens: commands.promote: write -> admin",
    ],
  ],
  [
    "branches: { main: { stages: [policy] }, 'release/*': { stages: [review] } }",
    "branches: { '*': { stages: [policy] } }",
    ["loosens: branches.release/*: [review] -> -", "tightens: branches.*: - -> [policy]"],
  ],
  [
    "branches: { main: { stages: [policy] }, '*': { stages: [] } }",
    "branches: { '*': { stages: [] }, main: { stages: [policy] } }",
    ["loosens: branches.* (was under main).stages: policy -> -"],
  ],
  [
    "agents: { label: agent, logins: [Robo] }\npause: { label: stop }",
    "agents: { label: Agent, logins: [robo, eve] }\npause: { label: halt }",
    [
      "tightens: agents.logins: - -> eve",
      "neither: agents.label: agent -> Agent",
      "unclear: pause.label: stop -> halt",
    ],
  ],
  [
    "policy: { content: [{ name: one, added: http, paths: [src/**] }] }",
    "policy: { content: [{ name: one, added: http, paths: [src/**], action: require-approval }] }",
    [
      "loosens: policy.content: { name: one, added: http, paths: [src/**], action: block } -> -",
      "neither: policy.content: - -> { name: one, added: http, paths: [src/**], action: require-approval }",
    ],
  ],
])("%s, then %s", (was, becomes, expected) => {
  expect(told(was, becomes)).toEqual(expected)
})

test("where a higher risk asks for less, nobody can tell what a rule of risk does", () => {
  const odd = "review: { low: { approvals: 2 }, high: { approvals: 1 } }"
  expect(told(odd, `${odd}\nrisk: [{ level: high, author: agent }]`)).toEqual([
    "unclear: risk: - -> { level: high, author: agent }",
  ])
})

test("more patterns than anybody can read are not compared, and count as loosening", () => {
  const many = (count: number): string =>
    `branches: { ${Array.from({ length: count }, (_, index) => `b${index}: { stages: [] }`).join(", ")} }`
  expect(told(many(60), many(70))).toEqual([
    "unclear: branches: 60 patterns, too many to be compared -> 70 patterns, too many to be compared",
  ])
})

/** Patterns with sources that no other list has. */
function branching(patterns: number, sources: number, name: string): string {
  const rules = Array.from({ length: patterns }, (_, at) => {
    const from = Array.from({ length: sources }, (_source, index) => `${name}${at}x${index}`)
    return `"*/b${at}": { from: [${from.join(", ")}], stages: [policy] }`
  })
  return `branches: { ${rules.join(", ")} }`
}

test("patterns whose lists are too long together are not compared", () => {
  expect(told(branching(20, 40, "a"), branching(20, 40, "c").replaceAll("*/b", "*/d"))).toEqual([
    "unclear: branches: 20 patterns, too many to be compared -> 20 patterns, too many to be compared",
  ])
})

test("rules with too many paths together are not compared", () => {
  const rules = (name: string): string => {
    const paths = Array.from({ length: 40 }, (_, at) => `${name}${at}/**`).join(", ")
    const risks = Array.from({ length: 20 }, (_, at) => `{ level: high, paths: [${paths}], reason: ${name}${at} }`)
    return `risk: [${risks.join(", ")}]`
  }
  expect(told(rules("a"), rules("b"))).toEqual([
    "unclear: risk: 20 entries, too many to be compared -> 20 entries, too many to be compared",
  ])
})

test("of more than 500 differences the rest is counted, and what loosens comes first", () => {
  const found = compare(parsed(branching(2, 150, "a")), parsed(branching(2, 150, "c")))
  expect(found).toHaveLength(501)
  expect(found.findLastIndex(loosens)).toBe(299)
  expect(found.at(-1)).toEqual({
    path: "",
    was: null,
    becomes: "100 differences more, which are not listed",
    effect: "tightens",
  })
})

test("what was compared is not compared again, under its own name only", () => {
  const [was, becomes] = [parsed(""), parsed("mode: enforce")]
  const first = compareConfigsOnce("one", { was, becomes, defaultBranch })
  expect(compareConfigsOnce("one", { was, becomes, defaultBranch })).toBe(first)
  expect(compareConfigsOnce("other", { was, becomes, defaultBranch })).not.toBe(first)
  expect(compareConfigsOnce(null, { was, becomes, defaultBranch })).toEqual(first)
})
