import { sha, type Sha } from "../../src/lib/brand.ts"
import type { CheckFact, DeploymentFact } from "../../src/promotion/fact.ts"
import type { EvidenceItem } from "../../src/promotion/health/evidence.ts"
import { judgeHealth, type HealthInput, type HealthVerdict } from "../../src/promotion/health/judge-health.ts"
import type { ProbeOutcome, QueryOutcome, SignalSummary } from "../../src/promotion/health/reported.ts"
import type { HealthRules } from "../../src/promotion/health/rules.ts"

// A merge and what is reported of it: by default everything is well, and nothing is asked for.

/** When the merge happened. */
const mergedAtMs = Date.parse("2026-11-20T12:00:00Z")

/** Length of the window. */
export const windowMs = 15 * 60_000

/** So many minutes after the merge. */
export function at(minutes: number): number {
  return mergedAtMs + Math.round(minutes * 60_000)
}

/** The commit that is watched, one before it, one after it that contains it, and one that does not. */
export const merged = sha("a".repeat(40))
/** What ran before. */
export const before = sha("b".repeat(40))
/** A later commit of the branch. */
export const later = sha("c".repeat(40))

/** Our own app, whose checks never count. */
export const ownAppId = 7

/** Rules that ask for nothing, but for what is given. */
function rulesOf(more: Partial<HealthRules> = {}): HealthRules {
  const nothing = { deployments: [], checks: [], probes: [], errorRate: null, heartbeat: null, prometheus: [] }
  return { windowMs, ...nothing, noData: "ask", ...more }
}

/** A deployment to production; of the merged commit, and successful two minutes after the merge, unless told. */
export function deployment(more: Partial<DeploymentFact> = {}): DeploymentFact {
  const { createdAtMs = at(1), atMs = Math.max(at(2), createdAtMs) } = more
  return {
    id: 1,
    sha: merged,
    ref: "main",
    environment: "production",
    production: true,
    state: "success",
    statusId: 1,
    url: null,
    creator: "max",
    task: "deploy",
    ...more,
    createdAtMs,
    atMs,
  }
}

/** A check run on the merged commit; `smoke`, successful five minutes after the merge, unless told. */
export function check(more: Partial<CheckFact> = {}): CheckFact {
  const source = { source: "check-run", app: "github-actions", appId: 15_368 } as const
  const says = { status: "completed", conclusion: "success", url: null, atMs: at(5) } as const
  return { id: 10, name: "smoke", sha: merged, ...source, ...says, ...more }
}

/** URL of the one probe. */
export const url = "https://shop.example.com/healthz"

/** A probe that was answered with success, unless told. */
export function probe(atMs: number, more: Partial<ProbeOutcome> = {}): ProbeOutcome {
  return { url, atMs, ok: true, status: 200, why: null, ...more }
}

/** A probe that was answered with 503. */
export function failedProbe(atMs: number): ProbeOutcome {
  return probe(atMs, { ok: false, status: 503, why: "status" })
}

/** The one query, of which a value below 0.05 is good. */
export const query = { query: "sum(rate(errors[5m]))", source: "default", below: 0.05, above: null } as const

/** A value that a data source told; null: it told none. */
export function value(atMs: number, of: number | null): QueryOutcome {
  return { query: query.query, source: "default", atMs, value: of, why: of === null ? "timeout" : null }
}

/** What a system reported; nothing, but for what is given. */
export function signals(
  more: { errors?: number; requests?: number; heartbeatAtMs?: number | null; count?: number; critical?: number } = {},
  lastAtMs: number = at(14),
): SignalSummary {
  const { errors = 0, requests = 0, heartbeatAtMs = null, count = 0, critical = 0 } = more
  const reports = requests === 0 ? 0 : 1
  return {
    errorRate: { errors, requests, reports, lastAtMs: reports === 0 ? null : lastAtMs },
    heartbeatAtMs,
    failures: { count, critical, lastAtMs: count + critical === 0 ? null : lastAtMs },
  }
}

/** What a merge is judged by. */
export function inputOf(rules: Partial<HealthRules>, more: Partial<HealthInput> = {}): HealthInput {
  return {
    rules: rulesOf(rules),
    sha: merged,
    laterShas: [] as Sha[],
    mergedAtMs,
    startedAtMs: mergedAtMs,
    nowMs: at(15),
    deployments: [],
    checks: [],
    ownAppId,
    probes: [],
    queries: [],
    signals: { window: signals(), baseline: signals() },
    reruns: [],
    listeningSinceMs: null,
    ...more,
  }
}

/** The verdict over it. */
export function judge(rules: Partial<HealthRules>, more: Partial<HealthInput> = {}): HealthVerdict {
  return judgeHealth(inputOf(rules, more))
}

/** A verdict in a line: the word, whether it is final, and each item with its state and reason. */
export function told({ verdict, final, items }: Pick<HealthVerdict, "verdict" | "final" | "items">): string {
  const parts = items.map(({ kind, state, reason }: EvidenceItem) => `${kind} ${state} (${reason})`)
  return [`${verdict}${final ? "" : " so far"}`, ...parts].join("; ")
}
