import type { Actor } from "../../ledger/entry.ts"
import type { ConfigInForce } from "../config/config.ts"
import type { Change } from "../change/change.ts"
import type { HeadConfig } from "../config/proposal.ts"
import type {
  CheckFact,
  CommentFact,
  DeploymentFact,
  HeadFact,
  PullRequestFact,
  RepositoryFact,
  ReviewFact,
} from "../fact.ts"
import type { IssueChange } from "../hearsay.ts"
import type { MergeAttempt } from "../merge/merge.ts"
import type { Pause } from "../pause/pause.ts"
import type { Role } from "../permission.ts"
import type { PromotionState } from "../state.ts"
import type { Landing } from "../pause/withdraw.ts"
import type { TakenBack } from "../review/taken-back.ts"

/** Who set or took off the pause label, and whether that was answered. */
export type LabelAsk = {
  key: string
  /** When, milliseconds since 1970; GitHub tells it to the second. */
  atMs: number
  /** True when the label was set, false when it was taken off. */
  on: boolean
  /** How an issue with the label was opened or closed; null: the label itself was changed. */
  by: IssueChange | null
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
  /** The newest deployments to the environments that the rules name, of whatever commit. */
  deployments: readonly DeploymentFact[]
  /**
   * What was read from GitHub itself in this very pass: `complete` when the whole pull request at its head was seen,
   * `partial` when GitHub did not tell everything, `none` when the facts are hearsay.
   */
  sight: "complete" | "partial" | "none"
  /** What the head changes against its base branch; null: not read yet. */
  change: Change | null
  /** The config file as the head has it; null: not told yet, so the gate cannot open. */
  headConfig: HeadConfig | null
  /** Null: nobody told. */
  head: HeadFact | null
  /** When it was last made to go into another branch, milliseconds since 1970; null: never, or nobody told. */
  retargetedAtMs: number | null
  /** All reviews known of the pull request. */
  reviews: readonly ReviewFact[]
  /** What was heard or seen of comments that hold approvals. */
  comments: readonly CommentFact[]
  /** Comments that were read in this very pass. */
  seenComments: ReadonlySet<number>
  /** The newest promotion of the pull request. */
  promotion: PromotionState | null
  /** The newest attempt of the app to merge the head; null: none. */
  mergeAttempt: MergeAttempt | null
  /** Whether GitHub would land it by itself, and what pauses did against that. */
  landing: Landing
  pauses: readonly Pause[]
  /** The rollback that it carries out, and the head that the app made for it; null: none. */
  rollback: { id: string; headSha: string } | null
  /**
   * The branch whose known-good commit it promotes, by the head that the app made for that: whether it stands, or is being
   * taken back, and whether nothing newer is known-good; null: it promotes none.
   */
  onward: { source: string; headSha: string; stands: boolean; newest: boolean } | null
  /** Whether a rollback of its base branch is under way. */
  rollbackUnderWay: boolean
  /** What was taken out of its base branch, newest first, up to twenty. */
  takenBack: readonly TakenBack[]
  /** The newest changes of the pause label, newest first. */
  labelAsks: readonly LabelAsk[]
  /** The newest changes of the label of agents, newest first. */
  agentLabelAsks: readonly LabelAsk[]
  /** Roles asked of GitHub in this pass, by login. */
  roles: ReadonlyMap<string, Role>
  /** Roles by login, and membership by `teamKey`, asked in this pass or a few minutes before: for judging approvals. */
  lately: { roles: ReadonlyMap<string, Role>; teams: ReadonlyMap<string, boolean> }
  /** UUIDv7 to be used if a promotion begins. */
  newRunId: string
}

/** Something that must be asked of GitHub before a decision can be made. */
export type Need =
  | { kind: "sight" }
  | { kind: "role"; login: string }
  | { kind: "team"; org: string; slug: string; login: string }
  /** The diff of the head against its base branch, and its commits. */
  | { kind: "change" }
  /** The text of the config file as the head has it. */
  | { kind: "config-file"; blob: string }
  /** Which commit a name stands for, and whether a branch contains it. */
  | { kind: "commit"; name: string; branch: string }
  /** Whether a comment stands as it was made. */
  | { kind: "comment"; commentId: number }
