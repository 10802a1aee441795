import type { Sha } from "../../lib/brand.ts"
import type { CheckFact, DeploymentFact } from "../fact.ts"

/** What came of asking a URL once. */
export type ProbeOutcome = {
  url: string
  atMs: number
  ok: boolean
  /** Of the last answer; null: there was none. */
  status: number | null
  /** Why it is no success, as the probe calls it; null: it is one, or nobody said. */
  why: string | null
}

/** What came of asking a data source once; `value` null: it did not tell one number, and `why` says so. */
export type QueryOutcome = { query: string; source: string; atMs: number; value: number | null; why: string | null }

/** What a running system reported of itself in some time; moments are null where it reported nothing. */
export type SignalSummary = {
  errorRate: { errors: number; requests: number; reports: number; lastAtMs: number | null }
  heartbeatAtMs: number | null
  failures: { count: number; critical: number; lastAtMs: number | null }
}

/**
 * A check that failed and is to be run once more on the same commit. `atMs` is the moment of that failure by GitHub's
 * clock: whatever is reported of the check later comes after it.
 */
export type ConfirmingRun = { checkRunId: number; name: string; app: string | null; atMs: number }

/** A confirming run that was asked for; `refused`: GitHub would not begin one, so that the failure stands. */
export type AskedRun = ConfirmingRun & { refused: boolean }

/** Everything reported that a watch is judged by, in any order; of other commits and environments as well. */
export type HealthFacts = {
  /** The commit that the merge made. */
  sha: Sha
  /** Commits of the branch that contain it. */
  laterShas: readonly Sha[]
  deployments: readonly DeploymentFact[]
  checks: readonly CheckFact[]
  /** Checks of this app are ours, and never count. */
  ownAppId: number
  probes: readonly ProbeOutcome[]
  queries: readonly QueryOutcome[]
  /** `window`: from when the watch began (the merge, while it has not) to its end; `baseline`: the 24 hours before that. */
  signals: { window: SignalSummary; baseline: SignalSummary }
  reruns: readonly AskedRun[]
  /**
   * Since when signals could be received without a break: the start of the process, or the end of a time in which it
   * stood still or its clock jumped. Silence from before is nobody's but ours. Null: for longer than anybody asks.
   */
  listeningSinceMs: number | null
}

/**
 * The same with no moment later than now, and outcomes in the order of their time: a clock that went ahead must not make
 * an old outcome the newest for long. Of two at one moment the worse comes last.
 */
export function uptoNow(facts: HealthFacts, nowMs: number): HealthFacts {
  const past = (ms: number): number => Math.min(ms, nowMs)
  const pastOrNull = (ms: number | null): number | null => (ms === null ? null : past(ms))
  const summary = ({ errorRate, heartbeatAtMs, failures }: SignalSummary): SignalSummary => ({
    errorRate: { ...errorRate, lastAtMs: pastOrNull(errorRate.lastAtMs) },
    heartbeatAtMs: pastOrNull(heartbeatAtMs),
    failures: { ...failures, lastAtMs: pastOrNull(failures.lastAtMs) },
  })
  return {
    ...facts,
    deployments: facts.deployments.map((one) => ({
      ...one,
      createdAtMs: past(one.createdAtMs),
      atMs: past(one.atMs),
    })),
    checks: facts.checks.map((one) => ({ ...one, atMs: past(one.atMs) })),
    probes: facts.probes
      .toSorted((a, b) => a.atMs - b.atMs || Number(b.ok) - Number(a.ok))
      .map((one) => ({ ...one, atMs: past(one.atMs) })),
    queries: facts.queries
      .toSorted((a, b) => a.atMs - b.atMs || (a.value ?? -Infinity) - (b.value ?? -Infinity))
      .map((one) => ({ ...one, atMs: past(one.atMs) })),
    signals: { window: summary(facts.signals.window), baseline: summary(facts.signals.baseline) },
    listeningSinceMs: pastOrNull(facts.listeningSinceMs),
  }
}
