/** Commit statuses and deployments. https://docs.github.com/en/rest/commits/statuses https://docs.github.com/en/rest/deployments */
import { invalidField, numberParam, optionalText, page, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { addDeploymentStatus, createDeployment, setStatus } from "../act/status.ts"
import type { CommitStatus } from "../state.ts"
import type { Deployment, DeploymentStatus } from "../deployment.ts"
import { deploymentStatusView, deploymentView } from "../view/deployment.ts"
import { statusView } from "../view/check.ts"
import { repositoryUrl, repositoryView } from "../view/repository.ts"
import { requireCommit } from "./content.ts"

const readStatuses = [{ permission: "statuses", level: "read" as const }]
const writeStatuses = [{ permission: "statuses", level: "write" as const }]
const readDeployments = [{ permission: "deployments", level: "read" as const }]
const writeDeployments = [{ permission: "deployments", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const statusRoutes: RepositoryRoute[] = [
  { method: "POST", path: "/statuses/:sha", needs: writeStatuses, handle: postStatus },
  { method: "GET", path: "/commits/:ref{.+}/statuses", needs: readStatuses, handle: listStatuses },
  { method: "GET", path: "/commits/:ref{.+}/status", needs: readStatuses, handle: combinedStatus },
  { method: "GET", path: "/deployments", needs: readDeployments, handle: listDeployments },
  { method: "POST", path: "/deployments", needs: writeDeployments, handle: postDeployment },
  { method: "GET", path: "/deployments/:id", needs: readDeployments, handle: getDeployment },
  { method: "GET", path: "/deployments/:id/statuses", needs: readDeployments, handle: listDeploymentStatuses },
  { method: "POST", path: "/deployments/:id/statuses", needs: writeDeployments, handle: postDeploymentStatus },
]

async function postStatus(call: RepositoryCall): Promise<Answer> {
  const state = call.body["state"]
  if (state !== "error" && state !== "failure" && state !== "pending" && state !== "success") {
    throw invalidField("Status", "state")
  }
  const description = optionalText(call, "description")
  if (description && description.length > 140)
    throw invalidField("Status", "description", "description is too long (maximum is 140 characters)")
  const status = await setStatus(call, call.actor, {
    sha: String(call.params["sha"]),
    state,
    context: optionalText(call, "context") ?? undefined,
    description,
    targetUrl: optionalText(call, "target_url"),
  })
  return { status: 201, body: statusView(call.state, call.repository, status) }
}

async function listStatuses(call: RepositoryCall): Promise<Answer> {
  const own = await statusesOf(call)
  return pageOf(call, own.toReversed(), (status) => statusView(call.state, call.repository, status))
}

async function statusesOf(call: RepositoryCall): Promise<CommitStatus[]> {
  const commit = await requireCommit(call, String(call.params["ref"]))
  return call.repository.statuses.filter((status) => status.sha === commit.sha)
}

/** Worst of the newest per context; `pending` when there is none at all. */
async function combinedStatus(call: RepositoryCall): Promise<Answer> {
  const commit = await requireCommit(call, String(call.params["ref"]))
  const newest = [...new Map((await statusesOf(call)).map((status) => [status.context, status])).values()]
  const isBad = newest.some((status) => status.state === "failure" || status.state === "error")
  const isOpen = newest.length === 0 || newest.some((status) => status.state === "pending")
  const taken = page(call, newest)
  const url = `${repositoryUrl(call.state, call.repository)}/commits/${commit.sha}`
  const body = {
    state: isBad ? "failure" : isOpen ? "pending" : "success",
    statuses: taken.items.map((status) => statusView(call.state, call.repository, status)),
    sha: commit.sha,
    total_count: newest.length,
    repository: repositoryView(call.state, call.repository),
    commit_url: url,
    url: `${url}/status`,
  }
  return { status: 200, body, headers: taken.headers }
}

function listDeployments(call: RepositoryCall): Answer {
  const { query } = call
  const wanted = { sha: query.get("sha"), ref: query.get("ref"), environment: query.get("environment") }
  const chosen = call.repository.deployments.filter(
    (one) =>
      (!wanted.sha || one.sha === wanted.sha) &&
      (!wanted.ref || one.ref === wanted.ref) &&
      (!wanted.environment || one.environment === wanted.environment),
  )
  return pageOf(call, chosen.toReversed(), (one) => deploymentView(call.state, call.repository, one))
}

async function postDeployment(call: RepositoryCall): Promise<Answer> {
  const deployment = await createDeployment(call, call.actor, {
    ref: textField(call, "Deployment", "ref"),
    environment: optionalText(call, "environment") ?? undefined,
    description: optionalText(call, "description"),
  })
  return { status: 201, body: deploymentView(call.state, call.repository, deployment) }
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

function listDeploymentStatuses(call: RepositoryCall): Answer {
  const deployment = requireDeployment(call)
  return pageOf(call, deployment.statuses.toReversed(), (status) => deploymentStatusView(call, deployment, status))
}

const deploymentStates: DeploymentStatus["state"][] = [
  "error",
  "failure",
  "inactive",
  "in_progress",
  "queued",
  "pending",
  "success",
]

function postDeploymentStatus(call: RepositoryCall): Answer {
  const deployment = requireDeployment(call)
  const state = deploymentStates.find((one) => one === call.body["state"])
  if (!state) throw invalidField("DeploymentStatus", "state")
  const status = addDeploymentStatus(call, call.actor, {
    deployment,
    state,
    description: optionalText(call, "description") ?? undefined,
    targetUrl: optionalText(call, "log_url") ?? optionalText(call, "target_url") ?? undefined,
    environmentUrl: optionalText(call, "environment_url") ?? undefined,
  })
  return { status: 201, body: deploymentStatusView(call, deployment, status) }
}
