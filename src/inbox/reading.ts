import type { HeardAsk, HeardFact, HeardRepository } from "../promotion/hearsay.ts"
import type { Subject } from "./subject.ts"

/** A stored delivery, as the drain hands it to be read. */
export type StoredDelivery = { id: bigint; guid: string; event: string; payload: string }

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
