import type { Actor } from "../../ledger/entry.ts"
import { pathMatcher } from "../change/path.ts"
import { touchesWorkflows } from "../change/workflow.ts"
import type { AfterMerge } from "../lane/after-merge.ts"
import type { KnownGood, Rollback } from "../lane/lane-state.ts"
import type { PromotionState } from "../state.ts"
import type { RollbackRules } from "./rollback-rules.ts"

/** A promotion that was found on the branch. */
export type LandedRun = PromotionState & { after: AfterMerge & { landing: NonNullable<AfterMerge["landing"]> } }

/** Everything that decides whether a rollback of a branch may begin. */
export type RollbackGround = {
  nowMs: number
  /** Null: the branch takes none. */
  rules: RollbackRules | null
  /** What landed since known-good, and before it as far as it is kept; in order. */
  runs: readonly LandedRun[]
  knownGood: KnownGood | null
  /** Oldest first. */
  rollbacks: readonly Rollback[]
  /** Paths that each promotion changes, by run id; null: GitHub does not tell; absent: nobody asked. */
  paths: ReadonlyMap<string, readonly string[] | null>
  /** Whether the app may write workflow files; null: not known. */
  mayWriteWorkflows: boolean | null
}

/** What is asked for. */
export type RollbackRequest = {
  culprit: LandedRun
  how: { kind: "revert" } | { kind: "known-good" } | { kind: "commit"; sha: string }
  /** Null: nobody asked, it follows from a window that ended badly. */
  by: Actor | null
}

/** Why no rollback begins. */
export type RollbackRefusal =
  /** It is off in the config, or the config wants a person to decide about this. */
  | "not-automatic"
  /** Another one is under way on the branch. */
  | "rollback-in-progress"
  /** It was taken out already. */
  | "already-out"
  /** It is a rollback itself. */
  | "is-a-rollback"
  | "too-many-attempts"
  | "cooldown"
  /** What it would go back to did not prove itself, or failed. */
  | "target-failed"
  /** There is no known-good to go back to. */
  | "no-known-good"
  /** Nothing came after what it would go back to. */
  | "nothing-to-take-out"
  /** It changes paths that code cannot take back. */
  | "ask-for"
  /** What it changes is not known. */
  | "paths-unknown"
  | "no-workflows-permission"

/** What is to be done. */
export type RollbackPlan = {
  kind: "revert" | "restore"
  target: string | null
  culprit: LandedRun
  /** In order, without the culprit. */
  along: readonly LandedRun[]
  attempt: number
}

/** The plan, or why there is none. */
export type RollbackDecision = { kind: "begin"; plan: RollbackPlan } | { kind: "refuse"; why: RollbackRefusal }

/**
 * Decides whether a rollback begins. A person is held by less than the app itself: what the guards against loops forbid,
 * the config's wish to be asked first, and the number of attempts bind automatic rollbacks alone.
 */
export function planRollback(ground: RollbackGround, request: RollbackRequest): RollbackDecision {
  const plan = shape(ground, request)
  if (typeof plan === "string") return { kind: "refuse", why: plan }
  const why = guard(ground, { request, plan })
  return why === null ? { kind: "begin", plan } : { kind: "refuse", why }
}

function shape(ground: RollbackGround, { culprit, how, by }: RollbackRequest): RollbackPlan | RollbackRefusal {
  const attempt = ground.rollbacks.filter((one) => one.culprit === culprit.runId).length + 1
  if (how.kind === "revert") {
    if (isOut(culprit)) return "already-out"
    return { kind: "revert", target: null, culprit, along: [], attempt }
  }
  const target = how.kind === "commit" ? how.sha : (ground.knownGood?.sha ?? null)
  if (target === null) return "no-known-good"
  const since = ground.runs.findLast((run) => run.after.landing.sha === target)?.after.landing.position ?? null
  const out = ground.runs.filter((run) => (since === null || run.after.landing.position > since) && !isOut(run))
  const others = by === null ? undefined : out[0]
  const reason = out.some((run) => run.runId === culprit.runId) ? culprit : others
  if (reason === undefined) return "nothing-to-take-out"
  const along = out.filter((run) => run.runId !== reason.runId)
  return { kind: "restore", target, culprit: reason, along, attempt }
}

/** Taken out already, or on the branch no more since that was moved by force. */
function isOut({ state }: LandedRun): boolean {
  return state === "rolled_back" || state === "aborted"
}

type Planned = { request: RollbackRequest; plan: RollbackPlan }

function guard(ground: RollbackGround, planned: Planned): RollbackRefusal | null {
  const { rollbacks } = ground
  if (rollbacks.some(({ state }) => state === "open")) return "rollback-in-progress"
  const ofWorkflows = guardWorkflows(ground, planned.plan)
  if (planned.request.by !== null) return ofWorkflows
  return guardAutomatic(ground, planned.plan) ?? ofWorkflows
}

/** Never twice, never of a rollback, never to what failed, and never what cannot be taken back by code. */
function guardAutomatic(ground: RollbackGround, plan: RollbackPlan): RollbackRefusal | null {
  const { rules, rollbacks, nowMs } = ground
  if (rules === null || !rules.automatic) return "not-automatic"
  const out = [plan.culprit, ...plan.along]
  if (out.some((run) => run.after.restores !== null)) return "is-a-rollback"
  if (plan.attempt > rules.max_attempts) return "too-many-attempts"
  const lastMs = Math.max(...rollbacks.filter(({ automatic }) => automatic).map(({ startedAtMs }) => startedAtMs))
  if (nowMs - lastMs < rules.cooldown) return "cooldown"
  if (plan.target !== null && hasFailed(ground, plan.target)) return "target-failed"
  const paths = out.map((run) => ground.paths.get(run.runId))
  if (rules.ask_for.length === 0) return null
  if (paths.some((known) => known == null)) return "paths-unknown"
  const matcher = pathMatcher(rules.ask_for)
  return paths.flatMap((known) => known ?? []).some((path) => matcher.find(path) !== null) ? "ask-for" : null
}

/** Whether a commit's own window ended badly, or what it brought was taken out since. */
function hasFailed({ runs }: RollbackGround, target: string): boolean {
  const run = runs.find((one) => one.after.landing.sha === target)
  if (run === undefined) return false
  return isOut(run) || (run.after.health !== null && run.after.health.verdict !== "healthy")
}

/** GitHub refuses every write of a workflow file by an app that was not given that right: so it is not even tried. */
function guardWorkflows(ground: RollbackGround, plan: RollbackPlan): RollbackRefusal | null {
  if (ground.mayWriteWorkflows === true) return null
  const out = [plan.culprit, ...plan.along].flatMap((run) => ground.paths.get(run.runId) ?? [])
  return touchesWorkflows(out) ? "no-workflows-permission" : null
}
