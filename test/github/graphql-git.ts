/** Git objects and refs in GraphQL: commits, trees, blobs, tags. What is reported about a commit is in graphql-check.ts. */
import { pullsWith } from "./comparison.ts"
import { connection } from "./graphql-connection.ts"
import { type Fields, optionalTextArg, properties, textArg } from "./graphql-field.ts"
import {
  type AccountNode,
  type BlobNode,
  type CommitNode,
  commitNode,
  type GitObjectNode,
  gitObjectNode,
  pullNode,
  type PullRequestNode,
  type RefNode,
  repositoryNode,
  type TagNode,
  type TreeNode,
} from "./graphql-node.ts"
import type { Commit, Person } from "./git-object.ts"
import { readTree, standsAt } from "./git-tree.ts"
import { log } from "./git-history.ts"
import { type GitHubState, isoOf, type Repository } from "./state.ts"
import { accountOfPerson, authorsOf, gitNodeId } from "./view/commit.ts"
import { repositoryPage } from "./view/repository.ts"

type GitActorNode = { kind: "GitActor"; date: string; name: string; email: string; user: AccountNode | null }

const mostBlobText = 512_000

/** Here alone GitHub shows a bot as a User with its `[bot]`, as `gh pr view --json commits` tells of dependabot. */
function gitActor(state: GitHubState, person: Person): GitActorNode {
  const account = accountOfPerson(state, person)
  const user: AccountNode | null = account && account.type !== "Organization" ? { kind: "User", account } : null
  return { kind: "GitActor", date: isoOf(person.date), name: person.name, email: person.email, user }
}

const objectFields: Fields<GitObjectNode> = {
  id: ({ kind, sha }) => gitNodeId(kind === "Commit" ? "C" : kind.charAt(0), sha),
  oid: ({ sha }) => sha,
  abbreviatedOid: ({ sha }) => sha.slice(0, 7),
  repository: ({ repository }) => repositoryNode(repository),
  commitUrl: ({ repository, sha }, { asked }) => `${repositoryPage(asked.state, repository)}/commit/${sha}`,
}

const commitFields: Fields<CommitNode> = {
  ...objectFields,
  url: ({ repository, sha }, { asked }) => `${repositoryPage(asked.state, repository)}/commit/${sha}`,
  message: ({ commit }) => commit.message,
  messageHeadline: ({ commit }) => commit.message.split("\n", 1)[0] ?? "",
  messageBody: ({ commit }) => commit.message.replace(/^[^\n]*\n*/, ""),
  authoredDate: ({ commit }) => isoOf(commit.author.date),
  committedDate: ({ commit }) => isoOf(commit.committer.date),
  author: ({ commit }, { asked }) => gitActor(asked.state, commit.author),
  committer: ({ commit }, { asked }) => gitActor(asked.state, commit.committer),
  authors: connection<CommitNode, GitActorNode>({
    list: ({ commit }, { asked }) => authorsOf(commit).map((person) => gitActor(asked.state, person)),
    key: ({ email }) => email,
  }),
  tree: ({ repository, commit }) => ({ kind: "Tree", repository, sha: commit.tree }) satisfies TreeNode,
  file: {
    args: ["path"],
    needs: [{ permission: "contents", level: "read" }],
    resolve: async ({ repository, commit }, call) => {
      const path = textArg(call, "path")
      const folder = path.split("/").slice(0, -1)
      let sha: string | undefined = commit.tree
      for (const name of folder) sha = (await entriesOf(repository, sha)).find((one) => one.name === name)?.oid
      const entry = (await entriesOf(repository, sha)).find((one) => one.name === path.split("/").at(-1))
      return entry === undefined ? null : { ...entry, path }
    },
  },
  parents: connection<CommitNode, CommitNode>({
    list: ({ repository, commit }) => Promise.all(commit.parents.map((sha) => commitNode(repository, sha))),
    key: ({ sha }) => sha,
  }),
  history: connection<CommitNode, CommitNode>({
    args: ["path"],
    list: async ({ repository, sha }, call) => {
      const path = optionalTextArg(call, "path")
      const commits = await log(repository.store, { from: sha })
      const touching = path === undefined ? commits : await thatTouched(repository, commits, path)
      return touching.map((commit) => ({ kind: "Commit", repository, sha: commit.sha, commit }))
    },
    key: ({ sha }) => sha,
  }),
  associatedPullRequests: connection<CommitNode, PullRequestNode>({
    needs: [{ permission: "pull_requests", level: "read" }],
    list: async ({ repository, sha }) => {
      const pulls = await pullsWith(repository, sha)
      return pulls.map((pull) => pullNode(repository, pull))
    },
    key: ({ pull }) => pull.number,
  }),
}

/** Commits that have something else at a path than each of their parents: a merge that took one side's is none. */
async function thatTouched({ store }: Repository, commits: readonly Commit[], path: string): Promise<Commit[]> {
  const found = []
  for (const commit of commits) {
    const now = await standsAt(store, commit.sha, path)
    const before = await Promise.all(commit.parents.map((parent) => standsAt(store, parent, path)))
    if (before.length === 0 ? now !== undefined : !before.includes(now)) found.push(commit)
  }
  return found
}

const blobFields: Fields<BlobNode> = {
  ...objectFields,
  byteSize: ({ bytes }) => bytes.length,
  isBinary: ({ bytes }) => isBinary(bytes),
  isTruncated: ({ bytes }) => !isBinary(bytes) && bytes.length > mostBlobText,
  text: ({ bytes }) => (isBinary(bytes) ? null : bytes.subarray(0, mostBlobText).toString()),
}

/** git's own rule: a NUL in the first 8,000 bytes. */
function isBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, 8000).includes(0)
}

type TreeEntryNode = { repository: Repository; name: string; path: string; mode: number; type: string; oid: string }

async function treeEntries({ repository, sha }: TreeNode): Promise<TreeEntryNode[]> {
  return entriesOf(repository, sha)
}

async function entriesOf(repository: Repository, sha: string | undefined): Promise<TreeEntryNode[]> {
  const entries = sha === undefined ? [] : ((await readTree(repository.store, sha)) ?? [])
  return entries.map(({ path, mode, type, sha: oid }) => ({
    repository,
    name: path,
    path,
    mode: Number.parseInt(mode, 8),
    type,
    oid,
  }))
}

const tagFields: Fields<TagNode> = {
  ...objectFields,
  name: ({ tag }) => tag.tag,
  message: ({ tag }) => tag.message,
  tagger: ({ tag }, { asked }) => gitActor(asked.state, tag.tagger),
  target: ({ repository, tag }) => gitObjectNode(repository, tag.object),
}

const refFields: Fields<RefNode> = {
  id: ({ repository, ref }) => `REF_${Buffer.from(`${repository.id}:${ref}`).toString("base64url")}`,
  name: ({ ref }) => ref.replace(/^refs\/[^/]+\//, ""),
  prefix: ({ ref }) => /^refs\/[^/]+\//.exec(ref)?.[0] ?? "",
  repository: ({ repository }) => repositoryNode(repository),
  target: {
    needs: [{ permission: "contents", level: "read" }],
    resolve: ({ repository, sha }) => gitObjectNode(repository, sha),
  },
}

/** Types of this file by name. */
export const gitTypes = {
  Commit: commitFields,
  Blob: blobFields,
  Tree: { ...objectFields, entries: treeEntries } satisfies Fields<TreeNode>,
  TreeEntry: {
    ...properties<TreeEntryNode>("name", "path", "mode", "type", "oid"),
    object: ({ repository, oid }) => gitObjectNode(repository, oid),
  } satisfies Fields<TreeEntryNode>,
  Tag: tagFields,
  Ref: refFields,
  GitActor: properties<GitActorNode>("date", "name", "email", "user"),
}
