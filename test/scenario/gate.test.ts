import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

scenario("a gate is shut until the required check passed, then opens, and the merge is recorded", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
  expect(await t.tryMerge(pr)).toMatchInlineSnapshot(`"Required status check "Promotion gate" is in progress."`)
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 1 of 1 stage passed"`)
  expect(await t.tryMerge(pr)).toBeNull()
  await t.quiet()
  expect(await t.ledgerTypes()).toMatchInlineSnapshot(`
    [
      "installation_changed",
      "config_changed",
      "proposed",
      "stage_changed",
      "promotion_blocked",
      "tested",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
    ]
  `)
})
