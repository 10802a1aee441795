/** Merge queues in GraphQL. https://docs.github.com/en/graphql/reference/objects#mergequeue */
import { queueEntriesOf } from "./act/merge-queue.ts"
import { queueOf } from "./act/rules.ts"
import { connection } from "./graphql-connection.ts"
import type { Fields } from "./graphql-field.ts"
import {
  accountNode,
  commitNode,
  type CommitNode,
  pullNode,
  type QueueEntryNode,
  queueEntryNode,
  type QueueNode,
  repositoryNode,
} from "./graphql-node.ts"
import type { QueueSettings } from "./rules.ts"
import { repositoryPage } from "./view/repository.ts"

const entryFields: Fields<QueueEntryNode> = {
  id: ({ entry }) => entry.nodeId,
  position: ({ repository, entry }) => queueEntriesOf({ repository }, entry.baseRef).indexOf(entry) + 1,
  state: ({ entry }) => entry.state,
  enqueuedAt: ({ entry }) => entry.enqueuedAt,
  enqueuer: ({ entry }) => accountNode(entry.enqueuer),
  jump: ({ entry }) => entry.jump,
  solo: () => false,
  headCommit: ({ repository, entry }): Promise<CommitNode> | null =>
    entry.group ? commitNode(repository, entry.group.headSha) : null,
  baseCommit: ({ repository, entry }): Promise<CommitNode> | null =>
    entry.group ? commitNode(repository, entry.group.baseSha) : null,
  pullRequest: ({ repository, entry }) => pullNode(repository, entry.pull),
  mergeQueue: ({ repository, entry }) => queueNode(repository, entry.baseRef),
}

/** The queue of a branch; null where it has none. */
export function queueNode(repository: QueueNode["repository"], branch: string): QueueNode | null {
  const settings = queueOf(repository, branch)
  return settings ? { kind: "MergeQueue", repository, branch, settings } : null
}

const queueFields: Fields<QueueNode> = {
  id: ({ repository, branch }) => `MQ_${Buffer.from(`${repository.id}:${branch}`).toString("base64url")}`,
  repository: ({ repository }) => repositoryNode(repository),
  url: ({ repository, branch }, { asked }) => `${repositoryPage(asked.state, repository)}/queue/${branch}`,
  configuration: ({ settings }) => settings,
  entries: connection<QueueNode, QueueEntryNode>({
    list: ({ repository, branch }) =>
      queueEntriesOf({ repository }, branch).map((entry) => queueEntryNode(repository, entry)),
    key: ({ entry }) => entry.id,
  }),
}

const configurationFields: Fields<QueueSettings> = {
  mergeMethod: (settings) => settings.merge_method,
  mergingStrategy: (settings) => settings.grouping_strategy,
  maximumEntriesToBuild: (settings) => settings.max_entries_to_build,
  maximumEntriesToMerge: (settings) => settings.max_entries_to_merge,
  minimumEntriesToMerge: (settings) => settings.min_entries_to_merge,
  minimumEntriesToMergeWaitTime: (settings) => settings.min_entries_to_merge_wait_minutes,
  checkResponseTimeout: (settings) => settings.check_response_timeout_minutes,
}

/** Types of this file by name. */
export const mergeQueueTypes = {
  MergeQueue: queueFields,
  MergeQueueEntry: entryFields,
  MergeQueueConfiguration: configurationFields,
}
