import { instantMs, type Actor, type EntryDraft } from "../ledger/entry.ts"
import { foldAfterMerge, type AfterMerge } from "./lane/after-merge.ts"
import { foldLanes, noLanes, type Lanes } from "./lane/lane-state.ts"
import type { Pause } from "./pause/pause.ts"
import type { StageKind, StageStatus } from "./gate/stage.ts"
import { askAfter, askPassedOver, type MergeAsk } from "./merge/urgent-ask.ts"

/** Where a promotion stands in its lifecycle. */
export type LifecycleState =
  | "proposed"
  | "ready"
  | "promoted_pending_health"
  | "known_good"
  | "rolling_back"
  | "rolled_back"
  | "failed"
  | "rejected"
  | "expired"
  | "aborted"

/** An approval that was recorded and not dismissed since. Whether it counts is judged anew each time. */
export type Approval = {
  /** `review:<id>`, `comment:<comment id>:<place in the comment>`, or `button:<delivery id>`. */
  id: string
  by: Actor
  /** The head it was given to, and the branch that was to be merged into. */
  sha: string
  baseRef: string
  /** Digest of the change it was given to; null when it could not be read. */
  patchId: string | null
  /** The config in force when it was given, by `configKey`; absent: nobody wrote that down. */
  config?: string
  atMs: number
}

/** Who ended a promotion, and why; without a reason where none was given. */
export type Ending = { by: Actor; reason: string | null }

/** A promotion as its ledger entries tell it. Everything here is derived: replaying the ledger gives the same. */
export type PromotionState = {
  runId: string
  /** Its pull request; 0: it was pushed to the branch past all of them. */
  number: number
  state: LifecycleState
  headSha: string
  baseRef: string
  stages: Readonly<Partial<Record<StageKind | "health", StageStatus>>>
  blockReasons: readonly string[]
  /** What the newest `policy_evaluated` said of this head, by {@link evaluationText}; null: nothing yet. */
  evaluated: string | null
  /** In the order they were given. */
  approvals: readonly Approval[]
  /** Logins whose approval went stale by a push, and who have not approved again. */
  staleApprovers: readonly string[]
  /** Who asked to have this head merged, and was not answered yet. */
  asked: MergeAsk | null
  /** Ids of approvals that were dismissed, the newest at the end: none of them counts again. */
  voided: readonly string[]
  /** Since when this head has been proposed for this base, milliseconds since 1970. */
  proposedAtMs: number
  /** Number of entries so far. */
  version: number
  /** When it ended unmerged; null while it is under way. */
  endedAtMs: number | null
  /** How it ended: by a decision, which holds for its head, or by closing, after which reopening begins anew. */
  endedBy: "decision" | "closed" | null
  /** Null while it is under way. */
  ending: Ending | null
  /** What is known of it since its merge; null: it was not merged. */
  after: AfterMerge | null
}

/** An entry as far as state depends on it. */
export type FoldableEntry = EntryDraft & { occurredAtMs: number }

/** What a promotion is after one more of its entries. Entries of other types only count up the version. */
export function foldPromotion(state: PromotionState | undefined, entry: FoldableEntry): PromotionState | undefined {
  if (entry.runId === null) return state
  if (entry.type === "proposed") return foldProposed(state, entry)
  if (state === undefined) return entry.type === "promoted" ? foldPushed(entry) : undefined
  const next = { ...state, version: state.version + 1, after: foldAfterMerge(state.after, entry) }
  switch (entry.type) {
    case "stage_changed":
      return { ...next, stages: { ...state.stages, [entry.payload.stage]: entry.payload.status } }
    case "promotion_ready":
      return { ...next, state: "ready", blockReasons: [] }
    case "promotion_blocked":
      return foldBlocked(next, entry.payload)
    case "command_received":
      return { ...next, asked: askAfter(state.asked, entry) }
    case "promotion_urgent":
      return { ...next, asked: askPassedOver(state.asked, entry.payload) }
    case "approved":
      return foldApproved(next, entry)
    case "approval_dismissed":
      return foldDismissed(next, entry.payload)
    case "aborted":
    case "rejected":
    case "expired":
      return foldEnded(next, entry)
    default:
      return foldLater(next, entry)
  }
}

const notEnded = { endedAtMs: null, endedBy: null, ending: null } as const

/** What was merged past its gate is as what was pushed; what was pushed has no pull request, and begins here. */
function foldPushed(entry: Extract<FoldableEntry, { type: "promoted" }>): PromotionState | undefined {
  const begun = { ...entry, type: "proposed", pullRequest: entry.pullRequest ?? 0 } as const
  const payload = { why: "opened", author: entry.actor.login, from: "" } as const
  return foldPromotion(foldProposed(undefined, { ...begun, payload }), entry)
}

function foldLater(state: PromotionState, entry: FoldableEntry): PromotionState {
  switch (entry.type) {
    case "promoted":
      return { ...state, state: "promoted_pending_health", asked: null, blockReasons: [], ...notEnded }
    case "policy_evaluated":
      return { ...state, evaluated: evaluationText(entry.payload) }
    case "health_passed":
      return { ...state, stages: { ...state.stages, health: "passed" } }
    case "health_failed":
      return { ...state, stages: { ...state.stages, health: "failed" } }
    case "known_good_advanced":
      return { ...state, state: "known_good" }
    case "rollback_started":
      return { ...state, state: "rolling_back" }
    case "rolled_back":
    case "failed":
      return { ...state, state: entry.type }
    default:
      return state
  }
}

function foldProposed(state: PromotionState | undefined, entry: FoldableEntry): PromotionState {
  if (entry.runId === null || entry.pullRequest === null || entry.sha === null || entry.branch === null) {
    throw new Error("a `proposed` entry names its run, pull request, head and branch")
  }
  return {
    runId: entry.runId,
    number: entry.pullRequest,
    state: "proposed",
    headSha: entry.sha,
    baseRef: entry.branch,
    stages: {},
    blockReasons: [],
    evaluated: null,
    approvals: state?.approvals ?? [],
    staleApprovers: state?.staleApprovers ?? [],
    asked: null,
    voided: state?.voided ?? [],
    proposedAtMs: entry.occurredAtMs,
    version: (state?.version ?? 0) + 1,
    ...notEnded,
    after: null,
  }
}

/** What an evaluation says, as text: what differs in it is worth an entry. How often a rule is broken is not. */
export function evaluationText({
  status,
  rules,
  risk,
  agent,
}: Extract<EntryDraft, { type: "policy_evaluated" }>["payload"]): string {
  const who = agent === null ? null : [agent.how, agent.task, agent.run, agent.requester]
  return JSON.stringify([status, rules, risk, who])
}

/**
 * Being blocked takes a ready promotion back to `proposed`; one that was ended by a decision stays ended. It answers
 * whoever asked for the merge, if it says so.
 */
function foldBlocked(
  state: PromotionState,
  { block_reasons: blockReasons, answers }: Extract<EntryDraft, { type: "promotion_blocked" }>["payload"],
): PromotionState {
  const asked = answers == null ? state.asked : null
  return { ...state, state: state.endedAtMs === null ? "proposed" : state.state, blockReasons, asked }
}

/** Closing what a decision ended changes nothing but that reopening begins anew. */
function foldEnded(
  state: PromotionState,
  entry: Extract<FoldableEntry, { type: "aborted" | "rejected" | "expired" }>,
): PromotionState {
  const endedBy = entry.type === "aborted" && entry.payload.why !== "command" ? "closed" : "decision"
  if (state.endedAtMs !== null) return { ...state, endedBy }
  const reason = entry.type === "expired" ? null : (entry.payload.reason ?? null)
  const ending = { by: entry.actor, reason }
  return { ...state, state: entry.type, endedAtMs: entry.occurredAtMs, endedBy, ending }
}

function foldApproved(state: PromotionState, entry: Extract<FoldableEntry, { type: "approved" }>): PromotionState {
  const { approval_id: id, patch_id: patchId, config } = entry.payload
  const { actor: by, sha, branch: baseRef, occurredAtMs: atMs } = entry
  if (sha === null || baseRef === null) throw new Error("an `approved` entry names the head and the branch")
  const approval: Approval = { id, by, sha, baseRef, patchId, ...(config == null ? {} : { config }), atMs }
  return {
    ...state,
    approvals: [...state.approvals.filter((one) => one.id !== id), approval],
    staleApprovers: state.staleApprovers.filter((login) => login !== entry.actor.login),
  }
}

/** Most dismissed approvals remembered. */
const limitVoided = 200

function foldDismissed(
  state: PromotionState,
  { approval_id: id, approver, why }: Extract<EntryDraft, { type: "approval_dismissed" }>["payload"],
): PromotionState {
  const others = state.staleApprovers.filter((login) => login !== approver)
  return {
    ...state,
    approvals: state.approvals.filter((one) => one.id !== id),
    staleApprovers: why === "stale" ? [...others, approver] : others,
    voided: [...state.voided.filter((one) => one !== id), id].slice(-limitVoided),
  }
}

/** The pauses that hold after one more entry. */
export function foldPauses(pauses: readonly Pause[], entry: FoldableEntry): readonly Pause[] {
  if (entry.type !== "promotion_pause_changed") return pauses
  const { change, pause_id: id, scope, source, reason, branch = null, until = null } = entry.payload
  const others = pauses.filter((pause) => pause.id !== id)
  if (change !== "paused") return others
  const number = scope === "pull-request" ? entry.pullRequest : null
  const untilMs = until === null ? null : instantMs(until)
  const pause: Pause = {
    id,
    scope,
    branch,
    number,
    reason,
    source,
    actor: entry.actor,
    atMs: entry.occurredAtMs,
    untilMs,
  }
  return [...others, pause]
}

/** A whole repository as its ledger tells it. */
export type RepositoryState = {
  promotions: ReadonlyMap<string, PromotionState>
  pauses: readonly Pause[]
  lanes: Lanes
}

/** Replays a repository's entries, in order, from nothing. */
export function replay(entries: Iterable<FoldableEntry>): RepositoryState {
  const promotions = new Map<string, PromotionState>()
  let pauses: readonly Pause[] = []
  let lanes = noLanes
  for (const entry of entries) {
    pauses = foldPauses(pauses, entry)
    lanes = foldLanes(lanes, entry)
    if (entry.runId === null) continue
    const next = foldPromotion(promotions.get(entry.runId), entry)
    if (next !== undefined) promotions.set(entry.runId, next)
  }
  return { promotions, pauses, lanes }
}
