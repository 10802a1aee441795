import { expect } from "vitest"
import type { Cut, Fate } from "./mortal.ts"
import { playPath, type Played } from "./play.ts"

/** Time for a test that plays the path many times, on a busy machine. */
export const patienceMs = 300_000

/**
 * Plays the path undisturbed, and then again and again: first with this fate at the first cut of every step, then at
 * the second, until no step has so many. After each step everything must be as if nothing had happened.
 */
export async function playEveryCut(fate: Fate, isMeant: (cut: Cut) => boolean = () => true): Promise<void> {
  const undisturbed = await playUndisturbed()
  const most = Math.max(...undisturbed.map(({ cuts }) => cuts.filter((cut) => isMeant(cut)).length))
  expect(most).toBeGreaterThan(5)
  for (let place = 0; place < most; place += 1) {
    let meant: Cut[] = []
    await playPath({
      before: () => {
        meant = []
      },
      fateOf: (cut) => {
        if (!isMeant(cut)) return "go on"
        meant.push(cut)
        return meant.length === place + 1 ? fate : "go on"
      },
      after: ({ step, state }) => {
        const cut = meant[place]
        const what = cut === undefined ? "nothing" : `${fate}: ${cut.kind} ${cut.name}`
        expect(state, `${step}, ${what}`).toEqual(undisturbed.find((one) => one.step === step)?.state)
      },
    })
  }
}

/** The path as it is when nothing goes wrong; every step leaves nothing to be done. */
export async function playUndisturbed(): Promise<Played[]> {
  const undisturbed: Played[] = []
  await playPath({ after: (played) => undisturbed.push(played) })
  for (const { step, state } of undisturbed) expect(state.dirty, step).toEqual([])
  return undisturbed
}
