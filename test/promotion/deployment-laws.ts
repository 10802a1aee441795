import { rulesForBranch } from "../../src/promotion/config/config.ts"
import type { Plan } from "../../src/promotion/gate/decide.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { isLetPast } from "./urgent-laws.ts"

/**
 * What must hold of every gate that asks for a deployment, said without the code that judges it: green needs a success of
 * exactly this head in each environment asked for, old enough, with nothing of whatever commit deployed there later.
 */
export function deployedWell(snapshot: Snapshot, plan: Plan): string | null {
  const { config, pullRequest, repository, deployments, nowMs } = snapshot
  if (plan.verdict?.open !== true || config === null || pullRequest === null) return null
  if (isLetPast("deployment", snapshot, plan)) return null
  const rules = rulesForBranch(config.config, { name: pullRequest.baseRef, defaultBranch: repository.defaultBranch })
  for (const stage of rules?.stages ?? []) {
    if (stage.kind !== "deployment") continue
    const there = deployments.filter(({ environment }) => environment.toLowerCase() === stage.environment.toLowerCase())
    const proofs = there.filter(
      ({ sha, state, atMs }) => sha === pullRequest.headSha && state === "success" && atMs + stage.observeMs <= nowMs,
    )
    if (proofs.length === 0) return "green needs a deployment of this head that has been well for long enough"
    const newest = Math.max(...there.map(({ id }) => id))
    if (!proofs.some(({ id }) => id === newest)) return "an older success hides no newer deployment"
  }
  return null
}
