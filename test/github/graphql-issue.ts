/** Issues, their labels and comments in GraphQL. */
import { associationOf } from "./access.ts"
import { connection } from "./graphql-connection.ts"
import { type FieldCall, type FieldPlan, type Fields, optionalListArg, unimplemented } from "./graphql-field.ts"
import {
  accountNode,
  type CommentNode,
  type EventNode,
  type IssueNode,
  type LabelNode,
  pullNode,
  repositoryNode,
} from "./graphql-node.ts"
import type { Issue, Repository } from "./state.ts"
import { commentView, issueView } from "./view/issue.ts"

type InRepository = { repository: Repository }

/** `labels` of an issue or pull request. */
export function labelsField<Source extends InRepository>(issueOf: (source: Source) => Issue): FieldPlan<Source> {
  return connection<Source, LabelNode>({
    list: (source) => issueOf(source).labels.map((label) => ({ kind: "Label", repository: source.repository, label })),
    key: ({ label }) => label.id,
  })
}

/** `comments` of an issue or pull request, oldest first. */
export function commentsField<Source extends InRepository>(numberOf: (source: Source) => number): FieldPlan<Source> {
  return connection<Source, CommentNode>({
    list: (source) =>
      source.repository.comments
        .filter((comment) => comment.issueNumber === numberOf(source))
        .map((comment) => ({ kind: "IssueComment", repository: source.repository, comment })),
    key: ({ comment }) => comment.id,
  })
}

const issueFields: Fields<IssueNode> = {
  id: ({ issue }) => issue.nodeId,
  databaseId: ({ issue }) => issue.id,
  fullDatabaseId: ({ issue }) => String(issue.id),
  number: ({ issue }) => issue.number,
  title: ({ issue }) => issue.title,
  body: ({ issue }) => issue.body ?? "",
  state: ({ issue }) => issue.state.toUpperCase(),
  stateReason: ({ issue }) => issue.stateReason?.toUpperCase() ?? null,
  closed: ({ issue }) => issue.state === "closed",
  locked: ({ issue }) => issue.locked,
  createdAt: ({ issue }) => issue.createdAt,
  updatedAt: ({ issue }) => issue.updatedAt,
  closedAt: ({ issue }) => issue.closedAt,
  author: ({ issue }) => accountNode(issue.author),
  authorAssociation: ({ repository, issue }) => associationOf(repository, issue.author),
  url: ({ repository, issue }, { asked }) => issueView(asked.state, repository, issue).html_url,
  repository: ({ repository }) => repositoryNode(repository),
  labels: labelsField(({ issue }: IssueNode) => issue),
  comments: commentsField(({ issue }: IssueNode) => issue.number),
  timelineItems: connection<IssueNode, EventNode>({
    args: ["itemTypes"],
    list: timelineEvents,
    key: ({ event }) => event.id,
  }),
}

const eventKinds = new Map<string, EventNode["kind"]>([
  ["labeled", "LabeledEvent"],
  ["unlabeled", "UnlabeledEvent"],
  ["closed", "ClosedEvent"],
  ["reopened", "ReopenedEvent"],
])

/** Events of the kinds asked for, oldest first; GitHub has many kinds, this one has four. */
function timelineEvents({ repository, issue }: IssueNode, call: FieldCall): EventNode[] {
  const kinds = optionalListArg(call, "itemTypes") ?? ["every kind"]
  const known = new Set([...eventKinds.keys()].map((event) => `${event.toUpperCase()}_EVENT`))
  const foreign = kinds.find((kind) => !known.has(kind))
  if (foreign !== undefined) throw unimplemented(`Issue.timelineItems of ${foreign}`)
  return repository.issueEvents.flatMap((event): EventNode[] => {
    const kind = eventKinds.get(event.event)
    if (event.issueNumber !== issue.number || kind === undefined) return []
    return kinds.includes(`${event.event.toUpperCase()}_EVENT`) ? [{ kind, repository, event }] : []
  })
}

const eventFields: Fields<EventNode> = {
  id: ({ event }) => event.nodeId,
  actor: ({ event }) => accountNode(event.actor),
  createdAt: ({ event }) => event.createdAt,
}

const labelEventFields: Fields<EventNode> = {
  ...eventFields,
  label: ({ repository, event }) => ({ kind: "Label", repository, label: event.label }),
  labelable: ({ repository, event }) => {
    const pull = repository.pulls.get(event.issueNumber)
    return pull ? pullNode(repository, pull) : issueNode(repository, event.issueNumber)
  },
}

function issueNode(repository: Repository, number: number): IssueNode {
  const issue = repository.issues.get(number)
  if (!issue) throw new Error("an event of no issue")
  return { kind: "Issue", repository, issue }
}

const labelFields: Fields<LabelNode> = {
  id: ({ label }) => label.nodeId,
  name: ({ label }) => label.name,
  color: ({ label }) => label.color,
  description: ({ label }) => label.description,
  isDefault: ({ label }) => label.isDefault,
  repository: ({ repository }) => repositoryNode(repository),
}

const commentFields: Fields<CommentNode> = {
  id: ({ comment }) => comment.nodeId,
  databaseId: ({ comment }) => comment.id,
  fullDatabaseId: ({ comment }) => String(comment.id),
  body: ({ comment }) => comment.body,
  author: ({ comment }) => accountNode(comment.author),
  authorAssociation: ({ repository, comment }) => associationOf(repository, comment.author),
  createdAt: ({ comment }) => comment.createdAt,
  updatedAt: ({ comment }) => comment.updatedAt,
  lastEditedAt: ({ comment }) => comment.lastEditedAt,
  url: ({ repository, comment }, { asked }) => commentView(asked.state, repository, comment).html_url,
  repository: ({ repository }) => repositoryNode(repository),
  pullRequest: ({ repository, comment }) => {
    const pull = repository.pulls.get(comment.issueNumber)
    return pull ? pullNode(repository, pull) : null
  },
}

/** Types of this file by name. */
export const issueTypes = {
  Issue: issueFields,
  Label: labelFields,
  IssueComment: commentFields,
  LabeledEvent: labelEventFields,
  UnlabeledEvent: labelEventFields,
  ClosedEvent: eventFields,
  ReopenedEvent: eventFields,
}
