import type { WithdrawalKind } from "../pause/withdraw.ts"

/**
 * Something to be done on GitHub because of a decision, beside showing it: stored with the entries of the decision, and
 * done after them, by this pass or a later one. Doing it twice must be as doing it once.
 */
export type EffectDraft = {
  /** Unique in the repository; effects of one command are done in the order of their keys. */
  key: string
  /** The promotion that was decided about. */
  runId: string
  deed: Deed
}

/** What is to be done on the pull request. */
export type Deed = AskedDeed | WithdrawalDeed

/** Because of what a pause demands; `pause` names the pause. */
export type WithdrawalDeed = { kind: WithdrawalKind; pause: string }

/** Because of a command, whose reply tells what came of it. */
export type AskedDeed =
  | { kind: "close-pull-request" }
  /** Only while the branch is still at that commit. */
  | { kind: "delete-branch"; branch: string; sha: string }

/** What came of it: `left` and `refused` for good, and why. */
export type EffectOutcome = { how: "done" | "not-needed" } | { how: "left" | "refused"; words: string }
