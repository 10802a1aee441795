import {
  approvingComment,
  barred,
  entitled,
  everyApprover,
  isByButton,
  isOfThisChange,
  newestOpinions,
  reviewApprovalId,
  type ApproverInput,
} from "./approval.ts"
import type { Change } from "../change/change.ts"
import { configKey, type ConfigInForce } from "../config/config.ts"
import type { PullRequestFact, ReviewFact } from "../fact.ts"
import type { Journal, PayloadOf } from "../gate/journal.ts"
import type { Need, Snapshot } from "../gate/snapshot.ts"
import type { Approval } from "../state.ts"
import { relandingOf } from "./taken-back.ts"

type Settling = {
  journal: Journal
  pullRequest: PullRequestFact
  snapshot: Snapshot
  config: ConfigInForce
  input: ApproverInput
}

/**
 * Brings the recorded approvals in line with what is known: records new reviews that approve this very head, and
 * dismisses what was withdrawn, edited, deleted, or overtaken by a push that changed the change. Returns what must be
 * asked first; nothing is written then.
 */
export function settleApprovals(settling: Settling): readonly Need[] {
  const { journal, snapshot } = settling
  const recorded = journal.promotion()?.approvals ?? []
  const opinions = newestOpinions(snapshot.reviews)
  const fresh = newApprovals(settling, { opinions, recorded })
  if (fresh.needs.length > 0) return fresh.needs
  for (const approval of recorded) {
    const why = whyDismissed(approval, { ...settling, opinions })
    if (why === null) continue
    journal.write("approval_dismissed", { approval_id: approval.id, approver: approval.by.login, why })
  }
  for (const review of fresh.reviews) {
    const patchId = knownChange(settling)?.patchId ?? null
    const approval = { approval_id: reviewApprovalId(review.id), source: "review", patch_id: patchId } as const
    journal.write("approved", { ...approval, config: configKey(settling.config) }, review.reviewer)
  }
  return []
}

function knownChange({ pullRequest, snapshot }: Settling): Change | null {
  return snapshot.change?.headSha === pullRequest.headSha ? snapshot.change : null
}

type Known = { opinions: readonly ReviewFact[]; recorded: readonly Approval[] }

/** Reviews that approve this head, by people who may approve at some level of risk. */
function newApprovals(settling: Settling, { opinions, recorded }: Known): { needs: Need[]; reviews: ReviewFact[] } {
  const { input, journal, pullRequest, config } = settling
  // Until the change is read, nobody can be told apart from one of its committers.
  if (knownChange(settling) === null) return { needs: [], reviews: [] }
  // What was dismissed stays so: a head that comes back by force does not bring back its approvals.
  const known = new Set([...recorded.map(({ id }) => id), ...(journal.promotion()?.voided ?? [])])
  const anyone = everyApprover(config.config.review)
  const needs: Need[] = []
  const reviews = opinions.filter((review) => {
    const approves =
      review.state === "approved" &&
      review.sha === pullRequest.headSha &&
      isAfterRetarget(review, settling) &&
      isAfterTakingBack(review, settling)
    if (!approves || known.has(reviewApprovalId(review.id)) || barred(review.reviewer, input) !== null) return false
    const answer = entitled(review.reviewer.login, anyone, input)
    if (typeof answer === "object") needs.push(...answer)
    return answer === true
  })
  return { needs, reviews }
}

/** The same commits changed something else before they were to go into this branch; in one second the order is unknown. */
function isAfterRetarget({ atMs }: ReviewFact, { snapshot }: Settling): boolean {
  return snapshot.retargetedAtMs === null || atMs > snapshot.retargetedAtMs
}

/** What was said of a change before it was taken out of the branch is no approval of landing it again. */
function isAfterTakingBack({ atMs }: ReviewFact, settling: Settling): boolean {
  const relanding = relandingOf(knownChange(settling), settling.snapshot.takenBack)
  return relanding === null || atMs > relanding.of.atMs
}

type Dismissal = PayloadOf<"approval_dismissed">["why"]

function whyDismissed(approval: Approval, settling: Settling & { opinions: readonly ReviewFact[] }): Dismissal | null {
  const { pullRequest, snapshot, opinions } = settling
  const commentId = approvingComment(approval)
  if (commentId !== null) {
    const heard = snapshot.comments.find((one) => one.commentId === commentId)
    if (heard?.standing === false) return heard.deleted ? "comment-deleted" : "comment-edited"
  }
  if (commentId !== null || isByButton(approval)) {
    if (isTakenBack(approval, opinions)) return "withdrawn"
  } else if (!opinions.some((one) => reviewApprovalId(one.id) === approval.id && one.state === "approved")) {
    return "withdrawn"
  }
  const change = knownChange(settling)
  if (isOfThisChange(approval, pullRequest, change)) return null
  // A head whose change is not read yet may turn out to change just the same.
  return change === null && approval.patchId !== null ? null : "stale"
}

/** Whoever approved by a comment or a button takes it back by asking for changes; GitHub tells the time of a review to the second. */
function isTakenBack({ by, atMs }: Approval, opinions: readonly ReviewFact[]): boolean {
  const login = by.login.toLowerCase()
  return opinions.some(
    (one) =>
      one.reviewer.login.toLowerCase() === login &&
      one.state === "changes_requested" &&
      Math.floor(one.atMs / 1000) >= Math.floor(atMs / 1000),
  )
}
