/** Issues, comments and labels. */
import { refusal } from "../api.ts"
import * as act from "../act/issue.ts"
import { createLabel as makeLabel, setLabels } from "../act/label.ts"
import type { GitHubState, World } from "../state.ts"
import type { IssueComment } from "../talk.ts"
import { actorIn, issueNumbered, worldOf } from "./who.ts"
import type { By } from "./who.ts"

/** Names an issue or pull request and who acts on it. */
export type OnIssue = By & { number: number }

/** Opens an issue. Labels are set as an issue template would: anyone's issue may carry them. Events: `issues.opened`, `labeled`. */
export async function openIssue(
  state: GitHubState,
  args: By & { title: string; body?: string; labels?: string[] },
): Promise<{ number: number }> {
  const world = worldOf(state, args)
  const { title, body = null, labels = [] } = args
  return { number: (await act.openIssue(world, actorIn(world, args, "read"), { title, body, labels })).number }
}

/** Closes an issue. Event: `issues.closed`. */
export function closeIssue(state: GitHubState, args: OnIssue): void {
  const world = worldOf(state, args)
  act.closeIssue(world, actorIn(world, args, "triage"), { issue: issueNumbered(world, args.number) })
}

/** Opens an issue again. Event: `issues.reopened`. */
export function reopenIssue(state: GitHubState, args: OnIssue): void {
  const world = worldOf(state, args)
  act.reopenIssue(world, actorIn(world, args, "triage"), issueNumbered(world, args.number))
}

/** Comments on an issue or pull request. Event: `issue_comment.created`. */
export function comment(state: GitHubState, args: OnIssue & { body: string }): { id: number } {
  const world = worldOf(state, args)
  const issue = issueNumbered(world, args.number)
  return { id: act.addComment(world, actorIn(world, args, "read"), { issue, body: args.body }).id }
}

/** Edits a comment. Event: `issue_comment.edited`. */
export function editComment(state: GitHubState, args: By & { id: number; body: string }): void {
  const world = worldOf(state, args)
  const found = commentNumbered(world, args.id)
  act.editComment(world, authorOr(world, args, found), { comment: found, body: args.body })
}

/** Deletes a comment. Event: `issue_comment.deleted`. */
export function deleteComment(state: GitHubState, args: By & { id: number }): void {
  const world = worldOf(state, args)
  const found = commentNumbered(world, args.id)
  act.deleteComment(world, authorOr(world, args, found), found)
}

function authorOr(world: World, args: By, found: IssueComment) {
  return actorIn(world, args, found.author.login === args.by ? "read" : "write")
}

function commentNumbered(world: World, id: number): IssueComment {
  const found = world.repository.comments.find((one) => one.id === id)
  if (!found) throw refusal(404, `No comment ${id}`)
  return found
}

/** Puts a label on an issue or pull request; it is made when not there. Event: `labeled`. */
export async function label(state: GitHubState, args: OnIssue & { label: string }): Promise<void> {
  const world = worldOf(state, args)
  const issue = issueNumbered(world, args.number)
  await setLabels(world, actorIn(world, args, "triage"), { issue, add: [args.label], remove: [] })
}

/** Takes a label off. Event: `unlabeled`. */
export async function unlabel(state: GitHubState, args: OnIssue & { label: string }): Promise<void> {
  const world = worldOf(state, args)
  const issue = issueNumbered(world, args.number)
  await setLabels(world, actorIn(world, args, "triage"), { issue, add: [], remove: [args.label] })
}

/** Makes a label. Event: `label.created`. */
export function createLabel(state: GitHubState, args: By & { name: string; color?: string }): void {
  const world = worldOf(state, args)
  const { name, color = "ededed" } = args
  makeLabel(world, actorIn(world, args, "write"), { name, color })
}
