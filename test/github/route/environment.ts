/** Environments, their custom rules, and what apps say about runs that wait. https://docs.github.com/en/rest/deployments/environments https://docs.github.com/en/rest/deployments/protection-rules */
import { addRule, availableRuleApps, ensureEnvironment, findEnvironment } from "../act/environment.ts"
import { reviewRun } from "../act/workflow-run.ts"
import { invalidField, numberParam, optionalText, page, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import type { DeploymentRule, Environment, WorkflowRun } from "../environment.ts"
import { isoNow } from "../state.ts"
import { deploymentRuleView, environmentStub, environmentView, ruleAppView } from "../view/environment.ts"
import { workflowRunView } from "../view/workflow-run.ts"

const read = [{ permission: "actions", level: "read" as const }]
const administer = [{ permission: "administration", level: "write" as const }]
const answer = [{ permission: "deployments", level: "write" as const }]
const rules = "/environments/:name/deployment_protection_rules"

/** Routes below `/repos/{owner}/{repo}`. */
export const environmentRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/environments", needs: read, handle: listEnvironments },
  { method: "GET", path: "/environments/:name", needs: read, handle: getEnvironment },
  { method: "PUT", path: "/environments/:name", needs: administer, handle: putEnvironment },
  { method: "GET", path: rules, needs: read, handle: listRules },
  { method: "POST", path: rules, needs: administer, handle: postRule },
  { method: "GET", path: `${rules}/apps`, needs: read, handle: listRuleApps },
  { method: "GET", path: `${rules}/:id`, needs: read, handle: getRule },
  { method: "DELETE", path: `${rules}/:id`, needs: administer, handle: deleteRule },
  { method: "GET", path: "/actions/runs/:run", needs: read, handle: getRun },
  { method: "GET", path: "/actions/runs/:run/pending_deployments", needs: read, handle: listPending },
  { method: "POST", path: "/actions/runs/:run/deployment_protection_rule", needs: answer, handle: postReview },
]

function listEnvironments(call: RepositoryCall): Answer {
  const { environments } = call.repository
  const taken = page(call, environments)
  const shown = taken.items.map((one) => environmentView(call.state, call.repository, one))
  return { status: 200, body: { total_count: environments.length, environments: shown }, headers: taken.headers }
}

function requireEnvironment(call: RepositoryCall): Environment {
  const environment = findEnvironment(call.repository, String(call.params["name"]))
  if (!environment) throw refusal(404, "Not Found")
  return environment
}

function getEnvironment(call: RepositoryCall): Answer {
  return { status: 200, body: environmentView(call.state, call.repository, requireEnvironment(call)) }
}

/** Makes or changes one. Timers, reviewers and branch patterns are not known here: asking for them is unknown. */
function putEnvironment(call: RepositoryCall): Answer {
  const { wait_timer: timer, reviewers, deployment_branch_policy: policy } = call.body
  const { protected_branches: isLimited = false, custom_branch_policies: hasPatterns = false } = policyOf(policy)
  if (policy && isLimited === hasPatterns) {
    throw refusal(422, "protected_branches and custom_branch_policies cannot have the same value")
  }
  if (timer || hasPatterns || (Array.isArray(reviewers) && reviewers.length > 0)) throw unknownSetting(call)
  const environment = ensureEnvironment(call, String(call.params["name"]))
  environment.branches = isLimited ? "protected" : "all"
  environment.updatedAt = isoNow(call.state)
  return { status: 200, body: environmentView(call.state, call.repository, environment) }
}

function policyOf(policy: unknown): { protected_branches?: boolean; custom_branch_policies?: boolean } {
  return typeof policy === "object" && policy !== null ? policy : {}
}

function unknownSetting({ state, params }: RepositoryCall): Error {
  const asked = `PUT environment ${params["name"]} with a timer, reviewers or branch patterns`
  state.unknownRequests.push(asked)
  return refusal(501, `The test GitHub does not know ${asked}`)
}

function listRules(call: RepositoryCall): Answer {
  const shown = requireEnvironment(call).rules.map((rule) => deploymentRuleView(call.state, rule))
  return { status: 200, body: { total_count: shown.length, custom_deployment_protection_rules: shown } }
}

function postRule(call: RepositoryCall): Answer {
  const environment = requireEnvironment(call)
  const app = call.state.apps.get(Number(call.body["integration_id"]))
  if (!app) throw invalidField("DeploymentProtectionRule", "integration_id")
  return { status: 201, body: deploymentRuleView(call.state, addRule(call, environment, app)) }
}

function listRuleApps(call: RepositoryCall): Answer {
  requireEnvironment(call)
  const apps = availableRuleApps(call)
  const taken = page(call, apps)
  const shown = taken.items.map((app) => ruleAppView(call.state, app))
  const body = { total_count: apps.length, available_custom_deployment_protection_rule_integrations: shown }
  return { status: 200, body, headers: taken.headers }
}

function requireRule(call: RepositoryCall): { environment: Environment; rule: DeploymentRule } {
  const environment = requireEnvironment(call)
  const id = numberParam(call, "id")
  const rule = environment.rules.find((one) => one.id === id)
  if (!rule) throw refusal(404, "Not Found")
  return { environment, rule }
}

function getRule(call: RepositoryCall): Answer {
  return { status: 200, body: deploymentRuleView(call.state, requireRule(call).rule) }
}

function deleteRule(call: RepositoryCall): Answer {
  const { environment, rule } = requireRule(call)
  environment.rules = environment.rules.filter((one) => one !== rule)
  return { status: 204 }
}

function requireRun(call: RepositoryCall): WorkflowRun {
  const id = numberParam(call, "run")
  const run = call.repository.workflowRuns.find((one) => one.id === id)
  if (!run) throw refusal(404, "Not Found")
  return run
}

function getRun(call: RepositoryCall): Answer {
  return { status: 200, body: workflowRunView(call, requireRun(call)) }
}

/** https://docs.github.com/en/rest/actions/workflow-runs#get-pending-deployments-for-a-workflow-run */
function listPending(call: RepositoryCall): Answer {
  const run = requireRun(call)
  const pending = {
    environment: environmentStub(call.state, call.repository, run.environment),
    wait_timer: 0,
    wait_timer_started_at: null,
    current_user_can_approve: false,
    reviewers: [],
  }
  return { status: 200, body: run.status === "waiting" ? [pending] : [] }
}

/** https://docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run */
function postReview(call: RepositoryCall): Answer {
  const run = requireRun(call)
  if (!call.actor.app) throw refusal(403, "Resource not accessible by personal access token")
  const environment = textField(call, "DeploymentProtectionRule", "environment_name")
  const { state } = call.body
  if (state !== undefined && state !== "approved" && state !== "rejected") {
    throw invalidField("DeploymentProtectionRule", "state")
  }
  const comment = optionalText(call, "comment") ?? undefined
  reviewRun(call, call.actor.app, { run, environment, state, comment })
  return { status: 204 }
}
