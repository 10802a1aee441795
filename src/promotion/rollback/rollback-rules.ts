/** What a branch's config says of rollbacks, as far as it is decided whether one begins. */
export type RollbackRules = {
  automatic: boolean
  /** Whether the app merges the rollback's pull request. */
  merge: "auto" | "manual"
  /** Attempts at one culprit. */
  max_attempts: number
  /** Least time between two automatic ones, milliseconds. */
  cooldown: number
  /** Whether promotions into the branch are paused after an automatic one. */
  pause_after: boolean
  /** Globs of paths that cannot be taken back by code: a person is asked. */
  ask_for: readonly string[]
}
