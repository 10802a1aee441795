import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compareConfigs, loosens } from "../../src/promotion/config/config-compare.ts"
import { readConfigFile } from "../../src/promotion/config/config-file.ts"
import type { HealthRules } from "../../src/promotion/config/config-health.ts"
import { builtInConfig, defaultRules, type BranchRules } from "../../src/promotion/config/config.ts"
import { nameMatches } from "../../src/promotion/change/glob.ts"
import { afterMerge, environments, watchedAddresses, watchedQueries } from "./config-after-arbitrary.ts"

// What a change of the keys that hold after the merge is said to do.

function compareRules(was: BranchRules, becomes: BranchRules) {
  const [before, after] = [was, becomes].map((main) => ({ ...builtInConfig, branches: { main } }))
  return compareConfigs({ was: before ?? builtInConfig, becomes: after ?? builtInConfig, defaultBranch: "main" })
}

/** Every difference in a line, between two configs whose branch `main` says this. */
function told(was: string, becomes: string, pattern = "main"): string[] {
  const [before, after] = [was, becomes].map((rules) => {
    const reading = readConfigFile(`version: 1\nbranches: { '${pattern}': { stages: [], ${rules} } }`)
    return reading.status === "valid" ? reading.config : expect.fail(JSON.stringify(reading))
  })
  if (before === undefined || after === undefined) return expect.fail()
  return compareConfigs({ was: before, becomes: after, defaultBranch: "main" }).map(
    ({ path, effect, ...values }) =>
      `${effect}: ${path.replace(`branches.${pattern}.`, "")}: ${values.was ?? "-"} -> ${values.becomes ?? "-"}`,
  )
}

const watched = "health: { deployments: [production] }"

describe("in words", () => {
  test.each<[string, string, string[]]>([
    ["", watched, ["tightens: health: - -> { window: 15m, watched: [deployments] }"]],
    ["health: {}", "", ["loosens: health: { window: 15m, watched: [] } -> -"]],
    ["health: { window: 10m }", "health: { window: 90m }", ["tightens: health.window: 10m -> 90m"]],
    ["health: {}", "health: { window: 10m }", ["loosens: health.window: 15m -> 10m"]],
    [
      watched,
      "health: { deployments: [Production] }",
      ["neither: health.deployments: production -> -", "neither: health.deployments: - -> Production"],
    ],
    [watched, "health: {}", ["loosens: health.deployments: production -> -"]],
    [
      "health: { checks: [smoke, e2e] }",
      "health: { checks: [{ name: smoke, confirm: true }, { name: e2e, app: ci }] }",
      [
        "loosens: health.checks: smoke -> -",
        "loosens: health.checks: e2e -> -",
        "neither: health.checks: - -> { name: smoke, confirm: true }",
        "tightens: health.checks: - -> { name: e2e, app: ci }",
      ],
    ],
    [
      "health: { probes: [{ url: 'https://a/' }, { url: 'https://b/' }] }",
      "health: { probes: [{ url: 'https://a/', failures: 3 }, { url: 'https://b/', every: 10s }] }",
      [
        "loosens: health.probes: { url: https://a/, every: 30s, failures: 2 } -> -",
        "unclear: health.probes: { url: https://b/, every: 30s, failures: 2 } -> -",
        "neither: health.probes: - -> { url: https://a/, every: 30s, failures: 3 }",
        "tightens: health.probes: - -> { url: https://b/, every: 10s, failures: 2 }",
      ],
    ],
    [
      "health: { error_rate: { limit: 5% }, heartbeat: { stale_after: 3m } }",
      "health: { error_rate: { limit: 7.5%, over_baseline: 25% }, heartbeat: { stale_after: 1m } }",
      [
        "loosens: health.error_rate.limit: 5% -> 7.5%",
        "tightens: health.error_rate.over_baseline: - -> 25%",
        "tightens: health.heartbeat.stale_after: 3m -> 1m",
      ],
    ],
    [
      "health: { error_rate: { limit: 5% }, heartbeat: { stale_after: 3m } }",
      "health: {}",
      ["loosens: health.error_rate.limit: 5% -> -", "loosens: health.heartbeat.stale_after: 3m -> -"],
    ],
    [
      "health: { prometheus: [{ query: up, above: 0 }, { query: errors, below: 5 }] }",
      "health: { prometheus: [{ query: up, above: 1 }, { query: errors, below: 5, source: eu }] }",
      [
        "neither: health.prometheus: { query: up, above: 0, source: default } -> -",
        "loosens: health.prometheus: { query: errors, below: 5, source: default } -> -",
        "tightens: health.prometheus: - -> { query: up, above: 1, source: default }",
        "tightens: health.prometheus: - -> { query: errors, below: 5, source: eu }",
      ],
    ],
    [
      "health: { no_data: roll-back }, rollback: { automatic: true }",
      "health: { no_data: ask }, rollback: { automatic: false }",
      ["loosens: health.no_data: roll-back -> ask", "loosens: rollback.automatic: true -> false"],
    ],
    [
      "rollback: {}",
      "rollback: { merge: auto, max_attempts: 2, cooldown: 2h, pause_after: false }",
      [
        "unclear: rollback.merge: manual -> auto",
        "unclear: rollback.max_attempts: 1 -> 2",
        "unclear: rollback.cooldown: 1h -> 2h",
        "loosens: rollback.pause_after: true -> false",
      ],
    ],
    [
      "rollback: { ask_for: ['db/**', 'db/old/**'] }",
      "rollback: { ask_for: ['db/**', 'schema/**'] }",
      ["neither: rollback.ask_for: db/old/** -> -", "unclear: rollback.ask_for: - -> schema/**"],
    ],
    ["rollback: { ask_for: ['db/**'] }", "rollback: { ask_for: [] }", ["unclear: rollback.ask_for: db/** -> -"]],
    [
      "rollback: { stages: [{ checks: { require: [build, lint] } }, policy] }",
      "rollback: { stages: [{ checks: { require: [build] } }] }",
      ["loosens: rollback.stages: policy -> -", "loosens: rollback.stages.checks.require: lint -> -"],
    ],
    ["rollback: { stages: [checks] }", "", ["loosens: rollback.stages: checks -> -"]],
    ["", "rollback: { stages: [] }", ["neither: rollback.stages: - -> []"]],
    [
      "known_good: { tag: good }",
      "known_good: { keep_each: true }",
      ["unclear: known_good.tag: good -> -", "neither: known_good.keep_each: false -> true"],
    ],
    ["known_good: { tag: known-good/main }", "", ["neither: known_good.tag: known-good/main -> -"]],
  ])("%s, then %s", (was, becomes, expected) => {
    expect(told(was, becomes)).toEqual(expected)
  })

  test("of the stage `deployment`", () => {
    const stage = (rules: string): string => `rollback: { stages: [{ deployment: { ${rules} } }] }`
    const staging = stage("environment: staging")
    expect(told(staging, "rollback: { stages: [] }")).toEqual(["loosens: rollback.stages: deployment -> -"])
    expect(told(staging, stage("environment: Staging, observe: 1m"))).toEqual([
      "neither: rollback.stages.deployment.environment: staging -> Staging",
      "loosens: rollback.stages.deployment.observe: 5m -> 1m",
    ])
    expect(told(staging, stage("environment: canary, observe: 1h"))).toEqual([
      "unclear: rollback.stages.deployment.environment: staging -> canary",
      "tightens: rollback.stages.deployment.observe: 5m -> 1h",
    ])
  })

  test("of another branch that it leads on to", () => {
    const to = (branch: string, merge: string): string =>
      `health: {}, promote_to: { branch: ${branch}, merge: ${merge} } }, main: { stages: [] }, next: { stages: []`
    const none = "health: {} }, main: { stages: [] }, next: { stages: []"
    const said = (was: string, becomes: string): string[] => told(was, becomes, "develop")
    expect(said(none, to("main", "manual"))).toEqual(["neither: promote_to.branch: - -> main"])
    expect(said(to("main", "manual"), to("main", "auto"))).toEqual(["loosens: promote_to.merge: - -> auto into main"])
    expect(said(to("main", "auto"), to("next", "auto"))).toEqual([
      "neither: promote_to.branch: main -> next",
      "tightens: promote_to.merge: auto into main -> -",
      "loosens: promote_to.merge: - -> auto into next",
    ])
  })

  test("of a branch that becomes one to promote into, with what the app may do there by itself", () => {
    const config = (branches: string) => {
      const reading = readConfigFile(`version: 1\nbranches: { main: { stages: [] }${branches} }`)
      return reading.status === "valid" ? reading.config : expect.fail(JSON.stringify(reading))
    }
    const develop = ", develop: { health: {}, rollback: { merge: auto }, promote_to: { branch: main, merge: auto } }"
    const said = compareConfigs({ was: config(""), becomes: config(develop), defaultBranch: "main" })
    expect(said.map(({ path, becomes, effect }) => `${effect}: ${path}: ${becomes}`)).toEqual([
      "tightens: branches.develop: [checks]",
      "unclear: branches.develop.rollback.merge: auto",
      "loosens: branches.develop.promote_to.merge: auto into main",
    ])
  })
})

/** What may happen to a system after a merge, as far as rules of health look at it. */
type Course = {
  deployed: Readonly<Record<string, boolean>>
  /** By name and app: how it ended, and how it would end the second time. */
  checks: readonly { name: string; app: string | null; passes: readonly [boolean, boolean] }[]
  /** By address, whether it answers every ten seconds. */
  answers: Readonly<Record<string, readonly boolean[]>>
  errors: number
  baseline: number
  silentMs: number
  values: Readonly<Record<string, number>>
  /** When the first error shows, after the merge. */
  atMs: number
}

/** Whether rules find nothing wrong with a course; said without the code that judges it. */
function isWell(rules: HealthRules | null, course: Course): boolean {
  if (rules === null || course.atMs > rules.window) return true
  const deployed = rules.deployments.every((one) => course.deployed[one.toLowerCase()])
  const checked = rules.checks.every(({ name, app, confirm }) => {
    const found = course.checks.filter((one) => nameMatches(name, one.name) && (app === null || one.app === app))
    return found.length > 0 && found.every(({ passes: [first, second] }) => first || (confirm && second))
  })
  const answered = rules.probes.every(({ url, every, failures }) => {
    const asked = (course.answers[url] ?? []).filter((_, at) => (at * 10_000) % every === 0)
    return !asked.some((_, at) => at + failures <= asked.length && asked.slice(at, at + failures).every((ok) => !ok))
  })
  const { limit = 1, over_baseline: over = Infinity } = rules.error_rate ?? {}
  const few = course.errors <= limit && course.errors <= course.baseline * (1 + over)
  const alive = course.silentMs <= (rules.heartbeat?.stale_after ?? Infinity)
  const measured = rules.prometheus.every(({ query, source, below = Infinity, above = -Infinity }) => {
    const value = course.values[`${source}:${query}`] ?? 0
    return value < below && value > above
  })
  return deployed && checked && answered && few && alive && measured
}

const flags = (names: readonly string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, fc.oneof(fc.constant(true), fc.boolean())])))

const courses: fc.Arbitrary<Course> = fc.record({
  deployed: flags(environments),
  checks: fc.array(
    fc.record({
      name: fc.constantFrom("smoke", "smoke a", "lint"),
      app: fc.constantFrom(null, "github-actions"),
      passes: fc.tuple(fc.oneof(fc.constant(true), fc.boolean()), fc.boolean()),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  answers: fc.record(
    Object.fromEntries(
      watchedAddresses.map((url) => [
        url,
        fc.array(fc.oneof(fc.constant(true), fc.boolean()), { minLength: 4, maxLength: 12 }),
      ]),
    ),
  ),
  errors: fc.constantFrom(0, 0.03, 0.07, 0.2),
  baseline: fc.constantFrom(0.02, 0.05, 0.5),
  silentMs: fc.constantFrom(0, 90_000, 300_000),
  values: fc.record(Object.fromEntries(watchedQueries.map((query) => [query, fc.constantFrom(-2, -0.5, 0.01, 1, 20)]))),
  atMs: fc.constantFrom(0, 360_000, 1_000_000),
})

/** The same rules with some keys of the other. */
function mixed<Rules extends object>(one: Rules, other: Rules, keys: readonly string[]): Rules {
  const taken = Object.entries(other).filter(([key]) => keys.includes(key))
  const left = Object.entries(one).filter(([key]) => !keys.includes(key))
  return Object.fromEntries([...left, ...taken]) as Rules
}

const keysOfHealth = [
  "window",
  "deployments",
  "checks",
  "probes",
  "error_rate",
  "heartbeat",
  "prometheus",
] as const satisfies readonly (keyof HealthRules)[]

const { health } = afterMerge(fc.constant([]))

/** The same rules, every check believed at another time, every address asked at another pace. */
const turned = (rules: HealthRules): HealthRules => ({
  ...rules,
  checks: rules.checks.map(({ confirm, ...check }) => ({ ...check, confirm: !confirm })),
  probes: rules.probes.map(({ every, ...probe }) => ({ ...probe, every: 40_000 - every })),
})

const nothing = { deployments: [], checks: [], probes: [], prometheus: [] }

/** Two rules that differ in two keys, or that have but one, which is turned. */
const similarHealth = fc
  .tuple(health, health, fc.subarray([...keysOfHealth], { minLength: 1, maxLength: 2 }))
  .map(([one, other, keys]): [HealthRules | null, HealthRules | null] => {
    if (one === null || other === null) return [one, other]
    if (keys.length > 1) return [one, mixed(one, other, keys)]
    const alone = mixed({ window: one.window, no_data: one.no_data, ...nothing }, one, keys)
    return [alone, turned(alone)]
  })

test("what is said to loosen nothing lets nothing pass as healthy that was not", () => {
  let [well, ill] = [0, 0]
  fc.assert(
    fc.property(similarHealth, fc.array(courses, { minLength: 20, maxLength: 20 }), ([was, becomes], happenings) => {
      const found = compareRules({ ...defaultRules, health: was }, { ...defaultRules, health: becomes })
      if (found.length === 0 || found.some(loosens)) return
      for (const course of happenings) {
        if (!isWell(becomes, course)) ill += 1
        else if (isWell(was, course)) well += 1
        else expect.fail(JSON.stringify({ found, course }))
      }
    }),
    { numRuns: 4000, seed: 1 },
  )
  expect(well).toBeGreaterThan(1000)
  expect(ill).toBeGreaterThan(1000)
})

test("every key after the merge is compared rule by rule, and a new one counts as loosening", () => {
  const rules = {
    ...defaultRules,
    health: {
      window: 1000,
      deployments: [],
      checks: [],
      probes: [],
      prometheus: [],
      error_rate: { limit: 0.05 },
      heartbeat: { stale_after: 1000 },
      no_data: "ask" as const,
    },
    promote_to: { branch: "next", merge: "manual" as const },
  }
  const strange = {
    ...rules,
    health: {
      ...rules.health,
      soon: 1,
      error_rate: { limit: 0.05, soon: 1 },
      heartbeat: { stale_after: 1000, soon: 1 },
    },
    known_good: { ...rules.known_good, soon: 1 },
    rollback: { ...rules.rollback, soon: 1 },
    promote_to: { ...rules.promote_to, soon: 1 },
    later: 1,
  }
  expect(compareRules(rules, strange).map(({ path, effect }) => `${effect}: ${path}`)).toEqual([
    "unclear: branches.main.health.error_rate.soon",
    "unclear: branches.main.health.heartbeat.soon",
    "unclear: branches.main.health.soon",
    "unclear: branches.main.known_good.soon",
    "unclear: branches.main.rollback.soon",
    "unclear: branches.main.promote_to.soon",
    "unclear: branches.main.later",
  ])
})
