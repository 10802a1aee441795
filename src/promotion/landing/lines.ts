import type { FourSides } from "./tree.ts"

/**
 * How many lines are not there that should be, and how many are that should not; `back` is how many of these stood there
 * once, where the change left the branch.
 */
export type LineCount = { missing: number; extra: number; back: number }

/** The lines of a text, each with what ends it, so that a last line without an end differs from one with. */
export function linesOf(text: string): string[] {
  return text === "" ? [] : text.split(/(?<=\n)/)
}

/**
 * Compares what landed with what was expected by which lines they have and how often, in whatever order. `ancestor` is
 * the text where the change left the branch, null if there was none.
 */
export function countLines({ expected, landed, ancestor }: Compared): LineCount {
  const balance = tally(expected)
  for (const [line, count] of tally(landed)) balance.set(line, (balance.get(line) ?? 0) - count)
  const counts = [...balance].map(([line, left]) => ({ line, missing: Math.max(0, left), extra: Math.max(0, -left) }))
  return summed(counts, ancestor)
}

type Compared = { expected: string; landed: string; ancestor: string | null }

function summed(
  counts: readonly { line: string; missing: number; extra: number }[],
  ancestor: string | null,
): LineCount {
  const old = new Set(linesOf(ancestor ?? ""))
  const total = { missing: 0, extra: 0, back: 0 }
  for (const { line, missing, extra } of counts) {
    total.missing += missing
    total.extra += extra
    if (old.has(line)) total.back += extra
  }
  return total
}

/** What several lists of lines have in common at their beginning and, apart from that, at their end: cut off. */
export function withoutCommonEnds(texts: readonly (readonly string[])[]): {
  before: readonly string[]
  middles: readonly (readonly string[])[]
  after: readonly string[]
} {
  const [first = [], ...others] = texts
  const most = Math.min(...texts.map((lines) => lines.length))
  let start = 0
  while (start < most && others.every((lines) => lines[start] === first[start])) start += 1
  let end = 0
  while (end < most - start && others.every((lines) => lines.at(-1 - end) === first.at(-1 - end))) end += 1
  return {
    before: first.slice(0, start),
    middles: texts.map((lines) => lines.slice(start, lines.length - end)),
    after: first.slice(first.length - end),
  }
}

/**
 * How many lines are missing or too many in a landed text whatever way its sides are merged. Of a line that both sides
 * added, or both removed, the merge may have made one change or two.
 */
export function countUnexplained({ ancestor, ours, theirs, landed }: FourSides<string>): LineCount {
  const sides = [ancestor, ours, theirs, landed].map(tally)
  const counts = [...new Set(sides.flatMap((side) => [...side.keys()]))].map((line) => {
    const [start = 0, mine = 0, other = 0, there = 0] = sides.map((side) => side.get(line) ?? 0)
    const [byMine, byOther] = [mine - start, other - start]
    const apart = start + byMine + byOther
    const larger = Math.abs(byMine) > Math.abs(byOther) ? byMine : byOther
    const together = byMine * byOther > 0 ? start + larger : apart
    const missing = Math.max(0, Math.min(apart, together) - there)
    return { line, missing, extra: Math.max(0, there - Math.max(apart, together)) }
  })
  return summed(counts, ancestor)
}

function tally(text: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const line of linesOf(text)) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}
