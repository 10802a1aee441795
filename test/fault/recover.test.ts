import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import { letClaimsLapse } from "./queue-time.ts"

useDatabase()

/** A process takes the subject of a new pull request, and is never heard of again. */
async function takeAndDie(t: Scenario): Promise<void> {
  await t.openPullRequest()
  await t.app.deliver()
  await t.app.work.drain()
  expect(await t.app.queue.take(8)).toHaveLength(1)
}

scenario("what a dead process was working at comes back with the next start", async (t) => {
  await takeAndDie(t)
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual([])
  if (t.database.kind === "postgresql") await letClaimsLapse(t.database.pool)
  await t.restart()
  const claims = await t.app.queue.take(8)
  expect(claims).toMatchObject([{ subject: { kind: "pull-request", number: 1 }, attempt: 1 }])
  for (const claim of claims) await t.app.queue.release(claim)
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual(["proposed", "stage_changed", "promotion_blocked"])
})

scenario("a claim of a living replica is left alone", async (t) => {
  await takeAndDie(t)
  await t.restart()
  // The embedded database has one process, so there the other one must be dead, however short its silence.
  expect(await t.app.queue.take(8)).toHaveLength(t.database.kind === "postgresql" ? 0 : 1)
})

scenario("a subject that kills the process comes to rest, and a sweep tries it anew", async (t) => {
  await takeAndDie(t)
  for (let life = 0; life < 9; life += 1) {
    if (t.database.kind === "postgresql") await letClaimsLapse(t.database.pool)
    await t.restart()
    await t.app.queue.take(8)
  }
  if (t.database.kind === "postgresql") await letClaimsLapse(t.database.pool)
  await t.restart()
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual([])
  await t.app.sweep()
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual(["proposed", "stage_changed", "promotion_blocked"])
})
