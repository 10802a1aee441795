import { expect } from "vitest"
import type { Fate } from "./mortal.ts"
import { playPath, type Played } from "./play.ts"

/**
 * Plays the path undisturbed, and then again and again: first with this fate at the first cut of every step, then at
 * the second, until no step has so many. After each step everything must be as if nothing had happened.
 */
export async function playEveryCut(fate: Fate): Promise<void> {
  const undisturbed = await playUndisturbed()
  const most = Math.max(...undisturbed.map(({ cuts }) => cuts.length))
  expect(most).toBeGreaterThan(10)
  for (let place = 0; place < most; place += 1) {
    await playPath({
      fateOf: (_cut, at) => (at === place ? fate : "go on"),
      after: ({ step, state, cuts }) => {
        const cut = cuts[place]
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
