import type { DeploymentFact } from "../fact.ts"
import type { StageStatus } from "../gate/stage.ts"

/** Why a stage `deployment` has not passed. */
export type DeploymentReason = "deployment-pending" | "deployment-failed" | "observation-running"

/** Result of a stage `deployment` for one head. */
export type DeploymentStage = {
  kind: "deployment"
  environment: string
  status: StageStatus
  /** Null exactly when it passed. */
  reason: DeploymentReason | null
  /** The newest deployment to the environment, of whatever commit; null: none is known. */
  newest: Pick<DeploymentFact, "sha" | "state" | "atMs"> | null
  /** How long it must have been well, in milliseconds. */
  observeMs: number
  /** When it will have been well for so long, milliseconds since 1970; null: that is not running. */
  observedAtMs: number | null
}

/** What a stage `deployment` is judged by. */
export type DeploymentInput = {
  rules: { environment: string; observeMs: number }
  /** Deployments of the repository, in any order; of other environments as well. */
  deployments: readonly DeploymentFact[]
  /** The head. */
  sha: string
  nowMs: number
}

/**
 * Judges a stage `deployment`: the newest deployment to the environment must be of exactly this commit, its newest status
 * `success`, and that for as long as the rules say. An older success never hides a newer deployment, whatever became of
 * that. What is not known, or says a word that nobody has heard of, is waited for.
 */
export function judgeDeployment({ rules, deployments, sha, nowMs }: DeploymentInput): DeploymentStage {
  const { environment, observeMs } = rules
  const newest = newestOf(deployments, environment)
  const told = newest === null ? null : toldOf(newest)
  const stage = { kind: "deployment", environment, newest: told, observeMs, observedAtMs: null } as const
  if (newest === null || newest.sha !== sha) return { ...stage, status: "pending", reason: "deployment-pending" }
  if (failures.includes(newest.state)) return { ...stage, status: "failed", reason: "deployment-failed" }
  if (newest.state !== "success") {
    const status = newest.state === "in_progress" ? "running" : "pending"
    return { ...stage, status, reason: "deployment-pending" }
  }
  const observedAtMs = newest.atMs + observeMs
  if (nowMs < observedAtMs) return { ...stage, status: "running", reason: "observation-running", observedAtMs }
  return { ...stage, status: "passed", reason: null }
}

/**
 * GitHub's words for a deployment that went wrong.
 *
 * @see https://docs.github.com/en/rest/deployments/statuses
 */
const failures: readonly string[] = ["failure", "error"]

/** GitHub counts deployments up, and takes no account of upper and lower case in the name of an environment. */
function newestOf(deployments: readonly DeploymentFact[], environment: string): DeploymentFact | null {
  const wanted = environment.toLowerCase()
  const here = deployments.filter((one) => one.environment.toLowerCase() === wanted)
  return here.reduce<DeploymentFact | null>(
    (newest, one) => (newest === null || one.id > newest.id ? one : newest),
    null,
  )
}

function toldOf({ sha, state, atMs }: DeploymentFact): DeploymentStage["newest"] {
  return { sha, state, atMs }
}
