/** Deployments, as plain data of a repository. */
import type { Account, App } from "./state.ts"

/** A deployment of a SHA to an environment. */
export type Deployment = {
  id: number
  nodeId: string
  sha: string
  ref: string
  task: string
  environment: string
  description: string | null
  payload: Record<string, unknown>
  creator: Account
  viaApp: App | undefined
  transientEnvironment: boolean
  productionEnvironment: boolean
  createdAt: string
  updatedAt: string
  /** Oldest first. */
  statuses: DeploymentStatus[]
}

/** https://docs.github.com/en/rest/deployments/statuses */
export type DeploymentStatus = {
  id: number
  nodeId: string
  state: "error" | "failure" | "inactive" | "in_progress" | "queued" | "pending" | "success"
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
