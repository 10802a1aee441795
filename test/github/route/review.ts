/** Reviews of pull requests. https://docs.github.com/en/rest/pulls/reviews */
import { participation } from "../access.ts"
import { invalidField, numberParam, optionalText, pageOf, refusal } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { dismissReview, submitReview } from "../act/review.ts"
import type { Review } from "../state.ts"
import { reviewView } from "../view/issue.ts"
import { requirePull } from "./pull.ts"

const read = [{ permission: "pull_requests", level: "read" as const }]
const write = [{ permission: "pull_requests", level: "write" as const }]
const submit = [...write, { permission: participation, level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const reviewRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/pulls/:number/reviews", needs: read, handle: listReviews },
  { method: "POST", path: "/pulls/:number/reviews", needs: submit, handle: postReview },
  { method: "GET", path: "/pulls/:number/reviews/:id", needs: read, handle: (call) => ok(call, requireReview(call)) },
  { method: "PUT", path: "/pulls/:number/reviews/:id/dismissals", needs: write, handle: putDismissal },
]

function ok(call: RepositoryCall, review: Review): Answer {
  return { status: 200, body: reviewView(call.state, call.repository, review) }
}

function requireReview(call: RepositoryCall): Review {
  const id = numberParam(call, "id")
  const number = requirePull(call).number
  const review = call.repository.reviews.find((one) => one.id === id && one.pullNumber === number)
  if (!review) throw refusal(404, "Not Found")
  return review
}

function listReviews(call: RepositoryCall): Answer {
  const { number } = requirePull(call)
  const own = call.repository.reviews.filter((review) => review.pullNumber === number)
  return pageOf(call, own, (review) => reviewView(call.state, call.repository, review))
}

function postReview(call: RepositoryCall): Answer {
  const verdict = call.body["event"]
  if (verdict !== "APPROVE" && verdict !== "REQUEST_CHANGES" && verdict !== "COMMENT") {
    throw invalidField("PullRequestReview", "event", "Pending reviews are not made here: give an event")
  }
  const body = optionalText(call, "body") ?? null
  const commitSha = optionalText(call, "commit_id") ?? undefined
  return ok(call, submitReview(call, call.actor, { pull: requirePull(call), verdict, body, commitSha }))
}

function putDismissal(call: RepositoryCall): Answer {
  const review = requireReview(call)
  dismissReview(call, call.actor, { pull: requirePull(call), review })
  return ok(call, review)
}
