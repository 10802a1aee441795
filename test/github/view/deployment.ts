/** Deployments as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import type { GitHubState, Repository, World } from "../state.ts"
import type { Deployment, DeploymentStatus } from "../deployment.ts"
import { accountView } from "./account.ts"
import { hookAppView } from "./app.ts"
import { repositoryUrl } from "./repository.ts"

/** https://docs.github.com/en/rest/deployments/deployments#get-a-deployment */
export function deploymentView(state: GitHubState, repository: Repository, deployment: Deployment) {
  const url = `${repositoryUrl(state, repository)}/deployments/${deployment.id}`
  return {
    url,
    id: deployment.id,
    node_id: deployment.nodeId,
    sha: deployment.sha,
    ref: deployment.ref,
    task: deployment.task,
    payload: deployment.payload,
    original_environment: deployment.originalEnvironment,
    environment: deployment.environment,
    description: deployment.description,
    creator: accountView(state, deployment.creator),
    created_at: deployment.createdAt,
    updated_at: deployment.updatedAt,
    statuses_url: `${url}/statuses`,
    repository_url: repositoryUrl(state, repository),
    transient_environment: deployment.transientEnvironment,
    production_environment: deployment.productionEnvironment,
    performed_via_github_app: deployment.viaApp ? hookAppView(state, deployment.viaApp) : null,
  } satisfies components["schemas"]["deployment"]
}

/** GitHub shows `waiting` too, which its description of the API does not name. */
type Shown<View> = Omit<View, "state"> & { state: DeploymentStatus["state"] }

/** https://docs.github.com/en/rest/deployments/statuses#get-a-deployment-status */
export function deploymentStatusView(world: World, deployment: Deployment, status: DeploymentStatus) {
  const { state, repository } = world
  const url = `${repositoryUrl(state, repository)}/deployments/${deployment.id}`
  return {
    url: `${url}/statuses/${status.id}`,
    id: status.id,
    node_id: status.nodeId,
    state: status.state,
    creator: accountView(state, status.creator),
    description: status.description,
    environment: status.environment,
    target_url: status.targetUrl,
    created_at: status.createdAt,
    updated_at: status.updatedAt,
    deployment_url: url,
    repository_url: repositoryUrl(state, repository),
    environment_url: status.environmentUrl,
    log_url: status.logUrl,
    performed_via_github_app: status.viaApp ? hookAppView(state, status.viaApp) : null,
  } satisfies Shown<components["schemas"]["deployment-status"]>
}

/** The form of `deployment_status` events: an empty `log_url` is left out. */
export function hookDeploymentStatusView(world: World, deployment: Deployment, status: DeploymentStatus) {
  const { log_url: logUrl, ...view } = deploymentStatusView(world, deployment, status)
  return { ...view, ...(logUrl === "" ? {} : { log_url: logUrl }) }
}
