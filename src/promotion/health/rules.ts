/**
 * What a merge is watched by, and for how long: the key `health` of a branch. Durations in milliseconds, parts as numbers
 * (`0.05` for 5 %).
 */
export type HealthRules = {
  windowMs: number
  /** Environments to which the merged commit must have been deployed. */
  deployments: readonly string[]
  /** Checks that must have passed on the merged commit; `name` may hold `*`, `app` null is any app. */
  checks: readonly { name: string; app: string | null; confirm: boolean }[]
  /** URLs that must be answered with success; so many failures in a row are too many. */
  probes: readonly { url: string; everyMs: number; failures: number }[]
  /** The part of failed requests that is too much; `overBaseline` is how much more than before, `0.25` a quarter more. */
  errorRate: { limit: number | null; overBaseline: number | null } | null
  heartbeat: { staleAfterMs: number } | null
  /** Values that must lie below, above, or between; `source` is the name of a data source of the host. */
  prometheus: readonly { query: string; source: string; below: number | null; above: number | null }[]
  /** What follows when evidence is missing at the end. */
  noData: "ask" | "roll-back"
}
