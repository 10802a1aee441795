import type { EntryDraft } from "../../ledger/entry.ts"
import { approvingComment } from "../review/approval.ts"
import {
  configOnlyRules,
  rollbackStages,
  rulesForBranch,
  type BranchRules,
  type ConfigInForce,
} from "../config/config.ts"
import type { PullRequestFact } from "../fact.ts"
import { openJournal, propose, type Journal } from "./journal.ts"
import { decideLabel, type LabelDenial } from "../pause/label.ts"
import type { EffectDraft } from "../merge/effect.ts"
import { decideMerge, type MergePlan } from "../merge/merge.ts"
import { findProposal, findUngatedChange } from "../config/proposal.ts"
import { recordVerdict } from "./record-verdict.ts"
import { relandingOf, rulesOfRelanding } from "../review/taken-back.ts"
import { settleApprovals } from "../review/settle-approvals.ts"
import type { Judged } from "../review/review.ts"
import type { Need, Snapshot } from "./snapshot.ts"
import { foldPauses, type PromotionState } from "../state.ts"
import { isPassedOverAnew, passOver, urgentUntilMs } from "../merge/urgent.ts"
import { approverInput, isRollback, judgeGate, modeOf, needsChange, type Verdict } from "./verdict.ts"
import { decideWithdrawals } from "../pause/withdraw.ts"

/**
 * What is to be done about one pull request.
 *
 * With `needs` there is nothing else in it: ask GitHub, and decide again.
 */
export type Plan = {
  needs: readonly Need[]
  /** Null: this pull request has no gate now (closed, or not into a promotion branch). */
  verdict: Verdict | null
  /** The promotion the verdict is about, after the entries. */
  promotion: PromotionState | null
  entries: readonly EntryDraft[]
  /** Keys of asks that the entries answer. */
  answers: readonly string[]
  /** The answer to such an ask, where it is a no that somebody has to be told. */
  denied: LabelDenial | null
  /** To be done on GitHub after the gate is shown. */
  effects: readonly EffectDraft[]
  /** To be made when the gate is shown open; null: none. */
  merge: MergePlan | null
  /** When time alone may change the decision, milliseconds since 1970; null: never. */
  lookAgainAtMs: number | null
}

const idle: Plan = {
  needs: [],
  verdict: null,
  promotion: null,
  entries: [],
  answers: [],
  denied: null,
  effects: [],
  merge: null,
  lookAgainAtMs: null,
}

/**
 * Decides about one pull request. Pure and total: the same snapshot gives the same plan, and deciding about the world
 * after the plan gives a plan without entries.
 *
 * Red on hearsay, green on sight: facts alone may shut a gate or keep it shut; before it opens, the pull request must
 * have been read from GitHub in this pass.
 */
export function decide(snapshot: Snapshot): Plan {
  const { pullRequest, config } = snapshot
  if (pullRequest === null || config === null) return ask([{ kind: "sight" }])
  if (pullRequest.state === "closed") return decideClosed(snapshot, pullRequest)
  const rules = rulesForBranch(config.config, {
    name: pullRequest.baseRef,
    defaultBranch: snapshot.repository.defaultBranch,
  })
  if (rules !== undefined) {
    const open = { snapshot, pullRequest, config, rules }
    return decideOpen({ ...open, rules: isRollback(open) ? rulesOfRollback(rules) : heldRules(open) })
  }
  const ungated = isOfConfigOnly(snapshot, { pullRequest, config })
  if (ungated.needs !== null) return ask(ungated.needs)
  if (ungated.result) return decideOpen({ snapshot, pullRequest, config, rules: configOnlyRules })
  const journal = openJournal(snapshot, pullRequest)
  if (underWay(snapshot.promotion)) journal.write("aborted", { why: "not-a-promotion-branch", reason: null })
  return { ...idle, promotion: journal.promotion(), entries: journal.entries }
}

/** What takes a change back goes by the stages of a rollback alone, from whichever branch it comes. */
function rulesOfRollback(rules: BranchRules): BranchRules {
  return { ...rules, from: null, stages: rollbackStages(rules) }
}

/** What was taken back before lands again only by a fresh approval; which change this is must be known for that. */
function heldRules(open: Open): BranchRules {
  const { snapshot, rules } = open
  const change = isRead(snapshot.change, open) ? snapshot.change : null
  return relandingOf(change, snapshot.takenBack) === null ? rules : rulesOfRelanding(rules)
}

/** Where the config comes from a branch that has no gate, what changes it gets one all the same, for that alone. */
function isOfConfigOnly(
  snapshot: Snapshot,
  of: { pullRequest: PullRequestFact; config: ConfigInForce },
): Judged<boolean> {
  const isDefault = of.pullRequest.baseRef === snapshot.repository.defaultBranch
  if (!isDefault || modeOf(of.config) !== "enforce") return { needs: null, result: false }
  return findUngatedChange(snapshot, of)
}

type Open = { snapshot: Snapshot; pullRequest: PullRequestFact; config: ConfigInForce; rules: BranchRules }

function decideOpen(open: Open): Plan {
  const { snapshot, pullRequest, config, rules } = open
  const proposal = proposalIn(open)
  if (proposal.needs !== null) return ask(proposal.needs)
  const changesConfig = proposal.result
  const journal = openJournal(snapshot, pullRequest)
  propose(journal, pullRequest)
  const label = decideLabel({ pullRequest, config: config.config, snapshot, runId: journal.runId })
  if (label.needs !== null) return ask([label.needs])
  if (label.entry !== null) journal.add(label.entry)
  if (needsChange(rules) || changesConfig) {
    const input = approverInput(pullRequest, { snapshot, config })
    const needs = settleApprovals({ journal, pullRequest, snapshot, config, input })
    if (needs.length > 0) return ask(needs)
  }
  const pauses = journal.entries.reduce(
    (held, entry) => foldPauses(held, { ...entry, occurredAtMs: snapshot.nowMs }),
    snapshot.pauses,
  )
  const judge = (): Judged<Verdict> => {
    const promotion = promotionIn(journal)
    const judged = judgeGate({ pullRequest, config, rules, pauses, promotion, snapshot, changesConfig })
    return judged.result === null ? judged : { needs: null, result: passOver(judged.result, promotion, snapshot.nowMs) }
  }
  let judged = judge()
  if (judged.result !== null && expire(journal, { open, verdict: judged.result })) judged = judge()
  if (judged.needs !== null) return ask(judged.needs)
  const verdict = judged.result
  const promotion = promotionIn(journal)
  const unseen = verdict.open ? unseenOf(verdict, { snapshot, promotion }) : []
  if (unseen.length > 0) return ask(unseen)
  const merging = decideMerge({ verdict, rules, pullRequest, promotion, snapshot })
  // A merge cannot be taken back, so nothing is taken from an earlier pass.
  const unseenByMerge = merging.merge === null ? [] : notSeen(snapshot, promotion)
  if (unseenByMerge.length > 0) return ask(unseenByMerge)
  recordVerdict(journal, { verdict, merge: rules.merge })
  return {
    needs: [],
    verdict,
    promotion: journal.promotion(),
    entries: journal.entries,
    answers: label.answered === null ? [] : [label.answered],
    denied: label.denied,
    effects: decideWithdrawals({ verdict, pullRequest, landing: snapshot.landing, runId: journal.runId }),
    merge: merging.merge,
    lookAgainAtMs: earliest([merging.lookAgainAtMs, nextLook(verdict, { open, promotion })]),
  }
}

/** Whether it changes the gate's own config; first of all comes what the stages want to be read. */
function proposalIn(open: Open): Judged<boolean> {
  const { snapshot, rules } = open
  if (needsChange(rules) && !isRead(snapshot.change, open)) return { needs: [{ kind: "change" }], result: null }
  return findProposal(snapshot, open)
}

function promotionIn(journal: Journal): PromotionState {
  const promotion = journal.promotion()
  if (promotion === null) throw new Error("an open pull request into a promotion branch has a promotion")
  return promotion
}

function ask(needs: readonly Need[]): Plan {
  return { ...idle, needs }
}

/** Whether the change of this very head was read, and all that the config wants to know of it. */
function isRead(change: Snapshot["change"], { pullRequest, config }: Open): boolean {
  if (change?.headSha !== pullRequest.headSha || change.baseRef !== pullRequest.baseRef) return false
  return config.config.policy.syntax.every((kind) => change.syntaxOf.includes(kind))
}

function underWay(promotion: PromotionState | null): promotion is PromotionState {
  return promotion !== null && (promotion.state === "proposed" || promotion.state === "ready")
}

/** What must be read in this pass before the gate may open: the pull request, and each comment whose approval counts. */
function unseenOf(
  verdict: Verdict,
  { snapshot, promotion }: { snapshot: Snapshot; promotion: PromotionState | null },
): Need[] {
  const isKnown = snapshot.headConfig !== null && alreadyOpen(snapshot, verdict)
  return isKnown && !isPassedOverAnew(verdict, promotion) ? [] : notSeen(snapshot, promotion)
}

function notSeen(snapshot: Snapshot, promotion: PromotionState | null): Need[] {
  if (snapshot.sight === "none") return [{ kind: "sight" }]
  return (promotion?.approvals ?? []).flatMap((approval): Need[] => {
    const commentId = approvingComment(approval)
    return commentId === null || snapshot.seenComments.has(commentId) ? [] : [{ kind: "comment", commentId }]
  })
}

function alreadyOpen({ promotion }: Snapshot, verdict: Verdict): boolean {
  return promotion?.state === "ready" && promotion.headSha === verdict.headSha && promotion.baseRef === verdict.baseRef
}

/** A head that nobody decided about within the time that the config gives expires. True when it does so now. */
function expire(journal: Journal, { open, verdict }: { open: Open; verdict: Verdict }): boolean {
  const expiresAtMs = expiryOf(journal.promotion(), { open, verdict })
  if (expiresAtMs === null || expiresAtMs > open.snapshot.nowMs) return false
  journal.write("expired", { after_ms: open.config.config.review.expires_after ?? 0 })
  return true
}

/** What was approved was decided about, so it does not expire while something else holds it up. */
function expiryOf(
  promotion: PromotionState | null,
  { open, verdict }: { open: Open; verdict: Verdict },
): number | null {
  const after = open.config.config.review.expires_after
  const undecided = verdict.stages.some((stage) => stage.kind === "review" && stage.status !== "passed")
  if (!undecided || after === undefined || !underWay(promotion)) return null
  return promotion.proposedAtMs + after
}

function nextLook(
  verdict: Verdict,
  { open, promotion }: { open: Open; promotion: PromotionState | null },
): number | null {
  const { nowMs } = open.snapshot
  const times = [expiryOf(promotion, { open, verdict }), urgentUntilMs(verdict)]
  for (const stage of verdict.stages) {
    if (stage.kind === "review") times.push(stage.autoApproveAtMs)
    if (stage.kind === "deployment") times.push(stage.observedAtMs)
  }
  return earliest(times.map((time) => (time !== null && time > nowMs ? time : null)))
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function decideClosed(snapshot: Snapshot, pullRequest: PullRequestFact): Plan {
  const { promotion, config } = snapshot
  const journal = openJournal(snapshot, pullRequest)
  if (!pullRequest.merged) {
    if (underWay(promotion) || journal.promotion()?.endedBy === "decision") {
      journal.write("aborted", { why: "closed", reason: null })
    }
    return { ...idle, promotion: journal.promotion(), entries: journal.entries }
  }
  if (promotion?.after != null || config === null) return idle
  if (!hadGate(snapshot, { pullRequest, config })) return idle
  const isBypass = !wasOpen(promotion, pullRequest)
  propose(journal, pullRequest)
  const mergedBy = pullRequest.mergedBy
  if (isBypass && modeOf(config) === "enforce") {
    journal.write("promotion_bypassed", {
      merged_by: mergedBy,
      block_reasons: [...(underWay(promotion) ? promotion.blockReasons : [])],
    })
  }
  const carries = snapshot.rollback === null ? {} : { rollback_id: snapshot.rollback.id }
  journal.write("promoted", { merge_commit: pullRequest.mergeCommit, merged_by: mergedBy, ...carries })
  return { ...idle, promotion: journal.promotion(), entries: journal.entries }
}

/** Whether its gate stood open for what was merged. */
function wasOpen(promotion: PromotionState | null, { headSha, baseRef }: PullRequestFact): boolean {
  return promotion?.state === "ready" && promotion.headSha === headSha && promotion.baseRef === baseRef
}

/** Into a promotion branch, or, where the default branch is none, with a promotion for its change of the config. */
function hadGate(
  { promotion, repository }: Snapshot,
  { pullRequest, config }: { pullRequest: PullRequestFact; config: ConfigInForce },
): boolean {
  const branch = { name: pullRequest.baseRef, defaultBranch: repository.defaultBranch }
  if (rulesForBranch(config.config, branch) !== undefined) return true
  return branch.name === branch.defaultBranch && underWay(promotion)
}
