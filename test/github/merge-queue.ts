/** Pull requests waiting in line for a branch. Plain data; the settings of a queue are in `rules.ts`. */
import type { Account, PullRequest } from "./state.ts"

/** A merge group: the branch GitHub made to try an entry on top of what is before it. Times in ISO form. */
export type MergeGroup = { ref: string; baseSha: string; headSha: string; requestedAt: string }

/** https://docs.github.com/en/graphql/reference/enums#mergequeueentrystate */
export type QueueEntryState = "QUEUED" | "AWAITING_CHECKS" | "MERGEABLE" | "UNMERGEABLE" | "LOCKED"

/** A pull request in the queue of its base branch. The order of the repository's list is the order of the queue. */
export type QueueEntry = {
  id: number
  nodeId: string
  pull: PullRequest
  baseRef: string
  enqueuer: Account
  /** Head of the pull request when it joined: another one is not what was asked for. */
  headSha: string
  enqueuedAt: string
  jump: boolean
  state: QueueEntryState
  /** Undefined until the queue gets to it. */
  group: MergeGroup | undefined
}

/** Why GitHub took a pull request out of a queue, of those it does here. https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request */
export type DequeueReason =
  | "MANUAL"
  | "MERGE"
  | "MERGE_CONFLICT"
  | "CI_FAILURE"
  | "CI_TIMEOUT"
  | "QUEUE_CLEARED"
  | "BRANCH_PROTECTIONS"
  | "UNKNOWN_REMOVAL_REASON"
