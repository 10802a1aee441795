import { whenDeployed } from "./deployment-evidence.ts"
import type { HealthFacts } from "./reported.ts"
import type { HealthRules } from "./rules.ts"

/** The time in which a merge must prove itself. Moments in milliseconds since 1970. */
export type HealthWindow = {
  /** When the merge was there to be watched. */
  sinceMs: number
  /** When the watch began; null: the named deployments have not all succeeded. */
  startMs: number | null
  /** When it ends: while it has not begun, the moment until which that is waited for. */
  deadlineMs: number
}

/** What a window follows from. */
export type WindowInput = Pick<HealthFacts, "sha" | "laterShas" | "deployments"> & {
  rules: Pick<HealthRules, "windowMs" | "deployments">
  /** When GitHub merged it. */
  mergedAtMs: number
  /** When that was first known here: what could not be watched before is not held against anybody. */
  startedAtMs: number
  nowMs: number
}

/**
 * When a merge is watched. Where no deployment is named, from the merge (or from when it became known) for the length of
 * the window. Where some are, the commit does not run before it is deployed, so the watch begins when the last of the
 * named environments has it, and lasts a whole window from then. That is waited for as long as one window: so it ends two
 * windows after the merge at the latest, and nothing counts as proven that was not watched for a whole one.
 *
 * A moment later than now is a clock that went wrong: of the two beginnings the later one that is not counts, and now if
 * both are.
 */
export function healthWindow(input: WindowInput): HealthWindow {
  const { rules, mergedAtMs, startedAtMs, nowMs } = input
  const known = [mergedAtMs, startedAtMs].filter((ms) => ms <= nowMs)
  const sinceMs = known.length === 0 ? nowMs : Math.max(...known)
  const latestMs = sinceMs + rules.windowMs
  const deployed = rules.deployments.map((environment) => whenDeployed(environment, input, latestMs))
  const moments = deployed.filter((ms) => ms !== null)
  if (moments.length < deployed.length) return { sinceMs, startMs: null, deadlineMs: latestMs }
  const startMs = Math.max(sinceMs, ...moments)
  return { sinceMs, startMs, deadlineMs: startMs + rules.windowMs }
}
