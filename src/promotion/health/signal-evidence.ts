import { evidence, unreported, unsettled, type EvidenceItem, type EvidenceNumbers, type Span } from "./evidence.ts"
import type { HealthFacts, SignalSummary } from "./reported.ts"
import type { HealthRules } from "./rules.ts"

/** Evidence that the running system reports of itself. */

type Signals = Pick<HealthFacts, "signals" | "listeningSinceMs">

/**
 * Requests that a rate must rest on: of so many that succeeded one more failure is a matter of a percent. With fewer only
 * what could not be made good by the missing ones is bad.
 */
const leastRequests = 100

/** Failures that must be reported before a comparison with the day before says anything: most days have one or two. */
const leastErrors = 5

/**
 * Judges the reported error rate: against the limit, and against that of the day before. Which requests are counted is for
 * the reporter to say; with fewer than {@link leastRequests} that succeeded the rate says nothing, nor does one whose last
 * report is from the first half of the time.
 */
export function judgeErrorRate(
  rule: NonNullable<HealthRules["errorRate"]>,
  { signals: { window, baseline } }: Signals,
  span: Span,
): EvidenceItem {
  const { reports, lastAtMs } = window.errorRate
  const item = { kind: "error-rate", name: "" } as const
  if (span.startMs === null) return evidence({ ...item, state: unreported(span), reason: "not-begun" })
  if (reports === 0) return evidence({ ...item, state: unreported(span), reason: "nothing-reported" })
  const baselineRate = rateOf(baseline.errorRate)
  const told = { numbers: numbersOf(rule, window.errorRate, baselineRate), atMs: lastAtMs }
  return evidence({ ...item, ...told, ...rateStanding(rule, { ...window.errorRate, baselineRate }, span) })
}

function rateStanding(
  rule: NonNullable<HealthRules["errorRate"]>,
  { errors, requests, lastAtMs, baselineRate }: SignalSummary["errorRate"] & { baselineRate: number | null },
  span: Span,
): Pick<EvidenceItem, "state" | "reason"> {
  const allowed = allowedRate(rule, baselineRate)
  const weight = Math.max(requests, leastRequests)
  if (rule.limit !== null && errors > rule.limit * weight) return { state: "bad", reason: "over-limit" }
  if (allowed !== null && errors >= leastErrors && errors > allowed * weight) {
    return { state: "bad", reason: "over-baseline" }
  }
  if (requests - errors < leastRequests) return { state: unsettled(span), reason: "too-few-requests" }
  if (rule.limit === null && allowed === null) return { state: "inconclusive", reason: "no-baseline" }
  const middleMs = ((span.startMs ?? span.endMs) + span.endMs) / 2
  if (span.isOver && (lastAtMs ?? 0) < middleMs) return { state: "inconclusive", reason: "stale" }
  return { state: "good", reason: "within" }
}

/** The rate that the baseline allows; null where it is not asked for, or there is too little to compare with. */
function allowedRate({ overBaseline }: { overBaseline: number | null }, baselineRate: number | null): number | null {
  return overBaseline === null || baselineRate === null ? null : Math.min(1, baselineRate * (1 + overBaseline))
}

/** Null where too little was reported to compare with. */
function rateOf({ errors, requests }: { errors: number; requests: number }): number | null {
  return requests - errors < leastRequests ? null : errors / requests
}

function numbersOf(
  { limit, overBaseline }: NonNullable<HealthRules["errorRate"]>,
  { errors, requests }: { errors: number; requests: number },
  baselineRate: number | null,
): EvidenceNumbers {
  return {
    errors,
    requests,
    least: leastRequests,
    ...(requests === 0 ? {} : { rate: errors / requests }),
    ...(limit === null ? {} : { limit }),
    ...(overBaseline === null ? {} : { overBaseline }),
    ...(overBaseline === null || baselineRate === null ? {} : { baselineRate }),
  }
}

/**
 * Judges the heartbeat. Where there was one before, silence for longer than the limit is bad; only silence counts that
 * lies in the watch, and in which somebody listened. One from before the watch began is the old version's, and proves
 * nothing. Where there never was one, it is missing.
 */
export function judgeHeartbeat({ staleAfterMs }: { staleAfterMs: number }, signals: Signals, span: Span): EvidenceItem {
  const item = { kind: "heartbeat", name: "", numbers: { staleAfterMs } } as const
  const { startMs, asOfMs } = span
  if (startMs === null) return evidence({ ...item, state: unreported(span), reason: "not-begun" })
  const heardAtMs = heardLast(signals)
  if (heardAtMs === null) return evidence({ ...item, state: unreported(span), reason: "nothing-reported" })
  const told = { ...item, atMs: heardAtMs }
  const silentSinceMs = Math.max(heardAtMs, startMs, signals.listeningSinceMs ?? startMs)
  if (asOfMs - silentSinceMs > staleAfterMs) return evidence({ ...told, state: "bad", reason: "silent" })
  if (heardAtMs < startMs) return evidence({ ...told, state: unsettled(span), reason: "not-since-start" })
  if (asOfMs - heardAtMs > staleAfterMs) return evidence({ ...told, state: unsettled(span), reason: "stale" })
  return evidence({ ...told, state: "good", reason: "beating" })
}

/** When the heartbeat will have been silent for too long, if none is heard meanwhile; null: it never was heard. */
export function silentAtMs({ staleAfterMs }: { staleAfterMs: number }, signals: Signals, span: Span): number | null {
  const heardAtMs = heardLast(signals)
  if (span.startMs === null || heardAtMs === null) return null
  return Math.max(heardAtMs, span.startMs, signals.listeningSinceMs ?? span.startMs) + staleAfterMs + 1
}

function heardLast({ signals: { window, baseline } }: Signals): number | null {
  const heard = [window.heartbeatAtMs, baseline.heartbeatAtMs].filter((ms) => ms !== null)
  return heard.length === 0 ? null : Math.max(...heard)
}

/** Reported failures, so many at least, that are more than twice what the day before makes expect, call for a look. */
const leastFailures = 3
const dayMs = 24 * 3600 * 1000

/**
 * Judges failures that the system reported, which count without being asked for. A critical one is bad. Clearly more than
 * on the day before is nothing to pass over: then a person has to look. A few others are told, and decide nothing. Null
 * where nothing was reported.
 */
export function judgeFailures({ signals: { window, baseline } }: Signals, span: Span): EvidenceItem | null {
  const { count, critical, lastAtMs } = window.failures
  if (count === 0 && critical === 0) return null
  const told = { kind: "failures", name: "", numbers: { count, critical }, atMs: lastAtMs } as const
  if (critical > 0) return evidence({ ...told, state: "bad", reason: "critical-failure", required: false })
  const spanMs = span.endMs - (span.startMs ?? span.endMs)
  const expected = (baseline.failures.count * spanMs) / dayMs
  if (count >= leastFailures && count > 2 * expected) {
    return evidence({ ...told, state: "inconclusive", reason: "many-failures" })
  }
  return evidence({ ...told, state: "inconclusive", reason: "few-failures", required: false })
}
