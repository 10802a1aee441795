/** Issues and what happened to them. https://docs.github.com/en/rest/issues */
import { participation } from "../access.ts"
import { invalidField, numberParam, optionalText, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { closeIssue, editIssue, openIssue, reopenIssue } from "../act/issue.ts"
import { setLabels } from "../act/label.ts"
import { closePull, editPull, reopenPull } from "../act/pull.ts"
import type { Issue } from "../state.ts"
import { fullIssueView, issueEventView } from "../view/issue.ts"

const read = [
  { permission: "issues", level: "read" as const },
  { permission: "pull_requests", level: "read" as const },
]
const write = [
  { permission: "issues", level: "write" as const },
  { permission: "pull_requests", level: "write" as const },
]
const open = [
  { permission: "issues", level: "write" as const },
  { permission: participation, level: "write" as const },
]

/** Routes below `/repos/{owner}/{repo}`. */
export const issueRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/issues", needs: read, handle: listIssues },
  { method: "POST", path: "/issues", needs: open, handle: postIssue },
  { method: "GET", path: "/issues/events", needs: read, handle: listRepositoryEvents },
  { method: "GET", path: "/issues/:number", needs: read, handle: (call) => ok(call, requireIssue(call)) },
  { method: "PATCH", path: "/issues/:number", needs: write, handle: patchIssue },
  { method: "GET", path: "/issues/:number/events", needs: read, handle: listEvents },
  { method: "GET", path: "/issues/:number/timeline", needs: read, handle: listEvents },
]

/** The issue (or issue half of a pull request) a path names; 404 when there is none. */
export function requireIssue(call: RepositoryCall): Issue {
  const issue = call.repository.issues.get(numberParam(call, "number"))
  if (!issue) throw refusal(404, "Not Found")
  return issue
}

/**
 * An app needs `issues` for an issue and either of the two for a pull request. Throws the 403.
 * https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
 */
export function demandIssueAccess(call: RepositoryCall, issue: Issue, level: "read" | "write"): void {
  const { caller, repository } = call
  if (caller.kind !== "installation" || repository.pulls.has(issue.number)) return
  const granted = caller.token.permissions["issues"]
  if (granted !== "write" && granted !== level) throw refusal(403, "Resource not accessible by integration")
}

function ok(call: RepositoryCall, issue: Issue): Answer {
  demandIssueAccess(call, issue, "read")
  return { status: 200, body: fullIssueView(call.state, call.repository, issue) }
}

function listIssues(call: RepositoryCall): Answer {
  const wanted = call.query.get("state") ?? "open"
  const labels = (call.query.get("labels") ?? "").split(",").filter((name) => name !== "")
  const since = call.query.get("since")
  const creator = call.query.get("creator")
  const chosen = [...call.repository.issues.values()].filter(
    (issue) =>
      (wanted === "all" || issue.state === wanted) &&
      labels.every((name) => issue.labels.some((label) => label.name.toLowerCase() === name.toLowerCase())) &&
      (!since || issue.updatedAt >= since) &&
      (!creator || issue.author.login === creator),
  )
  const ordered = call.query.get("direction") === "asc" ? chosen : chosen.toReversed()
  return pageOf(call, ordered, (issue) => fullIssueView(call.state, call.repository, issue))
}

async function postIssue(call: RepositoryCall): Promise<Answer> {
  const title = textField(call, "Issue", "title")
  const body = optionalText(call, "body") ?? null
  const issue = await openIssue(call, call.actor, { title, body, labels: labelNames(call.body["labels"]) })
  return { status: 201, body: fullIssueView(call.state, call.repository, issue) }
}

async function patchIssue(call: RepositoryCall): Promise<Answer> {
  const issue = requireIssue(call)
  demandIssueAccess(call, issue, "write")
  const title = optionalText(call, "title")
  const body = optionalText(call, "body")
  const edit = { ...(title ? { title } : {}), ...(body === undefined ? {} : { body }) }
  const pull = call.repository.pulls.get(issue.number)
  if (pull) await editPull(call, call.actor, { pull, ...edit })
  else editIssue(call, call.actor, { issue, ...edit })
  await changeState(call, issue)
  if (Array.isArray(call.body["labels"])) await replaceLabels(call, issue, labelNames(call.body["labels"]))
  return ok(call, issue)
}

async function changeState(call: RepositoryCall, issue: Issue): Promise<void> {
  const wanted = call.body["state"]
  const pull = call.repository.pulls.get(issue.number)
  if (wanted !== undefined && wanted !== "open" && wanted !== "closed") throw invalidField("Issue", "state")
  if (wanted === "closed") {
    const reason = call.body["state_reason"] === "not_planned" ? "not_planned" : "completed"
    if (pull) await closePull(call, call.actor, pull)
    else closeIssue(call, call.actor, { issue, reason })
  }
  if (wanted === "open") {
    if (pull) await reopenPull(call, call.actor, pull)
    else reopenIssue(call, call.actor, issue)
  }
}

/** Makes the labels of an issue exactly these. */
export async function replaceLabels(call: RepositoryCall, issue: Issue, names: string[]): Promise<void> {
  const keep = new Set(names.map((name) => name.toLowerCase()))
  const remove = issue.labels.map((label) => label.name).filter((name) => !keep.has(name.toLowerCase()))
  await setLabels(call, call.actor, { issue, add: names, remove })
}

/** Names from a list of names or of `{name}`, as the API takes both. */
export function labelNames(given: unknown): string[] {
  if (!Array.isArray(given)) return []
  return given.map((one: unknown) => {
    if (typeof one === "string") return one
    if (typeof one === "object" && one !== null && "name" in one) return String(one.name)
    throw invalidField("Label", "name")
  })
}

function listEvents(call: RepositoryCall): Answer {
  const { number } = requireIssue(call)
  const own = call.repository.issueEvents.filter((event) => event.issueNumber === number)
  return pageOf(call, own, (event) => issueEventView(call.state, call.repository, event))
}

function listRepositoryEvents(call: RepositoryCall): Answer {
  const { state, repository } = call
  return pageOf(call, repository.issueEvents.toReversed(), (event) => {
    const issue = repository.issues.get(event.issueNumber)
    return { ...issueEventView(state, repository, event), issue: issue && fullIssueView(state, repository, issue) }
  })
}
