import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

/** What was logged at level warn or above, without times. */
function told({ logged }: Scenario): unknown[] {
  return logged.map(({ level, msg, request, words }) => ({ level, msg, request, words }))
}

function ours({ github, credentials }: Scenario) {
  const found = [...github.state.installations.values()].find(({ app }) => app.id === credentials.appId)
  return found ?? expect.fail("not installed")
}

async function hourLater(t: Scenario): Promise<void> {
  t.clock.advance(3600 * 1000)
  await t.app.sweep()
  await t.quiet()
}

scenario("without the permission to write checks it says so, once an hour, and does not try for ever", async (t) => {
  ours(t).permissions["checks"] = "read"
  await t.restart()
  const pr = await t.openPullRequest()
  await t.quiet()
  expect(t.gate(pr)).toBeNull()
  expect(told(t)).toMatchInlineSnapshot(`
    [
      {
        "level": 40,
        "msg": "the app lacks a permission here (the gate needs checks: write): somebody must grant it on the installation's page",
        "request": "POST /repos/acme/shop/check-runs",
        "words": "Resource not accessible by integration",
      },
    ]
  `)
  await t.check(pr)
  await t.push(pr)
  await t.app.sweep()
  await t.quiet()
  expect(t.logged).toHaveLength(1)
  await hourLater(t)
  expect(t.logged).toHaveLength(2)
  ours(t).permissions["checks"] = "write"
  await t.restart()
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.line).toBe("in_progress | Waiting: build not passed yet, 0 of 1 stage passed")
})

scenario("while the installation is suspended, and nobody told, it says so once an hour", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  const installation = ours(t)
  installation.suspendedAt = t.clock.now().toISOString()
  await t.quiet()
  await t.says(pr, "olga", "/pause-promotion")
  await t.quiet()
  expect(told(t)).toMatchInlineSnapshot(`
    [
      {
        "level": 40,
        "msg": "the app's installation is suspended: its gates stay as they are until somebody lifts the suspension",
        "request": "POST /graphql",
        "words": "This installation has been suspended",
      },
    ]
  `)
  installation.suspendedAt = undefined
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})
