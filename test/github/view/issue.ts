/** Issues, comments, labels, reviews and reactions as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import { associationOf } from "../access.ts"
import type { GitHubState, Issue, Label, Repository, Review } from "../state.ts"
import type { IssueComment, IssueEvent, Reaction } from "../talk.ts"
import { accountView } from "./account.ts"
import { appView, hookAppView } from "./app.ts"
import { repositoryPage, repositoryUrl } from "./repository.ts"

/** https://docs.github.com/en/rest/issues/labels */
export function labelView(state: GitHubState, repository: Repository, label: Label) {
  return {
    id: label.id,
    node_id: label.nodeId,
    url: `${repositoryUrl(state, repository)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: label.isDefault,
    description: label.description,
  } satisfies components["schemas"]["label"]
}

/** https://docs.github.com/en/rest/issues/issues#get-an-issue; for a pull request with its `pull_request` links. */
export function issueView(state: GitHubState, repository: Repository, issue: Issue) {
  const url = `${repositoryUrl(state, repository)}/issues/${issue.number}`
  const pull = repository.pulls.get(issue.number)
  const page = `${repositoryPage(state, repository)}/${pull ? "pull" : "issues"}/${issue.number}`
  return {
    url,
    repository_url: repositoryUrl(state, repository),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: issue.id,
    node_id: issue.nodeId,
    number: issue.number,
    title: issue.title,
    user: accountView(state, issue.author),
    labels: issue.labels.map((label) => labelView(state, repository, label)),
    state: issue.state,
    locked: issue.locked,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: repository.comments.filter((comment) => comment.issueNumber === issue.number).length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: associationOf(repository, issue.author),
    active_lock_reason: null,
    ...(pull ? { draft: pull.draft, pull_request: pullLinks(state, repository, issue.number) } : {}),
    body: issue.body,
    reactions: reactionsView(`${url}/reactions`, []),
    timeline_url: `${url}/timeline`,
    performed_via_github_app: issue.viaApp ? hookAppView(state, issue.viaApp) : null,
    state_reason: issue.stateReason,
  } satisfies components["schemas"]["issue"]
}

/** The form REST answers with: with who closed it. */
export function fullIssueView(state: GitHubState, repository: Repository, issue: Issue) {
  const closedBy = issue.closedBy ? accountView(state, issue.closedBy) : null
  return { ...issueView(state, repository, issue), closed_by: closedBy }
}

function pullLinks(state: GitHubState, repository: Repository, number: number) {
  const page = `${repositoryPage(state, repository)}/pull/${number}`
  return {
    url: `${repositoryUrl(state, repository)}/pulls/${number}`,
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    merged_at: repository.pulls.get(number)?.mergedAt ?? null,
  }
}

/** https://docs.github.com/en/rest/issues/comments#get-an-issue-comment */
export function commentView(state: GitHubState, repository: Repository, comment: IssueComment) {
  const url = `${repositoryUrl(state, repository)}/issues/comments/${comment.id}`
  const kind = repository.pulls.has(comment.issueNumber) ? "pull" : "issues"
  const page = `${repositoryPage(state, repository)}/${kind}/${comment.issueNumber}`
  return {
    url,
    html_url: `${page}#issuecomment-${comment.id}`,
    issue_url: `${repositoryUrl(state, repository)}/issues/${comment.issueNumber}`,
    id: comment.id,
    node_id: comment.nodeId,
    user: accountView(state, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    author_association: associationOf(repository, comment.author),
    body: comment.body,
    reactions: reactionsView(`${url}/reactions`, comment.reactions),
    performed_via_github_app: comment.viaApp ? hookAppView(state, comment.viaApp) : null,
  } satisfies components["schemas"]["issue-comment"]
}

function reactionsView(url: string, reactions: Reaction[]) {
  const count = (content: string) => reactions.filter((reaction) => reaction.content === content).length
  return {
    url,
    total_count: reactions.length,
    "+1": count("+1"),
    "-1": count("-1"),
    laugh: count("laugh"),
    hooray: count("hooray"),
    confused: count("confused"),
    heart: count("heart"),
    rocket: count("rocket"),
    eyes: count("eyes"),
  }
}

/** https://docs.github.com/en/rest/reactions/reactions */
export function reactionView(state: GitHubState, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: reaction.nodeId,
    user: accountView(state, reaction.user),
    content: reaction.content,
    created_at: reaction.createdAt,
  } satisfies components["schemas"]["reaction"]
}

/** https://docs.github.com/en/rest/issues/events */
export function issueEventView(state: GitHubState, repository: Repository, event: IssueEvent) {
  return {
    id: event.id,
    node_id: event.nodeId,
    url: `${repositoryUrl(state, repository)}/issues/events/${event.id}`,
    actor: accountView(state, event.actor),
    event: event.event,
    commit_id: event.commitSha,
    commit_url: event.commitSha ? `${repositoryUrl(state, repository)}/commits/${event.commitSha}` : null,
    created_at: event.createdAt,
    ...(event.label ? { label: { name: event.label.name, color: event.label.color } } : {}),
    ...(event.rename ? { rename: event.rename } : {}),
    performed_via_github_app: event.viaApp ? appView(state, event.viaApp) : null,
  } satisfies components["schemas"]["issue-event"]
}

/** A review; webhooks write `state` in lower case, REST in upper case. https://docs.github.com/en/rest/pulls/reviews */
export function reviewView(state: GitHubState, repository: Repository, review: Review) {
  const pullUrl = `${repositoryUrl(state, repository)}/pulls/${review.pullNumber}`
  const page = `${repositoryPage(state, repository)}/pull/${review.pullNumber}#pullrequestreview-${review.id}`
  return {
    id: review.id,
    node_id: review.nodeId,
    user: accountView(state, review.author),
    body: review.body ?? "",
    commit_id: review.commitSha,
    submitted_at: review.submittedAt,
    state: review.state as string,
    html_url: page,
    pull_request_url: pullUrl,
    author_association: associationOf(repository, review.author),
    _links: { html: { href: page }, pull_request: { href: pullUrl } },
  } satisfies components["schemas"]["pull-request-review"]
}
