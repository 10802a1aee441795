/** Environments, the rules that hold deployments to them, and the workflow runs that wait there. Plain data. */
import type { Account, App } from "./state.ts"

/** Where things are deployed to. Its name is the same in any case. */
export type Environment = {
  id: number
  nodeId: string
  name: string
  /** Branches allowed to deploy: all, or those with protection. */
  branches: "all" | "protected"
  branchPolicyId: { id: number; nodeId: string }
  rules: DeploymentRule[]
  createdAt: string
  updatedAt: string
}

/** A custom protection rule: an app that must approve each deployment to an environment. */
export type DeploymentRule = { id: number; nodeId: string; app: App }

/** What one app has said about one run so far, oldest first. A comment without `state` is a report of progress. */
export type RuleDecision = {
  app: App
  state: "waiting" | "approved" | "rejected"
  comments: { state: "approved" | "rejected" | null; comment: string; at: string }[]
}

/** What became of a run at its environment. `bypassed`: an admin forced it, `expired`: nobody decided for 30 days. */
export type RunVerdict = "waiting" | "approved" | "rejected" | "bypassed" | "cancelled" | "expired"

/** A workflow run with one job, which deploys. */
export type WorkflowRun = {
  id: number
  nodeId: string
  /** The file in `.github/workflows`, with an id of its own for all its runs. */
  workflow: { id: number; nodeId: string; name: string; path: string; createdAt: string }
  suite: { id: number; nodeId: string }
  runNumber: number
  /** What started it, such as `push` or `workflow_dispatch`. */
  event: string
  headBranch: string
  headSha: string
  actor: Account
  environment: Environment
  verdict: RunVerdict
  status: "waiting" | "in_progress" | "completed"
  conclusion: "success" | "failure" | "cancelled" | null
  decisions: RuleDecision[]
  createdAt: string
  updatedAt: string
}
