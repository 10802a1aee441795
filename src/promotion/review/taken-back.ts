import type { BranchRules } from "../config/config.ts"
import type { Change } from "../change/change.ts"

/** A change that was taken out of a branch by a rollback of its own: the culprit, not what went along with it. */
export type TakenBack = {
  /** Its pull request; 0: it was pushed. */
  number: number
  /** The head that was approved. */
  headSha: string
  /** Digest of what it brought to the branch, as that of a change; null: GitHub did not tell all of it. */
  brought: string | null
  /** When what took it out had proved itself, milliseconds since 1970. */
  atMs: number
}

/** That a change was taken back before; `certain`: false when not all of it could be read, so that it may be another. */
export type Relanding = { of: TakenBack; certain: boolean }

/**
 * Tells whether a change is one that was taken back before. It is known by what it does, whoever opens it anew and however
 * it is put into commits. Unknown is not green: what could not be read in full may be any of them.
 *
 * @param taken newest first
 */
export function relandingOf(
  change: Pick<Change, "headSha" | "patchId"> | null,
  taken: readonly TakenBack[],
): Relanding | null {
  const [newest] = taken
  if (newest === undefined) return null
  if (change === null) return { of: newest, certain: false }
  const same = taken.find(
    ({ headSha, brought }) => headSha === change.headSha || (brought !== null && brought === change.patchId),
  )
  if (same !== undefined) return { of: same, certain: true }
  return change.patchId === null ? { of: newest, certain: false } : null
}

/** The rules of a branch for what was taken out of it before: that is reviewed wherever it lands, whether others are or not. */
export function rulesOfRelanding(rules: BranchRules): BranchRules {
  if (rules.stages.some(({ kind }) => kind === "review")) return rules
  return { ...rules, stages: [...rules.stages, { kind: "review" }] }
}
