import { expect, test, vi } from "vitest"
import type { Armed, RequestFault } from "../github/faults.ts"
import { useDatabase } from "../harness/scenario.ts"
import { playUndisturbed } from "./every-cut.ts"
import { failEachOnce } from "./failing.ts"
import { patienceMs } from "./patience.ts"
import type { Cut } from "./mortal.ts"
import { playPath, type Played } from "./play.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

/** Ways in which a request fails; after each of them the job is tried again. */
const faults: Record<string, RequestFault> = {
  "is answered 502, and nothing came of it": { kind: "server-error", status: 502, effect: "before" },
  "is answered 502, although it came about": { kind: "server-error", status: 502, effect: "after" },
  "never arrives": { kind: "network", effect: "before" },
  "arrives, while its answer does not": { kind: "network", effect: "after" },
  "is refused by a secondary limit": { kind: "secondary-limit", status: 403, retryAfterS: 60 },
  "is refused by the hourly limit": { kind: "primary-limit" },
}

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing fails, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= playUndisturbed()
  return recorded
}

for (const [what, fault] of Object.entries(faults)) {
  test(`a request that ${what} is made again, and has its effect once`, async () => {
    const plain = await undisturbed()
    let armed: Armed[] = []
    let now: Played | undefined
    const steps = plain.values()
    await playPath({
      before: ({ github }) => {
        now = steps.next().value
        armed = [...failEachOnce({ github }, { calls: now?.calls ?? [], fault }).values()]
      },
      heal: async (t) => {
        // A sweep leaves what failed to the next one, so it may take some to come by every request.
        for (let count = 0; now?.step === "swept" && count < armed.length; count += 1) {
          if (armed.some((one) => one.fired() === 0)) await t.app.sweep()
          await t.quiet()
        }
      },
      after: ({ step, state }) => {
        expect(
          armed.map((one) => one.fired()),
          step,
        ).toEqual(armed.map(() => 1))
        expect(state, step).toEqual(plain.find((one) => one.step === step)?.state)
      },
    })
  })
}

test("a slow GitHub changes nothing", async () => {
  const plain = await undisturbed()
  await playPath({
    before: ({ github }) => {
      github.faults.latencyMs = 5
    },
    after: ({ step, state }) => expect(state, step).toEqual(plain.find((one) => one.step === step)?.state),
  })
})

/** Loses the answer to every write to the database that has so many of its kind before it in the same step. */
async function loseAnswers(before: number): Promise<Set<string>> {
  const plain = await undisturbed()
  const lost = new Set<string>()
  let seen: Cut[] = []
  await playPath({
    before: () => {
      seen = []
    },
    fateOf: (cut) => {
      if (cut.kind === "request") return "go on"
      const equal = seen.filter(({ kind, name }) => kind === cut.kind && name === cut.name)
      seen.push(cut)
      if (equal.length === before) lost.add(`${cut.kind} ${cut.name}`)
      return equal.length === before ? "lose answer" : "go on"
    },
    after: ({ step, state }) => expect(state, step).toEqual(plain.find((one) => one.step === step)?.state),
  })
  return lost
}

for (const [before, word] of ["first", "second", "third", "fourth"].entries()) {
  test(`a commit whose answer is lost is neither lost nor made twice: the ${word} of each kind`, async () => {
    expect([...(await loseAnswers(before))]).not.toEqual([])
  })
}
