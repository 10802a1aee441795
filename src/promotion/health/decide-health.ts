import type { HealthVerdict } from "./judge-health.ts"

/** What follows from a verdict, and why. `ask`: a person decides. */
export type HealthDecision =
  | { step: "wait"; reason: "deployment-awaited" | "window-running" }
  | { step: "advance"; reason: "healthy" | "nothing-asked" }
  | { step: "roll-back"; reason: "unhealthy" | "no-data" | "inconclusive" }
  | { step: "ask"; reason: "unhealthy" | "no-data" | "inconclusive" }

/** What the config says about it: `automatic` whether anything is rolled back without a person. */
export type HealthPolicy = { noData: "ask" | "roll-back"; automatic: boolean }

/**
 * What follows from a verdict by the config. Known-good advances for a healthy merge alone. What else stands in the way
 * of a rollback (attempts, a cooldown, paths that no revert takes back) is judged where it is begun.
 */
export function decideHealth(
  { verdict, final, startMs, items }: Pick<HealthVerdict, "verdict" | "final" | "startMs" | "items">,
  { noData, automatic }: HealthPolicy,
): HealthDecision {
  if (!final) return { step: "wait", reason: startMs === null ? "deployment-awaited" : "window-running" }
  switch (verdict) {
    case "healthy":
      return { step: "advance", reason: items.some(({ required }) => required) ? "healthy" : "nothing-asked" }
    case "unhealthy":
      return { step: automatic ? "roll-back" : "ask", reason: "unhealthy" }
    case "no_data":
    case "inconclusive": {
      const reason = verdict === "no_data" ? "no-data" : "inconclusive"
      return { step: automatic && noData === "roll-back" ? "roll-back" : "ask", reason }
    }
  }
}
