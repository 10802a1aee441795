/** The things GraphQL fields are read from: state of this GitHub paired with the repository it belongs to. */
import { type Commit, readCommit, readObject, readTag, type Tag } from "./git-object.ts"
import { readFile, readTree, resolveRevision } from "./git-tree.ts"
import { readRef } from "./git-ref.ts"
import type { Deployment, DeploymentStatus } from "./deployment.ts"
import type { QueueEntry } from "./merge-queue.ts"
import type { QueueSettings } from "./rules.ts"
import type {
  Account,
  App,
  CheckRun,
  CheckSuite,
  CommitStatus,
  Issue,
  Label,
  PullRequest,
  Repository,
  Review,
} from "./state.ts"
import type { IssueComment, IssueEvent } from "./talk.ts"

/** A thing that belongs to a repository; `kind` is its GraphQL type. */
export type Owned<Kind extends string> = { kind: Kind; repository: Repository }

/** An account; `kind` is its GraphQL type. */
export type AccountNode = { kind: Account["type"]; account: Account }

/** An app. */
export type AppNode = { kind: "App"; app: App }

/** A repository. */
export type RepositoryNode = Owned<"Repository">

/** A pull request; `repository` is that of its base. */
export type PullRequestNode = Owned<"PullRequest"> & { pull: PullRequest }

/** An issue that is no pull request. */
export type IssueNode = Owned<"Issue"> & { issue: Issue }

/** A label. */
export type LabelNode = Owned<"Label"> & { label: Label }

/** A comment on an issue or pull request. */
export type CommentNode = Owned<"IssueComment"> & { comment: IssueComment }

/** A review of a pull request. */
export type ReviewNode = Owned<"PullRequestReview"> & { review: Review }

/** Something that happened to an issue or pull request. */
export type EventNode = Owned<
  "LabeledEvent" | "UnlabeledEvent" | "ClosedEvent" | "ReopenedEvent" | "BaseRefChangedEvent"
> & {
  event: IssueEvent
}

/** A check run. */
export type CheckRunNode = Owned<"CheckRun"> & { run: CheckRun }

/** A check suite. */
export type CheckSuiteNode = Owned<"CheckSuite"> & { suite: CheckSuite }

/** A commit status. */
export type StatusContextNode = Owned<"StatusContext"> & { status: CommitStatus }

/** A deployment. */
export type DeploymentNode = Owned<"Deployment"> & { deployment: Deployment }

/** One status of a deployment. */
export type DeploymentStatusNode = Owned<"DeploymentStatus"> & { deployment: Deployment; status: DeploymentStatus }

/** A commit of a repository. */
export type CommitNode = Owned<"Commit"> & { sha: string; commit: Commit }

/** File content. */
export type BlobNode = Owned<"Blob"> & { sha: string; bytes: Buffer }

/** A folder. */
export type TreeNode = Owned<"Tree"> & { sha: string }

/** An annotated tag. */
export type TagNode = Owned<"Tag"> & { sha: string; tag: Tag }

/** Any git object. */
export type GitObjectNode = CommitNode | BlobNode | TreeNode | TagNode

/** A branch or tag; `ref` is the full name. */
export type RefNode = Owned<"Ref"> & { ref: string; sha: string }

/** A merge queue, which is that of a branch. */
export type QueueNode = Owned<"MergeQueue"> & { branch: string; settings: QueueSettings }

/** A place in a merge queue. */
export type QueueEntryNode = Owned<"MergeQueueEntry"> & { entry: QueueEntry }

/** Whatever has a node id that can be looked up. */
export type AnyNode =
  | QueueEntryNode
  | AccountNode
  | AppNode
  | RepositoryNode
  | PullRequestNode
  | IssueNode
  | LabelNode
  | CommentNode
  | ReviewNode
  | CheckRunNode
  | CheckSuiteNode
  | StatusContextNode
  | DeploymentNode
  | DeploymentStatusNode

/** The source of an account. */
export function accountNode(account: Account): AccountNode {
  return { kind: account.type, account }
}

/** The source of a repository. */
export function repositoryNode(repository: Repository): RepositoryNode {
  return { kind: "Repository", repository }
}

/** The source of a pull request of this repository. */
export function pullNode(repository: Repository, pull: PullRequest): PullRequestNode {
  return { kind: "PullRequest", repository, pull }
}

/** The source of a place in a queue. */
export function queueEntryNode(repository: Repository, entry: QueueEntry): QueueEntryNode {
  return { kind: "MergeQueueEntry", repository, entry }
}

/** A commit by its id; throws when the store lacks it, as the state then points nowhere. */
export async function commitNode(repository: Repository, sha: string): Promise<CommitNode> {
  const commit = await readCommit(repository.store, sha)
  if (!commit) throw new Error(`no commit ${sha} in ${repository.name}`)
  return { kind: "Commit", repository, sha, commit }
}

/** A ref by its full name; null when there is none. */
export async function refNode(repository: Repository, ref: string): Promise<RefNode | null> {
  const sha = ref.startsWith("refs/") ? await readRef(repository.store, ref) : undefined
  return sha === undefined ? null : { kind: "Ref", repository, ref, sha }
}

/** Any git object by its id; null when the store has none. */
export async function gitObjectNode(repository: Repository, sha: string): Promise<GitObjectNode | null> {
  const object = await readObject(repository.store, sha)
  if (object?.type === "commit") return commitNode(repository, sha)
  if (object?.type === "blob") return { kind: "Blob", repository, sha, bytes: object.body }
  if (object?.type === "tree") return { kind: "Tree", repository, sha }
  const tag = await readTag(repository.store, sha)
  return tag ? { kind: "Tag", repository, sha, tag } : null
}

/** What an expression names, such as `HEAD:path/to/file`, `main:` or a commit id; null when there is nothing. */
export async function expressionNode(repository: Repository, expression: string): Promise<GitObjectNode | null> {
  const { store } = repository
  const colon = expression.indexOf(":")
  const revision = colon === -1 ? expression : expression.slice(0, colon)
  const sha = await resolveRevision(store, revision === "HEAD" ? `refs/heads/${repository.defaultBranch}` : revision)
  if (sha === undefined) return null
  if (colon === -1) return gitObjectNode(repository, sha)
  const path = expression.slice(colon + 1)
  const file = await readFile(store, sha, path)
  if (file) return { kind: "Blob", repository, sha: file.blobSha, bytes: file.bytes }
  if (path === "") return treeNode(repository, (await readCommit(store, sha))?.tree)
  const entries = await readTree(store, sha, { recursive: true })
  return treeNode(repository, entries?.find((entry) => entry.type === "tree" && entry.path === path)?.sha)
}

function treeNode(repository: Repository, sha: string | undefined): TreeNode | null {
  return sha === undefined ? null : { kind: "Tree", repository, sha }
}
