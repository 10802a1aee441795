import type { EntryDraft } from "../ledger/entry.ts"
import type { Pause } from "./pause.ts"
import type { StageKind, StageStatus } from "./stage.ts"

/** Where a promotion stands in its lifecycle. */
export type LifecycleState = "proposed" | "ready" | "promoted_pending_health" | "aborted"

/** A promotion as its ledger entries tell it. Everything here is derived: replaying the ledger gives the same. */
export type PromotionState = {
  runId: string
  number: number
  state: LifecycleState
  headSha: string
  baseRef: string
  stages: Readonly<Partial<Record<StageKind, StageStatus>>>
  blockReasons: readonly string[]
  /** Number of entries so far. */
  version: number
  /** When it ended (`aborted`); null while it is under way. */
  endedAtMs: number | null
}

/** An entry as far as state depends on it. */
export type FoldableEntry = EntryDraft & { occurredAtMs: number }

/** What a promotion is after one more of its entries. Entries of other types only count up the version. */
export function foldPromotion(state: PromotionState | undefined, entry: FoldableEntry): PromotionState | undefined {
  if (entry.runId === null) return state
  if (entry.type === "proposed") return foldProposed(state, entry)
  if (state === undefined) return undefined
  const next = { ...state, version: state.version + 1 }
  switch (entry.type) {
    case "stage_changed":
      return { ...next, stages: { ...state.stages, [entry.payload.stage]: entry.payload.status } }
    case "promotion_ready":
      return { ...next, state: "ready", blockReasons: [] }
    case "promotion_blocked":
      return { ...next, state: "proposed", blockReasons: entry.payload.block_reasons }
    case "promoted":
      return { ...next, state: "promoted_pending_health", blockReasons: [], endedAtMs: null }
    case "aborted":
      return { ...next, state: "aborted", endedAtMs: entry.occurredAtMs }
    default:
      return next
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
    version: (state?.version ?? 0) + 1,
    endedAtMs: null,
  }
}

/** The pauses that hold after one more entry. */
export function foldPauses(pauses: readonly Pause[], entry: FoldableEntry): readonly Pause[] {
  if (entry.type !== "promotion_pause_changed") return pauses
  const { change, pause_id: id, scope, source, reason } = entry.payload
  const others = pauses.filter((pause) => pause.id !== id)
  if (change === "resumed") return others
  const number = scope === "pull-request" ? entry.pullRequest : null
  return [...others, { id, scope, number, reason, source, actor: entry.actor, atMs: entry.occurredAtMs }]
}

/** A whole repository as its ledger tells it. */
export type RepositoryState = { promotions: ReadonlyMap<string, PromotionState>; pauses: readonly Pause[] }

/** Replays a repository's entries, in order, from nothing. */
export function replay(entries: Iterable<FoldableEntry>): RepositoryState {
  const promotions = new Map<string, PromotionState>()
  let pauses: readonly Pause[] = []
  for (const entry of entries) {
    pauses = foldPauses(pauses, entry)
    if (entry.runId === null) continue
    const next = foldPromotion(promotions.get(entry.runId), entry)
    if (next !== undefined) promotions.set(entry.runId, next)
  }
  return { promotions, pauses }
}
