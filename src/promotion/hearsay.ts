import type { Actor } from "../ledger/entry.ts"
import type { CheckFact, PullRequestFact } from "./fact.ts"

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

/** A label set or taken off. */
export type HeardLabel = {
  kind: "label"
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

/** Something a person asked for, to be answered once. */
export type HeardAsk = HeardComment | HeardLabel

/** Facts about one repository's objects. */
export type HeardFact = { kind: "pull-request"; fact: PullRequestFact } | { kind: "check"; fact: CheckFact }
