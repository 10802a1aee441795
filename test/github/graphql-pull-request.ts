/** Pull requests in GraphQL. https://docs.github.com/en/graphql/reference/objects#pullrequest */
import { isAtLeast, associationOf, roleOf } from "./access.ts"
import { canWait } from "./act/auto-merge.ts"
import { entryOf } from "./act/merge-queue.ts"
import { readMergeability } from "./act/mergeability.ts"
import { latestReviews } from "./act/protection.ts"
import { queueOf } from "./act/rules.ts"
import { actorOf } from "./api.ts"
import { compareCommits, type Comparison } from "./comparison.ts"
import type { FileDiff } from "./git-diff.ts"
import { rollupField } from "./graphql-check.ts"
import { connection } from "./graphql-connection.ts"
import {
  type Asked,
  type FieldCall,
  type Fields,
  optionalListArg,
  optionalTextArg,
  properties,
  unimplemented,
} from "./graphql-field.ts"
import { commentsField, labelsField } from "./graphql-issue.ts"
import { queueNode } from "./graphql-merge-queue.ts"
import {
  accountNode,
  type AccountNode,
  commitNode,
  type CommitNode,
  type EventNode,
  pullNode,
  type PullRequestNode,
  queueEntryNode,
  refNode,
  repositoryNode,
  type ReviewNode,
} from "./graphql-node.ts"
import type { Caller, PullRequest, Repository, Review } from "./state.ts"
import type { MergeabilityView } from "./view/pull.ts"
import { simplePullView } from "./view/pull.ts"

type PullCommitNode = { node: CommitNode; pull: PullRequestNode }
type AutoMergeNode = { pull: PullRequest; repository: Repository; autoMerge: NonNullable<PullRequest["autoMerge"]> }

function comparisonOf({ repository, pull }: PullRequestNode): Promise<Comparison> {
  return compareCommits(repository.store, pull.baseSha, pull.headSha)
}

/** One query reads mergeability once, however many of its fields stand on it. */
const readings = new WeakMap<Asked, Map<PullRequest, Promise<MergeabilityView>>>()

function mergeabilityOf({ repository, pull }: PullRequestNode, { asked }: FieldCall): Promise<MergeabilityView> {
  const ofQuery = readings.get(asked) ?? new Map<PullRequest, Promise<MergeabilityView>>()
  readings.set(asked, ofQuery)
  const reading = ofQuery.get(pull) ?? readMergeability({ state: asked.state, repository }, pull)
  ofQuery.set(pull, reading)
  return reading
}

async function mergeable(node: PullRequestNode, call: FieldCall): Promise<string> {
  const view = await mergeabilityOf(node, call)
  if (view.mergeable === null) return "UNKNOWN"
  return view.mergeable ? "MERGEABLE" : "CONFLICTING"
}

/** GitHub's `PullRequestState` of a pull request. */
export function pullState(pull: PullRequest): "OPEN" | "CLOSED" | "MERGED" {
  if (pull.mergedAt !== null) return "MERGED"
  return pull.issue.state === "open" ? "OPEN" : "CLOSED"
}

/** Null where branch protection asks for no review. https://docs.github.com/en/graphql/reference/enums#pullrequestreviewdecision */
function reviewDecision({ repository, pull }: PullRequestNode): string | null {
  const wanted = repository.protections.get(pull.baseRef)?.requiredApprovals ?? 0
  if (wanted === 0) return null
  const reviews = [...latestReviews(repository, pull).values()].filter((review) => canPush(repository, review))
  if (reviews.some((review) => review.state === "CHANGES_REQUESTED")) return "CHANGES_REQUESTED"
  return reviews.filter((review) => review.state === "APPROVED").length >= wanted ? "APPROVED" : "REVIEW_REQUIRED"
}

function canPush(repository: Repository, review: Review): boolean {
  return isAtLeast(roleOf(repository, review.author), "write")
}

function reviewNodes(repository: Repository, reviews: Iterable<Review>): ReviewNode[] {
  return [...reviews].map((review) => ({ kind: "PullRequestReview", repository, review }))
}

const identityFields: Fields<PullRequestNode> = {
  id: ({ pull }) => pull.nodeId,
  databaseId: ({ pull }) => pull.id,
  fullDatabaseId: ({ pull }) => String(pull.id),
  number: ({ pull }) => pull.number,
  title: ({ pull }) => pull.issue.title,
  body: ({ pull }) => pull.issue.body ?? "",
  state: ({ pull }) => pullState(pull),
  closed: ({ pull }) => pull.issue.state === "closed",
  locked: ({ pull }) => pull.issue.locked,
  isDraft: ({ pull }) => pull.draft,
  createdAt: ({ pull }) => pull.issue.createdAt,
  updatedAt: ({ pull }) => pull.issue.updatedAt,
  closedAt: ({ pull }) => pull.issue.closedAt,
  url: ({ repository, pull }, { asked }) => simplePullView(asked.state, repository, pull).html_url,
  permalink: ({ repository, pull }, { asked }) => simplePullView(asked.state, repository, pull).html_url,
  repository: ({ repository }) => repositoryNode(repository),
  author: ({ pull }) => accountNode(pull.issue.author),
  viewerDidAuthor: ({ pull }, { asked }) => actorOf(asked.caller).account === pull.issue.author,
  authorAssociation: ({ repository, pull }) => associationOf(repository, pull.issue.author),
}

const branchFields: Fields<PullRequestNode> = {
  headRefOid: ({ pull }) => pull.headSha,
  headRefName: ({ pull }) => pull.headRef,
  headRef: ({ pull }) => refNode(pull.headRepository, `refs/heads/${pull.headRef}`),
  headRepository: ({ pull }) => repositoryNode(pull.headRepository),
  headRepositoryOwner: ({ pull }) => accountNode(pull.headRepository.owner),
  isCrossRepository: ({ repository, pull }) => pull.headRepository !== repository,
  maintainerCanModify: ({ pull }) => pull.maintainerCanModify,
  baseRefOid: ({ pull }) => pull.baseSha,
  baseRefName: ({ pull }) => pull.baseRef,
  baseRef: ({ repository, pull }) => refNode(repository, `refs/heads/${pull.baseRef}`),
  baseRepository: ({ repository }) => repositoryNode(repository),
}

const mergeFields: Fields<PullRequestNode> = {
  merged: ({ pull }) => pull.mergedAt !== null,
  mergedAt: ({ pull }) => pull.mergedAt,
  mergedBy: ({ pull }) => (pull.mergedBy ? accountNode(pull.mergedBy) : null),
  mergeCommit: ({ repository, pull }) => (pull.mergeCommitSha ? commitNode(repository, pull.mergeCommitSha) : null),
  mergeable,
  mergeStateStatus: async (node, call) => (await mergeabilityOf(node, call)).mergeable_state.toUpperCase(),
  autoMergeRequest: ({ repository, pull }): AutoMergeNode | null =>
    pull.autoMerge ? { repository, pull, autoMerge: pull.autoMerge } : null,
  viewerCanEnableAutoMerge: async ({ repository, pull }, { asked }) => {
    if (!mayMerge(asked.caller, repository)) return false
    return canWait({ state: asked.state, repository }, actorOf(asked.caller), pull)
  },
  viewerCanDisableAutoMerge: ({ repository, pull }, { asked }) =>
    pull.autoMerge !== null && mayMerge(asked.caller, repository),
  isInMergeQueue: ({ repository, pull }) => entryOf({ repository }, pull) !== undefined,
  isMergeQueueEnabled: ({ repository, pull }) => queueOf(repository, pull.baseRef) !== undefined,
  mergeQueue: ({ repository, pull }) => queueNode(repository, pull.baseRef),
  mergeQueueEntry: ({ repository, pull }) => {
    const entry = entryOf({ repository }, pull)
    return entry ? queueEntryNode(repository, entry) : null
  },
}

/** What merging takes of who asks. */
function mayMerge(caller: Caller, repository: Repository): boolean {
  if (caller.kind === "person") return isAtLeast(roleOf(repository, caller.account), "write")
  if (caller.kind !== "installation") return false
  const { permissions } = caller.token
  return permissions["contents"] === "write" && permissions["pull_requests"] === "write"
}

const contentFields: Fields<PullRequestNode> = {
  additions: async (node) => (await comparisonOf(node)).files.reduce((sum, file) => sum + file.additions, 0),
  deletions: async (node) => (await comparisonOf(node)).files.reduce((sum, file) => sum + file.deletions, 0),
  changedFiles: async (node) => (await comparisonOf(node)).files.length,
  files: connection<PullRequestNode, FileDiff>({
    list: async (node) => (await comparisonOf(node)).files,
    key: ({ path }) => path,
  }),
  commits: connection<PullRequestNode, PullCommitNode>({
    list: async (pull) => {
      const { repository } = pull
      const { commits } = await comparisonOf(pull)
      return commits.map((commit) => ({ pull, node: { kind: "Commit", repository, sha: commit.sha, commit } }))
    },
    key: ({ node }) => node.sha,
  }),
  statusCheckRollup: rollupField(({ pull }: PullRequestNode) => pull.headSha),
}

const reviewFields: Fields<PullRequestNode> = {
  reviewDecision,
  reviews: connection<PullRequestNode, ReviewNode>({
    args: ["states", "author"],
    list: ({ repository, pull }, call) => {
      const states = optionalListArg(call, "states")
      const author = optionalTextArg(call, "author")
      const wanted = repository.reviews
        .filter((review) => review.pullNumber === pull.number)
        .filter((review) => states === undefined || states.includes(review.state))
        .filter((review) => author === undefined || review.author.login === author)
      return reviewNodes(repository, wanted)
    },
    key: ({ review }) => review.id,
  }),
  latestOpinionatedReviews: connection<PullRequestNode, ReviewNode>({
    args: ["writersOnly"],
    list: ({ repository, pull }, { args }) => {
      const reviews = [...latestReviews(repository, pull).values()]
      return reviewNodes(
        repository,
        args["writersOnly"] === true ? reviews.filter((review) => canPush(repository, review)) : reviews,
      )
    },
    key: ({ review }) => review.id,
  }),
}

const eventKinds = new Map<string, EventNode["kind"] | null>([
  ["LABELED_EVENT", "LabeledEvent"],
  ["UNLABELED_EVENT", "UnlabeledEvent"],
  ["BASE_REF_CHANGED_EVENT", "BaseRefChangedEvent"],
  // Happens when a base branch is deleted, which here closes the pull request.
  ["AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT", null],
])

/** Events of the kinds asked for, oldest first; GitHub has many kinds, this one those about labels and the base. */
function timelineEvents({ repository, pull }: PullRequestNode, call: FieldCall): EventNode[] {
  const kinds = optionalListArg(call, "itemTypes") ?? ["every kind"]
  const foreign = kinds.find((kind) => !eventKinds.has(kind))
  if (foreign !== undefined) throw unimplemented(`PullRequest.timelineItems of ${foreign}`)
  return repository.issueEvents.flatMap((event): EventNode[] => {
    const word = `${event.event.toUpperCase()}_EVENT`
    const kind = kinds.includes(word) ? eventKinds.get(word) : null
    return event.issueNumber === pull.number && kind != null ? [{ kind, repository, event }] : []
  })
}

const baseEventFields: Fields<EventNode> = {
  id: ({ event }) => event.nodeId,
  actor: ({ event }) => accountNode(event.actor),
  createdAt: ({ event }) => event.createdAt,
}

const reviewNodeFields: Fields<ReviewNode> = {
  id: ({ review }) => review.nodeId,
  databaseId: ({ review }) => review.id,
  fullDatabaseId: ({ review }) => String(review.id),
  author: ({ review }) => accountNode(review.author),
  authorAssociation: ({ repository, review }) => associationOf(repository, review.author),
  authorCanPushToRepository: ({ repository, review }) => canPush(repository, review),
  state: ({ review }) => review.state,
  body: ({ review }) => review.body ?? "",
  commit: ({ repository, review }) => commitNode(repository, review.commitSha),
  submittedAt: ({ review }) => review.submittedAt,
  createdAt: ({ review }) => review.submittedAt,
  updatedAt: ({ review }) => review.updatedAt,
  repository: ({ repository }) => repositoryNode(repository),
  pullRequest: ({ repository, review }) => {
    const pull = repository.pulls.get(review.pullNumber)
    return pull && pullNode(repository, pull)
  },
}

const changeTypes: Record<FileDiff["status"], string> = {
  added: "ADDED",
  modified: "MODIFIED",
  removed: "DELETED",
  renamed: "RENAMED",
  copied: "COPIED",
  changed: "CHANGED",
}

/** Types of this file by name. */
export const pullRequestTypes = {
  PullRequest: {
    ...identityFields,
    ...branchFields,
    ...mergeFields,
    ...contentFields,
    ...reviewFields,
    labels: labelsField(({ pull }: PullRequestNode) => pull.issue),
    comments: commentsField(({ pull }: PullRequestNode) => pull.number),
    timelineItems: connection<PullRequestNode, EventNode>({
      args: ["itemTypes"],
      list: timelineEvents,
      key: ({ event }) => event.id,
    }),
  },
  PullRequestCommit: {
    id: ({ pull, node }) => `PURC_${pull.pull.number}_${node.sha.slice(0, 12)}`,
    commit: ({ node }) => node,
    pullRequest: ({ pull }) => pull,
  } satisfies Fields<PullCommitNode>,
  PullRequestChangedFile: {
    ...properties<FileDiff>("path", "additions", "deletions"),
    changeType: ({ status }) => changeTypes[status],
  } satisfies Fields<FileDiff>,
  PullRequestReview: reviewNodeFields,
  BaseRefChangedEvent: baseEventFields,
  AutomaticBaseChangeSucceededEvent: baseEventFields,
  AutoMergeRequest: {
    enabledBy: ({ autoMerge }): AccountNode => accountNode(autoMerge.enabledBy),
    enabledAt: ({ autoMerge }) => autoMerge.enabledAt,
    mergeMethod: ({ autoMerge }) => autoMerge.method.toUpperCase(),
    commitHeadline: ({ autoMerge }) => autoMerge.title,
    commitBody: ({ autoMerge }) => autoMerge.message,
    pullRequest: ({ repository, pull }) => pullNode(repository, pull),
  } satisfies Fields<AutoMergeNode>,
}
