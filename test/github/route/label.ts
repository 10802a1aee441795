/** Labels. https://docs.github.com/en/rest/issues/labels */
import { optionalText, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { createLabel, findLabel, setLabels } from "../act/label.ts"
import type { Issue, Label } from "../state.ts"
import { labelView } from "../view/issue.ts"
import { demandIssueAccess, labelNames, replaceLabels, requireIssue } from "./issue.ts"

const read = [
  { permission: "issues", level: "read" as const },
  { permission: "pull_requests", level: "read" as const },
]
const write = [
  { permission: "issues", level: "write" as const },
  { permission: "pull_requests", level: "write" as const },
]

/** Routes below `/repos/{owner}/{repo}`. */
export const labelRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/labels", needs: read, handle: (call) => shown(call, call.repository.labels) },
  { method: "POST", path: "/labels", needs: write, handle: postLabel },
  { method: "GET", path: "/labels/:name", needs: read, handle: getLabel },
  { method: "PATCH", path: "/labels/:name", needs: write, handle: patchLabel },
  { method: "DELETE", path: "/labels/:name", needs: write, handle: deleteLabel },
  {
    method: "GET",
    path: "/issues/:number/labels",
    needs: read,
    handle: (call) => shown(call, requireIssue(call).labels),
  },
  { method: "POST", path: "/issues/:number/labels", needs: write, handle: addIssueLabels },
  { method: "PUT", path: "/issues/:number/labels", needs: write, handle: putIssueLabels },
  { method: "DELETE", path: "/issues/:number/labels", needs: write, handle: clearIssueLabels },
  { method: "DELETE", path: "/issues/:number/labels/:name", needs: write, handle: removeIssueLabel },
]

function shown(call: RepositoryCall, labels: Label[]): Answer {
  return pageOf(call, labels, (label) => labelView(call.state, call.repository, label))
}

function requireLabel(call: RepositoryCall): Label {
  const label = findLabel(call, String(call.params["name"]))
  if (!label) throw refusal(404, "Not Found")
  return label
}

function postLabel(call: RepositoryCall): Answer {
  const name = textField(call, "Label", "name")
  if (findLabel(call, name)) {
    throw refusal(422, "Validation Failed", [{ resource: "Label", code: "already_exists", field: "name" }])
  }
  const color = optionalText(call, "color")
  const label = createLabel(call, call.actor, {
    name,
    ...(color ? { color } : {}),
    description: optionalText(call, "description") ?? null,
  })
  return { status: 201, body: labelView(call.state, call.repository, label) }
}

function getLabel(call: RepositoryCall): Answer {
  return { status: 200, body: labelView(call.state, call.repository, requireLabel(call)) }
}

function patchLabel(call: RepositoryCall): Answer {
  const label = requireLabel(call)
  label.name = optionalText(call, "new_name") ?? label.name
  label.color = optionalText(call, "color") ?? label.color
  label.description = optionalText(call, "description") ?? label.description
  return { status: 200, body: labelView(call.state, call.repository, label) }
}

function deleteLabel(call: RepositoryCall): Answer {
  const label = requireLabel(call)
  call.repository.labels = call.repository.labels.filter((other) => other !== label)
  for (const issue of call.repository.issues.values()) issue.labels = issue.labels.filter((other) => other !== label)
  return { status: 204 }
}

function requireWritableIssue(call: RepositoryCall): Issue {
  const issue = requireIssue(call)
  demandIssueAccess(call, issue, "write")
  return issue
}

async function addIssueLabels(call: RepositoryCall): Promise<Answer> {
  const issue = requireWritableIssue(call)
  await setLabels(call, call.actor, { issue, add: labelNames(call.body["labels"]), remove: [] })
  return shown(call, issue.labels)
}

async function putIssueLabels(call: RepositoryCall): Promise<Answer> {
  const issue = requireWritableIssue(call)
  await replaceLabels(call, issue, labelNames(call.body["labels"]))
  return shown(call, issue.labels)
}

async function clearIssueLabels(call: RepositoryCall): Promise<Answer> {
  await replaceLabels(call, requireWritableIssue(call), [])
  return { status: 204 }
}

async function removeIssueLabel(call: RepositoryCall): Promise<Answer> {
  const issue = requireWritableIssue(call)
  const name = String(call.params["name"])
  if (!issue.labels.some((label) => label.name.toLowerCase() === name.toLowerCase())) {
    throw refusal(404, "Label does not exist")
  }
  await setLabels(call, call.actor, { issue, add: [], remove: [name] })
  return shown(call, issue.labels)
}
