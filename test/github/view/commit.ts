/** Commits and files as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import { diffFiles } from "../git-diff.ts"
import type { FileDiff } from "../git-diff.ts"
import { emptyTree, readTree } from "../git-tree.ts"
import type { Commit, Person } from "../git-object.ts"
import type { Account, GitHubState, Repository } from "../state.ts"
import { isoOf } from "../state.ts"
import { nodeIdOf } from "../ids.ts"
import { accountView } from "./account.ts"
import { repositoryPage, repositoryUrl } from "./repository.ts"

/** The account a commit's e-mail address belongs to. */
export function accountOfPerson(state: GitHubState, person: Person): Account | undefined {
  return [...state.accounts.values()].find((account) => account.email === person.email)
}

/** A node id for a git object, which has no number. */
export function gitNodeId(prefix: string, sha: string): string {
  return nodeIdOf(prefix, Number.parseInt(sha.slice(0, 12), 16))
}

const unsigned = { verified: false, reason: "unsigned" as const, signature: null, payload: null, verified_at: null }

function personView(person: Person) {
  return { name: person.name, email: person.email, date: isoOf(person.date) }
}

/** https://docs.github.com/en/rest/commits/commits#list-commits */
export function commitView(state: GitHubState, repository: Repository, commit: Commit) {
  const url = repositoryUrl(state, repository)
  const page = repositoryPage(state, repository)
  const account = (person: Person) => {
    const found = accountOfPerson(state, person)
    return found ? accountView(state, found) : null
  }
  return {
    sha: commit.sha,
    node_id: gitNodeId("C", commit.sha),
    commit: {
      author: personView(commit.author),
      committer: personView(commit.committer),
      message: commit.message,
      tree: { sha: commit.tree, url: `${url}/git/trees/${commit.tree}` },
      url: `${url}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: unsigned,
    },
    url: `${url}/commits/${commit.sha}`,
    html_url: `${page}/commit/${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    author: account(commit.author),
    committer: account(commit.committer),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${url}/commits/${sha}`,
      html_url: `${page}/commit/${sha}`,
    })),
  } satisfies components["schemas"]["commit"]
}

/** The form of `status` events, which do not tell when a signature was verified. */
export function hookCommitView(state: GitHubState, repository: Repository, commit: Commit) {
  const view = commitView(state, repository, commit)
  const { verified_at: _verifiedAt, ...verification } = view.commit.verification
  return { ...view, commit: { ...view.commit, verification } }
}

/** https://docs.github.com/en/rest/git/commits#get-a-commit-object */
export function gitCommitView(state: GitHubState, repository: Repository, commit: Commit) {
  const {
    author: _author,
    committer: _committer,
    commit: inner,
    comments_url: _comments,
    ...rest
  } = commitView(state, repository, commit)
  const { url, author, committer, message, tree, verification } = inner
  return { ...rest, url, author, committer, message, tree, verification }
}

/** https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files; `ref` is the commit the content is read at. */
export function fileView(context: { state: GitHubState; repository: Repository; ref: string }, file: FileDiff) {
  const url = repositoryUrl(context.state, context.repository)
  const page = repositoryPage(context.state, context.repository)
  const path = file.path.split("/").map(encodeURIComponent).join("/")
  return {
    sha: file.blobSha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${page}/blob/${context.ref}/${path}`,
    raw_url: `${page}/raw/${context.ref}/${path}`,
    contents_url: `${url}/contents/${path}?ref=${context.ref}`,
    ...(file.patch === undefined ? {} : { patch: file.patch }),
    ...(file.previousPath === undefined ? {} : { previous_filename: file.previousPath }),
  } satisfies components["schemas"]["diff-entry"]
}

/** The commit form of `push` payloads, with the paths it changed against its first parent. */
export async function pushCommitView(state: GitHubState, repository: Repository, commit: Commit) {
  const changes = await pathsChangedBy(repository, commit)
  const person = (who: Person) => {
    const username = accountOfPerson(state, who)?.login
    return { name: who.name, email: who.email, ...(username ? { username } : {}) }
  }
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: isoOf(commit.committer.date),
    url: `${repositoryPage(state, repository)}/commit/${commit.sha}`,
    author: person(commit.author),
    committer: person(commit.committer),
    ...changes,
  }
}

/** The short form inside check suites. */
export function simpleCommitView(commit: Commit) {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: isoOf(commit.committer.date),
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  }
}

async function pathsChangedBy(repository: Repository, commit: Commit) {
  const parent = commit.parents[0]
  if (parent === undefined) {
    const entries = (await readTree(repository.store, commit.sha, { recursive: true })) ?? []
    const added = entries.filter((entry) => entry.type === "blob").map((entry) => entry.path)
    return { added, removed: [], modified: [] }
  }
  const files = await diffFiles(repository.store, parent, commit.sha)
  const moved = files.filter((file) => file.status === "renamed")
  const pathsOf = (status: string) => files.filter((file) => file.status === status).map((file) => file.path)
  return {
    added: [...pathsOf("added"), ...moved.map((file) => file.path)],
    removed: [...pathsOf("removed"), ...moved.flatMap((file) => file.previousPath ?? [])],
    modified: [...pathsOf("modified"), ...pathsOf("changed")],
  }
}

/** Files of one commit against its first parent (everything, for a root commit). */
export async function filesOfCommit(repository: Repository, commit: Commit): Promise<readonly FileDiff[]> {
  return diffFiles(repository.store, commit.parents[0] ?? emptyTree, commit.sha)
}
