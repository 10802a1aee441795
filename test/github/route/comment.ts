/** Comments on issues and pull requests, and reactions to them. https://docs.github.com/en/rest/issues/comments https://docs.github.com/en/rest/reactions */
import { isAtLeast, participation, roleOf } from "../access.ts"
import { invalidField, numberParam, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { addComment, addReaction, deleteComment, editComment } from "../act/issue.ts"
import type { IssueComment, ReactionContent } from "../talk.ts"
import { commentView, reactionView } from "../view/issue.ts"
import { demandIssueAccess, requireIssue } from "./issue.ts"

const read = [
  { permission: "issues", level: "read" as const },
  { permission: "pull_requests", level: "read" as const },
]
const write = [
  { permission: "issues", level: "write" as const },
  { permission: "pull_requests", level: "write" as const },
  { permission: participation, level: "write" as const },
]

/** Routes below `/repos/{owner}/{repo}`. */
export const commentRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/issues/comments", needs: read, handle: listAllComments },
  { method: "GET", path: "/issues/comments/:id", needs: read, handle: getComment },
  { method: "PATCH", path: "/issues/comments/:id", needs: write, handle: patchComment },
  { method: "DELETE", path: "/issues/comments/:id", needs: write, handle: removeComment },
  { method: "GET", path: "/issues/comments/:id/reactions", needs: read, handle: listReactions },
  { method: "POST", path: "/issues/comments/:id/reactions", needs: write, handle: postReaction },
  { method: "DELETE", path: "/issues/comments/:id/reactions/:reaction", needs: write, handle: removeReaction },
  { method: "GET", path: "/issues/:number/comments", needs: read, handle: listComments },
  { method: "POST", path: "/issues/:number/comments", needs: write, handle: postComment },
]

function requireComment(call: RepositoryCall, level: "read" | "write" = "read"): IssueComment {
  const id = numberParam(call, "id")
  const comment = call.repository.comments.find((one) => one.id === id)
  const issue = comment && call.repository.issues.get(comment.issueNumber)
  if (!comment || !issue) throw refusal(404, "Not Found")
  demandIssueAccess(call, issue, level)
  return comment
}

/** A comment is its author's to change, or anybody's with write access. */
function requireOwnComment(call: RepositoryCall): IssueComment {
  const comment = requireComment(call, "write")
  const { caller, actor } = call
  const isOwn = comment.author.id === actor.account.id
  if (isOwn || caller.kind === "installation" || isAtLeast(roleOf(call.repository, actor.account), "write"))
    return comment
  throw refusal(403, "Must have write access to edit this comment.")
}

function listAllComments(call: RepositoryCall): Answer {
  const since = call.query.get("since")
  const chosen = call.repository.comments.filter((comment) => !since || comment.updatedAt >= since)
  const ordered = call.query.get("direction") === "desc" ? chosen.toReversed() : chosen
  return pageOf(call, ordered, (comment) => commentView(call.state, call.repository, comment))
}

function listComments(call: RepositoryCall): Answer {
  const issue = requireIssue(call)
  demandIssueAccess(call, issue, "read")
  const since = call.query.get("since")
  const own = call.repository.comments.filter(
    (comment) => comment.issueNumber === issue.number && (!since || comment.updatedAt >= since),
  )
  return pageOf(call, own, (comment) => commentView(call.state, call.repository, comment))
}

function getComment(call: RepositoryCall): Answer {
  return { status: 200, body: commentView(call.state, call.repository, requireComment(call)) }
}

function postComment(call: RepositoryCall): Answer {
  const issue = requireIssue(call)
  demandIssueAccess(call, issue, "write")
  const comment = addComment(call, call.actor, { issue, body: textField(call, "IssueComment", "body") })
  return { status: 201, body: commentView(call.state, call.repository, comment) }
}

function patchComment(call: RepositoryCall): Answer {
  const comment = requireOwnComment(call)
  editComment(call, call.actor, { comment, body: textField(call, "IssueComment", "body") })
  return { status: 200, body: commentView(call.state, call.repository, comment) }
}

function removeComment(call: RepositoryCall): Answer {
  deleteComment(call, call.actor, requireOwnComment(call))
  return { status: 204 }
}

function listReactions(call: RepositoryCall): Answer {
  const content = call.query.get("content")
  const chosen = requireComment(call).reactions.filter((reaction) => !content || reaction.content === content)
  return pageOf(call, chosen, (reaction) => reactionView(call.state, reaction))
}

const contents: ReactionContent[] = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"]

/** 201 for a new reaction, 200 for one that was there. */
function postReaction(call: RepositoryCall): Answer {
  const content = contents.find((one) => one === call.body["content"])
  if (!content) throw invalidField("Reaction", "content")
  const { reaction, isNew } = addReaction(call, call.actor, { comment: requireComment(call, "write"), content })
  return { status: isNew ? 201 : 200, body: reactionView(call.state, reaction) }
}

function removeReaction(call: RepositoryCall): Answer {
  const comment = requireComment(call, "write")
  const id = numberParam(call, "reaction")
  const own = comment.reactions.find((one) => one.id === id && one.user.id === call.actor.account.id)
  if (!own) throw refusal(404, "Not Found")
  comment.reactions = comment.reactions.filter((other) => other !== own)
  return { status: 204 }
}
