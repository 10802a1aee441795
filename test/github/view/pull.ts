/** Pull requests as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import { associationOf } from "../access.ts"
import { compareCommits } from "../comparison.ts"
import type { GitHubState, PullRequest, Repository } from "../state.ts"
import { accountView } from "./account.ts"
import { labelView } from "./issue.ts"
import { repositoryPage, repositoryUrl, repositoryView } from "./repository.ts"

/** What reading a pull request says about merging it. https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request */
export type MergeabilityView = {
  mergeable: boolean | null
  rebaseable: boolean | null
  mergeable_state: string
  merge_commit_sha: string | null
}

/** Mergeability nobody has worked out yet. */
export const unknownMergeability: MergeabilityView = {
  mergeable: null,
  rebaseable: null,
  mergeable_state: "unknown",
  merge_commit_sha: null,
}

/** The form of lists and review events. */
export function simplePullView(state: GitHubState, repository: Repository, pull: PullRequest) {
  const url = `${repositoryUrl(state, repository)}/pulls/${pull.number}`
  const { issue } = pull
  return {
    url,
    id: pull.id,
    node_id: pull.nodeId,
    ...pullPages(state, repository, pull),
    number: pull.number,
    state: issue.state,
    locked: issue.locked,
    title: issue.title,
    user: accountView(state, issue.author),
    body: issue.body,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    merged_at: pull.mergedAt,
    merge_commit_sha: pull.mergeCommitSha ?? pull.mergeability?.mergeSha ?? null,
    assignee: null,
    assignees: [],
    requested_reviewers: pull.requestedReviewers.map((account) => accountView(state, account)),
    requested_teams: [],
    labels: issue.labels.map((label) => labelView(state, repository, label)),
    milestone: null,
    draft: pull.draft,
    head: branchView(state, pull.headRepository, { ref: pull.headRef, sha: pull.headSha }),
    base: branchView(state, repository, { ref: pull.baseRef, sha: pull.baseSha }),
    _links: pullLinks(state, repository, pull),
    author_association: associationOf(repository, issue.author),
    auto_merge: autoMergeView(state, pull),
    active_lock_reason: null,
  } satisfies Omit<components["schemas"]["pull-request-simple"], "labels" | "auto_merge"> & {
    labels: unknown
    auto_merge: unknown // its title and message are null in truth: github/rest-api-description#2491
  }
}

/** The long form of `GET /pulls/{number}` and of `pull_request` events. */
export async function pullView(
  world: { state: GitHubState; repository: Repository },
  pull: PullRequest,
  mergeability: MergeabilityView = unknownMergeability,
) {
  const { state, repository } = world
  const { commits, files } = await compareCommits(repository.store, pull.baseSha, pull.headSha)
  const sum = (key: "additions" | "deletions") => files.reduce((total, file) => total + file[key], 0)
  return {
    ...simplePullView(state, repository, pull),
    ...mergeability,
    merge_commit_sha: pull.mergeCommitSha ?? mergeability.merge_commit_sha,
    merged: pull.mergedAt !== null,
    merged_by: pull.mergedBy ? accountView(state, pull.mergedBy) : null,
    comments: repository.comments.filter((comment) => comment.issueNumber === pull.number).length,
    review_comments: 0,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: commits.length,
    additions: sum("additions"),
    deletions: sum("deletions"),
    changed_files: files.length,
  }
}

/** The stub check runs and suites carry. */
export function pullStub(state: GitHubState, repository: Repository, pull: PullRequest) {
  const stub = (of: Repository) => ({ id: of.id, url: repositoryUrl(state, of), name: of.name })
  return {
    url: `${repositoryUrl(state, repository)}/pulls/${pull.number}`,
    id: pull.id,
    number: pull.number,
    head: { ref: pull.headRef, sha: pull.headSha, repo: stub(pull.headRepository) },
    base: { ref: pull.baseRef, sha: pull.baseSha, repo: stub(repository) },
  }
}

function branchView(state: GitHubState, repository: Repository, tip: { ref: string; sha: string }) {
  return {
    label: `${repository.owner.login}:${tip.ref}`,
    ...tip,
    user: accountView(state, repository.owner),
    repo: {
      ...repositoryView(state, repository),
      allow_squash_merge: repository.allowedMergeMethods.has("squash"),
      allow_merge_commit: repository.allowedMergeMethods.has("merge"),
      allow_rebase_merge: repository.allowedMergeMethods.has("rebase"),
      allow_auto_merge: repository.allowAutoMerge,
      delete_branch_on_merge: repository.deleteBranchOnMerge,
    },
  }
}

function pullPages(state: GitHubState, repository: Repository, pull: PullRequest) {
  const api = repositoryUrl(state, repository)
  const page = `${repositoryPage(state, repository)}/pull/${pull.number}`
  return {
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: `${api}/issues/${pull.number}`,
    commits_url: `${api}/pulls/${pull.number}/commits`,
    review_comments_url: `${api}/pulls/${pull.number}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${api}/issues/${pull.number}/comments`,
    statuses_url: `${api}/statuses/${pull.headSha}`,
  }
}

function pullLinks(state: GitHubState, repository: Repository, pull: PullRequest) {
  const pages = pullPages(state, repository, pull)
  return {
    self: { href: `${repositoryUrl(state, repository)}/pulls/${pull.number}` },
    html: { href: pages.html_url },
    issue: { href: pages.issue_url },
    comments: { href: pages.comments_url },
    review_comments: { href: pages.review_comments_url },
    review_comment: { href: pages.review_comment_url },
    commits: { href: pages.commits_url },
    statuses: { href: pages.statuses_url },
  }
}

function autoMergeView(state: GitHubState, pull: PullRequest) {
  if (!pull.autoMerge) return null
  return {
    enabled_by: accountView(state, pull.autoMerge.enabledBy),
    merge_method: pull.autoMerge.method,
    commit_title: pull.autoMerge.title,
    commit_message: pull.autoMerge.message,
  }
}
