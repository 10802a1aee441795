import { valueDifference, type Pair } from "./config-compare-review.ts"
import {
  byStrictness,
  compareOthers,
  compareSets,
  timeText,
  valueText,
  type ConfigDifference,
  type Cover,
} from "./config-difference.ts"
import type { HealthRules, Probe, PrometheusQuery, WatchedCheck } from "./config-health.ts"

/** The key `health` of a branch in two configs: whatever is watched less, or for less long, lets more pass as healthy. */

/** Compares what is watched after a merge; null: nothing is. */
export function compareHealth(path: string, { was, becomes }: Pair<HealthRules | null>): ConfigDifference[] {
  if (was === null || becomes === null) {
    const effect = was === null ? "tightens" : "loosens"
    return valueDifference(path, { was: healthText(was), becomes: healthText(becomes), effect })
  }
  return [
    ...valueDifference(`${path}.window`, {
      was: timeText(was.window),
      becomes: timeText(becomes.window),
      effect: byStrictness(was.window, becomes.window),
    }),
    ...compareEvidence(path, { was, becomes }),
    ...compareErrorRate(`${path}.error_rate`, { was: was.error_rate, becomes: becomes.error_rate }),
    ...compareHeartbeat(`${path}.heartbeat`, { was: was.heartbeat, becomes: becomes.heartbeat }),
    ...valueDifference(`${path}.no_data`, {
      was: was.no_data,
      becomes: becomes.no_data,
      effect: becomes.no_data === "roll-back" ? "tightens" : "loosens",
    }),
    ...compareOthers(path, {
      was,
      becomes,
      known: ["window", "deployments", "checks", "probes", "error_rate", "heartbeat", "prometheus", "no_data"],
    }),
  ]
}

/** How many entries its lists have, to be held against another's. */
export function sizeOfHealth(health: HealthRules | null): number {
  if (health === null) return 1
  return health.deployments.length + health.checks.length + health.probes.length + health.prometheus.length + 1
}

function compareEvidence(path: string, { was, becomes }: Pair<HealthRules>): ConfigDifference[] {
  const more = "tightens"
  return [
    ...compareSets<string>({
      path: `${path}.deployments`,
      was: was.deployments,
      becomes: becomes.deployments,
      more,
      shown: valueText,
      // GitHub takes no account of upper and lower case in the name of an environment.
      covers: (wide, narrow) => (wide.toLowerCase() === narrow.toLowerCase() ? "whole" : "no"),
    }),
    ...compareSets<WatchedCheck>({
      path: `${path}.checks`,
      was: was.checks,
      becomes: becomes.checks,
      more,
      key: ({ name, app, confirm, ...rest }) => JSON.stringify([name, app, confirm, rest]),
      shown: checkText,
      covers: checkCovers,
    }),
    ...compareSets<Probe>({
      path: `${path}.probes`,
      was: was.probes,
      becomes: becomes.probes,
      more,
      key: ({ url, every, failures, ...rest }) => JSON.stringify([url, every, failures, rest]),
      shown: probeText,
      covers: probeCovers,
    }),
    ...compareSets<PrometheusQuery>({
      path: `${path}.prometheus`,
      was: was.prometheus,
      becomes: becomes.prometheus,
      more,
      key: ({ query, source, below, above, ...rest }) => JSON.stringify([query, source, below, above, rest]),
      shown: valueText,
      covers: queryCovers,
    }),
  ]
}

/** What is believed at once makes needless what is believed when it failed twice. */
function checkCovers(wide: WatchedCheck, narrow: WatchedCheck): Cover {
  return wide.name === narrow.name && wide.app === narrow.app && !wide.confirm ? "whole" : "no"
}

/** Whoever is asked more often may happen to answer in between: of what comes and goes nobody can tell. */
function probeCovers(wide: Probe, narrow: Probe): Cover {
  if (wide.url !== narrow.url || wide.failures > narrow.failures || wide.every > narrow.every) return "no"
  return wide.every === narrow.every ? "whole" : "mostly"
}

function queryCovers(wide: PrometheusQuery, narrow: PrometheusQuery): Cover {
  const same = wide.query === narrow.query && wide.source === narrow.source
  const below = (wide.below ?? Infinity) <= (narrow.below ?? Infinity)
  const above = (wide.above ?? -Infinity) >= (narrow.above ?? -Infinity)
  return same && below && above ? "whole" : "no"
}

type Limits = HealthRules["error_rate"]

function compareErrorRate(path: string, { was = {}, becomes = {} }: Pair<Limits>): ConfigDifference[] {
  const one = (key: "limit" | "over_baseline"): ConfigDifference[] =>
    valueDifference(`${path}.${key}`, {
      was: percentText(was[key]),
      becomes: percentText(becomes[key]),
      effect: byStrictness(-(was[key] ?? Infinity), -(becomes[key] ?? Infinity)),
    })
  return [
    ...one("limit"),
    ...one("over_baseline"),
    ...compareOthers(path, { was, becomes, known: ["limit", "over_baseline"] }),
  ]
}

function compareHeartbeat(path: string, { was, becomes }: Pair<HealthRules["heartbeat"]>): ConfigDifference[] {
  return [
    ...valueDifference(`${path}.stale_after`, {
      was: timeText(was?.stale_after),
      becomes: timeText(becomes?.stale_after),
      effect: byStrictness(-(was?.stale_after ?? Infinity), -(becomes?.stale_after ?? Infinity)),
    }),
    ...compareOthers(path, { was: was ?? {}, becomes: becomes ?? {}, known: ["stale_after"] }),
  ]
}

/** As the config writes it, to a thousandth; null where it does not stand. */
function percentText(part: number | undefined): string | null {
  return part === undefined ? null : `${Number((part * 100).toFixed(3))}%`
}

function checkText({ name, app, confirm }: WatchedCheck): string {
  return app === null && !confirm ? name : valueText({ name, app, confirm: confirm ? true : undefined })
}

function probeText({ url, every, failures }: Probe): string {
  return valueText({ url, every: timeText(every), failures })
}

/** The names of what is watched: the whole may be long. */
function healthText(health: HealthRules | null): string | null {
  if (health === null) return null
  const { window, no_data: _, ...evidence } = health
  const watched = Object.entries(evidence).filter(([, value]) => !Array.isArray(value) || value.length > 0)
  return valueText({ window: timeText(window), watched: watched.map(([key]) => key) })
}
