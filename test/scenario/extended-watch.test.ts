import { expect } from "vitest"
import { deploys, healthOf, later, merges, opensBy, promotes, tagAt } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000
const hour = 60 * minute

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, deployments: [production] }
    rollback: { automatic: true, merge: auto }
`

/** Promotes a change that is known-good. */
async function provesItself(t: Scenario): Promise<string> {
  const { sha } = await promotes(t)
  await deploys(t, { sha })
  await later(t, 16 * minute)
  expect(await tagAt(t)).toBe(sha)
  return sha
}

/** What the check run says of the day after, and its title. */
function watch(t: Scenario, sha: string): string[] {
  const { line, summary } = healthOf(t, sha) ?? expect.fail("no check run")
  const [, after = "nothing"] = /(\*\*After the window\*\*[^]*?)(?=\n\n<sub>)/.exec(summary) ?? []
  return [line, ...after.split("\n\n")]
}

scenario(
  "a deployment that fails in the day after is an alert, and nothing is taken back for it",
  async (t) => {
    const sha = await provesItself(t)
    expect(watch(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 12:16 UTC",
        "**After the window**: still watched until 2026-11-21 12:16 UTC, for alerts alone. Nothing turned bad so far.",
      ]
    `)
    await later(t, 20 * hour)
    const before = (await t.ledger()).length
    await deploys(t, { sha, state: "failure" })
    expect(watch(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 12:16 UTC, 1 alert since",
        "**After the window**: still watched until 2026-11-21 12:16 UTC, for alerts alone. This turned bad:",
        "- deployment to \`production\`: reported as failure at 2026-11-21 08:16 UTC",
        "Nothing is taken back for that by itself. Next: look whether this change is the cause; if so, comment \`/rollback\` on #1.",
      ]
    `)
    expect(opensBy(t)).toEqual([])
    expect(await tagAt(t)).toBe(sha)
    expect(await t.ledgerTypes(before)).toEqual([])
    await later(t, 5 * hour)
    expect(watch(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 12:16 UTC, 1 alert since",
        "**After the window**: watched until 2026-11-21 12:16 UTC. This turned bad:",
        "- deployment to \`production\`: reported as failure at 2026-11-21 08:16 UTC",
        "Nothing is taken back for that by itself. Next: look whether this change is the cause; if so, comment \`/rollback\` on #1.",
      ]
    `)
    const told = watch(t, sha)
    await t.restart()
    await t.app.sweep()
    await t.quiet()
    expect(watch(t, sha)).toEqual(told)
    // What that stands on is forgotten in the end; until then it is not said that all was well.
    await later(t, 8 * 24 * hour)
    await t.app.sweep()
    await promotes(t)
    expect(watch(t, sha)).toEqual(["success | Healthy: known-good since 2026-11-20 12:16 UTC", "nothing"])
  },
  { config },
)

scenario(
  "a deployment that fails after the day after is nothing to anybody",
  async (t) => {
    const sha = await provesItself(t)
    await later(t, 25 * hour)
    const before = (await t.ledger()).length
    const was = watch(t, sha)
    await deploys(t, { sha, state: "failure" })
    await t.app.sweep()
    await t.quiet()
    expect(was).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 12:16 UTC",
        "**After the window**: watched until 2026-11-21 12:16 UTC. Nothing turned bad.",
      ]
    `)
    expect(watch(t, sha)).toEqual(was)
    expect(opensBy(t)).toEqual([])
    expect(await t.ledgerTypes(before)).toEqual([])
  },
  { config },
)

scenario(
  "an alert stays readable when a later commit is known-good",
  async (t) => {
    const sha = await provesItself(t)
    await deploys(t, { sha, state: "failure" })
    expect(watch(t, sha)[0]).toContain("1 alert since")
    const next = await t.openPullRequest()
    await t.check(next)
    await t.quiet()
    const after = await merges(t, next)
    await deploys(t, { sha: after })
    await later(t, 16 * minute)
    expect(await tagAt(t)).toBe(after)
    expect(watch(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: 1 of 1 good, 1 alert since",
        "**After the window**: watched until 2026-11-20 12:32 UTC. This turned bad:",
        "- deployment to \`production\`: reported as failure at 2026-11-20 12:16 UTC",
        "Nothing is taken back for that by itself. Next: look whether this change is the cause; if so, comment \`/rollback\` on #1.",
      ]
    `)
  },
  { config },
)
