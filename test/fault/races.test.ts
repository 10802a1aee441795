import { expect, test, vi } from "vitest"
import { playScenario, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"
import { holdable, type HoldableGround } from "./held.ts"
import { patienceMs } from "./patience.ts"
import { letClaimsLapse, superviseQueue } from "./queue-time.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })
// A check turns green while somebody pauses. Whatever comes first, the gate is red in the end, and after the pause no
// new green verdict is on the ledger.

const sight = { method: "POST", path: /^\/graphql$/ }
const gateUpdate = { method: "PATCH", path: /\/check-runs\/\d+$/ }
const gateCreation = { method: "POST", path: /\/check-runs$/ }
const role = { method: "GET", path: /\/permission$/ }
const reaction = { method: "POST", path: /\/reactions$/ }

type Race = { t: Scenario; pr: OpenedPullRequest; stand: HoldableGround }

async function race(run: (race: Race) => Promise<void>): Promise<void> {
  let stand: HoldableGround | undefined
  await playScenario(
    async (t) => {
      const pr = await t.openPullRequest()
      await t.quiet()
      if (stand === undefined) throw new Error("nothing stands between")
      await run({ t, pr, stand })
      await t.quiet()
      await expectPaused(t, pr)
      await t.app.sweep()
      await t.quiet()
      await expectPaused(t, pr)
    },
    {
      stand: (ground) => {
        stand = holdable(ground)
        return stand.ground
      },
    },
  )
}

async function expectPaused(t: Scenario, pr: OpenedPullRequest): Promise<void> {
  expect(t.gate(pr)?.line).toBe("failure | Blocked: paused by @olga, 1 of 1 stage passed")
  const types = await t.ledgerTypes()
  expect(types.slice(types.indexOf("promotion_pause_changed"))).not.toContain("promotion_ready")
  expect(await t.tryMerge(pr)).toMatch("Promotion gate")
}

/** Begins to work off what waits; it ends when nothing of it is held any more. */
async function begin(t: Scenario): Promise<{ over: Promise<unknown> }> {
  await t.app.deliver()
  return { over: t.app.step() }
}

for (const effect of ["before", "after"] as const) {
  const word = effect === "before" ? "is on its way" : "is being answered"
  for (const [what, at] of Object.entries({ "look at the pull request": sight, "green check run": gateUpdate })) {
    test(`somebody pauses while the ${what} ${word}`, () =>
      race(async ({ t, pr, stand }) => {
        const held = stand.hold({ ...at, effect })
        await t.check(pr)
        const green = await begin(t)
        await held.reached
        await t.says(pr, "olga", "/pause-promotion incident 42")
        const pause = await begin(t)
        await pause.over
        expect(await t.ledgerTypes()).toContain("promotion_pause_changed")
        held.release()
        await green.over
      }))
  }

  for (const [what, at] of Object.entries({ "question for the permission": role, "reaction to the pause": reaction })) {
    test(`the check turns green while the ${what} ${word}`, () =>
      race(async ({ t, pr, stand }) => {
        const held = stand.hold({ ...at, effect })
        await t.says(pr, "olga", "/pause-promotion incident 42")
        const pause = await begin(t)
        await held.reached
        await t.check(pr)
        const green = await begin(t)
        await green.over
        // Once the pause is recorded, green is never shown again, not even for a moment.
        const recorded = (await t.ledgerTypes()).includes("promotion_pause_changed")
        expect(recorded).toBe(at === reaction)
        expect(stand.conclusions.includes("success")).toBe(!recorded)
        held.release()
        await pause.over
      }))
  }
}

test("somebody pauses between the judging of a green check and its recording", () =>
  race(async ({ t, pr, stand }) => {
    const asked = stand.hold({ ...sight, effect: "after" })
    await t.check(pr)
    const green = await begin(t)
    await asked.reached
    // The first transaction from here stores what GitHub told, the second records the verdict.
    const held = stand.holdTransaction(2)
    asked.release()
    await held.reached
    await t.says(pr, "olga", "/pause-promotion incident 42")
    const pause = await begin(t)
    await pause.over
    held.release()
    await green.over
    expect(stand.conclusions).not.toContain("success")
  }))

test("somebody pauses, and a worker that was taken for dead shows green after that", () =>
  race(async ({ t, pr, stand }) => {
    const held = stand.hold({ ...gateUpdate, effect: "before" })
    await t.check(pr)
    const green = await begin(t)
    await held.reached
    await letClaimsLapse(t.database.pool)
    await superviseQueue(t.database.pool)
    await t.says(pr, "olga", "/pause-promotion incident 42")
    await t.quiet()
    await expectPaused(t, pr)
    held.release()
    await green.over
    expect(stand.conclusions.at(-1)).toBe("success")
  }))

test("a worker that was taken for dead makes a second check run after a pause", () =>
  race(async ({ t, pr: other, stand }) => {
    await t.check(other)
    await t.quiet()
    const pr = await t.openPullRequest()
    await t.check(pr)
    const held = stand.hold({ ...gateCreation, effect: "before" })
    const first = await begin(t)
    await held.reached
    await letClaimsLapse(t.database.pool)
    await superviseQueue(t.database.pool)
    await t.says(pr, "olga", "/pause-promotion incident 42")
    await t.quiet()
    await expectPaused(t, pr)
    held.release()
    await first.over
    await t.quiet()
    await expectPaused(t, pr)
  }))

// Named race *the unanswered reply*: a comment was made, and nobody learned of it. GitHub would take it twice.

const replies = { method: "POST", path: /\/issues\/\d+\/comments$/ }
const listing = { method: "GET", path: /\/issues\/\d+\/comments$/ }

/** A reader asks for what only a writer may; the reply is made, but its answer is lost. */
async function refusedUnheard(t: Scenario): Promise<OpenedPullRequest> {
  t.tolerateErrors()
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.says(pr, "rita", "/resume-promotion")
  t.github.faults.requests(replies, { kind: "network", effect: "after" })
  return pr
}

scenario("a reply whose answer was lost is not made twice by the next process", async (t) => {
  const pr = await refusedUnheard(t)
  await t.app.deliver()
  await t.app.work.drain()
  const [claim] = await t.app.queue.take(1)
  if (claim === undefined) throw new Error("nothing to do")
  await expect(t.app.work.reconcile(claim.subject)).rejects.toThrow()
  expect(t.replies(pr)).toHaveLength(1)
  await t.app.queue.release(claim) // as a process does that is stopped in order
  await t.restart()
  await t.quiet()
  expect(t.replies(pr)).toHaveLength(1)
})

scenario("a reply whose answer was lost is not made twice after the job came to rest", async (t) => {
  const pr = await refusedUnheard(t)
  const blind = t.github.faults.requests({ ...listing, times: Infinity }, { kind: "server-error" })
  await t.quiet()
  expect(blind.fired()).toBe(8)
  blind.cancel()
  await t.app.sweep()
  await t.quiet()
  expect(t.replies(pr)).toHaveLength(1)
})

scenario("a reply that nobody can have made before is made without looking for it", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  await t.says(pr, "rita", "/resume-promotion")
  t.github.calls.clear()
  await t.quiet()
  expect(t.replies(pr)).toHaveLength(1)
  expect(t.github.calls.work().map(({ method, template }) => `${method} ${template}`)).toMatchInlineSnapshot(`
    [
      "GET /repos/:owner/:repo/collaborators/:login/permission",
      "POST /repos/:owner/:repo/issues/comments/:id/reactions",
      "POST /repos/:owner/:repo/issues/:number/comments",
    ]
  `)
})
