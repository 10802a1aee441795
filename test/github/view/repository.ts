/** Repositories as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import { fullNameOf } from "../access.ts"
import type { GitHubState, Repository } from "../state.ts"
import { accountView } from "./account.ts"

/** What the caller may do in a repository. */
export type RepositoryPermissions = { admin: boolean; maintain: boolean; push: boolean; triage: boolean; pull: boolean }

/** API root of a repository, without trailing slash. */
export function repositoryUrl(state: GitHubState, repository: Repository): string {
  return `${state.urls.api}/repos/${fullNameOf(repository)}`
}

/** Page of a repository. */
export function repositoryPage(state: GitHubState, repository: Repository): string {
  return `${state.urls.html}/${fullNameOf(repository)}`
}

/** The form webhooks and lists carry. https://docs.github.com/en/rest/repos/repos#get-a-repository */
export function repositoryView(state: GitHubState, repository: Repository) {
  const openIssues = [...repository.issues.values()].filter((issue) => issue.state === "open").length
  const forks = [...state.repositories.values()].filter((other) => other.forkOf === repository).length
  return {
    id: repository.id,
    node_id: repository.nodeId,
    name: repository.name,
    full_name: fullNameOf(repository),
    private: repository.isPrivate,
    owner: accountView(state, repository.owner),
    description: repository.description,
    fork: repository.forkOf !== undefined,
    ...repositoryLinks(state, repository),
    created_at: repository.createdAt,
    updated_at: repository.updatedAt,
    pushed_at: repository.pushedAt,
    homepage: null,
    size: 0,
    stargazers_count: 0,
    watchers_count: 0,
    language: null,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    forks_count: forks,
    mirror_url: null,
    archived: repository.isArchived,
    disabled: false,
    open_issues_count: openIssues,
    license: null,
    allow_forking: true,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: repository.isPrivate ? ("private" as const) : ("public" as const),
    forks,
    open_issues: openIssues,
    watchers: 0,
    default_branch: repository.defaultBranch,
    custom_properties: {},
  }
}

/** The long form of `GET /repos/{owner}/{repo}`: with merge settings and the caller's permissions. */
export function fullRepositoryView(state: GitHubState, repository: Repository, permissions: RepositoryPermissions) {
  return {
    ...repositoryView(state, repository),
    permissions,
    allow_squash_merge: repository.allowedMergeMethods.has("squash"),
    allow_merge_commit: repository.allowedMergeMethods.has("merge"),
    allow_rebase_merge: repository.allowedMergeMethods.has("rebase"),
    allow_auto_merge: repository.allowAutoMerge,
    delete_branch_on_merge: repository.deleteBranchOnMerge,
    allow_update_branch: false,
    subscribers_count: 0,
    network_count: 0,
    ...(repository.forkOf ? { parent: repositoryView(state, repository.forkOf) } : {}),
  } satisfies components["schemas"]["full-repository"]
}

function repositoryLinks(state: GitHubState, repository: Repository) {
  const url = repositoryUrl(state, repository)
  const page = repositoryPage(state, repository)
  return {
    html_url: page,
    url,
    forks_url: `${url}/forks`,
    keys_url: `${url}/keys{/key_id}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    teams_url: `${url}/teams`,
    hooks_url: `${url}/hooks`,
    issue_events_url: `${url}/issues/events{/number}`,
    events_url: `${url}/events`,
    assignees_url: `${url}/assignees{/user}`,
    branches_url: `${url}/branches{/branch}`,
    tags_url: `${url}/tags`,
    blobs_url: `${url}/git/blobs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    trees_url: `${url}/git/trees{/sha}`,
    statuses_url: `${url}/statuses/{sha}`,
    languages_url: `${url}/languages`,
    stargazers_url: `${url}/stargazers`,
    contributors_url: `${url}/contributors`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    commits_url: `${url}/commits{/sha}`,
    git_commits_url: `${url}/git/commits{/sha}`,
    comments_url: `${url}/comments{/number}`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    contents_url: `${url}/contents/{+path}`,
    compare_url: `${url}/compare/{base}...{head}`,
    merges_url: `${url}/merges`,
    archive_url: `${url}/{archive_format}{/ref}`,
    downloads_url: `${url}/downloads`,
    issues_url: `${url}/issues{/number}`,
    pulls_url: `${url}/pulls{/number}`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    labels_url: `${url}/labels{/name}`,
    releases_url: `${url}/releases{/id}`,
    deployments_url: `${url}/deployments`,
    git_url: `git://${page.replace(/^https?:\/\//, "")}.git`,
    ssh_url: `git@${page.replace(/^https?:\/\//, "").replace("/", ":")}.git`,
    clone_url: `${page}.git`,
    svn_url: page,
  }
}

/** The form of `push` events, which alone write some times as seconds and know two older names. */
export function pushRepositoryView(state: GitHubState, repository: Repository) {
  const view = repositoryView(state, repository)
  return {
    ...view,
    owner: { ...view.owner, name: repository.owner.name, email: repository.owner.email },
    created_at: Date.parse(repository.createdAt) / 1000,
    pushed_at: Date.parse(repository.pushedAt) / 1000,
    stargazers: 0,
    master_branch: repository.defaultBranch,
  }
}
