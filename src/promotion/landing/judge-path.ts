import { explainLines } from "./explain-lines.ts"
import type { Difference, PathSides } from "./finding.ts"
import type { LandingDoubt } from "./judgement.ts"
import { countLines, countUnexplained, linesOf, type LineCount } from "./lines.ts"
import { mergeEntry, mergeWord, type Contested } from "./merge-trees.ts"
import { mergeTexts } from "./merge-texts.ts"
import { movesOf, type MoveGround, type PossibleMove } from "./moved.ts"
import { isFile, isSame, type FourSides, type TreeEntry } from "./tree.ts"

/** A file's text, or why there is none: it is no text, it is too large, or GitHub did not give it. */
export type BlobReading = { kind: "text"; text: string } | { kind: "none"; why: "no-text" | "too-large" | "unreadable" }

/** Texts by their blob ids, as far as they were read, and the work that may still be done with them. */
export type Texts = {
  /** Null: it was not read yet, which is noted. */
  read(sha: string): BlobReading | null
  /** Takes work off what may be done, after it was done. */
  spend(work: number): void
  isSpent(): boolean
}

/**
 * What is to be said of a contested path.
 *
 * - `fits`: what landed is a merge of both sides; `moved` are the paths of a file that was moved on the way, and it is
 *   `sure` if no file elsewhere could be more like the old one
 * - `pending`: a text is missing
 * - `differs`: it is no merge of both; `path` is where
 * - `open`: it could not be told
 */
export type PathVerdict =
  | { kind: "fits"; moved: readonly string[]; sure: boolean }
  | { kind: "pending" }
  | ({ kind: "differs"; moved: readonly string[] } & Omit<Difference, "moved">)
  | { kind: "open"; why: LandingDoubt }

/** Judges one contested path by its texts, and where the file may have been moved, at its new path. */
export function judgePath(contested: Contested, ground: MoveGround, texts: Texts): PathVerdict {
  const { path, ancestor, ours, theirs } = contested
  const moves = movesOf(contested, ground).map((move) => ({ move, likeness: likenessOf(move, texts) }))
  if (moves.some(({ likeness }) => likeness === "pending")) return { kind: "pending" }
  const judged = likely(moves).map(({ move, likeness }) => {
    return { move, likeness, verdict: judgeSides(move.to, move, texts) }
  })
  if (judged.some(({ verdict }) => verdict.kind === "pending")) return { kind: "pending" }
  const best = judged.find(({ verdict }) => verdict.kind === "fits") ?? judged[0]
  if (best !== undefined) {
    const { move, likeness, verdict } = best
    const moved = [move.from, move.to]
    if (verdict.kind === "fits") return { ...verdict, moved, sure: likeness === 1 }
    return verdict.kind === "differs" ? { ...verdict, moved } : verdict
  }
  const unread = moves.map(({ likeness }) => likeness).find((why) => why === "too-large" || why === "unreadable")
  if (unread !== undefined) return { kind: "open", why: unread }
  return judgeSides(path, { ancestor, ours, theirs, landed: ground.trees.landed.get(path) ?? null }, texts)
}

function judgeSides(at: string, sides: PathSides, texts: Texts): PathVerdict {
  const { ancestor, ours, theirs, landed } = sides
  const fits: PathVerdict = { kind: "fits", moved: [], sure: true }
  const differs = (lines: LineCount | null, expected?: TreeEntry | null): PathVerdict => {
    return { kind: "differs", path: at, sides, expected, lines, moved: [] }
  }
  const merged = mergeEntry(sides)
  if (merged !== undefined) return isSame(merged, landed) ? fits : differs(null, merged)
  if (!isFile(ancestor) || !isFile(ours) || !isFile(theirs) || !isFile(landed)) return judgeWhole(at, sides)
  if (mergeWord({ ancestor: ancestor.mode, ours: ours.mode, theirs: theirs.mode }) !== landed.mode) return differs(null)
  const read = [ancestor, ours, theirs, landed].map(({ sha }) => texts.read(sha))
  if (!read.every((one) => one !== null)) return { kind: "pending" }
  const difference = compare(read, texts)
  if (difference === null) return fits
  if (typeof difference !== "string") return differs(difference)
  const whole = judgeWhole(at, sides)
  return whole.kind === "differs" ? whole : { kind: "open", why: difference }
}

function compare(read: readonly BlobReading[], meter: Texts): LineCount | LandingDoubt | null {
  const none = read.find((one) => one.kind === "none")
  if (none !== undefined) return none.why
  if (meter.isSpent()) return "too-large"
  const [ancestor = "", ours = "", theirs = "", landed = ""] = read.map((one) => (one.kind === "text" ? one.text : ""))
  return compareTexts({ ancestor, ours, theirs, landed }, meter)
}

/** Null if the landed text is a merge of both sides; otherwise how far it is from one, or why that is not told. */
function compareTexts(texts: FourSides<string>, meter: Texts): LineCount | LandingDoubt | null {
  const merged = mergeTexts(texts)
  meter.spend(merged.work)
  if (merged.kind === "text" && merged.text === texts.landed) return null
  const explained = explainLines(texts)
  meter.spend(explained.work)
  if (explained.answer === "yes") return null
  if (merged.kind === "text") {
    const lines = countLines({ expected: merged.text, ...texts })
    if (explained.answer === "no" || lines.missing + lines.extra > 0) return lines
  }
  const lines = countUnexplained(texts)
  if (lines.missing + lines.extra > 0) return lines
  return merged.kind === "conflict" && explained.answer === "no" ? "conflict" : "too-large"
}

/**
 * Of what cannot be put together line by line one side or the other is taken, or nothing is left, and so something is
 * lost. A submodule's commit may be the newer one of both; that stands in another repository.
 */
function judgeWhole(at: string, sides: PathSides): PathVerdict {
  const { ancestor, ours, theirs, landed } = sides
  if ([ancestor, ours, theirs, landed].some((entry) => entry?.type === "commit"))
    return { kind: "open", why: "submodule" }
  const isGone = landed === null && ours !== null && theirs !== null
  const isLost = isGone || [ancestor, ours, theirs].some((entry) => isSame(entry, landed))
  if (!isLost) return { kind: "open", why: "conflict" }
  return { kind: "differs", path: at, sides, expected: undefined, lines: null, moved: [] }
}

type Likeness = number | "pending" | "too-large" | "unreadable"

/**
 * git wants half of a moved file to be as it was; where it is compared anyway a third will do. Of several files that it
 * could be git takes the likest. It counts bytes, and here lines are counted, so one that is almost as like counts, too,
 * but never where one is the very same.
 */
const leastLikeness = 1 / 3
const likenessMargin = 0.15

type Likely = { move: PossibleMove; likeness: number }

function likely(moves: readonly { move: PossibleMove; likeness: Likeness }[]): Likely[] {
  const told = moves.flatMap(({ move, likeness }) => (typeof likeness === "number" ? [{ move, likeness }] : []))
  const most = Math.max(0, ...told.map(({ likeness }) => likeness))
  const least = most === 1 ? 1 : Math.max(leastLikeness, most - likenessMargin)
  return told.filter(({ likeness }) => likeness >= least).toSorted((one, other) => other.likeness - one.likeness)
}

/** How much of the old file is in the new one, or in both, from 0 to 1; or why that is not told. */
function likenessOf({ ancestor, moved }: PossibleMove, texts: Texts): Likeness {
  if (!isFile(ancestor)) return 0
  const answers = moved.map((entry) => (entry.sha === ancestor.sha ? 1 : textLikeness(ancestor, entry, texts)))
  const numbers = answers.filter((answer) => typeof answer === "number")
  return answers.find((answer) => typeof answer !== "number") ?? Math.min(...numbers)
}

function textLikeness(old: TreeEntry, now: TreeEntry, texts: Texts): Likeness {
  const [before, after] = [texts.read(old.sha), texts.read(now.sha)]
  if (before === null || after === null) return "pending"
  for (const one of [before, after]) if (one.kind === "none") return one.why === "no-text" ? 0 : one.why
  if (before.kind === "none" || after.kind === "none") return 0
  const { missing } = countLines({ expected: before.text, landed: after.text, ancestor: null })
  const [length, other] = [linesOf(before.text).length, linesOf(after.text).length]
  return (length - missing) / Math.max(1, length, other)
}
