import type { PromotionState } from "../promotion/state.ts"

/** The row of a promotion as `to_jsonb` gives it: moments are texts. */
export type PromotionRow = {
  id: string
  number: number
  state: PromotionState["state"]
  head_sha: string
  base_ref: string
  stages: PromotionState["stages"]
  block_reasons: string[]
  evaluated: string | null
  approvals: PromotionState["approvals"]
  stale_approvers: string[]
  asked: PromotionState["asked"]
  voided: string[]
  proposed_at: string
  version: number
  ended_at: string | null
  ended_by: PromotionState["endedBy"]
  ending: PromotionState["ending"]
  after_merge: PromotionState["after"]
}

/** Reads a promotion back from it. */
export function promotionOf(row: PromotionRow): PromotionState {
  const { id: runId, number, state, stages, evaluated, version, ending, after_merge: after } = row
  const endedAtMs = row.ended_at === null ? null : Date.parse(row.ended_at)
  const [headSha, baseRef, blockReasons] = [row.head_sha, row.base_ref, row.block_reasons]
  const { approvals, stale_approvers: staleApprovers, voided, ended_by: endedBy } = row
  const proposedAtMs = Date.parse(row.proposed_at)
  const standing = { approvals, staleApprovers, voided, asked: row.asked, proposedAtMs, ending, after }
  return {
    runId,
    number,
    state,
    headSha,
    baseRef,
    stages,
    blockReasons,
    evaluated,
    ...standing,
    version,
    endedAtMs,
    endedBy,
  }
}
