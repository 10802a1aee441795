import { evidence, type EvidenceItem, type Span } from "./evidence.ts"
import type { ProbeOutcome, QueryOutcome } from "./reported.ts"
import type { HealthRules } from "./rules.ts"
import { dueAtMs, judgeSeries, type Pace, type Reading } from "./series.ts"

/** Evidence that Portcullis asks for by itself: probes of URLs, and queries of data sources. */

/** A piece of evidence, and when it is to be asked for next; null: not any more, or not yet. */
export type AskedItem = { item: EvidenceItem; dueAtMs: number | null }

/** A reading from before is believed for so long at least, however often is asked: whoever asks may be late. */
const leastFreshMs = 60_000

type ProbeReading = Reading & ProbeOutcome

/** Judges the probes of one URL. `outcomes` are in the order of their time. */
export function judgeProbe(
  rule: HealthRules["probes"][number],
  outcomes: readonly ProbeOutcome[],
  span: Span,
): AskedItem {
  const readings = outcomes
    .filter(({ url }) => url === rule.url)
    .map((outcome): ProbeReading => ({ ...outcome, says: sayingOf(outcome) }))
  const freshMs = Math.max(leastFreshMs, (rule.failures + 1) * rule.everyMs)
  const { state, reason, reading, inRow } = judgeSeries(readings, { needed: rule.failures, freshMs }, span)
  const status = reading?.status ?? null
  const counted = inRow === 0 ? {} : { inRow, needed: rule.failures }
  const item = evidence({
    kind: "probe",
    name: rule.url,
    state,
    reason,
    word: reading?.why ?? null,
    numbers: { ...(status === null ? {} : { status }), ...counted },
    atMs: reading?.atMs ?? null,
  })
  return { item, dueAtMs: nextAsk(item, readings, { pace: { firstMs: 0, everyMs: rule.everyMs }, span }) }
}

/**
 * What says that the URL is down. Everything else that is no success (a host that may not be asked, an address that is
 * refused, a redirect that is not followed, a word nobody has heard of) says that nobody could look.
 */
const failures: readonly string[] = [
  "not-resolved",
  "timeout",
  "connection",
  "tls",
  "not-http",
  "too-large",
  "too-many-redirects",
  "status",
]

function sayingOf({ ok, why, status }: ProbeOutcome): Reading["says"] {
  if (ok) return "good"
  if (why === null) return status === null ? "unknown" : "bad"
  return failures.includes(why) ? "bad" : "unknown"
}

type QueryReading = Reading & QueryOutcome

/** How often a data source is asked the same in a window of this length: five times at least, each minute at most. */
export function queryPace(windowMs: number): Pace {
  const everyMs = Math.min(60_000, Math.floor(windowMs / 5))
  return { firstMs: everyMs, everyMs }
}

/** Judges one query. One value outside of its bounds is enough: how much is smoothed is for the query to say. */
export function judgeQuery(
  rule: HealthRules["prometheus"][number],
  { outcomes, pace }: { outcomes: readonly QueryOutcome[]; pace: Pace },
  span: Span,
): AskedItem {
  const readings = outcomes
    .filter(({ query, source }) => query === rule.query && source === rule.source)
    .map((outcome): QueryReading => ({ ...outcome, says: boundsSay(rule, outcome.value) }))
  const freshMs = Math.max(leastFreshMs, 3 * pace.everyMs)
  const { state, reason, reading } = judgeSeries(readings, { needed: 1, freshMs }, span)
  const { below, above } = rule
  const item = evidence({
    kind: "prometheus",
    name: rule.query,
    from: rule.source,
    state,
    reason,
    word: reading?.why ?? null,
    numbers: {
      ...(below === null ? {} : { below }),
      ...(above === null ? {} : { above }),
      ...(isNumber(reading?.value) ? { value: reading.value } : {}),
    },
    atMs: reading?.atMs ?? null,
  })
  return { item, dueAtMs: nextAsk(item, readings, { pace, span }) }
}

/** A rule without bounds says nothing; the config lets none be written. */
function boundsSay(
  { below, above }: Pick<HealthRules["prometheus"][number], "below" | "above">,
  value: number | null,
): Reading["says"] {
  if (!isNumber(value) || (below === null && above === null)) return "unknown"
  return (below === null || value < below) && (above === null || value > above) ? "good" : "bad"
}

function isNumber(value: number | null | undefined): value is number {
  return Number.isFinite(value)
}

/** What is bad stays bad, and need not be asked for. */
function nextAsk(
  { state }: EvidenceItem,
  readings: readonly Reading[],
  { pace, span }: { pace: Pace; span: Span },
): number | null {
  return state === "bad" ? null : dueAtMs(readings, pace, span)
}
