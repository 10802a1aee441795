import type { Actor } from "../../ledger/entry.ts"
import type { Change } from "../change/change.ts"
import type { AgentRules, Approver, ReviewRules } from "../config/config-rules.ts"
import type { PullRequestFact, ReviewFact } from "../fact.ts"
import { atLeast, type Role } from "../permission.ts"
import type { Need } from "../gate/snapshot.ts"
import type { Approval } from "../state.ts"

/** Why an approval does not count. */
export type NotCounted = "author" | "committer" | "pusher" | "agent" | "not-entitled"

/** What entitlement is judged by. */
export type ApproverInput = {
  pullRequest: PullRequestFact
  /** Who pushed the head, as far as it was told. */
  pusher: string | null
  /** Null: not read yet; then nobody can be told apart from a committer. */
  change: Change | null
  agents: AgentRules
  roles: ReadonlyMap<string, Role>
  /** Whether someone is in a team, by {@link teamKey}. */
  teams: ReadonlyMap<string, boolean>
}

/** Key of a question about a team's member. */
export function teamKey(team: { org: string; slug: string }, login: string): string {
  return `${team.org}/${team.slug}:${login}`.toLowerCase()
}

/**
 * Why nobody who made the change, and no agent, approves it: null when this person may, as far as that goes.
 *
 * GitHub takes logins that differ only in case for one.
 */
export function barred(who: Actor, input: Omit<ApproverInput, "roles" | "teams">): NotCounted | null {
  const login = who.login.toLowerCase()
  if (who.kind !== "user" || input.agents.logins.some((one) => one.toLowerCase() === login)) return "agent"
  if (input.pullRequest.author.login.toLowerCase() === login) return "author"
  if (input.pusher?.toLowerCase() === login) return "pusher"
  return input.change?.commits.people.some((one) => one.toLowerCase() === login) === true ? "committer" : null
}

/**
 * Whether one of these rules entitles someone to approve, as GitHub says it now; a question when that is not known.
 * Whoever is entitled by one rule needs no answer to the others.
 */
export function entitled(
  login: string,
  from: readonly Approver[],
  known: Pick<ApproverInput, "roles" | "teams">,
): boolean | readonly Need[] {
  const answers = from.map((approver) => isApprover(login, approver, known))
  if (answers.includes(true)) return true
  const needs = answers.filter((answer) => typeof answer === "object")
  return needs.length > 0 ? needs : false
}

function isApprover(
  login: string,
  approver: Approver,
  { roles, teams }: Pick<ApproverInput, "roles" | "teams">,
): boolean | Need {
  switch (approver.kind) {
    case "role": {
      const has = roles.get(login)
      return has === undefined ? { kind: "role", login } : atLeast(has, approver.role)
    }
    case "user":
      return approver.login.toLowerCase() === login.toLowerCase()
    case "team":
      return teams.get(teamKey(approver, login)) ?? { kind: "team", org: approver.org, slug: approver.slug, login }
  }
}

/** The role of an operator, who may let pass what only a person who answers for the repository may. */
export const operatorRole: Role = "maintain"

/** Everybody whose approval counts at some level of risk, operators among them. */
export function everyApprover({ low, medium, high }: ReviewRules): readonly Approver[] {
  return [...[low, medium, high].flatMap(({ from }) => from), ...operators]
}

const operators: readonly Approver[] = [{ kind: "role", role: operatorRole }]

/** Whether someone is an operator, as GitHub says it now; a question when that is not known. */
export function isOperator(login: string, known: Pick<ApproverInput, "roles" | "teams">): boolean | readonly Need[] {
  return entitled(login, operators, known)
}

/** Whether one of these approvals is of an operator who had no hand in the change; a question when that is not known. */
export function isApprovedByOperator(approvals: readonly Approval[], input: ApproverInput): boolean | readonly Need[] {
  if (input.change?.commits.complete !== true) return false
  const answers = approvals.filter(({ by }) => barred(by, input) === null).map(({ by }) => isOperator(by.login, input))
  if (answers.includes(true)) return true
  const needs = answers.filter((answer) => typeof answer === "object").flat()
  return needs.length > 0 ? needs : false
}

/** The newest opinion of each reviewer: a mere comment is none, and does not take back what was said before. */
export function newestOpinions(reviews: readonly ReviewFact[]): ReviewFact[] {
  const newest = new Map<string, ReviewFact>()
  for (const review of reviews) {
    if (review.state === "other") continue
    const key = review.reviewer.login.toLowerCase()
    const known = newest.get(key)
    if (known === undefined || review.atMs > known.atMs || (review.atMs === known.atMs && review.id > known.id)) {
      newest.set(key, review)
    }
  }
  return [...newest.values()].toSorted((a, b) => a.atMs - b.atMs || a.id - b.id)
}

/** Id of the approval that a review gives. */
export function reviewApprovalId(reviewId: number): string {
  return `review:${reviewId}`
}

/** Whether an approval was given by a button. It stands in no comment and no review that could be taken back. */
export function isByButton({ id }: Pick<Approval, "id">): boolean {
  return id.startsWith("button:")
}

/** Id of the comment that gave an approval; null when it was given otherwise. */
export function approvingComment(approval: Pick<Approval, "id">): number | null {
  const match = /^comment:(\d+):/.exec(approval.id)
  return match === null ? null : Number(match[1])
}

/**
 * Whether an approval is of this very change: given to this head for this base, or to one that changes exactly the same.
 * The same commits change something else when they go into another branch.
 */
export function isOfThisChange(
  approval: Approval,
  { headSha, baseRef }: Pick<PullRequestFact, "headSha" | "baseRef">,
  change: Change | null,
): boolean {
  if (approval.sha === headSha && approval.baseRef === baseRef) return true
  const known = change?.headSha === headSha && change.baseRef === baseRef
  return known && approval.patchId !== null && approval.patchId === change.patchId
}

/** GitHub's word for a review's opinion, as REST and GraphQL spell it; a word that is none of the three is no opinion. */
export function parseReviewState(word: string): ReviewFact["state"] {
  const state = word.toLowerCase()
  return state === "approved" || state === "changes_requested" || state === "dismissed" ? state : "other"
}
