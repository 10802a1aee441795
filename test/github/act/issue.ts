/** Issues and their comments and reactions. */
import { invalidField, refusal } from "../api.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Actor, Issue, World } from "../state.ts"
import type { IssueComment, Reaction, ReactionContent } from "../talk.ts"
import { commentView, issueView } from "../view/issue.ts"
import { newIssue, recordIssueEvent } from "./issue-record.ts"
import { setLabels } from "./label.ts"

/** GitHub's limit for a comment or issue body, in characters. */
const bodyLimit = 65_536

/** Opens an issue, with labels by name. Emits `issues.opened`, then `labeled` per label. */
export async function openIssue(
  world: World,
  actor: Actor,
  plan: { title: string; body: string | null; labels?: string[] },
): Promise<Issue> {
  refuseLongBody("Issue", plan.body ?? "")
  const issue = newIssue(world, actor, plan)
  emitIssue(world, actor, { issue, action: "opened" })
  if (plan.labels) await setLabels(world, actor, { issue, add: plan.labels, remove: [] })
  return issue
}

/** Closes an issue, as completed unless told otherwise. Emits `issues.closed`. */
export function closeIssue(
  world: World,
  actor: Actor,
  closing: { issue: Issue; reason?: "completed" | "not_planned" },
): void {
  const { issue, reason = "completed" } = closing
  if (issue.state === "closed") return
  const closedAt = isoNow(world.state)
  Object.assign(issue, { state: "closed", stateReason: reason, closedAt, closedBy: actor.account, updatedAt: closedAt })
  recordIssueEvent(world, actor, { issueNumber: issue.number, event: "closed" })
  emitIssue(world, actor, { issue, action: "closed" })
}

/** Opens a closed issue again. Emits `issues.reopened`. */
export function reopenIssue(world: World, actor: Actor, issue: Issue): void {
  if (issue.state === "open") return
  const updatedAt = isoNow(world.state)
  Object.assign(issue, { state: "open", stateReason: "reopened", closedAt: null, closedBy: null, updatedAt })
  recordIssueEvent(world, actor, { issueNumber: issue.number, event: "reopened" })
  emitIssue(world, actor, { issue, action: "reopened" })
}

/** Changes title or body. Emits `issues.edited`. */
export function editIssue(
  world: World,
  actor: Actor,
  edit: { issue: Issue; title?: string; body?: string | null },
): void {
  const { issue } = edit
  const changes: Record<string, unknown> = {}
  if (edit.title !== undefined && edit.title !== issue.title) {
    changes["title"] = { from: issue.title }
    issue.title = edit.title
  }
  if (edit.body !== undefined && edit.body !== issue.body) {
    refuseLongBody("Issue", edit.body ?? "")
    changes["body"] = { from: issue.body ?? "" }
    issue.body = edit.body
  }
  if (Object.keys(changes).length === 0) return
  issue.updatedAt = isoNow(world.state)
  emitIssue(world, actor, { issue, action: "edited", extra: { changes } })
}

/** Sends one `issues` event. */
function emitIssue(
  world: World,
  actor: Actor,
  happened: { issue: Issue; action: string; extra?: Record<string, unknown> },
): void {
  const { state, repository } = world
  const payload = { issue: issueView(state, repository, happened.issue), ...happened.extra }
  emit(state, { event: "issues", action: happened.action, repository, sender: actor.account, payload })
}

/** Comments on an issue or pull request; 422 over 65,536 characters. Emits `issue_comment.created`. */
export function addComment(world: World, actor: Actor, plan: { issue: Issue; body: string }): IssueComment {
  refuseLongBody("IssueComment", plan.body)
  if (plan.body.trim() === "") throw invalidField("IssueComment", "body", "body is too short (minimum is 1 character)")
  const now = isoNow(world.state)
  const comment: IssueComment = {
    ...freshIds("IC"),
    issueNumber: plan.issue.number,
    body: plan.body,
    author: actor.account,
    viaApp: actor.app,
    reactions: [],
    createdAt: now,
    updatedAt: now,
    lastEditedAt: null,
  }
  world.repository.comments.push(comment)
  plan.issue.updatedAt = now
  emitComment(world, actor, { comment, action: "created" })
  return comment
}

/** Changes a comment. Emits `issue_comment.edited`. */
export function editComment(world: World, actor: Actor, edit: { comment: IssueComment; body: string }): void {
  const { comment, body } = edit
  refuseLongBody("IssueComment", body)
  const changes = { body: { from: comment.body } }
  comment.body = body
  comment.updatedAt = isoNow(world.state)
  comment.lastEditedAt = comment.updatedAt
  emitComment(world, actor, { comment, action: "edited", extra: { changes } })
}

/** Deletes a comment. Emits `issue_comment.deleted`. */
export function deleteComment(world: World, actor: Actor, comment: IssueComment): void {
  world.repository.comments = world.repository.comments.filter((other) => other !== comment)
  emitComment(world, actor, { comment, action: "deleted" })
}

function emitComment(
  world: World,
  actor: Actor,
  happened: { comment: IssueComment; action: string; extra?: Record<string, unknown> },
): void {
  const { state, repository } = world
  const issue = repository.issues.get(happened.comment.issueNumber)
  if (!issue) throw new Error("A comment without an issue")
  const payload = {
    issue: issueView(state, repository, issue),
    comment: commentView(state, repository, happened.comment),
    ...happened.extra,
  }
  emit(state, { event: "issue_comment", action: happened.action, repository, sender: actor.account, payload })
}

/** Adds a reaction; an account has one of each content at most, and the old one is returned again. Emits nothing, as GitHub. */
export function addReaction(
  world: World,
  actor: Actor,
  plan: { comment: IssueComment; content: ReactionContent },
): { reaction: Reaction; isNew: boolean } {
  const { comment, content } = plan
  const old = comment.reactions.find((one) => one.user.id === actor.account.id && one.content === content)
  if (old) return { reaction: old, isNew: false }
  const reaction = { ...freshIds("REA"), content, user: actor.account, createdAt: isoNow(world.state) }
  comment.reactions.push(reaction)
  return { reaction, isNew: true }
}

function refuseLongBody(resource: string, body: string): void {
  if ([...body].length <= bodyLimit) return
  const message = `body is too long (maximum is ${bodyLimit} characters)`
  throw refusal(422, "Validation Failed", [{ resource, code: "custom", field: "body", message }])
}
