import { expect, test, vi } from "vitest"
import type { Armed, RequestFault } from "../github/faults.ts"
import { opensBy, promotes } from "../harness/after-merge.ts"
import { playScenario, scenario, useDatabase } from "../harness/scenario.ts"
import { endOf } from "./every-cut.ts"
import { failEachOnce } from "./failing.ts"
import { pairUp, quietTogether } from "./pair.ts"
import { stateOf, type Trail } from "./path.ts"
import { patienceMs } from "./patience.ts"
import { playPath, type Disturbance, type Played } from "./play.ts"
import { returnPath } from "./rollback-path.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

// A bad change taken back, while GitHub fails, webhooks fail, or two processes are at it.

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, returnPath)
    return played
  })()
  return recorded
}

/** Plays it disturbed: in the end it must be as if nothing had happened. */
async function expectSameEnd(disturbance: Omit<Disturbance, "after">): Promise<void> {
  const last = (await undisturbed()).at(-1)
  if (last === undefined) throw new Error("nothing was played")
  const after = (now: Played): void => {
    if (now.step === last.step) expect(settledEnd(now)).toEqual(settledEnd(last))
  }
  await playPath({ ...disturbance, after }, returnPath)
}

/** How it ended; why a gate was shut on the way depends on what was heard first. */
function settledEnd(played: Pick<Played, "state">) {
  const { ledger, ...end } = endOf(played)
  const lasting = ledger.filter((entry) => !entry.includes('"type":"promotion_blocked"'))
  return { ...end, ledger: lasting.map((entry) => entry.replaceAll(/"seq":\d+|:\d+(?=:\w+")/g, "")) }
}

const faults: Readonly<Record<string, RequestFault>> = {
  "is answered 502, and nothing came of it": { kind: "server-error", status: 502, effect: "before" },
  "is answered 502, although it came about": { kind: "server-error", status: 502, effect: "after" },
}

for (const [what, fault] of Object.entries(faults)) {
  test(`rollback: a request that ${what} is made again, and has its effect once`, async () => {
    const [wanted, fired] = [new Set<string>(), new Set<string>()]
    // Half of them at a time: a subject that fails too often in a row is laid to rest.
    for (const half of [0, 1]) {
      const steps = (await undisturbed()).values()
      let armed: ReadonlyMap<string, Armed> = new Map()
      await expectSameEnd({
        before: (t) => {
          const calls = (steps.next().value?.calls ?? []).filter(({ template }) => template.length % 2 === half)
          armed = failEachOnce(t, { calls, fault })
          for (const name of armed.keys()) wanted.add(name)
        },
        heal: async (t) => {
          // What fails in a sweep is left to the next one.
          await t.app.sweep()
          await t.quiet()
          for (const [name, one] of armed) {
            if (one.fired() > 0) fired.add(name)
            one.cancel()
          }
        },
      })
    }
    expect([...fired].toSorted()).toEqual([...wanted].toSorted())
    expect(wanted.size).toBeGreaterThan(15)
  })
}

test("rollback: every webhook delivered twice is as if delivered once", async () => {
  await expectSameEnd({
    before: ({ github }) => {
      github.faults.clear()
      github.faults.deliveries({ times: Infinity }, { kind: "duplicate" })
    },
  })
})

test("rollback: webhooks in reverse order come to the same", async () => {
  await expectSameEnd({
    before: ({ github }) => {
      github.faults.order = (pending) => pending.toReversed()
    },
  })
})

test("rollback: when no webhook of a step arrives, the next sweep makes it good", async () => {
  await expectSameEnd({
    before: ({ github }) => {
      github.faults.deliveries({ times: Infinity }, { kind: "drop" })
    },
    heal: async (t) => {
      t.github.faults.clear()
      await t.app.sweep()
      await t.quiet()
    },
  })
})

test("rollback: two workers come to the same as one, and open one pull request", async () => {
  const last = (await undisturbed()).at(-1)
  await playScenario(async (t) => {
    const pair = await pairUp(t)
    const trail: Trail = { pr: { number: 0 } }
    for (const step of returnPath.steps) {
      t.clock.advance(1000)
      // Each of the two has its own life; how they start is told elsewhere.
      if (step.name !== "started anew") await step.act(t, trail)
      await quietTogether(t, pair)
    }
    const state = await stateOf(t)
    expect(settledEnd({ state })).toEqual(last === undefined ? null : settledEnd(last))
    expect(pair.overlaps).toEqual([])
    await pair.end()
  }, returnPath.options)
})

const byHand = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }], health: { window: 15m }, rollback: { merge: manual } }
`

scenario(
  "rollback: two operators ask in two conversations, two workers answer at once, and one pull request is opened",
  async (t) => {
    const first = await promotes(t, { files: { "src/a.ts": "1\n" } })
    const second = await promotes(t, { files: { "src/b.ts": "1\n" } })
    const pair = await pairUp(t)
    for (let round = 1; round <= 3; round += 1) {
      const said = [await t.says(first.pr, "olga", "/rollback"), await t.says(second.pr, "max", "/rollback")]
      await quietTogether(t, pair)
      expect(opensBy(t)).toHaveLength(round)
      const told = said.map((id) => t.reactions(id).join())
      expect(told.toSorted()).toEqual(["portcullis[bot]: +1", "portcullis[bot]: confused"])
      const begun = (await t.ledger()).filter(({ type }) => type === "rollback_started")
      expect(begun).toHaveLength(round)
      const culprit = begun.at(-1)?.pullRequest === first.pr.number ? first.pr : second.pr
      await t.says(culprit, "olga", "/abort")
      await quietTogether(t, pair)
      expect(opensBy(t).filter(({ state }) => state === "open")).toEqual([])
    }
    expect(pair.overlaps).toEqual([])
    await pair.end()
  },
  { config: byHand },
)
