import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { readConfigFile } from "../../src/promotion/config/config-file.ts"
import { migrationPaths, knownGoodTag } from "../../src/promotion/config/config-rollback.ts"
import { refName } from "../../src/promotion/config/config-value.ts"
import { defaultRules, rollbackStages, rulesForBranch, type BranchRules } from "../../src/promotion/config/config.ts"

// The keys of a branch that hold after the merge: `health`, `known_good`, `rollback`, `promote_to`, and the stage
// `deployment`.

const [secondMs, minuteMs, hourMs] = [1000, 60_000, 3_600_000]

/** A file whose branch `main` says this, from line 4 on. */
function onMain(rules: string): string {
  return `version: 1\nbranches:\n  main:\n    ${rules}\n`
}

function problems(text: string): string[] {
  const reading = readConfigFile(text)
  if (reading.status === "valid") return ["valid"]
  return reading.problems.map(({ line, column, path, message }) => `${line}:${column} ${path}: ${message}`)
}

function rulesOf(text: string, name = "main"): BranchRules {
  const reading = readConfigFile(text)
  const found = reading.status === "valid" ? rulesForBranch(reading.config, { name, defaultBranch: "main" }) : undefined
  return found ?? expect.fail(problems(text).join("\n"))
}

const everything = readFileSync(join(import.meta.dirname, "everything.yml"), "utf8")
const example = everything.slice(0, everything.indexOf("\nnotifications:") + 1)

describe("what a branch may say", () => {
  test("the whole example is valid, and means what it says", () => {
    expect(problems(example)).toEqual(["valid"])
    const { stages, health, known_good, rollback } = rulesOf(example)
    expect(stages.at(-1)).toEqual({ kind: "deployment", environment: "staging", observeMs: 5 * minuteMs })
    expect({ health, known_good, rollback }).toEqual({
      health: {
        window: 15 * minuteMs,
        deployments: ["production"],
        checks: [{ name: "smoke *", app: null, confirm: true }],
        probes: [{ url: "https://shop.example.com/healthz", every: 30 * secondMs, failures: 2 }],
        error_rate: { limit: 0.05, over_baseline: 0.25 },
        heartbeat: { stale_after: 3 * minuteMs },
        prometheus: [{ query: "sum(rate(errors[5m]))", below: 0.05, source: "default" }],
        no_data: "ask",
      },
      known_good: { tag: "known-good/main", keep_each: false },
      rollback: {
        automatic: true,
        merge: "auto",
        stages: [{ kind: "checks", require: [{ name: "build", app: null }] }],
        max_attempts: 1,
        cooldown: hourMs,
        pause_after: true,
        ask_for: ["**/migrations/**"],
      },
    })
    expect(rulesOf(example, "develop").promote_to).toEqual({ branch: "main", merge: "manual" })
  })

  test("everything has a default; without `health` nothing is watched, and nothing is taken back by itself", () => {
    expect(defaultRules).toMatchObject({
      health: null,
      known_good: { tag: null, keep_each: false },
      rollback: {
        automatic: false,
        merge: "manual",
        stages: null,
        max_attempts: 1,
        cooldown: hourMs,
        pause_after: true,
        ask_for: migrationPaths,
      },
      promote_to: null,
    })
    expect(rulesOf(onMain("health: { probes: [{ url: 'http://shop.example.com:8080' }] }")).health).toEqual({
      window: 15 * minuteMs,
      deployments: [],
      checks: [],
      probes: [{ url: "http://shop.example.com:8080", every: 30 * secondMs, failures: 2 }],
      prometheus: [],
      no_data: "ask",
    })
    expect(rulesOf(onMain("stages: [{ deployment: { environment: staging } }]")).stages).toEqual([
      { kind: "deployment", environment: "staging", observeMs: 5 * minuteMs },
    ])
    const checks = rulesOf(onMain("health: { checks: [smoke, { name: e2e, app: ci }] }")).health?.checks
    expect(checks).toEqual([
      { name: "smoke", app: null, confirm: false },
      { name: "e2e", app: "ci", confirm: false },
    ])
  })

  test("the tag of known-good commits is told by the branch, where no other is given", () => {
    const text = "version: 1\nbranches:\n  main: { known_good: { tag: good } }\n  release/*: {}\n"
    expect(knownGoodTag(rulesOf(text), "main")).toBe("good")
    expect(knownGoodTag(rulesOf(text, "release/1"), "release/1")).toBe("known-good/release/1")
  })

  test("a rollback asks for its own stages, or for the checks that the branch asks for", () => {
    const build = [{ kind: "checks", require: [{ name: "build", app: null }] }]
    const stages = "stages: [{ checks: { require: [build] } }, policy]"
    expect(rollbackStages(rulesOf(onMain(stages)))).toEqual(build)
    expect(rollbackStages(rulesOf(onMain("stages: [policy]")))).toEqual([])
    expect(rollbackStages(rulesOf(onMain(`${stages}\n    rollback: { stages: [] }`)))).toEqual([])
    expect(rollbackStages(rulesOf(onMain("rollback: { stages: [{ deployment: { environment: a } }] }")))).toEqual([
      { kind: "deployment", environment: "a", observeMs: 5 * minuteMs },
    ])
  })

  test("parts are as exact as they are written", () => {
    const rate = (limit: string) => rulesOf(onMain(`health: { error_rate: { limit: ${limit} } }`)).health?.error_rate
    expect(["0%", "0.125%", "5%", "100%"].map(rate)).toEqual([0, 0.00125, 0.05, 1].map((limit) => ({ limit })))
  })
})

describe("every mistake is named with its place", () => {
  const badUrl =
    "must be an address such as https://shop.example.com/healthz, in lower-case `http` or `https`, without user, `#` or spaces"
  const noRef =
    "git names no branch or tag so: no spaces, none of `~^:?*[\\`, no part that is empty, begins with `.` or ends with `.lock`"
  const cases: readonly [rules: string, expected: readonly string[]][] = [
    [
      "health: { window: 25h, probes: [{ url: 'https://a/b', every: 1s }], error_rate: { limit: 101% } }",
      [
        "4:15 branches.main.health.window: must be 1d or less, not 25h",
        "4:59 branches.main.health.probes.0.every: must be 5s or more, not 1s",
        "4:87 branches.main.health.error_rate.limit: must be 100% or less, not 101%",
      ],
    ],
    [
      "health: { window: 5, error_rate: { limit: 5, over_baseline: a lot }, probes: [] }",
      [
        "4:15 branches.main.health.window: must be text, not `5`",
        "4:40 branches.main.health.error_rate.limit: must be text, not `5`",
        "4:50 branches.main.health.error_rate.over_baseline: must be a percentage such as 5% or 0.5%, not the text `a lot`",
      ],
    ],
    [
      "health: { window: 10s, probes: [{ url: 'https://a/b' }], error_rate: {} }",
      [
        "4:37 branches.main.health.probes.0: 2 failures in a row, one every 30s, do not fit into a window of 10s",
        "4:62 branches.main.health.error_rate: must say what is too much: by `limit` or `over_baseline`",
      ],
    ],
    [
      "health: { probes: [{ url: 'https://u:p@a/b' }, { url: 'https://a:99999/' }, { url: 'file:///a' }] }",
      [
        `4:26 branches.main.health.probes.0.url: ${badUrl}`,
        "4:54 branches.main.health.probes.1.url: no host and port can be named so",
        `4:83 branches.main.health.probes.2.url: ${badUrl}`,
      ],
    ],
    [
      "health: { prometheus: [{ query: up }, { query: up, below: 1, above: 2 }, { query: up, above: 0, source: a b }] }",
      [
        "4:28 branches.main.health.prometheus.0: must say what is healthy: by `below` or `above`",
        "4:66 branches.main.health.prometheus.1.above: no value is above the one and below the other: it would never be healthy",
        "4:101 branches.main.health.prometheus.2.source: must be the name of a data source: letters, digits, `-` and `_`",
      ],
    ],
    [
      "health: { checks: [{ name: a, confirm: 1 }, 5], no_data: whatever, heartbeat: {} }",
      [
        "4:35 branches.main.health.checks.0.confirm: must be `true` or `false`, not `1`",
        "4:49 branches.main.health.checks.1: must be text or a map of keys, not `5`",
        "4:53 branches.main.health.no_data: must be `ask` or `roll-back`, not the text `whatever`",
        "4:72 branches.main.health.heartbeat.stale_after: is missing: must be text",
      ],
    ],
    [
      "health: { no_data: roll-back }",
      ["4:15 branches.main.health.no_data: rolls back only where `rollback` says `automatic: true`"],
    ],
    [
      "known_good: { tag: a..b, keep: true }",
      [`4:19 branches.main.known_good.tag: ${noRef}`, "4:30 branches.main.known_good.keep: unknown key `keep`"],
    ],
    [
      "rollback: { automatic: true }",
      ["4:17 branches.main.rollback.automatic: goes by what is watched after a merge: say what, under `health`"],
    ],
    [
      "rollback: { stages: [deployment], max_attempts: 0, cooldown: 1s, ask_for: [/x/a] }",
      [
        "4:26 branches.main.rollback.stages.0: the stage `deployment` must say where: write for example `- deployment: { environment: staging }`",
        "4:39 branches.main.rollback.max_attempts: must be 1 or more, not `0`",
        "4:56 branches.main.rollback.cooldown: must be 1m or more, not 1s",
        "4:80 branches.main.rollback.ask_for.0: a path begins neither with `/` nor with `!`: it is looked for from the repository's root",
        "4:80 branches.main.rollback.ask_for.0: no path has a part that is empty, `.` or `..`; for all of a folder write `folder/**`",
      ],
    ],
    [
      "stages: [{ deployment: staging }, { deployment: { environment: a }, checks: { require: [a] } }, { deployment: { environment: '', observe: 25h, x: 1 } }]",
      [
        "4:16 branches.main.stages.0.deployment: must be a map of keys, not the text `staging`",
        "4:39 branches.main.stages.1: one stage at a time: begin `checks` with a `- ` of its own",
        "4:117 branches.main.stages.2.deployment.environment: must not be empty",
        "4:134 branches.main.stages.2.deployment.observe: must be 1d or less, not 25h",
        "4:148 branches.main.stages.2.deployment.x: unknown key `x`",
      ],
    ],
  ]
  for (const [rules, expected] of cases) test(rules, () => expect(problems(onMain(rules))).toEqual(expected))
})

describe("where a known-good commit goes on to", () => {
  const to = (branch: string): string => `{ health: {}, promote_to: { branch: ${branch} } }`
  const cases: readonly [title: string, branches: readonly string[], expected: readonly string[]][] = [
    [
      "without a health window it would never begin",
      ["main: {}", "develop: { promote_to: { branch: main } }"],
      [
        "4:14 branches.develop.promote_to: begins when a commit is known-good: say what is watched until then, under `health`",
      ],
    ],
    [
      "a pattern is no branch",
      ["main: {}", `develop: ${to('"ma*"')}`],
      [
        "4:40 branches.develop.promote_to.branch: git names no branch or tag so: no spaces, none of `~^:?*[\\`, no part that is empty, begins with `.` or ends with `.lock`",
      ],
    ],
    [
      "the target must have a gate",
      ["main: {}", `develop: ${to("production")}`],
      [
        "4:40 branches.develop.promote_to.branch: `production` is no promotion branch: name it, or a pattern for it, under `branches`",
      ],
    ],
    ["a pattern may give it one", ["develop: " + to("release/1"), '"release/*": {}'], ["valid"]],
    [
      "to itself",
      [`main: ${to("main")}`, `"release/*": ${to("release/1")}`],
      [
        "3:37 branches.main.promote_to.branch: `main` would be promoted to itself: it is a branch of this very rule",
        "4:44 branches.release/*.promote_to.branch: `release/1` would be promoted to itself: it is a branch of this very rule",
      ],
    ],
    [
      "in a circle, and into one",
      [`main: ${to("release/1")}`, `"release/*": ${to("main")}`, `develop: ${to("main")}`],
      [
        "3:37 branches.main.promote_to.branch: leads back to where it came from: `main` → `release/*` → `main`",
        "4:44 branches.release/*.promote_to.branch: leads back to where it came from: `release/*` → `main` → `release/*`",
      ],
    ],
    [
      "the target must take it",
      ["main: { from: [hotfix/*], stages: [policy] }", `develop: ${to("main")}`, `hotfix/*: ${to("main")}`],
      ["4:40 branches.develop.promote_to.branch: `main` takes nothing from `develop`: list that under its `from`"],
    ],
    [
      "no two branches share a tag",
      [
        "main: { known_good: { tag: good } }",
        "develop: { known_good: { tag: good } }",
        "next: { known_good: { tag: known-good/old } }",
        "old: {}",
        '"release/*": { known_good: { tag: released } }',
      ],
      [
        "3:25 branches.main.known_good.tag: is the tag of `develop` as well",
        "4:28 branches.develop.known_good.tag: is the tag of `main` as well",
        "5:25 branches.next.known_good.tag: is the tag of the branch `old` as well",
        "7:32 branches.release/*.known_good.tag: would be one tag for every branch of this pattern: leave it out, and each has one of its own name",
      ],
    ],
  ]
  for (const [title, branches, expected] of cases) {
    test(title, () => {
      const text = `version: 1\nbranches:\n${branches.map((one) => `  ${one}\n`).join("")}`
      expect(problems(text)).toEqual(expected)
    })
  }

  test("a long circle is told in short, and many targets are not held against each other", () => {
    const circle = (count: number): string =>
      `version: 1\nbranches:\n${Array.from({ length: count }, (_, at) => `  b${at}: ${to(`b${(at + 1) % count}`)}\n`).join("")}`
    expect(problems(circle(30))[0]).toBe(
      "3:35 branches.b0.promote_to.branch: leads back to where it came from: `b0` → `b1` → `b2` → `b3` → `b4` → `b5` → … → `b0`",
    )
    expect(problems(circle(201))).toEqual([
      "2:1 branches: not more than 200 branches may have a `promote_to`, or a `tag`",
    ])
  })
})

test("what is taken for a name of a branch or tag, git takes as well", () => {
  const parts = fc.constantFrom(
    "a",
    "B",
    "-",
    ".",
    "..",
    "/",
    "@",
    "{",
    "@{",
    ".lock",
    "lock",
    "~",
    "*",
    "é",
    "\u0001",
    " ",
  )
  const texts = fc.sample(
    fc.array(parts, { minLength: 1, maxLength: 6 }).map((all) => all.join("")),
    { numRuns: 1500, seed: 1 },
  )
  const taken = [...new Set(texts)].filter((text) => refName.safeParse(text).success)
  expect(taken.length).toBeGreaterThan(50)
  const refused = taken.filter((text) => spawnSync("git", ["check-ref-format", `refs/tags/${text}`]).status !== 0)
  expect(refused).toEqual([])
  const common = ["main", "release/2026.11", "known-good/main", "v1.0.0", "@a", "a@b", "a.locked", "ä/ö"]
  expect(common.filter((text) => !refName.safeParse(text).success)).toEqual([])
})
