import type { Run, Step } from "./run.ts"
import type { CommandName } from "./command-table.ts"
import { configOnlyRules, rulesForBranch, type BranchRules } from "../config/config.ts"
import type { PullRequestFact } from "../fact.ts"
import { openJournal, propose, type Journal } from "../gate/journal.ts"
import type { NoPromotion } from "./reply.ts"
import type { PromotionState } from "../state.ts"

/** The promotion that a command is about, begun if nobody has begun it yet. */
export type OpenPromotion = {
  pullRequest: PullRequestFact
  rules: BranchRules
  journal: Journal
  promotion: PromotionState
}

/**
 * Finds the promotion under way that a command is about, at the head that was read from GitHub in this pass: on
 * hearsay, a decision could be about a head that is one no more.
 */
export function promotionOf(run: Run, command: CommandName): { open: OpenPromotion } | { step: Step } {
  const { snapshot, config } = run
  const { pullRequest } = snapshot
  const none = (why: NoPromotion) => ({
    step: { entries: [], reply: [{ kind: "no-promotion", command, why } as const] },
  })
  if (snapshot.gone) return none("closed")
  if (!snapshot.seen || pullRequest === null) return { step: { needs: [{ kind: "sight" }], entries: [], reply: [] } }
  if (pullRequest.state === "closed") return none("closed")
  const { defaultBranch } = snapshot
  // What changes the config has a gate there too, for that alone, as soon as that was seen.
  const hasGate = pullRequest.baseRef === defaultBranch && isUnderWay(run.promotion)
  const ungated = hasGate ? configOnlyRules : undefined
  const rules = rulesForBranch(config, { name: pullRequest.baseRef, defaultBranch }) ?? ungated
  if (rules === undefined) return none("no-promotion-branch")
  const { nowMs, newRunId } = snapshot
  const journal = openJournal({ promotion: run.promotion, nowMs, newRunId }, pullRequest)
  propose(journal, pullRequest)
  const promotion = journal.promotion()
  if (promotion === null) throw new Error("an open pull request into a promotion branch has a promotion")
  const { state } = promotion
  if (state === "rejected" || state === "expired" || state === "aborted") return none(state)
  return { open: { pullRequest, rules, journal, promotion } }
}

function isUnderWay(promotion: PromotionState | null): boolean {
  return promotion?.state === "proposed" || promotion?.state === "ready"
}
