import { diffArrays } from "diff"
import { linesOf, withoutCommonEnds } from "./lines.ts"
import type { Sides } from "./tree.ts"

/**
 * A merged text; or that the two sides get into each other's way; or that it is more than is done here. `work` is what it
 * took: the sum of both sides' squared numbers of added and removed lines.
 */
export type MergedTexts = { work: number } & (
  | { kind: "text"; text: string }
  | { kind: "conflict" }
  | { kind: "too-large" }
)

/** A stretch of the ancestor's lines that a side replaced: from the first of them to before the last, by what. */
type Hunk = { from: number; to: number; lines: readonly string[] }

/** Most lines that one side may have added and removed. Comparing takes time with its square: a sixth of a second. */
const limitEdits = 1000

/**
 * Merges the changes of two sides to one text, line by line. As with git, changes that touch each other are a conflict,
 * unless they are the same.
 */
export function mergeTexts({ ancestor, ours, theirs }: Sides<string>): MergedTexts {
  const { before, middles, after } = withoutCommonEnds([linesOf(ancestor), linesOf(ours), linesOf(theirs)])
  const [old = [], mine = [], other = []] = middles
  const hunks = [hunksOf(old, mine), hunksOf(old, other)]
  const work = hunks.map((one) => (one === undefined ? limitEdits : editsOf(one))).reduce((sum, it) => sum + it ** 2, 0)
  if (!hunks.every((one) => one !== undefined)) return { kind: "too-large", work }
  const merged = mergeHunks(old, hunks)
  if (merged === undefined) return { kind: "conflict", work }
  return { kind: "text", text: [before, merged, after].flat().join(""), work }
}

function editsOf(hunks: readonly Hunk[]): number {
  return hunks.reduce((sum, { from, to, lines }) => sum + to - from + lines.length, 0)
}

function hunksOf(old: readonly string[], side: readonly string[]): Hunk[] | undefined {
  const parts = diffArrays([...old], [...side], { maxEditLength: limitEdits })
  if (parts === undefined) return undefined
  const hunks: Hunk[] = []
  let at = 0
  for (const { added, removed, value } of parts) {
    const last = hunks.at(-1)
    const open = last?.to === at ? last : undefined
    if (!added && !removed) at += value.length
    else {
      const to = removed ? at + value.length : at
      const lines = [...(open?.lines ?? []), ...(added ? value : [])]
      if (open !== undefined) hunks.pop()
      hunks.push({ from: open?.from ?? at, to, lines })
      at = to
    }
  }
  return hunks
}

function mergeHunks(old: readonly string[], sides: readonly (readonly Hunk[])[]): readonly string[] | undefined {
  const merged: (readonly string[])[] = []
  const waiting = sides.map((hunks) => [...hunks])
  let at = 0
  for (let region = nextRegion(waiting); region !== undefined; region = nextRegion(waiting)) {
    const { from, to } = region
    const texts = region.taken.flatMap((hunks) => (hunks.length === 0 ? [] : [applied(old, { from, to }, hunks)]))
    const [one = [], other = one] = texts
    if (one.length !== other.length || one.some((line, index) => line !== other[index])) return undefined
    merged.push(old.slice(at, from), one)
    at = to
  }
  return [...merged, old.slice(at)].flat()
}

/** The next stretch that one or both sides changed, with each side's changes in it, taken from those that wait. */
function nextRegion(waiting: readonly Hunk[][]): { from: number; to: number; taken: Hunk[][] } | undefined {
  const from = Math.min(...waiting.map(([first]) => first?.from ?? Infinity))
  if (from === Infinity) return undefined
  const taken = waiting.map((): Hunk[] => [])
  let to = from
  let grows = true
  while (grows) {
    grows = false
    for (const [index, hunks] of waiting.entries()) {
      const [first] = hunks
      if (first === undefined || first.from > to) continue
      taken[index]?.push(first)
      hunks.shift()
      to = Math.max(to, first.to)
      grows = true
    }
  }
  return { from, to, taken }
}

function applied(old: readonly string[], { from, to }: { from: number; to: number }, hunks: readonly Hunk[]): string[] {
  const parts: (readonly string[])[] = []
  let at = from
  for (const hunk of hunks) {
    parts.push(old.slice(at, hunk.from), hunk.lines)
    at = hunk.to
  }
  return [...parts, old.slice(at, to)].flat()
}
