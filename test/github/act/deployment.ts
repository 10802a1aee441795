/** Deployments and their statuses. https://docs.github.com/en/rest/deployments */
import { refusal } from "../api.ts"
import type { Deployment, DeploymentStatus } from "../deployment.ts"
import type { WorkflowRun } from "../environment.ts"
import { readCommit, readTag } from "../git-object.ts"
import { resolveRevision } from "../git-tree.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Actor, World } from "../state.ts"
import { deploymentView, hookDeploymentStatusView } from "../view/deployment.ts"
import { hookWorkflowRunView, hookWorkflowView } from "../view/workflow-run.ts"
import { ensureEnvironment } from "./environment.ts"

/** A deployment to make, of a branch, tag or SHA. `isProduction` defaults to whether the environment is so named. */
export type DeploymentPlan = {
  ref: string
  task?: string | undefined
  environment?: string | undefined
  description?: string | null | undefined
  payload?: Deployment["payload"] | undefined
  isTransient?: boolean | undefined
  isProduction?: boolean | undefined
  /** The workflow run that makes it. */
  run?: WorkflowRun | undefined
}

/** Makes a deployment, and its environment if need be; 422 when the ref does not exist. Emits `deployment.created`. */
export async function createDeployment(world: World, actor: Actor, plan: DeploymentPlan): Promise<Deployment> {
  const { state, repository } = world
  const sha = await deployableSha(world, plan.ref)
  const now = isoNow(state)
  const environment = plan.environment ?? "production"
  ensureEnvironment(world, environment)
  const deployment: Deployment = {
    ...freshIds("DE"),
    sha,
    ref: plan.ref,
    task: plan.task ?? "deploy",
    originalEnvironment: environment,
    environment,
    description: plan.description ?? null,
    payload: plan.payload ?? {},
    creator: actor.account,
    viaApp: actor.app,
    transientEnvironment: plan.isTransient ?? false,
    productionEnvironment: plan.isProduction ?? environment === "production",
    createdAt: now,
    updatedAt: now,
    run: plan.run,
    statuses: [],
  }
  repository.deployments.push(deployment)
  const payload = {
    deployment: deploymentView(state, repository, deployment),
    ...(runPart(world, deployment) ?? { workflow: null, workflow_run: null }),
  }
  emit(state, { event: "deployment", action: "created", repository, sender: actor.account, payload })
  return deployment
}

/** What events tell of the workflow run behind a deployment. */
function runPart(world: World, { run }: Deployment) {
  return run && { workflow: hookWorkflowView(world, run), workflow_run: hookWorkflowRunView(world, run) }
}

/** The commit a branch, tag or SHA names; 422 when there is none. */
export async function deployableSha({ repository: { store } }: World, ref: string): Promise<string> {
  const found = await resolveRevision(store, ref)
  const sha = found && ((await readTag(store, found))?.object ?? found)
  if (sha && (await readCommit(store, sha))) return sha
  throw refusal(422, `No ref found for: ${ref}`)
}

/** A deployment status to add. A new `environment` becomes that of the deployment. */
export type DeploymentStatusPlan = {
  deployment: Deployment
  state: DeploymentStatus["state"]
  description?: string | undefined
  logUrl?: string | undefined
  environment?: string | undefined
  environmentUrl?: string | undefined
  /** Whether a `success` makes earlier ones inactive; true when left out. */
  autoInactive?: boolean | undefined
}

/**
 * Adds a status. A `success` makes earlier deployments of the environment inactive that were successful, unless they are
 * transient or to production. Emits `deployment_status.created`, except for `inactive`, of which GitHub tells nobody.
 */
export function addDeploymentStatus(world: World, actor: Actor, plan: DeploymentStatusPlan): DeploymentStatus {
  const { state, repository } = world
  const { deployment } = plan
  const now = isoNow(state)
  deployment.environment = plan.environment ?? deployment.environment
  ensureEnvironment(world, deployment.environment)
  const status: DeploymentStatus = {
    ...freshIds("DES"),
    state: plan.state,
    description: plan.description ?? "",
    environment: deployment.environment,
    targetUrl: plan.logUrl ?? "",
    environmentUrl: plan.environmentUrl ?? "",
    logUrl: plan.logUrl ?? "",
    creator: actor.account,
    viaApp: actor.app,
    createdAt: now,
    updatedAt: now,
  }
  deployment.statuses.push(status)
  deployment.updatedAt = now
  if (plan.state === "success" && plan.autoInactive !== false) retireEarlier(world, actor, deployment)
  if (plan.state === "inactive") return status
  const payload = {
    deployment_status: hookDeploymentStatusView(world, deployment, status),
    deployment: deploymentView(state, repository, deployment),
    ...runPart(world, deployment),
  }
  emit(state, { event: "deployment_status", action: "created", repository, sender: actor.account, payload })
  return status
}

function retireEarlier(world: World, actor: Actor, deployment: Deployment): void {
  for (const earlier of world.repository.deployments) {
    if (earlier.id >= deployment.id || earlier.environment !== deployment.environment) continue
    if (earlier.transientEnvironment || earlier.productionEnvironment) continue
    if (earlier.statuses.at(-1)?.state === "success") {
      addDeploymentStatus(world, actor, { deployment: earlier, state: "inactive" })
    }
  }
}
