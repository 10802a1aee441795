import fc from "fast-check"
import type { BranchRules, StageRules } from "../../src/promotion/config/config.ts"
import type { HealthRules } from "../../src/promotion/config/config-health.ts"

/** Values of the keys of a branch that hold after the merge, each of them valid by itself. */

const secondMs = 1000
const minuteMs = 60 * secondMs

/** What a stage `deployment` may say. */
export const deploymentStages: fc.Arbitrary<StageRules> = fc.record({
  kind: fc.constant("deployment" as const),
  environment: fc.constantFrom("staging", "Staging", "production"),
  observeMs: fc.constantFrom(secondMs, 5 * minuteMs, 60 * minuteMs),
})

/** Environments, in lower case. */
export const environments: readonly string[] = ["staging", "production"]

/** Addresses that are probed. */
export const watchedAddresses: readonly string[] = ["https://shop.example.com/healthz", "http://shop.example.com/"]

/** Queries to data sources, as `source:query`. */
export const watchedQueries: readonly string[] = ["default", "eu"].flatMap((source) =>
  ["up", "sum(rate(errors[5m]))"].map((query) => `${source}:${query}`),
)

const watchedChecks = fc.record({
  name: fc.constantFrom("smoke *", "smoke", "*"),
  app: fc.constantFrom(null, "github-actions"),
  confirm: fc.boolean(),
})

const probes = fc.record({
  url: fc.constantFrom(...watchedAddresses),
  every: fc.constantFrom(10 * secondMs, 30 * secondMs),
  failures: fc.integer({ min: 1, max: 3 }),
})

const queries = fc
  .record(
    { of: fc.constantFrom(...watchedQueries), below: fc.constantFrom(0.05, 10), above: fc.constantFrom(-1, 0) },
    { requiredKeys: ["of"] },
  )
  .map(({ of, ...limits }) => {
    const colon = of.indexOf(":")
    return { query: of.slice(colon + 1), source: of.slice(0, colon), ...limits }
  })

const errorRates = fc.record(
  { limit: fc.constantFrom(0, 0.05, 0.1), over_baseline: fc.constantFrom(0.25, 1.5) },
  { requiredKeys: [] },
)

const health: fc.Arbitrary<HealthRules> = fc.record(
  {
    window: fc.constantFrom(5 * minuteMs, 15 * minuteMs, 90 * minuteMs),
    deployments: fc.subarray(["staging", "production", "Production"]),
    checks: fc.array(watchedChecks, { maxLength: 2 }),
    probes: fc.array(probes, { maxLength: 2 }),
    error_rate: errorRates,
    heartbeat: fc.record({ stale_after: fc.constantFrom(minuteMs, 3 * minuteMs) }),
    prometheus: fc.array(queries, { maxLength: 2 }),
    no_data: fc.constantFrom("ask", "roll-back"),
  },
  { requiredKeys: ["window", "deployments", "checks", "probes", "prometheus", "no_data"] },
)

/** The rules of a branch that hold after the merge; `stages` are what a rollback may ask for. */
export function afterMerge(stages: fc.Arbitrary<StageRules[]>) {
  return {
    health: fc.option(health),
    known_good: fc.record({
      tag: fc.constantFrom(null, null, "known-good/main", "good"),
      keep_each: fc.boolean(),
    }),
    rollback: fc.record({
      automatic: fc.boolean(),
      merge: fc.constantFrom("manual", "auto"),
      stages: fc.option(stages),
      max_attempts: fc.integer({ min: 1, max: 3 }),
      cooldown: fc.constantFrom(minuteMs, 60 * minuteMs),
      pause_after: fc.boolean(),
      ask_for: fc.subarray(["**/migrations/**", "db/**", "db/migrations/**", "**"]),
    }),
    promote_to: fc.option(
      fc.record({ branch: fc.constantFrom("main", "release/1"), merge: fc.constantFrom("manual", "auto") }),
    ),
  } satisfies { [Key in keyof BranchRules]?: fc.Arbitrary<BranchRules[Key]> }
}
