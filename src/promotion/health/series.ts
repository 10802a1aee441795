import { unreported, unsettled, type EvidenceReason, type EvidenceState, type Span } from "./evidence.ts"

/** One of several outcomes of asking the same thing; `unknown`: nobody could tell. */
export type Reading = { atMs: number; says: "good" | "bad" | "unknown" }

/** Where a series of readings stands, and on which of them that rests. */
export type SeriesStanding<R extends Reading> = {
  state: EvidenceState
  reason: Extract<
    EvidenceReason,
    "within" | "outside" | "failing" | "untold" | "stale" | "nothing-reported" | "not-begun"
  >
  reading: R | null
  /** Bad ones in a row at that reading. */
  inRow: number
}

/**
 * Judges readings, the oldest first. So many bad ones in a row are bad, whenever that was since the watch began, and
 * nothing makes up for it; readings that nobody could tell stand between two others as if they were not there. Good is a
 * series only whose last known reading is good, and not so old that the rest of the time is unknown.
 */
export function judgeSeries<R extends Reading>(
  readings: readonly R[],
  { needed, freshMs }: { needed: number; freshMs: number },
  span: Span,
): SeriesStanding<R> {
  const { startMs, endMs, asOfMs } = span
  if (startMs === null) return { state: unreported(span), reason: "not-begun", reading: null, inRow: 0 }
  const since = readings.filter(({ atMs }) => atMs >= startMs)
  const down = firstRun(since, needed)
  if (down !== null) return { state: "bad", reason: "outside", reading: down, inRow: needed }
  const inTime = since.filter(({ atMs }) => atMs <= endMs)
  const newest = inTime.at(-1)
  if (newest === undefined) return { state: unreported(span), reason: "nothing-reported", reading: null, inRow: 0 }
  const known = inTime.findLast(({ says }) => says !== "unknown")
  if (known === undefined) return { state: "inconclusive", reason: "untold", reading: newest, inRow: 0 }
  if (known.says === "bad") {
    return { state: unsettled(span), reason: "failing", reading: known, inRow: runAt(inTime, known) }
  }
  if (asOfMs - known.atMs <= freshMs) return { state: "good", reason: "within", reading: known, inRow: 0 }
  if (newest !== known) return { state: "inconclusive", reason: "untold", reading: newest, inRow: 0 }
  return { state: unsettled(span), reason: "stale", reading: known, inRow: 0 }
}

/** The reading with which there were so many bad ones in a row for the first time. */
function firstRun<R extends Reading>(readings: readonly R[], needed: number): R | null {
  let inRow = 0
  for (const reading of readings) {
    if (reading.says === "good") inRow = 0
    if (reading.says === "bad") inRow += 1
    if (inRow >= needed) return reading
  }
  return null
}

/** Bad readings in a row up to this one. */
function runAt(readings: readonly Reading[], last: Reading): number {
  const known = readings.slice(0, readings.indexOf(last) + 1).filter(({ says }) => says !== "unknown")
  return known.length - 1 - known.findLastIndex(({ says }) => says === "good")
}

/** How a thing is asked again and again: for the first time so long after the watch began, and then every so often. */
export type Pace = { firstMs: number; everyMs: number }

/** When it is to be asked next; null: not any more, or not yet. */
export function dueAtMs(readings: readonly Reading[], pace: Pace, { startMs, endMs }: Span): number | null {
  if (startMs === null) return null
  const last = readings.findLast(({ atMs }) => atMs >= startMs)
  const dueMs = last === undefined ? startMs + pace.firstMs : last.atMs + pace.everyMs
  return dueMs < endMs ? dueMs : null
}
