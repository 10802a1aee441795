/** Commit statuses, deployments and deployment statuses. */
import { refusal } from "../api.ts"
import { readCommit } from "../git-object.ts"
import { listRefs } from "../git-ref.ts"
import { resolveRevision } from "../git-tree.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { fullNameOf } from "../access.ts"
import { contains } from "../comparison.ts"
import { isoNow } from "../state.ts"
import type { Actor, CommitStatus, World } from "../state.ts"
import type { Deployment, DeploymentStatus } from "../deployment.ts"
import { hookCommitView } from "../view/commit.ts"
import { deploymentView, hookDeploymentStatusView } from "../view/deployment.ts"
import { repositoryUrl } from "../view/repository.ts"

/** A commit status to set; context defaults to `default`. */
export type StatusPlan = {
  sha: string
  state: CommitStatus["state"]
  context?: string | undefined
  description?: string | null | undefined
  targetUrl?: string | null | undefined
}

/** Sets a status; 422 when there is no such commit. Emits `status`. */
export async function setStatus(world: World, actor: Actor, plan: StatusPlan): Promise<CommitStatus> {
  const { state, repository } = world
  const commit = await readCommit(repository.store, plan.sha)
  if (!commit) throw refusal(422, `No commit found for SHA: ${plan.sha}`)
  const now = isoNow(state)
  const status: CommitStatus = {
    ...freshIds("SC"),
    sha: plan.sha,
    state: plan.state,
    context: plan.context ?? "default",
    description: plan.description ?? null,
    targetUrl: plan.targetUrl ?? null,
    creator: actor.account,
    app: actor.app,
    createdAt: now,
    updatedAt: now,
  }
  repository.statuses.push(status)
  const payload = {
    id: status.id,
    sha: status.sha,
    name: fullNameOf(repository),
    avatar_url: `${state.urls.html}/avatars/${actor.account.id}?v=4`,
    target_url: status.targetUrl,
    context: status.context,
    description: status.description,
    state: status.state,
    commit: hookCommitView(state, repository, commit),
    branches: await branchesWith(world, plan.sha),
    created_at: now,
    updated_at: now,
  }
  emit(state, { event: "status", repository, sender: actor.account, payload })
  return status
}

/** Branches that contain a commit, ten at most. */
async function branchesWith(world: World, sha: string) {
  const { repository, state } = world
  const found = []
  for (const tip of await listRefs(repository.store, "refs/heads/")) {
    if (found.length === 10 || !(await contains(repository.store, tip.sha, sha))) continue
    const name = tip.ref.slice("refs/heads/".length)
    const url = `${repositoryUrl(state, repository)}/commits/${tip.sha}`
    found.push({ name, commit: { sha: tip.sha, url }, protected: repository.protections.has(name) })
  }
  return found
}

/** A deployment to make, of a branch, tag or SHA. */
export type DeploymentPlan = {
  ref: string
  environment?: string | undefined
  description?: string | null | undefined
  payload?: Record<string, unknown> | undefined
}

/** Makes a deployment; 422 when the ref does not exist. Emits `deployment.created`. */
export async function createDeployment(world: World, actor: Actor, plan: DeploymentPlan): Promise<Deployment> {
  const { state, repository } = world
  const sha = await resolveRevision(repository.store, plan.ref)
  if (!sha || !(await readCommit(repository.store, sha))) throw refusal(422, `No ref found for: ${plan.ref}`)
  const now = isoNow(state)
  const environment = plan.environment ?? "production"
  const deployment: Deployment = {
    ...freshIds("DE"),
    sha,
    ref: plan.ref,
    task: "deploy",
    environment,
    description: plan.description ?? null,
    payload: plan.payload ?? {},
    creator: actor.account,
    viaApp: actor.app,
    transientEnvironment: false,
    productionEnvironment: environment === "production",
    createdAt: now,
    updatedAt: now,
    statuses: [],
  }
  repository.deployments.push(deployment)
  const payload = { deployment: deploymentView(state, repository, deployment), workflow: null, workflow_run: null }
  emit(state, { event: "deployment", action: "created", repository, sender: actor.account, payload })
  return deployment
}

/** A deployment status to add. */
export type DeploymentStatusPlan = {
  deployment: Deployment
  state: DeploymentStatus["state"]
  description?: string | undefined
  targetUrl?: string | undefined
  environmentUrl?: string | undefined
}

/**
 * Adds a status. A `success` makes older successful deployments of the environment inactive.
 * Emits `deployment_status.created`, except for `inactive`, of which GitHub tells nobody.
 */
export function addDeploymentStatus(world: World, actor: Actor, plan: DeploymentStatusPlan): DeploymentStatus {
  const { state, repository } = world
  const { deployment } = plan
  const now = isoNow(state)
  const status: DeploymentStatus = {
    ...freshIds("DES"),
    state: plan.state,
    description: plan.description ?? "",
    environment: deployment.environment,
    targetUrl: plan.targetUrl ?? "",
    environmentUrl: plan.environmentUrl ?? "",
    logUrl: plan.targetUrl ?? "",
    creator: actor.account,
    viaApp: actor.app,
    createdAt: now,
    updatedAt: now,
  }
  if (plan.state === "success") retireOlder(world, actor, deployment)
  deployment.statuses.push(status)
  deployment.updatedAt = now
  if (plan.state === "inactive") return status
  const payload = {
    deployment_status: hookDeploymentStatusView(world, deployment, status),
    deployment: deploymentView(state, repository, deployment),
  }
  emit(state, { event: "deployment_status", action: "created", repository, sender: actor.account, payload })
  return status
}

function retireOlder(world: World, actor: Actor, deployment: Deployment): void {
  for (const older of world.repository.deployments) {
    if (older === deployment || older.environment !== deployment.environment) continue
    if (older.statuses.at(-1)?.state === "success") {
      addDeploymentStatus(world, actor, { deployment: older, state: "inactive" })
    }
  }
}
