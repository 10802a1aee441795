import type { EntryDraft } from "../../ledger/entry.ts"
import type { HealthVerdict } from "../health/judge-health.ts"
import { touchesWorkflows } from "../change/workflow.ts"
import { beginRollback } from "../rollback/begin-rollback.ts"
import { causeOf } from "../rollback/cause.ts"
import { planRollback, type LandedRun, type RollbackDecision } from "../rollback/plan-rollback.ts"
import { decideKnownGood } from "./decide-known-good.ts"
import { laneEntry, type LaneNeed, type LanePlan, type LaneSnapshot } from "./lane-plan.ts"
import { settleRollbacks } from "./settle-rollbacks.ts"

/**
 * Decides about one promotion branch: which health windows have ended and how, what follows from that, how far
 * known-good goes, and how rollbacks have ended. Pure: the same snapshot gives the same plan, and deciding about the world
 * after the plan gives, in the end, a plan without entries.
 *
 * Before anything that cannot be taken back, what the verdict stands on must have been read from GitHub in this pass.
 */
export function decideLane(snapshot: LaneSnapshot): LanePlan {
  const plan: LanePlan = { needs: [], entries: [], effects: [], lookAgainAtMs: null }
  settleRollbacks(snapshot, plan)
  endWindows(snapshot, plan)
  decideKnownGood(snapshot, plan)
  return plan.needs.length > 0 ? { ...plan, entries: [], effects: [] } : plan
}

/**
 * Whether a promotion's health window is under way. Of what landed while nothing was watched there is none; while it is
 * being taken out it stands still, and goes on if that comes to nothing.
 */
export function isObserved({ state, stages, after }: LandedRun): boolean {
  const isThere = state === "promoted_pending_health" || state === "failed"
  return isThere && stages.health === "running" && after.health === null
}

/**
 * Ends the windows that are over; of one whose rules are gone from the config nothing more comes. One rollback at most
 * begins in a pass: the next one is decided on the ledger that this one leaves.
 */
function endWindows(snapshot: LaneSnapshot, plan: LanePlan): void {
  for (const run of snapshot.runs.filter(isObserved)) {
    const judged = snapshot.windows.get(run.runId)
    if (judged === undefined) {
      const payload = { stage: "health", status: "skipped" } as const
      plan.entries.push(laneEntry(run, { key: `${run.runId}:unwatched`, type: "stage_changed", payload }))
    } else if (!judged.final) {
      plan.lookAgainAtMs = earlier(plan.lookAgainAtMs, judged.lookAgainAtMs)
    } else if (snapshot.seen.has(run.runId)) {
      endWindow(snapshot, plan, { run, judged })
    } else {
      plan.needs.push({ kind: "evidence", runId: run.runId, sha: run.after.landing.sha })
    }
  }
}

type Ended = { run: LandedRun; judged: HealthVerdict }

function endWindow(snapshot: LaneSnapshot, plan: LanePlan, { run, judged }: Ended): void {
  const told = { ...evidenceOf(judged), inputs: snapshot.inputs.get(run.runId) ?? "0".repeat(64) }
  if (judged.verdict === "healthy") {
    plan.entries.push(laneEntry(run, { key: `${run.runId}:health`, type: "health_passed", payload: told }))
    return
  }
  const needs = needsOfRollback(snapshot, run)
  if (needs.length > 0) {
    plan.needs.push(...needs)
    return
  }
  const begun = plan.entries.some(({ type }) => type === "rollback_started")
  const decision = begun
    ? ({ kind: "refuse", why: "rollback-in-progress" } as const)
    : follow(snapshot, { run, judged })
  const follows = decision.kind === "begin" ? "roll-back" : "ask"
  const why = decision.kind === "begin" ? judged.verdict : decision.why
  const payload = { verdict: judged.verdict, ...told, follows, why } as const
  plan.entries.push(laneEntry(run, { key: `${run.runId}:health`, type: "health_failed", payload }))
  if (decision.kind === "begin")
    beginRollback(snapshot, plan, { plan: decision.plan, by: null, reason: causeOf(judged.items) })
}

/** What has to be known before anything is taken back by itself: which paths, and whether the app may write them. */
function needsOfRollback({ enforced, rules, runs, knownGood, paths, mayWriteWorkflows }: LaneSnapshot, run: LandedRun) {
  if (!enforced || rules?.automatic !== true) return []
  const since = runs.find(({ after }) => after.landing.sha === knownGood?.sha)?.after.landing.position ?? 0
  const out = knownGood === null ? [run] : runs.filter(({ after }) => after.landing.position > since)
  const needs: LaneNeed[] = out
    .filter(({ runId }) => !paths.has(runId))
    .map(({ runId, after: { landing } }) => ({ kind: "paths", runId, before: landing.before, sha: landing.sha }))
  const ofWorkflows = out.some(({ runId }) => touchesWorkflows(paths.get(runId) ?? []))
  if (ofWorkflows && mayWriteWorkflows === null) needs.push({ kind: "permissions" })
  return needs
}

/** What follows a window that did not end well: the way back, or a person's word. */
function follow(
  snapshot: LaneSnapshot,
  { run, judged }: Ended,
): RollbackDecision | { kind: "refuse"; why: "advisory" | "no-data" } {
  if (!snapshot.enforced) return { kind: "refuse", why: "advisory" }
  if (judged.verdict !== "unhealthy" && snapshot.noData === "ask") return { kind: "refuse", why: "no-data" }
  const how = snapshot.knownGood === null ? ({ kind: "revert" } as const) : ({ kind: "known-good" } as const)
  return planRollback(snapshot, { culprit: run, how, by: null })
}

/** Most pieces of evidence that an entry names; what is worst comes first. */
const limitEvidence = 20

type Told = { evidence: Extract<EntryDraft, { type: "health_passed" }>["payload"]["evidence"]; more: number }

function evidenceOf({ items }: HealthVerdict): Told {
  const order = ["bad", "inconclusive", "missing", "waiting", "good"]
  const sorted = items.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  const evidence = sorted.slice(0, limitEvidence).map(({ kind, name, state, reason }) => {
    return { kind, name: name.slice(0, 200), state, why: reason }
  })
  return { evidence, more: items.length - evidence.length }
}

/** The earlier of two moments; null: never. */
export function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}
