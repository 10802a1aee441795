import { expect } from "vitest"
import type { Fate } from "./mortal.ts"
import { plainPath, type Path } from "./path.ts"
import { playPath, type Disturbance, type Played } from "./play.ts"

/** In CI every cut is played; else every fourth one, dying before some and after others, so that a run stays short. */
const stride = process.env["EVERY_CUT"] === undefined ? 4 : 1

/** The places of the cuts to be played, of so many. */
function cutsToPlay(count: number, fate: Fate): number[] {
  const first = fate === "die after" ? stride >> 1 : 0
  return Array.from({ length: count }, (_, place) => place).filter((place) => place % stride === first)
}

/**
 * Plays the path undisturbed, and then again and again: first with this fate at the first cut of every step, then at
 * the second, until no step has so many. After each step everything must be as if nothing had happened.
 */
export async function playEveryCut(fate: Fate): Promise<void> {
  await playEveryCutOf(plainPath, fate, await playUndisturbed())
}

/** The same of any path; `undisturbed` is what it is when nothing goes wrong. */
export async function playEveryCutOf(path: Path, fate: Fate, undisturbed: readonly Played[]): Promise<void> {
  const most = Math.max(...undisturbed.map(({ cuts }) => cuts.length))
  expect(most).toBeGreaterThan(10)
  for (const place of cutsToPlay(most, fate)) {
    const disturbance: Disturbance = {
      fateOf: (_cut, at) => (at === place ? fate : "go on"),
      after: ({ step, state, cuts }) => {
        const cut = cuts[place]
        const what = cut === undefined ? "nothing" : `${fate}: ${cut.kind} ${cut.name}`
        expect(state, `${step}, ${what}`).toEqual(undisturbed.find((one) => one.step === step)?.state)
      },
    }
    await playPath(disturbance, path)
  }
}

/**
 * The same, held to the end of the path alone, and without the times: a merge whose process died is made later, when the
 * right to merge that it took has run out.
 */
export async function playEveryCutToTheEnd(path: Path, fate: Fate, undisturbed: readonly Played[]): Promise<void> {
  const last = undisturbed.at(-1)
  if (last === undefined) throw new Error("nothing was played")
  const most = Math.max(...undisturbed.map(({ cuts }) => cuts.length))
  expect(most).toBeGreaterThan(10)
  for (const place of cutsToPlay(most, fate)) {
    const after = (now: Played): void => {
      if (now.step === last.step) expect(endOf(now), `at ${place}`).toEqual(endOf(last))
    }
    await playPath({ fateOf: (_cut, at) => (at === place ? fate : "go on"), after }, path)
  }
}

/**
 * The same for a long path: it is played once for each fate, dying in every step at another place. Every cut of it takes
 * most of an hour, and is played with `EVERY_CUT=long` alone.
 */
export async function playSomeCutsToTheEnd(path: Path, fate: Fate, undisturbed: readonly Played[]): Promise<void> {
  if (process.env["EVERY_CUT"] === "long") return playEveryCutToTheEnd(path, fate, undisturbed)
  const last = undisturbed.at(-1)
  const first = fate === "die after" ? 5 : 0
  let step = -1
  const places = undisturbed.map(({ cuts }, index) => (first + index * 7) % Math.max(1, cuts.length))
  const disturbance: Disturbance = {
    before: () => {
      step += 1
    },
    fateOf: (_cut, at) => (at === places[step] ? fate : "go on"),
    after: (now) => {
      if (now.step === last?.step) expect(endOf(now), `at ${places.join()}`).toEqual(endOf(last))
    },
  }
  await playPath(disturbance, path)
}

/** What is to be the same in the end, whenever it came about. */
export function endOf({ state }: Pick<Played, "state">) {
  const told = (entry: string): string => entry.replace(/"occurredAtMs":\d+/, "")
  // Who merged is told by GitHub, by the webhook or by a look, whichever is first after a death.
  const ledger = state.ledger.map((entry) => told(entry).replace(/("type":"promoted"),"payload":\{[^}]*\}/, "$1"))
  const { comments, checkRuns, landed, dirty } = state
  return { comments, checkRuns, landed, dirty, ledger }
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
    "portcullis[bot]: Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile. []",
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
  "stage_changed",
]
