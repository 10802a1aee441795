import { expect, test, vi } from "vitest"
import { playScenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import { holdable, type Held, type HoldableGround } from "./held.ts"
import { patienceMs } from "./patience.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })
// The app is about to merge by itself while an operator pauses. Whenever the pause comes, no merge of ours lands after
// it was recorded, and it is recorded in the end.

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }, review]
    merge: { auto: [low] }
review: { low: { approvals: 0 } }
`

const merge = { method: "PUT", path: /\/merge$/ }

/** What GitHub took, and whether a pause stood on the ledger then. */
type Landing = { paused: boolean }

async function isPaused(t: Scenario): Promise<boolean> {
  return (await t.database.prisma.pause.count()) > 0
}

async function race(at: (stand: HoldableGround) => Held): Promise<void> {
  let stand: HoldableGround | undefined
  const landings: Landing[] = []
  let look: (() => Promise<boolean>) | undefined
  await playScenario(
    async (t) => {
      look = () => isPaused(t)
      const pr = await t.openPullRequest()
      await t.quiet()
      if (stand === undefined) throw new Error("nothing stands between")
      const held = at(stand)
      await t.check(pr)
      await t.app.deliver()
      let over = false
      const merging = t.app.step().finally(() => {
        over = true
      })
      await Promise.race([held.reached, merging])
      await t.says(pr, "olga", "/pause-promotion incident 42")
      await t.app.deliver()
      if (!over) await t.app.step()
      held.release()
      await merging
      await t.quiet()
      expect(await isPaused(t)).toBe(true)
      expect(landings.filter(({ paused }) => paused)).toEqual([])
      const types = await t.ledgerTypes()
      const [paused, promoted] = [types.indexOf("promotion_pause_changed"), types.indexOf("promoted")]
      if (promoted < 0) expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: paused by @olga/)
      else expect(landings).toHaveLength(1)
      expect(paused).toBeGreaterThan(0)
    },
    {
      config,
      stand: (ground) => {
        const fetch: typeof ground.github.fetch = async (input, init) => {
          const request = input instanceof Request && !init ? input : new Request(input, init)
          const answer = await ground.github.fetch(request)
          if (request.method === merge.method && merge.path.test(request.url) && answer.status === 200) {
            landings.push({ paused: (await look?.()) ?? false })
          }
          return answer
        }
        stand = holdable({ ...ground, github: { ...ground.github, fetch } })
        return stand.ground
      },
    },
  )
}

for (const effect of ["before", "after"] as const) {
  test(`a pause while the merge is held ${effect} it takes effect`, () =>
    race((stand) => stand.hold({ ...merge, effect })))
  test(`a pause while the check run is held ${effect} it takes effect`, () =>
    race((stand) => stand.hold({ method: "PATCH", path: /\/check-runs\/\d+$/, effect })))
}

test.each(Array.from({ length: 12 }, (_, index) => index + 1))("a pause before transaction %i of the merge", (number) =>
  race((stand) => stand.holdTransaction(number)),
)
