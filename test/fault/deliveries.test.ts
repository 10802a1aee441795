import fc from "fast-check"
import { expect, test, vi } from "vitest"
import type { OutgoingDelivery } from "../github/deliveries.ts"
import type { Armed } from "../github/faults.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"
import { playAtOnce, post, type Outcome } from "./at-once.ts"
import { playUndisturbed } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
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
    before: ({ github }) => {
      github.faults.clear()
      github.faults.deliveries({ times: Infinity }, { kind: "duplicate" })
    },
    after: ({ step, state, deliveries }) => {
      const guids = deliveries.map(({ guid }) => guid)
      expect(guids).toHaveLength(2 * new Set(guids).size)
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

// GitHub does not deliver again by itself: the sweep looks through its list and asks.

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

// Webhooks overtake each other. Commands have an order, that in which they were given, and it is told by their comments.

async function openGate(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  return pr
}

/** Somebody gives a command, whose webhook takes a minute. */
async function saysSlowly(t: Scenario, pr: OpenedPullRequest, words: string): Promise<number> {
  t.github.faults.deliveries({ event: "issue_comment" }, { kind: "delay", delayMs: 60_000 })
  return t.says(pr, "olga", words)
}

scenario("a resume that arrives late lifts what it was meant for, and no later pause", async (t) => {
  const pr = await openGate(t)
  await t.says(pr, "olga", "/pause-promotion first")
  await t.quiet()
  const resume = await saysSlowly(t, pr, "/resume-promotion")
  await t.says(pr, "max", "/pause-promotion second")
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @olga, @max")
  t.clock.advance(60_000)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: paused by @max, 1 of 1 stage passed"`)
  expect(t.reactions(resume)).toEqual(["portcullis[bot]: +1"])
  await t.says(pr, "max", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("a resume that arrives late, with nothing to lift but a later pause, says so", async (t) => {
  const pr = await openGate(t)
  const resume = await saysSlowly(t, pr, "/resume-promotion")
  await t.says(pr, "max", "/pause-promotion")
  await t.quiet()
  t.clock.advance(60_000)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @max")
  expect(t.reactions(resume)).toEqual(["portcullis[bot]: confused"])
  expect(t.replies(pr)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.

    <!-- portcullis:receipt:comment:<id>:0@1795176000000 -->",
      "Promotions were paused after this comment was written (by &#64;max), and stay paused. To end that as well, comment \`/resume-promotion\` again.

    <!-- portcullis:comment:<id> -->",
    ]
  `)
})

scenario("a pause that arrives after the resume that was to end it holds, until somebody resumes again", async (t) => {
  const pr = await openGate(t)
  await saysSlowly(t, pr, "/pause-promotion")
  const resume = await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.reactions(resume)).toEqual(["portcullis[bot]: confused"])
  t.clock.advance(60_000)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch("paused by @olga")
  await t.says(pr, "olga", "/resume-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})
