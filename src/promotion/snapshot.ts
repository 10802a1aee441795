import type { Actor } from "../ledger/entry.ts"
import type { ConfigInForce } from "./config.ts"
import type { CheckFact, PullRequestFact, RepositoryFact } from "./fact.ts"
import type { Pause } from "./pause.ts"
import type { Role } from "./permission.ts"
import type { PromotionState } from "./state.ts"

/** Who set or took off the pause label, and whether that was answered. */
export type LabelAsk = {
  key: string
  /** When, milliseconds since 1970; GitHub tells it to the second. */
  atMs: number
  /** True when the label was set, false when it was taken off. */
  on: boolean
  /** Null when GitHub does not say. */
  actor: Actor | null
  actorIsBot: boolean
  /** The delivery that told it, `delivery:<GUID>`; null when it was seen. */
  cause: string | null
  /** True once a decision about it stands on the ledger. */
  answered: boolean
}

/** Everything a decision about one pull request may use. Pure data; the clock is in it. */
export type Snapshot = {
  nowMs: number
  ownAppId: number
  repository: RepositoryFact
  /** Null: never read, or it may have changed since. Nothing can be judged without it. */
  config: ConfigInForce | null
  /** Null: nothing heard of it yet. */
  pullRequest: PullRequestFact | null
  /** All check runs and statuses known for the pull request's head. */
  checks: readonly CheckFact[]
  /**
   * What was read from GitHub itself in this very pass: `complete` when the whole pull request at its head was seen,
   * `partial` when GitHub did not tell everything, `none` when the facts are hearsay.
   */
  sight: "complete" | "partial" | "none"
  /** The newest promotion of the pull request. */
  promotion: PromotionState | null
  pauses: readonly Pause[]
  /** The newest changes of the pause label, newest first. */
  labelAsks: readonly LabelAsk[]
  /** Roles asked of GitHub in this pass, by login. */
  roles: ReadonlyMap<string, Role>
  /** UUIDv7 to be used if a promotion begins. */
  newRunId: string
}

/** Something that must be asked of GitHub before a decision can be made. */
export type Need = { kind: "sight" } | { kind: "role"; login: string }
