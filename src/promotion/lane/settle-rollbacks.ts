import { systemActor, type Actor, type EntryDraft } from "../../ledger/entry.ts"
import type { LandedRun } from "../rollback/plan-rollback.ts"
import { openKey } from "./lane-deed.ts"
import { laneEntry, type LanePlan, type LaneSnapshot } from "./lane-plan.ts"
import type { Rollback } from "./lane-state.ts"

/** Why a rollback has failed. */
export type RollbackFailure = "unhealthy" | "closed" | "refused" | "aborted" | "overwritten"

/**
 * Ends rollbacks: well, when what carries one out has passed its own health window; as failed when that window ended
 * badly, when the pull request was closed, when GitHub would not have it, or when the branch was moved away from it. Where
 * nothing is watched, it has ended well when it landed.
 */
export function settleRollbacks(snapshot: LaneSnapshot, plan: LanePlan): void {
  for (const rollback of snapshot.rollbacks.filter(({ state }) => state === "open")) {
    const carrier = snapshot.runs.findLast(({ after }) => after.restores === rollback.id)
    const health = carrier?.after.health ?? null
    if (
      carrier !== undefined &&
      carrier.state !== "aborted" &&
      (health?.verdict === "healthy" || isUnwatched(carrier))
    ) {
      plan.entries.push(...endsOf(snapshot.runs, rollback, { commit: carrier.after.landing.sha }))
      continue
    }
    const why = health === null ? failureBefore(snapshot, { rollback, carrier }) : "unhealthy"
    if (why !== null) plan.entries.push(...endsOf(snapshot.runs, rollback, { why }))
  }
}

/** Of what landed while nothing was watched nothing more comes. */
function isUnwatched({ stages, after }: LandedRun): boolean {
  return after.health === null && stages.health === "skipped"
}

type Carried = { rollback: Rollback; carrier: LandedRun | undefined }

function failureBefore(snapshot: LaneSnapshot, { rollback, carrier }: Carried): RollbackFailure | null {
  if (carrier !== undefined) return carrier.state === "aborted" ? "overwritten" : null
  if (snapshot.closed.has(rollback.id)) return "closed"
  const opened = snapshot.deeds.get(openKey(rollback.id)) ?? null
  return opened?.how === "refused" ? "refused" : null
}

type End = { commit: string } | { why: RollbackFailure; by?: Actor }

/** What the ledger says when a rollback ends: each promotion that it takes out ends with it. */
export function endsOf(runs: readonly LandedRun[], rollback: Rollback, end: End): EntryDraft[] {
  const out = [rollback.culprit, ...rollback.along]
  return runs
    .filter((run) => out.includes(run.runId))
    .map((run) => {
      const common = { key: `rollback:${rollback.id}:end:${run.runId}` }
      const id = rollback.id
      if ("commit" in end) {
        return laneEntry(run, { ...common, type: "rolled_back", payload: { rollback_id: id, commit: end.commit } })
      }
      const actor = end.by ?? systemActor
      return laneEntry(run, { ...common, type: "failed", payload: { rollback_id: id, why: end.why }, actor })
    })
}
