import type { Actor } from "../ledger/entry.ts"
import type { Press } from "./command/button.ts"
import type {
  CheckFact,
  CommentFact,
  ConfigFileFact,
  DeploymentFact,
  HeadFact,
  IssueFact,
  MergeGroupFact,
  PullRequestFact,
  QueueFact,
  RetargetFact,
  ReviewFact,
} from "./fact.ts"

/** What webhooks and reads tell, in the form in which it is stored. */

/** What is heard about a repository. Absent fields were not told. */
export type HeardRepository = {
  id: number
  installationId: number
  owner: string
  name: string
  defaultBranch: string | null
  active: boolean
}

/** A comment that may hold commands. */
export type HeardComment = {
  kind: "comment"
  number: number
  atMs: number
  commentId: number
  onPullRequest: boolean
  body: string
  actor: Actor
  actorIsBot: boolean
  /** The delivery that told it, `delivery:<GUID>`; null when it was seen. */
  cause: string | null
}

/** What ends or begins the hold of every label on an issue. */
export type IssueChange = "opened" | "reopened" | "closed" | "deleted" | "transferred"

/** A label set or taken off, or an issue with its labels opened or closed. */
export type HeardLabel = {
  kind: "label"
  /** With this, it is of the issue, and `label` is empty. */
  by?: IssueChange
  number: number
  atMs: number
  label: string
  on: boolean
  /** Null when GitHub does not say who. */
  actor: Actor | null
  actorIsBot: boolean
  /** The delivery that told it, `delivery:<GUID>`; null when it was seen. */
  cause: string | null
}

/** A button pressed on our own check run. */
export type HeardButton = {
  kind: "button"
  /** GUID of the delivery that told it: the same for every redelivery, another for every press. */
  deliveryId: string
  number: number
  /** When the delivery arrived: GitHub tells no time of a press. */
  atMs: number
  press: Press
  actor: Actor
  actorIsBot: boolean
  /** The delivery that told it, `delivery:<GUID>`. */
  cause: string
}

/** Something a person asked for, to be answered once. */
export type HeardAsk = HeardComment | HeardLabel | HeardButton

/** Facts about one repository's objects. */
export type HeardFact =
  | { kind: "pull-request"; fact: PullRequestFact }
  | { kind: "check"; fact: CheckFact }
  | { kind: "review"; fact: ReviewFact }
  /** `pushed`: the event told of the push itself; otherwise the head was merely seen to be there. */
  | { kind: "head"; fact: HeadFact; pushed: boolean }
  | { kind: "config-file"; fact: ConfigFileFact }
  | { kind: "retarget"; fact: RetargetFact }
  | { kind: "queue"; fact: QueueFact }
  | { kind: "comment"; fact: CommentFact }
  | { kind: "merge-group"; fact: MergeGroupFact }
  | { kind: "issue"; fact: IssueFact }
  | { kind: "deployment"; fact: DeploymentFact }
