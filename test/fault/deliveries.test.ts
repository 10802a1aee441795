import fc from "fast-check"
import { expect, test, vi } from "vitest"
import type { Armed } from "../github/faults.ts"
import type { OutgoingDelivery } from "../github/deliveries.ts"
import { useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import { playAtOnce, post, type Outcome } from "./at-once.ts"
import { patienceMs, playUndisturbed } from "./every-cut.ts"
import { playPath, type Played } from "./play.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

const plain: { path?: Promise<Played[]>; atOnce?: Promise<Outcome> } = {}

/** The path as it is when every webhook arrives once, at once. */
function undisturbed(): Promise<Played[]> {
  plain.path ??= playUndisturbed()
  return plain.path
}

/** What comes of everything when it is heard late, but once and in order. */
function inOrder(): Promise<Outcome> {
  plain.atOnce ??= playAtOnce((t) => t.quiet())
  return plain.atOnce
}

test("every webhook delivered twice is as if delivered once", async () => {
  const path = await undisturbed()
  await playPath({
    before: ({ github }) => void github.faults.deliveries({ times: Infinity }, { kind: "duplicate" }),
    after: ({ step, state, deliveries }) => {
      expect(deliveries.length % 2).toBe(0)
      expect(state, step).toEqual(path.find((one) => one.step === step)?.state)
    },
  })
})

test("a webhook that never arrived is made good by the next sweep", async () => {
  const path = await undisturbed()
  const most = Math.max(...path.map(({ deliveries }) => deliveries.length))
  for (let place = 0; place < most; place += 1) {
    let armed: Armed | undefined
    const steps = path.values()
    let lost = ""
    await playPath({
      before: ({ github }) => {
        const delivery = steps.next().value?.deliveries[place]
        lost = delivery === undefined ? "nothing" : `${delivery.event}.${delivery.action}`
        armed = undefined
        if (delivery === undefined) return
        const { event, action } = delivery
        armed = github.faults.deliveries(action === null ? { event } : { event, action }, { kind: "drop" })
      },
      heal: async (t) => {
        await t.app.sweep()
        await t.quiet()
      },
      after: ({ step, state }) => {
        expect(armed?.fired() ?? 1, `${step} has no ${lost}`).toBe(1)
        expect(state, `${step} without ${lost}`).toEqual(path.find((one) => one.step === step)?.state)
      },
    })
  }
})

test("when no webhook arrived at all, one sweep makes everything good", async () => {
  expect(
    await playAtOnce(async (t) => {
      for (const delivery of t.github.state.outbox) delivery.status = "dropped"
      t.github.state.outbox = []
      await t.quiet()
      expect(await t.ledger()).toEqual([])
      await t.app.sweep()
    }),
  ).toEqual(await inOrder())
})

test("webhooks in reverse order come to the same", async () => {
  expect(
    await playAtOnce(async (t) => {
      t.github.faults.order = (pending) => pending.toReversed()
    }),
  ).toEqual(await inOrder())
})

/** An order of webhooks by place, with some doubled, and where the app works between two of them. */
type Arrival = { order: readonly number[]; doubled: ReadonlySet<number>; works: readonly boolean[] }

test("webhooks in any order, some of them twice, with work in between, come to the same", async () => {
  const wanted = await inOrder()
  const count = 8
  const arrivals = fc.record({
    order: fc.shuffledSubarray([...Array(count).keys()], { minLength: count }),
    doubled: fc.uniqueArray(fc.nat(count - 1), { maxLength: 4 }).map((places) => new Set(places)),
    works: fc.array(fc.boolean(), { minLength: 2 * count, maxLength: 2 * count }),
  })
  const property = fc.asyncProperty(arrivals, async (arrival) => {
    expect(await playAtOnce((t) => arrive(t, arrival))).toEqual(wanted)
  })
  await fc.assert(property, { numRuns: 30, seed: 20_261_120, endOnFailure: true })
})

async function arrive(t: Scenario, { order, doubled, works }: Arrival): Promise<void> {
  const taken = t.github.deliveries.takePending(t.credentials.appId)
  expect(taken).toHaveLength(order.length)
  const shuffled = order.flatMap((place) => taken[place] ?? [])
  const arriving = [...commandsInOrder(shuffled, taken), ...shuffled.filter((_, place) => doubled.has(place))]
  for (const [place, delivery] of arriving.entries()) {
    await post(t.app, delivery)
    if (works[place] === true) await t.app.step()
  }
}

/** Commands keep their order among themselves: what becomes of an overtaken one is told by the tests below. */
function commandsInOrder(shuffled: OutgoingDelivery[], sent: OutgoingDelivery[]): OutgoingDelivery[] {
  const commands = sent.filter(({ event }) => event === "issue_comment").values()
  return shuffled.map((delivery) =>
    delivery.event === "issue_comment" ? (commands.next().value ?? delivery) : delivery,
  )
}
