import fc from "fast-check"
import type { CheckFact, DeploymentFact } from "../../src/promotion/fact.ts"
import type { ProbeOutcome, QueryOutcome } from "../../src/promotion/health/reported.ts"
import type { HealthInput } from "../../src/promotion/health/judge-health.ts"
import {
  at,
  before,
  check,
  deployment,
  inputOf,
  later,
  merged,
  ownAppId,
  probe,
  query,
  signals,
  url,
  value,
} from "./health-world.ts"

// Anything that may be reported of a merge. Each kind of evidence is well more often than not, or hardly any of them all
// would be healthy.

/** A moment around the window and its ends. */
export const moment = fc.oneof(
  fc.integer({ min: -2, max: 50 }).map(at),
  fc.constantFrom(at(15) - 1, at(15), at(15) + 1, at(30), at(30) + 1),
)

const anyDeployments = fc.array(
  fc
    .record({
      sha: fc.constantFrom(merged, merged, later, before),
      environment: fc.constantFrom("production", "Production", "staging"),
      state: fc.constantFrom("success", "success", "failure", "error", "in_progress", "inactive", "odd"),
      createdAtMs: moment,
      tookMs: fc.integer({ min: 0, max: 5 * 60_000 }),
    })
    .map(({ tookMs, ...more }) => ({ ...more, atMs: more.createdAtMs + tookMs })),
  { maxLength: 4 },
)

const anyChecks = fc.array(
  fc.record({
    name: fc.constantFrom("smoke", "smoke 2", "build"),
    sha: fc.constantFrom(merged, merged, merged, before),
    source: fc.constantFrom("check-run" as const, "check-run" as const, "status" as const),
    appId: fc.constantFrom(15_368, ownAppId),
    conclusion: fc.constantFrom("success", "success", "failure", "cancelled", "odd", null),
    atMs: moment,
  }),
  { maxLength: 4 },
)

const anySummary = fc
  .record({
    requests: fc.constantFrom(0, 50, 99, 100, 1000, 10_000),
    part: fc.constantFrom(0, 0.01, 0.06, 1),
    heartbeatAtMs: fc.option(moment),
    count: fc.constantFrom(0, 0, 2, 9),
    critical: fc.constantFrom(0, 0, 0, 1),
    lastAtMs: moment,
  })
  .map(({ part, lastAtMs, ...more }) => signals({ ...more, errors: Math.floor(more.requests * part) }, lastAtMs))

const anyProbes = fc.array(
  fc
    .tuple(moment, fc.constantFrom("ok", "ok", "status", "not-allowed"))
    .map(([ms, says]) => (says === "ok" ? probe(ms) : probe(ms, { ok: false, status: null, why: says }))),
  { maxLength: 6 },
)

const anyQueries = fc.array(
  fc.tuple(moment, fc.constantFrom(0.01, 0.01, 0.9, null)).map(([ms, number]) => value(ms, number)),
  { maxLength: 4 },
)

const anyAsked = fc.array(
  fc.record({ name: fc.constantFrom("smoke", "smoke 2"), atMs: moment, refused: fc.boolean() }),
  { maxLength: 2 },
)

type AnyDeployment = Partial<DeploymentFact> & { createdAtMs: number }
type AnyCheck = Partial<CheckFact>

const good = {
  deployments: ["production", "staging"].map((environment) => {
    return { sha: merged, environment, state: "success", createdAtMs: at(0), atMs: at(1) }
  }),
  checks: [{ name: "smoke", sha: merged, source: "check-run", appId: 15_368, conclusion: "success", atMs: at(5) }],
  probes: [probe(at(2)), probe(at(14.5)), probe(at(15.5))],
  queries: [value(at(2), 0.01), value(at(13.5), 0.01), value(at(15.5), 0.01)],
  summary: signals({ requests: 1000, heartbeatAtMs: at(14) }, at(12)),
} as const

function mostly<T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other })
}

const rules = fc.record({
  deployments: fc.constantFrom([], ["production"], ["production", "staging"]),
  checks: fc.constantFrom(
    [],
    [{ name: "smoke*", app: null, confirm: true }],
    [{ name: "smoke", app: "github-actions", confirm: false }],
  ),
  probes: fc.constantFrom([], [{ url, everyMs: 30_000, failures: 2 }]),
  errorRate: fc.constantFrom(null, { limit: 0.05, overBaseline: null }, { limit: null, overBaseline: 0.25 }),
  heartbeat: fc.constantFrom(null, { staleAfterMs: 3 * 60_000 }),
  prometheus: fc.constantFrom([], [query]),
})

type Asked = { name: string; atMs: number; refused: boolean }

/** What a merge is judged by. */
export const input: fc.Arbitrary<HealthInput> = fc
  .record({
    rules,
    deployments: mostly<readonly AnyDeployment[]>(good.deployments, anyDeployments),
    checks: mostly<readonly AnyCheck[]>(good.checks, anyChecks),
    probes: mostly<readonly ProbeOutcome[]>(good.probes, anyProbes),
    queries: mostly<readonly QueryOutcome[]>(good.queries, anyQueries),
    signals: fc.record({ window: mostly(good.summary, anySummary), baseline: mostly(good.summary, anySummary) }),
    asked: mostly<readonly Asked[]>([], anyAsked),
    startedAtMs: mostly(at(0), moment),
    nowMs: mostly(at(16), moment),
    listeningSinceMs: mostly<number | null>(null, moment),
  })
  .map(({ rules: chosen, asked, ...more }) =>
    inputOf(chosen, {
      ...more,
      laterShas: [later],
      deployments: more.deployments.map((one, index) => deployment({ ...one, id: index + 1 })),
      checks: more.checks.map((one, index) =>
        check({ ...one, id: index + 1, status: one.conclusion === null ? "in_progress" : "completed" }),
      ),
      reruns: asked.map((one) => ({ ...one, checkRunId: 1, app: "github-actions" })),
    }),
  )
