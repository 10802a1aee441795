import type { LineCount } from "./lines.ts"

/**
 * Whether what landed is what was approved. `unknown` is no `clean`: it could not be told, for the reason given, at these
 * paths (the first of them; none where it is about all).
 */
export type LandingJudgement =
  | { kind: "clean" }
  | LandingMismatch
  | { kind: "unknown"; why: LandingDoubt; paths: readonly string[]; more: number }

/** What landed differs from what was approved. `more` counts findings beyond the first hundred. */
export type LandingMismatch = { kind: "mismatch"; findings: readonly LandingFinding[]; more: number }

/**
 * Why it could not be told.
 *
 * - `unreadable`: GitHub did not give a commit, a folder or a file
 * - `too-large`: more folders, or longer texts, than are compared
 * - `unrelated`: the head and the branch have no commit in common
 * - `no-text`: both sides changed a file that is no text
 * - `submodule`: both sides moved a submodule
 * - `conflict`: both sides changed the same, so that there is no one way to merge them
 */
export type LandingDoubt = "unreadable" | "too-large" | "unrelated" | "no-text" | "submodule" | "conflict"

/** One path at which something else landed. */
export type LandingFinding = {
  path: string
  /** `lost`: content is gone; `added`: there is more than was approved; `altered`: both. */
  how: "lost" | "added" | "altered"
  /**
   * Whose content it is about: what the pull request changes (`change`), what stood on the branch before it landed
   * (`branch`), both, or neither, where nobody has anything at that path.
   */
  of: "change" | "branch" | "both" | "neither"
  /** How many lines are missing and how many are too many; null where that is not told. */
  lines: LineCount | null
  /**
   * What would have been right: the file as it stood on the branch before, or as it is at the approved head, or no file;
   * `merge`: both in one, which no commit has.
   */
  right: "branch" | "change" | "nothing" | "merge"
  /** Who brought what the branch lost, if that is known. */
  brought: LandingOrigin | null
}

/** The newest commit that touched a path before the landing, and the pull requests that it came with. */
export type LandingOrigin = { commit: string; headline: string; pulls: readonly number[] }
