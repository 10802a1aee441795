import type { KnownGood } from "../lane/lane-state.ts"
import { closeKey, type LaneEffectDraft } from "../lane/lane-deed.ts"
import { endsOf } from "../lane/settle-rollbacks.ts"
import type { EntryDraft } from "../../ledger/entry.ts"
import { beginRollback } from "../rollback/begin-rollback.ts"
import {
  planRollback,
  type LandedRun,
  type RollbackGround,
  type RollbackPlan,
  type RollbackRefusal,
  type RollbackRequest,
} from "../rollback/plan-rollback.ts"
import type { Command } from "./command-arguments.ts"
import { noStep, receivedEntry, type Run, type Step } from "./run.ts"

type RollbackCommand = Extract<Command, { name: "rollback" }>

/** A promotion branch, as far as a command about it needs. */
export type LaneGround = RollbackGround & { branch: string; newRollbackId: string }

/** A commit that somebody named. */
export type NamedCommit = { sha: string; onBranch: boolean }

/** Why a rollback that was asked for does not begin, beside what speaks against any. */
export type NoRollback =
  | "no-promotion-branch"
  | "advisory"
  /** The pull request is not merged. */
  | "not-merged"
  /** It was merged, and was not found on the branch yet. */
  | "not-landed"
  /** On an issue nothing says which change is meant. */
  | "which"
  /** Nothing was ever promoted there. */
  | "nothing-landed"
  | "no-such-commit"
  | "not-on-branch"

/**
 * Takes back this pull request's change, or returns its branch to known-good or to a commit. Two who ask at the same
 * moment begin one rollback: the second is told that it is under way. A pause holds no rollback.
 */
export function rollback(run: Run, command: RollbackCommand): Step {
  const asked = request(run, command)
  if ("needs" in asked) return { ...noStep, needs: asked.needs }
  const received = receivedEntry(run, command)
  const no = (why: RollbackRefusal | NoRollback): Step => ({
    entries: [received],
    reply: [{ kind: "no-rollback", why }],
  })
  if ("why" in asked) return no(asked.why)
  const { lane, request: wanted } = asked
  const decision = planRollback(lane, wanted)
  if (decision.kind === "refuse") return no(decision.why)
  return begin(run, { command, received, lane, plan: decision.plan })
}

type Begun = { command: RollbackCommand; received: EntryDraft; lane: LaneGround; plan: RollbackPlan }

function begin({ comment }: Run, { command, received, lane, plan }: Begun): Step {
  const into: { entries: EntryDraft[]; effects: LaneEffectDraft[] } = { entries: [received], effects: [] }
  const { actor: by, commentId } = comment
  beginRollback(lane, into, { plan, by, reason: command.reason, commentId })
  const takesOut = [plan.culprit, ...plan.along].map(({ number }) => number)
  return {
    entries: into.entries,
    laneEffects: into.effects,
    reply: [{ kind: "rollback-begun", branch: lane.branch, target: plan.target, takesOut }],
  }
}

/**
 * Stops the rollback that takes out this pull request's change: its own pull request is closed. Null: there is none under
 * way.
 */
export function stopRollback(run: Run, command: Command): Step | null {
  const { lane, comment } = run
  const open = lane?.rollbacks.find(({ state }) => state === "open")
  if (lane === null || open === undefined || !comment.onPullRequest) return null
  const out = lane.runs.filter(({ runId }) => runId === open.culprit || open.along.includes(runId))
  if (!out.some(({ number }) => number === comment.number)) return null
  const { id: rollbackId, culprit: runId } = open
  const deed = { branch: lane.branch, kind: "close-rollback", rollbackId } as const
  return {
    entries: [receivedEntry(run, command), ...endsOf(lane.runs, open, { why: "aborted", by: comment.actor })],
    laneEffects: [{ key: closeKey(rollbackId), runId, deed }],
    reply: [],
  }
}

type Asked =
  | { why: NoRollback }
  | { needs: NonNullable<Step["needs"]> }
  | { lane: LaneGround; request: RollbackRequest }

function request(run: Run, { to }: RollbackCommand): Asked {
  const { snapshot, comment, config, lane } = run
  const { pullRequest, seen, gone } = snapshot
  if (comment.onPullRequest && pullRequest === null && !gone && !seen) return { needs: [{ kind: "sight" }] }
  if (lane === null) return { why: "no-promotion-branch" }
  if (config.mode === "advisory") return { why: "advisory" }
  return to === null ? requestRevert(run, lane) : requestReturn(run, { lane, to })
}

/** Of this pull request's change alone. */
function requestRevert({ snapshot, comment }: Run, lane: LaneGround): Asked {
  const { pullRequest, seen, gone } = snapshot
  if (!comment.onPullRequest) return { why: "which" }
  const { press } = comment
  const culprit = lane.runs.findLast(({ number, after }) => {
    return number === comment.number && (press === undefined || press.headSha === after.landing.sha)
  })
  if (culprit !== undefined) return { lane, request: { culprit, how: { kind: "revert" }, by: comment.actor } }
  if (!seen && !gone) return { needs: [{ kind: "sight" }] }
  return { why: pullRequest?.merged === true ? "not-landed" : "not-merged" }
}

/** Of the whole branch. */
function requestReturn({ snapshot, comment }: Run, { lane, to }: { lane: LaneGround; to: string }): Asked {
  const by = comment.actor
  const culprit = culpritOf(lane)
  if (culprit === undefined) return { why: "nothing-landed" }
  if (to === "known-good") return { lane, request: { culprit, how: { kind: "known-good" }, by } }
  const named = snapshot.commits.get(to)
  if (named === undefined) return { needs: [{ kind: "commit", name: to, branch: lane.branch }] }
  if (named === null) return { why: "no-such-commit" }
  if (!named.onBranch) return { why: "not-on-branch" }
  return { lane, request: { culprit, how: { kind: "commit", sha: named.sha }, by } }
}

/** What is taken as the reason of a return: the oldest that ended badly since known-good, else the newest of all. */
function culpritOf({ runs, knownGood }: LaneGround): LandedRun | undefined {
  const since = positionOf(runs, knownGood)
  const later = runs.filter(({ after }) => after.landing.position > since)
  const bad = later.find(({ after, state }) => state !== "rolled_back" && isBad(after.health?.verdict))
  return bad ?? later.at(-1) ?? runs.at(-1)
}

function isBad(verdict: string | undefined): boolean {
  return verdict !== undefined && verdict !== "healthy"
}

function positionOf(runs: readonly LandedRun[], knownGood: KnownGood | null): number {
  return runs.findLast(({ after }) => after.landing.sha === knownGood?.sha)?.after.landing.position ?? 0
}
