import { judgeProbe, judgeQuery, type AskedItem } from "./asked-evidence.ts"
import { countingChecks, hasAllChecks, judgeCheckRule } from "./check-evidence.ts"
import { judgeDeployment } from "./deployment-evidence.ts"
import type { EvidenceItem, Span } from "./evidence.ts"
import type { ConfirmingRun, HealthFacts } from "./reported.ts"
import type { HealthRules } from "./rules.ts"
import type { Pace } from "./series.ts"
import { judgeErrorRate, judgeFailures, judgeHeartbeat, silentAtMs } from "./signal-evidence.ts"

/** What is to be asked now, each once. */
export type Wanted = {
  /** URLs to be probed. */
  probes: readonly string[]
  queries: readonly { query: string; source: string }[]
  /** Checks to be run once more on the same commit. */
  reruns: readonly ConfirmingRun[]
}

/** Nothing to ask. */
export const nothingWanted: Wanted = { probes: [], queries: [], reruns: [] }

/** All evidence as judged, what is to be asked now, and when something will be different by the clock alone. */
export type JudgedEvidence = { items: readonly EvidenceItem[]; wanted: Wanted; nextMs: number | null }

/** What evidence is judged by. */
export type EvidenceInput = {
  rules: HealthRules
  facts: HealthFacts
  span: Span
  nowMs: number
  /** How often queries are asked. */
  queryPace: Pace
}

/** Judges every rule, in the order of the config, and what was reported without being asked for. */
export function judgeEvidence({ rules, facts, span, nowMs, queryPace }: EvidenceInput): JudgedEvidence {
  const latest = countingChecks(facts)
  const known = { latest, reruns: facts.reruns, isWhole: hasAllChecks(facts) }
  const checks = rules.checks.map((rule) => judgeCheckRule(rule, known, span))
  const probes = rules.probes.map((rule) => ({ rule, ...judgeProbe(rule, facts.probes, span) }))
  const queries = rules.prometheus.map((rule) => {
    return { rule, ...judgeQuery(rule, { outcomes: facts.queries, pace: queryPace }, span) }
  })
  const heartbeat = rules.heartbeat === null ? [] : [judgeHeartbeat(rules.heartbeat, facts, span)]
  const failures = judgeFailures(facts, span)
  const items = [
    ...rules.deployments.map((environment) => judgeDeployment(environment, facts, span)),
    ...checks.map(({ item }) => item),
    ...probes.map(({ item }) => item),
    ...(rules.errorRate === null ? [] : [judgeErrorRate(rules.errorRate, facts, span)]),
    ...heartbeat,
    ...queries.map(({ item }) => item),
    ...(failures === null ? [] : [failures]),
  ]
  const isDue = ({ dueAtMs }: AskedItem): boolean => dueAtMs !== null && dueAtMs <= nowMs
  const due = {
    probes: probes.filter(isDue).map(({ rule }) => rule.url),
    queries: queries.filter(isDue).map(({ rule: { query, source } }) => ({ query, source })),
    reruns: checks.flatMap(({ reruns }) => reruns),
  }
  const moments = [
    ...[...probes, ...queries].map(({ dueAtMs }) => dueAtMs),
    rules.heartbeat === null || heartbeat.some(({ state }) => state === "bad")
      ? null
      : silentAtMs(rules.heartbeat, facts, span),
    span.endMs,
  ]
  const coming = moments.filter((ms) => ms !== null && ms > nowMs && ms <= span.endMs)
  return { items, wanted: eachOnce(due), nextMs: coming.length === 0 ? null : Math.min(...(coming as number[])) }
}

function eachOnce({ probes, queries, reruns }: Wanted): Wanted {
  const once = <T>(all: readonly T[], keyOf: (one: T) => string): T[] => [
    ...new Map(all.map((one) => [keyOf(one), one])).values(),
  ]
  return {
    probes: once(probes, (url) => url),
    queries: once(queries, ({ query, source }) => JSON.stringify([query, source])),
    reruns: once(reruns, ({ name, app }) => JSON.stringify([name, app])),
  }
}
