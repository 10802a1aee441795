/** Deployments and their statuses. https://docs.github.com/en/rest/deployments */
import { addDeploymentStatus, createDeployment } from "../act/deployment.ts"
import { mergeDefaultInto, refuseByContexts } from "../act/deployment-refusal.ts"
import { invalidField, numberParam, optionalText, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { reportableStates } from "../deployment.ts"
import type { Deployment } from "../deployment.ts"
import { deploymentStatusView, deploymentView } from "../view/deployment.ts"

const read = [{ permission: "deployments", level: "read" as const }]
const write = [{ permission: "deployments", level: "write" as const }]
const longestDescription = 140

/** Routes below `/repos/{owner}/{repo}`. */
export const deploymentRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/deployments", needs: read, handle: listDeployments },
  { method: "POST", path: "/deployments", needs: write, handle: postDeployment },
  { method: "GET", path: "/deployments/:id", needs: read, handle: getDeployment },
  { method: "GET", path: "/deployments/:id/statuses", needs: read, handle: listStatuses },
  { method: "POST", path: "/deployments/:id/statuses", needs: write, handle: postStatus },
  { method: "GET", path: "/deployments/:id/statuses/:status", needs: read, handle: getStatus },
]

/** Newest first. An environment of `none` is that of nothing: GitHub's default, as if left out. */
function listDeployments(call: RepositoryCall): Answer {
  const filters = (["sha", "ref", "task", "environment"] as const).flatMap((field) => {
    const value = call.query.get(field)
    return value === null || value === "" || value === "none" ? [] : [{ field, value }]
  })
  const chosen = call.repository.deployments.filter((one) => filters.every(({ field, value }) => one[field] === value))
  return pageOf(call, chosen.toReversed(), (one) => deploymentView(call.state, call.repository, one))
}

/** 202 with a message when the default branch was merged first: GitHub then wants to be asked once more. */
async function postDeployment(call: RepositoryCall): Promise<Answer> {
  const ref = textField(call, "Deployment", "ref")
  const plan = {
    ref,
    task: optionalText(call, "task") ?? undefined,
    environment: optionalText(call, "environment") ?? undefined,
    description: optionalText(call, "description"),
    payload: payloadOf(call),
    isTransient: optionalFlag(call, "Deployment", "transient_environment"),
    isProduction: optionalFlag(call, "Deployment", "production_environment"),
  }
  const contexts = contextsOf(call)
  if (optionalFlag(call, "Deployment", "auto_merge") ?? true) {
    const message = await mergeDefaultInto(call, call.actor, ref)
    if (message !== undefined) return { status: 202, body: { message } }
  }
  await refuseByContexts(call, { ref, contexts })
  const deployment = await createDeployment(call, call.actor, plan)
  return { status: 201, body: deploymentView(call.state, call.repository, deployment) }
}

function payloadOf({ body }: RepositoryCall): Deployment["payload"] | undefined {
  const value = body["payload"]
  if (value === undefined || value === null) return undefined
  if (typeof value === "string") return value
  if (typeof value === "object" && !Array.isArray(value)) return value as Record<string, unknown>
  throw invalidField("Deployment", "payload")
}

function contextsOf({ body }: RepositoryCall): string[] | undefined {
  const value = body["required_contexts"]
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value
  throw invalidField("Deployment", "required_contexts")
}

function optionalFlag({ body }: RepositoryCall, resource: string, field: string): boolean | undefined {
  const value = body[field]
  if (value === undefined || value === null) return undefined
  if (typeof value === "boolean") return value
  throw invalidField(resource, field)
}

function requireDeployment(call: RepositoryCall): Deployment {
  const id = numberParam(call, "id")
  const deployment = call.repository.deployments.find((one) => one.id === id)
  if (!deployment) throw refusal(404, "Not Found")
  return deployment
}

function getDeployment(call: RepositoryCall): Answer {
  return { status: 200, body: deploymentView(call.state, call.repository, requireDeployment(call)) }
}

function listStatuses(call: RepositoryCall): Answer {
  const deployment = requireDeployment(call)
  return pageOf(call, deployment.statuses.toReversed(), (status) => deploymentStatusView(call, deployment, status))
}

function getStatus(call: RepositoryCall): Answer {
  const deployment = requireDeployment(call)
  const id = numberParam(call, "status")
  const status = deployment.statuses.find((one) => one.id === id)
  if (!status) throw refusal(404, "Not Found")
  return { status: 200, body: deploymentStatusView(call, deployment, status) }
}

function postStatus(call: RepositoryCall): Answer {
  const deployment = requireDeployment(call)
  const state = reportableStates.find((one) => one === call.body["state"])
  if (!state) throw invalidField("DeploymentStatus", "state")
  const description = optionalText(call, "description") ?? undefined
  if (description !== undefined && description.length > longestDescription) {
    const message = `description is too long (maximum is ${longestDescription} characters)`
    throw invalidField("DeploymentStatus", "description", message)
  }
  const status = addDeploymentStatus(call, call.actor, {
    deployment,
    state,
    description,
    logUrl: optionalText(call, "log_url") ?? optionalText(call, "target_url") ?? undefined,
    environment: optionalText(call, "environment") ?? undefined,
    environmentUrl: optionalText(call, "environment_url") ?? undefined,
    autoInactive: optionalFlag(call, "DeploymentStatus", "auto_inactive"),
  })
  const view = deploymentStatusView(call, deployment, status)
  return { status: 201, body: view, headers: { location: view.url } }
}
