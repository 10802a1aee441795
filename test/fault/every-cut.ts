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

/** The path as it is when nothing goes wrong: what all others are held to. Every step leaves nothing to be done. */
export async function playUndisturbed(): Promise<Played[]> {
  const undisturbed: Played[] = []
  await playPath({ after: (played) => undisturbed.push(played) })
  for (const { step, state } of undisturbed) expect(state.dirty, step).toEqual([])
  const gates = undisturbed.map(({ step, state }) => `${step}: ${state.checkRuns.map(([line]) => line).join()}`)
  expect(gates.map((line) => line.replace("1:<sha> Promotion gate: ", ""))).toEqual([
    "installed: ",
    "opened: in_progress | Waiting: build not passed yet, 0 of 1 stage passed",
    "check begun: in_progress | Waiting: build not passed yet, 0 of 1 stage passed",
    "check green: success | Open: 1 of 1 stage passed",
    "paused: failure | Blocked: paused by @olga, 1 of 1 stage passed",
    "started anew: failure | Blocked: paused by @olga, 1 of 1 stage passed",
    "resuming refused: failure | Blocked: paused by @olga, 1 of 1 stage passed",
    "resumed: success | Open: 1 of 1 stage passed",
    "swept: success | Open: 1 of 1 stage passed",
    "merged: success | Open: 1 of 1 stage passed",
  ])
  const end = undisturbed.at(-1)?.state
  expect(end?.comments.map((comment) => comment.replace(/\n[^]*-->/, ""))).toEqual([
    "olga: /pause-promotion incident 42 [portcullis[bot] +1]",
    "rita: /resume-promotion [portcullis[bot] -1]",
    "portcullis[bot]: `/resume-promotion` was refused: it needs the `write` role in this repository, and you have `read`. []",
    "olga: /resume-promotion all clear [portcullis[bot] +1]",
  ])
  expect(end?.ledger.map((entry) => /"type":"(\w+)"/.exec(entry)?.[1])).toEqual(wholeLedger)
  return undisturbed
}

const wholeLedger = [
  "installation_changed",
  "config_changed",
  "proposed",
  "stage_changed",
  "promotion_blocked",
  "stage_changed",
  "tested",
  "stage_changed",
  "promotion_ready",
  "command_received",
  "promotion_pause_changed",
  "promotion_blocked",
  "command_denied",
  "command_received",
  "promotion_pause_changed",
  "promotion_ready",
  "promoted",
]
