/** Commit statuses. https://docs.github.com/en/rest/commits/statuses */
import { invalidField, optionalText, page, pageOf } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { setStatus } from "../act/status.ts"
import type { CommitStatus } from "../state.ts"
import { statusView } from "../view/check.ts"
import { repositoryUrl, repositoryView } from "../view/repository.ts"
import { requireCommit } from "./content.ts"

const readStatuses = [{ permission: "statuses", level: "read" as const }]
const writeStatuses = [{ permission: "statuses", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const statusRoutes: RepositoryRoute[] = [
  { method: "POST", path: "/statuses/:sha", needs: writeStatuses, handle: postStatus },
  { method: "GET", path: "/commits/:ref{.+}/statuses", needs: readStatuses, handle: listStatuses },
  { method: "GET", path: "/commits/:ref{.+}/status", needs: readStatuses, handle: combinedStatus },
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
