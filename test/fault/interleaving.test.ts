import { expect, test, vi } from "vitest"
import { playScenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import { interleaver, type Interleaver } from "./interleaving.ts"
import { patienceMs } from "./patience.ts"

useDatabase()
vi.setConfig({ testTimeout: 10 * patienceMs })
// The app merges by itself while an operator pauses, step by step in every order that a seed makes: no merge of ours is
// asked for after the pause was recorded, and it is recorded in the end. `INTERLEAVINGS` says how many orders; CI plays
// a thousand.

const interleavings = Number(process.env["INTERLEAVINGS"] ?? 40)

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }, review]
    merge: { auto: [low] }
review: { low: { approvals: 0 } }
`

/** What became of the requests to merge in one play. */
type Merges = { asked: number; whilePaused: number }

/**
 * Answers the request to merge in GitHub's stead, so that the same pull request can be merged again and again, and looks
 * whether a pause stood on the ledger when it came.
 */
function withoutMerging(
  fetch: (input: Request) => Promise<Response>,
  { merges, lookIfPaused }: { merges: Merges; lookIfPaused(): Promise<boolean> },
): (input: Request | URL | string, init?: RequestInit) => Promise<Response> {
  return async (input, init) => {
    const request = input instanceof Request && !init ? input : new Request(input, init)
    if (request.method !== "PUT" || !request.url.endsWith("/merge")) return fetch(request)
    merges.asked += 1
    if (await lookIfPaused()) merges.whilePaused += 1
    return Response.json({ merged: true, sha: "a".repeat(40), message: "Pull Request successfully merged" })
  }
}

async function isPaused(t: Scenario): Promise<boolean> {
  return (await t.database.prisma.pause.count()) > 0
}

/** One play: the pass that merges and the one that pauses, side by side. */
async function race(t: Scenario, { stand, number, seed }: { stand: Interleaver; number: number; seed: number }) {
  const { repositoryId } = t
  await t.database.prisma.mergeAttempt.deleteMany()
  // Each play stands for an hour of its own: GitHub's allowance of one hour is not meant to last for a thousand.
  t.github.state.rates.clear()
  await t.says({ number }, "olga", `/pause-promotion incident ${seed}`)
  await t.app.deliver()
  await t.app.work.drain()
  const order = await stand.play(
    {
      merge: () => t.app.work.reconcile({ kind: "pull-request", repositoryId, number }),
      pause: () => t.app.work.reconcile({ kind: "conversation", repositoryId, number }),
    },
    seed,
  )
  await t.quiet()
  expect(await isPaused(t), `seed ${seed}`).toBe(true)
  expect(t.gate({ number })?.line, `seed ${seed}`).toMatch(/^failure \| Blocked: paused by @olga/)
  return order
}

test(`a pause against a merge of the app, in ${interleavings} orders`, async () => {
  let stand: Interleaver | undefined
  let look = (): Promise<boolean> => Promise.resolve(false)
  const merges: Merges = { asked: 0, whilePaused: 0 }
  await playScenario(
    async (t) => {
      look = () => isPaused(t)
      const pr = await t.openPullRequest()
      await t.check(pr)
      await t.quiet()
      if (stand === undefined) throw new Error("nothing stands between")
      const [orders, outcomes] = [new Set<string>(), new Set<string>()]
      for (let seed = 1; seed <= interleavings; seed += 1) {
        const before = merges.asked
        const order = await race(t, { stand, number: pr.number, seed })
        orders.add(order.join())
        outcomes.add(merges.asked > before ? "merged" : "held")
        expect(merges.whilePaused, `seed ${seed}: ${order.join(", ")}`).toBe(0)
        await t.says(pr, "olga", "/resume-promotion")
        await t.quiet()
      }
      // The seeds do make different orders, and both ways of it happen.
      expect(orders.size).toBeGreaterThan(interleavings / 4)
      expect([...outcomes].toSorted()).toEqual(["held", "merged"])
    },
    {
      config,
      stand: (ground) => {
        const fetch = withoutMerging((request) => ground.github.fetch(request), { merges, lookIfPaused: () => look() })
        stand = interleaver({ ...ground, github: { ...ground.github, fetch } })
        return stand.ground
      },
    },
  )
})
