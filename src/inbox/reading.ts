import type { Actor } from "../ledger/entry.ts"
import type { CheckFact, PullRequestFact } from "../promotion/fact.ts"
import type { Subject } from "./subject.ts"

/** A stored delivery, as the drain hands it to be read. */
export type StoredDelivery = { id: bigint; guid: string; event: string; payload: string }

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

/** What one delivery (or one read) tells of one repository. */
export type Hearsay = {
  repository: HeardRepository
  facts: readonly HeardFact[]
  asks: readonly HeardAsk[]
  /** The config file may have changed. */
  configStale: boolean
  subjects: readonly Subject[]
  /** Every open pull request with one of these heads is to be looked at. */
  wakeHeads: readonly string[]
}

/** What became of a delivery; stored beside it. */
export type Outcome = "queued" | "ignored" | "unparseable" | "not-installed" | "unprocessable"

/** The reading of one delivery; `why` says more for people when it led to nothing. */
export type Reading = { outcome: Outcome; why: string | null; hearsay: readonly Hearsay[] }
