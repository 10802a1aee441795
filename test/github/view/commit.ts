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

/** Who commits what is made on GitHub's pages and by its API. */
const webFlow: Account = {
  id: 19_864_447,
  nodeId: "MDQ6VXNlcjE5ODY0NDQ3",
  login: "web-flow",
  type: "User",
  name: "GitHub Web Flow",
  email: "noreply@github.com",
}

const noReply = /^(?:(\d+)\+)?(.+)@users\.noreply\.github\.com$/i

/**
 * The account a commit's e-mail address belongs to: one of its own addresses, or GitHub's no-reply form, in which the
 * number decides when there is one, because a login can change hands.
 * https://docs.github.com/en/account-and-profile/reference/email-addresses-reference#your-noreply-email-address
 */
export function accountOfPerson(state: GitHubState, { email }: Pick<Person, "email">): Account | undefined {
  const accounts = [...state.accounts.values()]
  const wanted = email.toLowerCase()
  if (wanted === webFlow.email) return webFlow
  const own = accounts.find((one) => [one.email, ...(one.otherEmails ?? [])].some((it) => it.toLowerCase() === wanted))
  if (own) return own
  const [, id, login] = noReply.exec(email) ?? []
  if (id !== undefined) return accounts.find((account) => account.id === Number(id))
  return login === undefined ? undefined : state.accounts.get(login.toLowerCase())
}

/** Everybody who wrote a commit: its author, then those its `Co-authored-by` trailers name, each address once. */
export function authorsOf(commit: Commit): Person[] {
  const { date } = commit.author
  const named = trailersOf(commit.message).flatMap((line) => {
    const [, name, email] = /^co-authored-by:\s*(.*?)\s*<([^<>\s]+)>\s*$/i.exec(line) ?? []
    return email === undefined ? [] : [{ name: name ?? "", email, date }]
  })
  const all = [commit.author, ...named]
  return all.filter((one, index) => index === all.findIndex((it) => it.email.toLowerCase() === one.email.toLowerCase()))
}

/** Lines of the trailer blocks at the end of a message: `Word-word: value`. The subject is never one. */
function trailersOf(message: string): string[] {
  const paragraphs = message
    .trimEnd()
    .split(/\n\s*\n/)
    .slice(1)
  const isTrailer = (line: string) => /^[A-Za-z0-9-]+:\s/.test(line) || /^\s/.test(line)
  const start = paragraphs.findLastIndex((paragraph) => !paragraph.split("\n").every(isTrailer)) + 1
  return paragraphs.slice(start).flatMap((paragraph) => paragraph.split("\n"))
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
    ...(file.patch === undefined || isTooLarge(context.state, file.patch) ? {} : { patch: file.patch }),
    ...(file.previousPath === undefined ? {} : { previous_filename: file.previousPath }),
  } satisfies components["schemas"]["diff-entry"]
}

function isTooLarge({ limits }: GitHubState, patch: string): boolean {
  return Buffer.byteLength(patch) > limits.patchBytes || patch.split("\n").length > limits.patchLines
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
