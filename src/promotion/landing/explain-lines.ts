import { linesOf, withoutCommonEnds } from "./lines.ts"
import type { FourSides } from "./tree.ts"

/**
 * Whether a landed text can be explained; `too-large`: it is more than is done here. `work` is what it took: pairs of lines
 * that were compared.
 */
export type Explained = { answer: "yes" | "no" | "too-large"; work: number }

/** Most lines of the ancestor times lines of a side that are looked at, and most steps taken through them. */
const limitProduct = 2_000_000
const limitSteps = 100_000

/**
 * Whether a landed text is what both sides' changes make of the ancestor, in some reading of these changes.
 *
 * In a text with repetitions a change can be read in several ways (which of two equal lines is the new one?), and two
 * programs that merge may read it differently; so that another text came of it need not mean that anything was lost.
 * Here every reading counts that takes as few added and removed lines as possible. In one of them each line of the
 * landed text must be one that both sides kept, or that a side added, in that order; and each line that is in a side,
 * and not in the landed text, one that the other side removed.
 */
export function explainLines(texts: FourSides<string>): Explained {
  const { ancestor, ours, theirs, landed } = texts
  const { middles } = withoutCommonEnds([ancestor, ours, theirs, landed].map(linesOf))
  const [old = [], mine = [], other = [], result = []] = middles
  const work = (old.length + 1) * (Math.max(mine.length, other.length) + 1)
  const places = (old.length + 1) * (mine.length + 1) * (other.length + 1) * (result.length + 1)
  if (work > limitProduct || places > Number.MAX_SAFE_INTEGER) return { answer: "too-large", work: 0 }
  return { answer: walk({ old, mine: readingOf(old, mine), other: readingOf(old, other), result }), work }
}

/** A side, and how far (in added and removed lines) it is from the ancestor, from two places in them on. */
type Reading = { lines: readonly string[]; distance: Int32Array; width: number }

function readingOf(old: readonly string[], lines: readonly string[]): Reading {
  const width = lines.length + 1
  const distance = new Int32Array((old.length + 1) * width)
  for (let at = old.length; at >= 0; at -= 1) {
    for (let to = lines.length; to >= 0; to -= 1) {
      const here = at * width + to
      if (at === old.length) distance[here] = lines.length - to
      else if (to === lines.length) distance[here] = old.length - at
      else if (old[at] === lines[to]) distance[here] = distance[here + width + 1] ?? 0
      else distance[here] = 1 + Math.min(distance[here + width] ?? 0, distance[here + 1] ?? 0)
    }
  }
  return { lines, distance, width }
}

type Ground = { old: readonly string[]; mine: Reading; other: Reading; result: readonly string[] }

/** How far each text is explained: the number of its lines. */
type Place = { old: number; mine: number; other: number; result: number }

function walk(ground: Ground): Explained["answer"] {
  const { old, mine, other, result } = ground
  const seen = new Set<number>()
  const open: Place[] = [{ old: 0, mine: 0, other: 0, result: 0 }]
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const key = ((place.old * mine.width + place.mine) * other.width + place.other) * (result.length + 1) + place.result
    if (seen.has(key)) continue
    seen.add(key)
    if (seen.size > limitSteps) return "too-large"
    const ended = place.old === old.length && place.result === result.length
    if (ended && place.mine === mine.lines.length && place.other === other.lines.length) return "yes"
    open.push(...stepsFrom(place, ground))
  }
  return "no"
}

/** What may come next: a line that both kept, that one or both removed, or that one or both added. */
function stepsFrom(place: Place, { old, mine, other, result }: Ground): Place[] {
  const line = old[place.old]
  const landed = result[place.result]
  const mineNow = sideAt(mine, place.old, place.mine)
  const otherNow = sideAt(other, place.old, place.other)
  const { line: mineLine } = mineNow
  const { line: otherLine } = otherNow
  const steps: Place[] = []
  const step = (taken: Place, allowed: boolean): void => {
    if (allowed) steps.push(sum(place, taken))
  }
  step(bothRemove, mineNow.removes && otherNow.removes)
  step(oneRemoves.other, otherNow.removes && mineLine === line)
  step(oneRemoves.mine, mineNow.removes && otherLine === line)
  if (landed === undefined) return steps
  step(bothAdd, mineNow.adds && otherNow.adds && mineLine === landed && otherLine === landed)
  step(oneAdds.other, otherNow.adds && otherLine === landed)
  step(oneAdds.mine, mineNow.adds && mineLine === landed)
  step(bothKeep, line === landed && mineLine === landed && otherLine === landed)
  return steps
}

const bothKeep: Place = { old: 1, mine: 1, other: 1, result: 1 }
const bothRemove: Place = { old: 1, mine: 0, other: 0, result: 0 }
const bothAdd: Place = { old: 0, mine: 1, other: 1, result: 1 }
const oneRemoves = {
  mine: { old: 1, mine: 0, other: 1, result: 0 },
  other: { old: 1, mine: 1, other: 0, result: 0 },
}
const oneAdds = { mine: { old: 0, mine: 1, other: 0, result: 1 }, other: { old: 0, mine: 0, other: 1, result: 1 } }

function sum(one: Place, other: Place): Place {
  return {
    old: one.old + other.old,
    mine: one.mine + other.mine,
    other: one.other + other.other,
    result: one.result + other.result,
  }
}

/** A side's next line, and whether a shortest reading may begin here with a removed or with an added one. */
function sideAt({ lines, distance, width }: Reading, old: number, at: number) {
  const here = old * width + at
  const now = distance[here] ?? 0
  return {
    line: lines[at],
    removes: here + width < distance.length && now === 1 + (distance[here + width] ?? 0),
    adds: at < lines.length && now === 1 + (distance[here + 1] ?? 0),
  }
}
