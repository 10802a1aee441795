/** The records issues and pull requests share: numbers and what happened to them. */
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Actor, Issue, World } from "../state.ts"
import type { IssueEvent } from "../talk.ts"

/** Takes the repository's next number for an issue (or the issue half of a pull request). Emits nothing. */
export function newIssue(world: World, actor: Actor, plan: { title: string; body: string | null }): Issue {
  const { state, repository } = world
  const now = isoNow(state)
  const issue: Issue = {
    ...freshIds("I"),
    number: repository.nextNumber,
    title: plan.title,
    body: plan.body,
    author: actor.account,
    viaApp: actor.app,
    state: "open",
    stateReason: null,
    labels: [],
    locked: false,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    closedBy: null,
  }
  repository.nextNumber += 1
  repository.issues.set(issue.number, issue)
  return issue
}

/** Adds to the list behind `GET /issues/{number}/events`. */
export function recordIssueEvent(
  world: World,
  actor: Actor,
  happened: Pick<IssueEvent, "issueNumber" | "event"> & Partial<IssueEvent>,
): void {
  world.repository.issueEvents.push({
    ...freshIds("EV"),
    actor: actor.account,
    viaApp: actor.app,
    label: undefined,
    commitSha: null,
    rename: undefined,
    createdAt: isoNow(world.state),
    ...happened,
  })
}
