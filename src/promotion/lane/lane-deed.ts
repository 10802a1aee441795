import type { CloseOnward, OpenOnward } from "./onward-deed.ts"

/**
 * Something to be done on GitHub for a promotion branch: stored with the entries of the decision, and done after them.
 * Doing it twice must be as doing it once.
 */
export type LaneDeed = { branch: string } & (MoveTag | OpenRollback | CloseRollback | OpenOnward | CloseOnward)

/** Moves the known-good tag to a proven commit, from where it was seen to be. */
export type MoveTag = {
  kind: "move-tag"
  tag: string
  commit: string
  runId: string
  /** Its pull request; 0: it was pushed. */
  number: number
  /** The repository's ledger when it was decided: how many entries it has, and the hash of the last. */
  ledger: { size: number; hash: string }
  /** One more tag, which never moves; null: none. */
  each: string | null
}

/** Opens the pull request of a rollback. */
export type OpenRollback = {
  kind: "open-rollback"
  rollbackId: string
  /** The commit whose tree is restored; null: the change of `number` alone is reverted. */
  target: string | null
  /** The culprit's pull request; 0: it was pushed. */
  number: number
  /** What the culprit brought: the branch before it, and after it. */
  before: string | null
  after: string
  /** Branch of the pull request. */
  head: string
  title: string
  body: string
}

/** Closes the pull request of a rollback that was stopped. */
export type CloseRollback = { kind: "close-rollback"; rollbackId: string }

/** What came of it. */
export type LaneOutcome =
  /** `brought`: of an opened rollback, the digest of what the culprit changed; null: GitHub did not tell all of it. */
  | { how: "done"; number?: number; sha?: string; brought?: string | null }
  | { how: "not-needed" }
  | { how: "refused"; why: LaneProblem; words: string; paths?: readonly string[] }

/**
 * Why something cannot be done.
 *
 * - `conflict`: later changes are in the way
 * - `unknown`: GitHub does not show all that it takes
 * - `protected`, `permission`, `workflows`, `other`: GitHub refuses it, by a ruleset or for want of a permission
 * - `not-forward`: the commit does not come after the one that is known-good
 * - `empty`: nothing would change
 */
export type LaneProblem =
  | "conflict"
  | "unknown"
  | "protected"
  | "permission"
  | "workflows"
  | "other"
  | "not-forward"
  | "empty"

/** Key of the deed that opens a rollback's pull request. */
export function openKey(rollbackId: string): string {
  return `rollback:${rollbackId}:open`
}

/** Key of the deed that closes it. */
export function closeKey(rollbackId: string): string {
  return `rollback:${rollbackId}:close`
}

/** Key of the deed that moves known-good to a run's commit. */
export function tagKey(runId: string): string {
  return `known-good:${runId}`
}

/** Key of the entry that tells where the tag of a known-good commit was found instead; null: nowhere. */
export function tamperedKey(knownGood: string, found: string | null): string {
  return `tampered:${knownGood}:${found ?? "gone"}`
}

/** A deed with its key, to be stored. */
export type LaneEffectDraft = { key: string; runId: string; deed: LaneDeed }

/** Name of the branch of a rollback's pull request. */
export function rollbackBranch(rollbackId: string): string {
  return `portcullis/rollback-${rollbackId.slice(-12)}`
}
