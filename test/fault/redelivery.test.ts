import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import { post } from "./at-once.ts"

// GitHub does not deliver again by itself: the sweep looks through its list and asks.

useDatabase()

/** How often the app asked for the list of deliveries, a page each. */
function pages({ github }: Scenario): number {
  return github.calls.all().filter(({ template }) => template === "/app/hook/deliveries").length
}

async function sweep(t: Scenario): Promise<void> {
  t.github.calls.clear()
  await t.app.sweep()
}

scenario("what was lost is asked for in the order in which it happened", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  t.github.faults.deliveries({ event: "issue_comment", times: 2 }, { kind: "drop" })
  await t.says(pr, "olga", "/pause-promotion")
  await t.says(pr, "olga", "/resume-promotion")
  await t.app.sweep()
  for (const delivery of t.github.deliveries.takePending(t.credentials.appId)) {
    await post(t.app, delivery)
    await t.app.step()
  }
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect((await t.told()).slice(-5).map(([what]) => what)).toMatchInlineSnapshot(`
    [
      "promotion_pause_changed by olga",
      "promotion_blocked by portcullis",
      "command_received by olga",
      "promotion_pause_changed by olga",
      "promotion_ready by portcullis",
    ]
  `)
})

scenario("a command is found behind hundreds of later webhooks", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  t.github.faults.deliveries({ event: "issue_comment" }, { kind: "drop" })
  await t.says(pr, "olga", "/pause-promotion")
  for (let count = 0; count < 250; count += 1) await t.says(pr, "max", "just talking")
  await t.quiet()
  await sweep(t)
  expect(pages(t)).toBe(3)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @olga")
})

scenario("a sweep looks through what came since the one before, and what was asked for then", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  for (let count = 0; count < 150; count += 1) await t.says(pr, "max", "just talking")
  await t.quiet()
  t.clock.advance(60 * 60_000)
  await t.app.sweep()
  t.clock.advance(5 * 60_000)
  t.github.faults.deliveries({ event: "issue_comment", times: 2 }, { kind: "drop" }) // also when it is delivered again
  await t.says(pr, "olga", "/pause-promotion")
  await sweep(t)
  expect(pages(t)).toBe(1)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  t.clock.advance(5 * 60_000)
  await sweep(t)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @olga")
})

scenario("what was lost more than two days ago is left alone", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  t.github.faults.deliveries({ event: "issue_comment" }, { kind: "drop" })
  await t.says(pr, "olga", "/pause-promotion")
  t.clock.advance(2 * 24 * 3600_000 + 1000)
  await t.restart()
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})
