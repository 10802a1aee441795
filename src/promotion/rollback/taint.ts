import type { Rollback } from "../lane/lane-state.ts"
import type { LandedRun } from "./plan-rollback.ts"

/** A change that a landed commit contains, and that was taken out of the branch behind it. */
export type Taint = {
  /** Its pull request; 0: it was pushed. */
  number: number
  /** Whether that is still under way, so that it may come to nothing. */
  underWay: boolean
}

/**
 * Tells whether a landed commit lies between a bad change and what took it out: then it contains the change, and should be
 * deployed by nobody. Null: it does not, as far as the branch is looked back at. The bad change itself is told by its own
 * state.
 *
 * @param runs of one branch, with `run` among them
 */
export function taintOf(run: LandedRun, runs: readonly LandedRun[], rollbacks: readonly Rollback[]): Taint | null {
  const { position } = run.after.landing
  for (const { id, culprit, state } of rollbacks) {
    if (state === "failed") continue
    const bad = runs.find(({ runId }) => runId === culprit)
    const carrier = runs.find(({ after }) => after.restores === id)
    const until = carrier?.after.landing.position ?? Infinity
    if (bad === undefined || bad.after.landing.position >= position || position >= until) continue
    // What took it out and landed longer ago than is looked back at is no reason to hold anything.
    if (state === "done" && carrier === undefined) continue
    return { number: bad.number, underWay: state === "open" }
  }
  return null
}
