import { expect } from "vitest"
import { deploys, headOf, healthOf, later, merges, promotes, tagAt } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const minute = 60_000

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, deployments: [production] }
`

scenario(
  "a merge proves itself in its health window, and known-good moves to it",
  async (t) => {
    const { sha } = await promotes(t)
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting until 2026-11-20 12:15 UTC for deployment to production"`,
    )
    await deploys(t, { sha })
    await later(t, 14 * minute)
    expect(await tagAt(t)).toBeNull()
    await later(t, 20 * minute)
    expect(await tagAt(t)).toBe(sha)
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(`"success | Healthy: known-good since 2026-11-20 12:34 UTC"`)
    expect(await t.ledgerTypes()).toMatchInlineSnapshot(`
      [
        "installation_changed",
        "config_changed",
        "proposed",
        "tested",
        "stage_changed",
        "promotion_ready",
        "promoted",
        "stage_changed",
        "health_passed",
        "known_good_advanced",
      ]
    `)
  },
  { config },
)

scenario(
  "a push that is looked at in the very moment in which known-good moves is not taken for somebody's hand on the tag",
  async (t) => {
    const { sha } = await promotes(t)
    await deploys(t, { sha })
    const next = await t.openPullRequest()
    await t.check(next)
    await t.quiet()
    t.clock.advance(16 * minute)
    await merges(t, next)
    expect(await tagAt(t)).toBe(sha)
    expect((await t.ledgerTypes()).filter((type) => type.startsWith("known_good"))).toEqual(["known_good_advanced"])
  },
  { config },
)

scenario(
  "without the evidence that was asked for, known-good stays where it is",
  async (t) => {
    const { sha } = await promotes(t)
    await later(t, 60 * minute)
    expect(await tagAt(t)).toBeNull()
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(`"failure | No data: deployment to production not reported"`)
    expect((await t.ledger()).at(-1)?.type).toBe("health_failed")
  },
  { config },
)

scenario(
  "known-good passes over no promotion that is still being observed",
  async (t) => {
    const first = await promotes(t)
    const second = await t.openPullRequest()
    await t.check(second)
    await t.quiet()
    const sha = await merges(t, second)
    await deploys(t, { sha })
    await later(t, 16 * minute)
    await later(t, 16 * minute)
    expect(await tagAt(t)).toBe(sha)
    expect(first.sha).not.toBe(sha)
  },
  { config },
)

scenario(
  "a tag that somebody moves or deletes is told once for each place, and put right by the next advance",
  async (t) => {
    const proves = async (): Promise<string> => {
      const { sha } = await promotes(t)
      await deploys(t, { sha })
      await later(t, 16 * minute)
      return sha
    }
    const first = await proves()
    const second = await proves()
    const tag = { repo: t.repo, by: "max", name: "known-good/main" }
    await t.people.tag({ ...tag, at: first, message: "Mine" })
    await t.quiet()
    await t.people.deleteTag(tag)
    await t.quiet()
    await t.app.sweep()
    await t.quiet()
    const told = (await t.ledger()).filter(({ type }) => type === "known_good_tampered")
    expect(told.map(({ payload }) => payload)).toEqual([
      { tag: tag.name, expected: second, found: first },
      { tag: tag.name, expected: second, found: null },
    ])
    expect(await tagAt(t)).toBeNull()
    const third = await proves()
    expect(await tagAt(t)).toBe(third)
  },
  { config },
)

scenario(
  "after a push by force that drops what is known-good, it begins anew when somebody deletes the tag",
  async (t) => {
    const proves = async (): Promise<string> => {
      const { sha } = await promotes(t)
      await deploys(t, { sha })
      await later(t, 16 * minute)
      return sha
    }
    const start = await headOf(t)
    const dropped = await proves()
    await t.people.unprotectBranch({ repo: t.repo, branch: "main" })
    await t.people.pushBranch({ repo: t.repo, by: "olga", branch: "main", to: start, force: true })
    await t.quiet()
    const aside = await proves()
    expect(await tagAt(t)).toBe(dropped)
    expect(healthOf(t, aside)?.summary).toContain("Next: if that is as it should be, delete the tag")
    await t.people.deleteTag({ repo: t.repo, by: "olga", name: "known-good/main" })
    await t.quiet()
    const anew = await proves()
    expect(await tagAt(t)).toBe(anew)
  },
  { config },
)
