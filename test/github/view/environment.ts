/** Environments and their custom rules as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import type { DeploymentRule, Environment } from "../environment.ts"
import type { App, GitHubState, Repository } from "../state.ts"
import { repositoryPage, repositoryUrl } from "./repository.ts"

/** The short form, which pending deployments carry. */
export function environmentStub(state: GitHubState, repository: Repository, environment: Environment) {
  const name = encodeURIComponent(environment.name)
  return {
    id: environment.id,
    node_id: environment.nodeId,
    name: environment.name,
    url: `${repositoryUrl(state, repository)}/environments/${name}`,
    html_url: `${repositoryPage(state, repository)}/deployments/activity_log?environments_filter=${name}`,
  }
}

/** https://docs.github.com/en/rest/deployments/environments#get-an-environment (custom rules have a list of their own) */
export function environmentView(state: GitHubState, repository: Repository, environment: Environment) {
  const { id, nodeId } = environment.branchPolicyId
  const isLimited = environment.branches === "protected"
  return {
    ...environmentStub(state, repository, environment),
    created_at: environment.createdAt,
    updated_at: environment.updatedAt,
    can_admins_bypass: true,
    protection_rules: isLimited ? [{ id, node_id: nodeId, type: "branch_policy" }] : [],
    deployment_branch_policy: isLimited ? { protected_branches: true, custom_branch_policies: false } : null,
  } satisfies components["schemas"]["environment"] & { can_admins_bypass: boolean }
}

/** https://docs.github.com/en/rest/deployments/protection-rules */
export function deploymentRuleView(state: GitHubState, rule: DeploymentRule) {
  return {
    id: rule.id,
    node_id: rule.nodeId,
    enabled: true,
    app: ruleAppView(state, rule.app),
  } satisfies components["schemas"]["deployment-protection-rule"]
}

/** An app that is a rule, or may be one. */
export function ruleAppView(state: GitHubState, app: App) {
  return {
    id: app.id,
    slug: app.slug,
    integration_url: `${state.urls.api}/apps/${app.slug}`,
    node_id: app.nodeId,
  } satisfies components["schemas"]["custom-deployment-rule-app"]
}
