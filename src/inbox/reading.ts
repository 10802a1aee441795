import type { HeardAsk, HeardFact, HeardRepository } from "../promotion/hearsay.ts"
import type { WaitingDeployment } from "../promotion/deployment/deployment-rule.ts"
import type { Subject } from "./subject.ts"

/** A stored delivery, as the drain hands it to be read. */
export type StoredDelivery = { id: bigint; guid: string; event: string; payload: string; receivedAt: Date }

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
  /** Somebody asked for our own check run on these heads again: it is to be written anew, even if nothing changed. */
  rerunHeads: readonly string[]
  /** What was heard of refs and deployments, for the promotion branches; absent: nothing. */
  lanes?: LaneHearsay
  /** A deployment that waits for an answer of this app; absent: none. */
  waiting?: WaitingDeployment
}

/** A ref that was moved, made or deleted, by its full name; or that something was deployed. */
export type LaneHearsay = { ref: string } | { deployed: true }

/** What became of a delivery; stored beside it. */
export type Outcome = "queued" | "ignored" | "unparseable" | "not-installed" | "unprocessable"

/** The reading of one delivery; `why` says more for people when it led to nothing. */
export type Reading = { outcome: Outcome; why: string | null; hearsay: readonly Hearsay[] }
