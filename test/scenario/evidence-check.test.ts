import { expect } from "vitest"
import { healthOf, later, opensBy, promotes, tagAt } from "../harness/after-merge.ts"
import type { TestGitHub } from "../github/github.ts"
import type { AppGround } from "../harness/running-app.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000

const config = (checks: string): string => `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, checks: [${checks}] }
    rollback: { automatic: true }
`

/** Title and evidence of the check run on a commit. */
function told(t: Scenario, sha: string): string[] {
  const { line, summary } = healthOf(t, sha) ?? expect.fail("no check run")
  return [line, ...summary.split("\n").filter((one) => one.startsWith("| ") && !/^\| (?:evidence|---)/.test(one))]
}

/** Reports the smoke test of a landed commit; by a new run where it is run again. */
async function smokes(
  t: Scenario,
  sha: string,
  how: "passes" | "fails" | "passes again" | "fails again",
): Promise<void> {
  const conclusion = how.startsWith("passes") ? "success" : "failure"
  const newRun = how.endsWith("again")
  await t.people.reportCheck({ repo: t.repo, sha, name: "smoke test", app: "github-actions", conclusion, newRun })
  await t.quiet()
}

/** How often the app asked for a check to be run again. */
function asked(t: Scenario): number {
  return t.github.calls.work().filter(({ template }) => template.endsWith("/rerequest")).length
}

/** GitHub as it answers for a check run of another app, or one that cannot be run again. */
function refusingReruns(ground: AppGround): AppGround {
  const { github } = ground
  const refuse: TestGitHub["fetch"] = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    return url.endsWith("/rerequest")
      ? Response.json({ message: "This check run is not rerequestable" }, { status: 422 })
      : github.fetch(input, init)
  }
  return { ...ground, github: { ...github, fetch: refuse } }
}

const confirmed = '{ name: "smoke test", confirm: true }'

scenario(
  "a smoke test that fails once, and passes when it is run again, takes nothing back",
  async (t) => {
    const { sha } = await promotes(t)
    await smokes(t, sha, "fails")
    expect(asked(t)).toBe(1)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "in_progress | Observing until 2026-11-20 12:15 UTC: 0 of 1 healthy so far",
        "| check \`smoke test\` | ⏳ waiting | failed, and is run once more on the same commit before that is believed |",
      ]
    `)
    t.clock.advance(minute)
    await smokes(t, sha, "passes again")
    await later(t, 15 * minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 12:16 UTC",
        "| check \`smoke test\` | ✅ good | failed once, and passed when it was run again |",
      ]
    `)
    expect(await tagAt(t)).toBe(sha)
    expect(opensBy(t)).toEqual([])
    expect(asked(t)).toBe(1)
  },
  { config: config(confirmed) },
)

scenario(
  "a smoke test that fails again is believed, and the change is taken back",
  async (t) => {
    const { sha } = await promotes(t)
    await smokes(t, sha, "fails")
    t.clock.advance(minute)
    await smokes(t, sha, "fails again")
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Unhealthy: check smoke test failed twice",
        "| check \`smoke test\` | ❌ bad | failure, also when it was run again |",
      ]
    `)
    expect(opensBy(t).map(({ title }) => title)).toEqual(["Revert #1"])
  },
  { config: config(confirmed) },
)

scenario(
  "a second run that does not end in time leaves the failure standing",
  async (t) => {
    const { sha } = await promotes(t)
    await smokes(t, sha, "fails")
    await later(t, 16 * minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Unhealthy: check smoke test failed, and was not run again in time",
        "| check \`smoke test\` | ❌ bad | failed, and was not done running again when the window ended |",
      ]
    `)
    expect(opensBy(t)).toHaveLength(1)
  },
  { config: config(confirmed) },
)

scenario(
  "a failed smoke test that GitHub will not run again counts at once",
  async (t) => {
    const { sha } = await promotes(t)
    await smokes(t, sha, "fails")
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Unhealthy: check smoke test failed",
        "| check \`smoke test\` | ❌ bad | failure |",
      ]
    `)
    expect(opensBy(t)).toHaveLength(1)
  },
  { config: config(confirmed), stand: refusingReruns },
)

/** Reports so many other checks on a commit, of which no webhook arrives. */
async function crowds(t: Scenario, sha: string, count: number): Promise<void> {
  t.github.faults.deliveries({ event: "check_run", times: 1e6 }, { kind: "drop" })
  for (let number = 0; number < count; number += 1) {
    const name = `shard ${number}`
    await t.people.reportCheck({ repo: t.repo, sha, name, app: "other-ci", conclusion: "success" })
  }
}

scenario(
  "a commit with more checks than are read is not known-good, though what is asked for passed among those",
  async (t) => {
    const { sha } = await promotes(t)
    await smokes(t, sha, "passes")
    await crowds(t, sha, 1000)
    await later(t, 16 * minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Inconclusive: check smoke test is not told: the commit has a thousand checks or more",
        "| check \`smoke test\` | ❔ cannot tell | not all checks of the commit are read: it has a thousand or more |",
      ]
    `)
    expect(await tagAt(t)).toBeNull()
    expect(opensBy(t)).toEqual([])
    expect((await t.ledger()).at(-1)).toMatchObject({
      type: "health_failed",
      payload: { verdict: "inconclusive", follows: "ask" },
    })
  },
  { config: config('{ name: "smoke test" }') },
)

scenario(
  "of a commit with more checks than are read it is not said that what is asked for was never reported",
  async (t) => {
    const { sha } = await promotes(t)
    await crowds(t, sha, 1000)
    await later(t, 16 * minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Inconclusive: check smoke test is not told: the commit has a thousand checks or more",
        "| check \`smoke test\` | ❔ cannot tell | not all checks of the commit are read: it has a thousand or more |",
      ]
    `)
    expect(await tagAt(t)).toBeNull()
    expect(opensBy(t)).toEqual([])
  },
  { config: config('{ name: "smoke test" }') },
)

scenario(
  "a failure among more checks than are read counts",
  async (t) => {
    const { sha } = await promotes(t)
    await crowds(t, sha, 1000)
    t.github.faults.clear()
    await smokes(t, sha, "fails")
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Unhealthy: check smoke test failed",
        "| check \`smoke test\` | ❌ bad | failure |",
      ]
    `)
    expect(opensBy(t)).toHaveLength(1)
  },
  { config: config('{ name: "smoke test" }') },
)
