/** Deployments, as plain data of a repository. */
import type { WorkflowRun } from "./environment.ts"
import type { Account, App } from "./state.ts"

/** A deployment of a SHA to an environment. */
export type Deployment = {
  id: number
  nodeId: string
  sha: string
  ref: string
  task: string
  /** What was asked for; a status may move the deployment to another environment. */
  originalEnvironment: string
  environment: string
  description: string | null
  payload: Record<string, unknown> | string
  creator: Account
  viaApp: App | undefined
  transientEnvironment: boolean
  productionEnvironment: boolean
  createdAt: string
  updatedAt: string
  /** The workflow run that made it. */
  run: WorkflowRun | undefined
  /** Oldest first. */
  statuses: DeploymentStatus[]
}

/** The states that can be reported. https://docs.github.com/en/rest/deployments/statuses */
export const reportableStates = ["error", "failure", "inactive", "in_progress", "queued", "pending", "success"] as const

/** A state that somebody reports of a deployment. */
export type ReportableState = (typeof reportableStates)[number]

/** One status of a deployment. `waiting` is only ever set by GitHub itself: a run waits for its environment's rules. */
export type DeploymentStatus = {
  id: number
  nodeId: string
  state: ReportableState | "waiting"
  description: string
  environment: string
  targetUrl: string
  environmentUrl: string
  logUrl: string
  creator: Account
  viaApp: App | undefined
  createdAt: string
  updatedAt: string
}
