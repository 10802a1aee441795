/** Reviews of pull requests. */
import { refusal } from "../api.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Actor, PullRequest, Review, World } from "../state.ts"
import { reviewView } from "../view/issue.ts"
import { simplePullView } from "../view/pull.ts"

/** A review to submit, of the head as it is now unless a commit is named. */
export type ReviewPlan = {
  pull: PullRequest
  verdict: "APPROVE" | "REQUEST_CHANGES" | "COMMENT"
  body: string | null
  commitSha?: string | undefined
}

const states = { APPROVE: "APPROVED", REQUEST_CHANGES: "CHANGES_REQUESTED", COMMENT: "COMMENTED" } as const

/** Submits a review; 422 for the author's own pull request. Emits `pull_request_review.submitted`. */
export function submitReview(world: World, actor: Actor, plan: ReviewPlan): Review {
  if (plan.verdict !== "COMMENT" && actor.account.id === plan.pull.issue.author.id) {
    const act = plan.verdict === "APPROVE" ? "approve" : "request changes on"
    throw refusal(422, "Unprocessable Entity", [`Can not ${act} your own pull request`])
  }
  const now = isoNow(world.state)
  const review: Review = {
    ...freshIds("PRR"),
    pullNumber: plan.pull.number,
    author: actor.account,
    state: states[plan.verdict],
    body: plan.body,
    commitSha: plan.commitSha ?? plan.pull.headSha,
    submittedAt: now,
    updatedAt: now,
  }
  world.repository.reviews.push(review)
  emitReview(world, actor, { review, pull: plan.pull, action: "submitted" })
  return review
}

/** Dismisses a review. Emits `pull_request_review.dismissed`. */
export function dismissReview(world: World, actor: Actor, dismissal: { pull: PullRequest; review: Review }): void {
  dismissal.review.state = "DISMISSED"
  dismissal.review.updatedAt = isoNow(world.state)
  emitReview(world, actor, { ...dismissal, action: "dismissed" })
}

function emitReview(
  world: World,
  actor: Actor,
  happened: { review: Review; pull: PullRequest; action: "submitted" | "dismissed" },
): void {
  const { state, repository } = world
  const shown = reviewView(state, repository, happened.review)
  const payload = {
    review: { ...shown, body: happened.review.body, state: shown.state.toLowerCase() },
    pull_request: simplePullView(state, repository, happened.pull),
  }
  emit(state, { event: "pull_request_review", action: happened.action, repository, sender: actor.account, payload })
}
