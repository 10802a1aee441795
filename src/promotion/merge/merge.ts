import type { Actor } from "../../ledger/entry.ts"
import type { BranchRules, MergeMethod } from "../config/config.ts"
import type { PullRequestFact } from "../fact.ts"
import type { Snapshot } from "../gate/snapshot.ts"
import { onwardWay } from "./onward-way.ts"
import type { PromotionState } from "../state.ts"
import { isRollback, type Verdict } from "../gate/verdict.ts"

/** Why GitHub would not merge, or what is not known about it. */
export type MergeOutcome =
  /** Begun, and its answer never heard: only a look at the pull request tells. */
  | "unanswered"
  /** GitHub said yes. It may still tell for a while that the pull request is open. */
  | "merged"
  /** GitHub said no; its words are kept. */
  | "refused"

/** The newest attempt of the app to merge one head. */
export type MergeAttempt = {
  headSha: string
  outcome: MergeOutcome
  /** HTTP status of the refusal; null while there is no answer. */
  status: number | null
  /** GitHub's words; null while there is no answer. */
  message: string | null
  atMs: number
  /** How often this head was tried. */
  count: number
}

/**
 * A merge that is to be made now: of exactly this head, by this method. Not `sure` while GitHub has not computed whether
 * it merges at all; it does so when it is asked, so another look tells.
 */
export type MergePlan = {
  headSha: string
  method: MergeMethod
  why: "auto" | "command" | "rollback" | "onward"
  by: Actor | null
  sure: boolean
}

/** What follows for merging: nothing, a merge, or waiting until GitHub knows more or may have changed its mind. */
export type MergeDecision = { merge: MergePlan | null; lookAgainAtMs: number | null }

const nothing: MergeDecision = { merge: null, lookAgainAtMs: null }

/** How long GitHub is given to compute whether a pull request merges: at first, and in all; then the sweep finds it. */
const mergeableMs = 5000
const limitMergeableMs = 600_000

/** How long GitHub may go on telling that what it merged is open, before that is believed. */
const mergedMs = 60_000

/** Attempts at one head without anybody asking again, and how long to wait after each, in milliseconds. */
const retryMs = [60_000, 300_000, 900_000, 3_600_000] as const

/** Whether the app tries a refused head again by itself. If not, somebody has to ask for it. */
export function isTriedAgain({ count }: MergeAttempt): boolean {
  return count <= retryMs.length
}

type MergeInput = {
  verdict: Verdict
  rules: BranchRules
  pullRequest: PullRequestFact
  promotion: PromotionState
  snapshot: Snapshot
}

/**
 * Whether the app merges now. Only through an open gate that is enforced and on a sight of this pass;
 * because somebody asked for it, or because the config merges changes of this risk by itself.
 */
export function decideMerge(input: MergeInput): MergeDecision {
  const { verdict, pullRequest, snapshot, promotion, rules } = input
  const why = whyMerge(input)
  if (why === null || !verdict.open || verdict.mode !== "enforce") return nothing
  const attempt = snapshot.mergeAttempt?.headSha === pullRequest.headSha ? snapshot.mergeAttempt : null
  const notBeforeMs = attempt === null ? null : retryAt(attempt, promotion)
  if (notBeforeMs !== null && notBeforeMs > snapshot.nowMs) {
    return { merge: null, lookAgainAtMs: Number.isFinite(notBeforeMs) ? notBeforeMs : null }
  }
  const by = why === "command" ? (promotion.asked?.by ?? null) : null
  const sure = pullRequest.mergeable === "yes"
  const merge = { headSha: pullRequest.headSha, method: rules.merge.method, why, by, sure }
  return sure ? { merge, lookAgainAtMs: null } : whenUnsure(merge, input)
}

/** At first a second look often tells already; later on it would only keep pauses waiting for the right to merge. */
function whenUnsure(merge: MergePlan, input: MergeInput): MergeDecision {
  const { nowMs, sight } = input.snapshot
  const waitedMs = nowMs - latestChangeMs(input)
  if (waitedMs > limitMergeableMs) return nothing
  const isTooEarly = sight !== "none" && waitedMs >= mergeableMs
  return { merge: isTooEarly ? null : merge, lookAgainAtMs: nowMs + Math.max(mergeableMs, waitedMs) }
}

/** When anything was last heard that may have opened the gate; waits that grow with the time since then are few. */
function latestChangeMs({ pullRequest, promotion, snapshot }: MergeInput): number {
  const moments = [...snapshot.checks, ...snapshot.reviews].map(({ atMs }) => atMs)
  return Math.max(pullRequest.updatedAtMs, promotion.proposedAtMs, promotion.asked?.atMs ?? 0, ...moments)
}

function whyMerge({ verdict, rules, promotion, pullRequest, snapshot }: MergeInput): MergePlan["why"] | null {
  if (promotion.asked?.sha === pullRequest.headSha) return "command"
  if (isRollback({ snapshot, pullRequest })) return rules.rollback.merge === "auto" ? "rollback" : null
  const onward = onwardWay({ snapshot, pullRequest, config: verdict.config })
  if (onward !== null) return onward.merges ? "onward" : null
  return verdict.risk !== null && rules.merge.auto.includes(verdict.risk.level) ? "auto" : null
}

/** When a head may be tried again; whoever asks after a refusal need not wait, and what was never answered neither. */
function retryAt(attempt: MergeAttempt, promotion: PromotionState): number {
  if (attempt.outcome === "unanswered") return attempt.atMs
  if (attempt.outcome === "merged") return attempt.atMs + mergedMs
  if (promotion.asked !== null && promotion.asked.atMs > attempt.atMs) return attempt.atMs
  const waitMs = retryMs[attempt.count - 1]
  return waitMs === undefined ? Number.POSITIVE_INFINITY : attempt.atMs + waitMs
}
