import type { FoldableEntry } from "../state.ts"

/** How what landed compares with what was approved; `unasked`: nothing was approved, it was pushed. */
export type Integrity = "clean" | "mismatch" | "unknown" | "unasked"

/** What came on the branch with one promotion: the commits after `before`, up to `sha`. */
export type Landing = {
  sha: string
  /** The branch's head before it; null: it was the first commit. */
  before: string | null
  /** Its place among all that came on the branch: a higher one contains every lower one. */
  position: number
  commits: number
  integrity: Integrity
  /** When it was followed, which begins the health window, milliseconds since 1970. */
  atMs: number
}

/** How a health window ended, and what followed. */
export type HealthOutcome = {
  verdict: "healthy" | "unhealthy" | "inconclusive" | "no_data"
  /** Of a window that did not end well. */
  follows: "roll-back" | "ask" | null
  /** Why it is that which follows; null: it ended well. */
  why: string | null
  atMs: number
}

/** Paths of what landed that are not as they were approved; the first few of each kind. */
export type Mismatch = {
  lost: readonly string[]
  added: readonly string[]
  altered: readonly string[]
  /** How many are not named. */
  more: number
}

/** What is known of a promotion since its merge. */
export type AfterMerge = {
  /** GitHub's word for it; null: GitHub did not tell, or it was pushed. */
  mergeCommit: string | null
  promotedAtMs: number
  /** The rollback that it carries out; null: it is none. */
  restores: string | null
  /** Null: not found on the branch yet. */
  landing: Landing | null
  /** Null: there is none, or nobody could tell. */
  mismatch: Mismatch | null
  /** Null: its window has not ended. */
  health: HealthOutcome | null
  /** The newest rollback that takes it out, finished or not; null: none. */
  takenOutBy: string | null
}

/** What is known of it after one more of its entries; null: it was not merged. */
export function foldAfterMerge(after: AfterMerge | null, entry: FoldableEntry): AfterMerge | null {
  if (entry.type === "promoted") return foldPromoted(entry)
  if (after === null) return null
  const atMs = entry.occurredAtMs
  switch (entry.type) {
    case "stage_changed":
      return foldLanding(after, entry)
    case "health_passed":
      return { ...after, health: { verdict: "healthy", follows: null, why: null, atMs } }
    case "health_failed": {
      const { verdict, follows, why } = entry.payload
      return { ...after, health: { verdict, follows, why, atMs } }
    }
    case "landing_mismatch": {
      const { lost, added, altered, more } = entry.payload
      return { ...after, mismatch: { lost, added, altered, more } }
    }
    case "rollback_started":
      return { ...after, takenOutBy: entry.payload.rollback_id }
    default:
      return after
  }
}

function foldPromoted(entry: Extract<FoldableEntry, { type: "promoted" }>): AfterMerge {
  const { merge_commit: mergeCommit, rollback_id: restores = null } = entry.payload
  return {
    mergeCommit,
    promotedAtMs: entry.occurredAtMs,
    restores,
    landing: null,
    mismatch: null,
    health: null,
    takenOutBy: null,
  }
}

function foldLanding(after: AfterMerge, entry: Extract<FoldableEntry, { type: "stage_changed" }>): AfterMerge {
  const { landing } = entry.payload
  if (landing == null || entry.sha === null) return after
  const { before, position, commits } = landing
  const integrity = landing.integrity as Integrity
  return { ...after, landing: { sha: entry.sha, before, position, commits, integrity, atMs: entry.occurredAtMs } }
}
