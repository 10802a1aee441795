import { expect } from "vitest"
import type { Cut, Fate } from "./mortal.ts"
import { plainPath, type Path } from "./path.ts"
import { playPath, type Played } from "./play.ts"

/** In CI a death at every cut is played; else at every fourth one, so that a run stays short. */
const stride = process.env["EVERY_CUT"] === undefined ? 4 : 1

/** At which cut a step dies that has so many when nothing goes wrong; a place where it has none lets it live. */
type Deathbed = (cuts: number) => number

/**
 * One for each play. The moment after a cut is the moment before the next: whatever outlives the process is itself a cut,
 * and a transaction is nothing before its COMMIT. So where every step has died before every cut of its, there is one
 * moment left, after its last one. Where only some cuts are played, dying after is at others than dying before.
 */
function deathbeds(fate: Fate, undisturbed: readonly Played[]): Deathbed[] {
  const most = Math.max(...undisturbed.map(({ cuts }) => cuts.length))
  expect(most).toBeGreaterThan(10)
  if (fate === "die after" && stride === 1) return [(cuts) => cuts - 1]
  const first = fate === "die after" ? stride >> 1 : 0
  return Array.from({ length: Math.ceil((most - first) / stride) }, (_, index) => () => first + index * stride)
}

/** Dies once in every step. */
function dying(fate: Fate, undisturbed: readonly Played[], deathbed: Deathbed) {
  const steps = undisturbed.values()
  let place = -1
  return {
    before: () => {
      place = deathbed(steps.next().value?.cuts.length ?? 0)
    },
    fateOf: (_cut: Cut, at: number): Fate => (at === place ? fate : "go on"),
    /** The cut that it was, in words. */
    death: (cuts: readonly Cut[]): string => {
      const cut = cuts[place]
      return cut === undefined ? "nothing" : `${fate} ${place}: ${cut.kind} ${cut.name}`
    },
  }
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
  for (const deathbed of deathbeds(fate, undisturbed)) {
    const { death, ...end } = dying(fate, undisturbed, deathbed)
    const after = ({ step, state, cuts }: Played): void => {
      expect(state, `${step}, ${death(cuts)}`).toEqual(undisturbed.find((one) => one.step === step)?.state)
    }
    await playPath({ ...end, after }, path)
  }
}

/**
 * The same, held to the end of the path alone, and without the times: a merge whose process died is made later, when the
 * right to merge that it took has run out.
 */
export async function playEveryCutToTheEnd(path: Path, fate: Fate, undisturbed: readonly Played[]): Promise<void> {
  for (const deathbed of deathbeds(fate, undisturbed))
    await playToTheEnd(path, undisturbed, dying(fate, undisturbed, deathbed))
}

/**
 * The same for a long path: it is played once for each fate, dying in every step at another place. Every cut of it takes
 * most of an hour, and is played with `EVERY_CUT=long` alone.
 */
export async function playSomeCutsToTheEnd(path: Path, fate: Fate, undisturbed: readonly Played[]): Promise<void> {
  if (process.env["EVERY_CUT"] === "long") return playEveryCutToTheEnd(path, fate, undisturbed)
  let place = (fate === "die after" ? 5 : 0) - 7
  const deathbed: Deathbed = (cuts) => {
    place += 7
    return place % Math.max(1, cuts)
  }
  await playToTheEnd(path, undisturbed, dying(fate, undisturbed, deathbed))
}

async function playToTheEnd(
  path: Path,
  undisturbed: readonly Played[],
  { death, ...end }: ReturnType<typeof dying>,
): Promise<void> {
  const last = undisturbed.at(-1)
  if (last === undefined) throw new Error("nothing was played")
  const deaths: string[] = []
  const after = (now: Played): void => {
    deaths.push(`${now.step}, ${death(now.cuts)}`)
    if (now.step === last.step) expect(endOf(now), deaths.join("\n")).toEqual(endOf(last))
  }
  await playPath({ ...end, after }, path)
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
