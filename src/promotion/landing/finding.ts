import type { LandingFinding } from "./judgement.ts"
import type { LineCount } from "./lines.ts"
import { isSame, type FourSides, type TreeEntry } from "./tree.ts"

/** What each tree has at a path. */
export type PathSides = FourSides<TreeEntry | null>

/**
 * A path where something else landed than `expected`, which is undefined where texts had to be merged; `lines` if they were
 * counted.
 */
export type Difference = {
  path: string
  sides: PathSides
  expected: TreeEntry | null | undefined
  lines: LineCount | null
  /** Whether the file was elsewhere on one side, so that no commit has at this path what would be right. */
  moved: boolean
}

/** Puts a difference into words: what happened there, whose content it happened to, and what would be right. */
export function findingOf(difference: Difference): LandingFinding {
  const { path, sides, lines } = difference
  return { path, how: howOf(difference), of: whoseOf(sides), lines, right: rightOf(difference), brought: null }
}

function howOf({ sides, expected, lines }: Difference): LandingFinding["how"] {
  const { ancestor, ours, theirs, landed } = sides
  if (expected === null && landed !== null) return "added"
  if (landed === null || [ancestor, ours, theirs].some((side) => isSame(side, landed))) return "lost"
  if (lines === null || lines.missing + lines.extra === 0) return "altered"
  if (lines.missing > 0 && lines.extra === lines.back) return "lost"
  return lines.missing === 0 ? "added" : "altered"
}

function rightOf({ sides: { ours, theirs }, expected, moved }: Difference): LandingFinding["right"] {
  if (expected === undefined || moved) return "merge"
  if (expected === null) return "nothing"
  if (isSame(expected, ours)) return "branch"
  return isSame(expected, theirs) ? "change" : "merge"
}

function whoseOf({ ancestor, ours, theirs, landed }: PathSides): LandingFinding["of"] {
  const branch = !isSame(ancestor, ours)
  const change = !isSame(ancestor, theirs)
  if (ancestor === null && ours === null && theirs === null) return "neither"
  if (change && isSame(ours, landed)) return "change"
  if (branch && isSame(theirs, landed)) return "branch"
  if (branch && change) return "both"
  return change ? "change" : "branch"
}
