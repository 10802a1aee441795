import { expect } from "vitest"
import { deploys, healthOf, later, opensBy, promotes, tagAt } from "../harness/after-merge.ts"
import { appManifest } from "../harness/manifest.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, deployments: [production] }
    rollback: { automatic: true, merge: auto }
`

function installationOf(t: Scenario): number {
  const found = [...t.github.state.installations.values()].find(({ app }) => app.id === t.credentials.appId)
  return found?.id ?? expect.fail("not installed")
}

/** The app may only read contents from now on. */
async function losesWriting(t: Scenario): Promise<void> {
  const { events, permissions } = appManifest()
  await t.people.changeApp({ app: "portcullis", events, permissions: { ...permissions, contents: "read" } })
  await t.restart()
  await t.quiet()
}

/** The app asks for all that it needs again, and an owner accepts that. */
async function regainsWriting(t: Scenario): Promise<void> {
  const { events, permissions } = appManifest()
  await t.people.changeApp({ app: "portcullis", events, permissions })
  await t.people.acceptPermissions({ installationId: installationOf(t) })
  await t.restart()
  await t.quiet()
}

scenario(
  "without the permission to write contents known-good stays where it is, and moves when that is given back",
  async (t) => {
    const { sha } = await promotes(t)
    await deploys(t, { sha })
    await losesWriting(t)
    await later(t, 16 * minute)
    expect(await tagAt(t)).toBeNull()
    expect(healthOf(t, sha)).toMatchInlineSnapshot(`
      {
        "conclusion": "success",
        "line": "success | Healthy: 1 of 1 good, but the known-good tag could not be moved",
        "status": "completed",
        "summary": "Pull request #1 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:15 UTC. The tag \`known-good/main\` could not be moved here: GitHub does not let this app write it (Resource not accessible by integration). Next: grant the app \`contents: write\` on the installation's page. It is tried again every hour.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ✅ good | succeeded at 2026-11-20 12:00 UTC |

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>",
        "title": "Healthy: 1 of 1 good, but the known-good tag could not be moved",
      }
    `)
    await regainsWriting(t)
    await later(t, 60 * minute)
    await t.app.sweep()
    await t.quiet()
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(`"success | Healthy: known-good since 2026-11-20 13:16 UTC"`)
    expect(await tagAt(t)).toBe(sha)
  },
  { config },
)

scenario(
  "what could not be taken back for want of a permission is taken back by a person's word when that is there",
  async (t) => {
    const { pr, sha } = await promotes(t)
    await losesWriting(t)
    await deploys(t, { sha, state: "failure" })
    expect(opensBy(t)).toEqual([])
    await regainsWriting(t)
    await t.says(pr, "olga", "/rollback")
    await t.quiet()
    expect(opensBy(t).map(({ title }) => title)).toEqual(["Revert #1"])
    expect(t.replies(pr)).toMatchInlineSnapshot(`
      [
        "Promotions into \`main\` are paused. No gate was open, so there was nothing to shut; one merge raced: #1 at 12:00:00 UTC, merged by &#64;max.

      Next: look whether what was merged must be taken back.

      <!-- portcullis:receipt:rollback:<run id>@1795176000000 -->",
        "Rolling back: a pull request follows that takes out #1.

      <!-- portcullis:comment:<id> -->",
      ]
    `)
  },
  { config },
)

scenario(
  "suspended in the middle of a health window, the app goes on when it is let in again",
  async (t) => {
    const { sha } = await promotes(t)
    const installationId = installationOf(t)
    await t.people.suspendApp({ installationId })
    await t.quiet()
    await t.app.sweep()
    await t.quiet()
    await deploys(t, { sha })
    await later(t, 16 * minute)
    await t.people.unsuspendApp({ installationId })
    await t.quiet()
    await t.app.sweep()
    await t.quiet()
    await later(t, 16 * minute)
    expect(healthOf(t, sha)?.line).toMatchInlineSnapshot(`"success | Healthy: known-good since 2026-11-20 12:16 UTC"`)
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
        "installation_changed",
        "installation_changed",
        "health_passed",
        "known_good_advanced",
      ]
    `)
  },
  { config },
)

scenario(
  "a pause holds through a removal of the app, and its gate is shut when it comes back",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    await t.says(pr, "olga", "/pause-promotion --branch main the release is being cut")
    await t.quiet()
    await t.people.uninstallApp({ installationId: installationOf(t) })
    await t.quiet()
    const next = await t.openPullRequest()
    await t.check(next)
    await t.install()
    await t.quiet()
    expect([t.gate(pr)?.line, t.gate(next)?.line]).toMatchInlineSnapshot(`
      [
        "failure | Blocked: paused by @olga, 1 of 1 stage passed",
        "failure | Blocked: paused by @olga, 1 of 1 stage passed",
      ]
    `)
    const changes = (await t.ledger()).filter(({ type }) => type === "installation_changed")
    expect(changes.map(({ payload }) => payload)).toEqual([
      { change: "installed" },
      { change: "removed" },
      { change: "installed" },
    ])
    const entries = await t.ledger()
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
  },
  { config },
)
