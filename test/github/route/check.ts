/** Check runs and suites. https://docs.github.com/en/rest/checks */
import { invalidField, numberParam, page, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { createCheckRun, rerequestCheckRun, updateCheckRun } from "../act/check.ts"
import type { CheckOutput, CheckReport } from "../act/check.ts"
import { emitSuite, suiteFor } from "../act/suite.ts"
import { readCommit } from "../git-object.ts"
import type { App, CheckAction, CheckConclusion, CheckRun, CheckStatus, CheckSuite } from "../state.ts"
import { checkRunView, checkSuiteView, latestRuns } from "../view/check.ts"
import { requireCommit } from "./content.ts"

const read = [{ permission: "checks", level: "read" as const }]
const write = [{ permission: "checks", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const checkRoutes: RepositoryRoute[] = [
  { method: "POST", path: "/check-runs", needs: write, handle: postRun },
  { method: "GET", path: "/check-runs/:id", needs: read, handle: getRun },
  { method: "PATCH", path: "/check-runs/:id", needs: write, handle: patchRun },
  { method: "GET", path: "/check-runs/:id/annotations", needs: read, handle: listAnnotations },
  { method: "POST", path: "/check-runs/:id/rerequest", needs: write, handle: rerequestRun },
  { method: "GET", path: "/commits/:ref{.+}/check-runs", needs: read, handle: listRunsOfRef },
  { method: "GET", path: "/commits/:ref{.+}/check-suites", needs: read, handle: listSuitesOfRef },
  { method: "POST", path: "/check-suites", needs: write, handle: postSuite },
  { method: "GET", path: "/check-suites/:id", needs: read, handle: getSuite },
  { method: "GET", path: "/check-suites/:id/check-runs", needs: read, handle: listRunsOfSuite },
  { method: "POST", path: "/check-suites/:id/rerequest", needs: write, handle: rerequestSuite },
]

const statuses = ["queued", "in_progress", "completed", "waiting", "requested", "pending"] as const
const conclusions: CheckConclusion[] = [
  "action_required",
  "cancelled",
  "failure",
  "neutral",
  "success",
  "skipped",
  "stale",
  "timed_out",
]

/** People cannot write checks, only apps. */
function reportingApp(call: RepositoryCall): App {
  if (call.actor.app) return call.actor.app
  throw refusal(403, "You must authenticate via a GitHub App.")
}

function requireRun(call: RepositoryCall): CheckRun {
  const id = numberParam(call, "id")
  const run = call.repository.checkRuns.find((one) => one.id === id)
  if (!run) throw refusal(404, "Not Found")
  return run
}

async function postRun(call: RepositoryCall): Promise<Answer> {
  const app = reportingApp(call)
  const name = textField(call, "CheckRun", "name")
  const headSha = textField(call, "CheckRun", "head_sha")
  const run = await createCheckRun(call, app, { ...readReport(call), name, headSha })
  return { status: 201, body: checkRunView(call.state, call.repository, run) }
}

function getRun(call: RepositoryCall): Answer {
  return { status: 200, body: checkRunView(call.state, call.repository, requireRun(call)) }
}

async function patchRun(call: RepositoryCall): Promise<Answer> {
  const run = requireRun(call)
  await updateCheckRun(call, reportingApp(call), { run, report: readReport(call) })
  return { status: 200, body: checkRunView(call.state, call.repository, run) }
}

function readReport(call: RepositoryCall): CheckReport {
  const { body } = call
  const text = (field: string) => (typeof body[field] === "string" ? body[field] : undefined)
  return {
    name: text("name"),
    externalId: text("external_id"),
    detailsUrl: text("details_url"),
    status: oneOf<CheckStatus>(call, "status", [...statuses]),
    conclusion: oneOf<CheckConclusion>(call, "conclusion", conclusions),
    startedAt: text("started_at"),
    completedAt: text("completed_at"),
    output: readOutput(call),
    actions: Array.isArray(body["actions"]) ? (body["actions"] as CheckAction[]) : undefined,
  }
}

function oneOf<T extends string>(call: RepositoryCall, field: string, known: T[]): T | undefined {
  const given = call.body[field]
  if (given === undefined || given === null) return undefined
  const found = known.find((one) => one === given)
  if (found === undefined) throw invalidField("CheckRun", field, `${JSON.stringify(given)} is not a valid ${field}`)
  return found
}

function readOutput(call: RepositoryCall): CheckOutput | undefined {
  const given = call.body["output"]
  if (given === undefined || given === null) return undefined
  const output = given as Partial<CheckOutput>
  if (typeof output.summary !== "string") {
    throw refusal(422, `Invalid request.\n\n"summary" wasn't supplied.`)
  }
  const isBad = (output.annotations ?? []).some(
    (one) => !one.path || !one.start_line || !one.end_line || !one.annotation_level || !one.message,
  )
  if (isBad)
    throw refusal(
      422,
      "Invalid request.\n\nAn annotation lacks path, start_line, end_line, annotation_level or message.",
    )
  return { ...output, summary: output.summary }
}

function listAnnotations(call: RepositoryCall): Answer {
  return pageOf(call, requireRun(call).output.annotations, (annotation) => annotation)
}

function rerequestRun(call: RepositoryCall): Answer {
  rerequestCheckRun(call, call.actor, requireRun(call))
  return { status: 201, body: {} }
}

async function listRunsOfRef(call: RepositoryCall): Promise<Answer> {
  const commit = await requireCommit(call, String(call.params["ref"]))
  return runList(
    call,
    call.repository.checkRuns.filter((run) => run.headSha === commit.sha),
  )
}

function listRunsOfSuite(call: RepositoryCall): Answer {
  const suite = requireSuite(call)
  return runList(
    call,
    call.repository.checkRuns.filter((run) => run.suite === suite),
  )
}

/** Filters: `check_name`, `app_id`, `status`, `filter` (`latest` unless `all`); newest first. */
function runList(call: RepositoryCall, runs: CheckRun[]): Answer {
  const { query } = call
  const [name, appId, status] = [query.get("check_name"), query.get("app_id"), query.get("status")]
  const newest = query.get("filter") === "all" ? runs : latestRuns(runs)
  const chosen = newest
    .filter((run) => (!name || run.name === name) && (!appId || run.app.id === Number(appId)))
    .filter((run) => !status || run.status === status)
    .toSorted((a, b) => b.id - a.id)
  const taken = page(call, chosen)
  const shown = taken.items.map((run) => checkRunView(call.state, call.repository, run))
  return { status: 200, body: { total_count: chosen.length, check_runs: shown }, headers: taken.headers }
}

function requireSuite(call: RepositoryCall): CheckSuite {
  const id = numberParam(call, "id")
  const suite = call.repository.checkSuites.find((one) => one.id === id)
  if (!suite) throw refusal(404, "Not Found")
  return suite
}

async function suiteBody(call: RepositoryCall, suite: CheckSuite) {
  const commit = await readCommit(call.repository.store, suite.headSha)
  if (!commit) throw refusal(404, "Not Found")
  return checkSuiteView(call, suite, commit)
}

async function listSuitesOfRef(call: RepositoryCall): Promise<Answer> {
  const commit = await requireCommit(call, String(call.params["ref"]))
  const appId = call.query.get("app_id")
  const chosen = call.repository.checkSuites.filter(
    (suite) => suite.headSha === commit.sha && (!appId || suite.app.id === Number(appId)),
  )
  const taken = page(call, chosen)
  const shown = await Promise.all(taken.items.map((suite) => suiteBody(call, suite)))
  return { status: 200, body: { total_count: chosen.length, check_suites: shown }, headers: taken.headers }
}

async function postSuite(call: RepositoryCall): Promise<Answer> {
  const app = reportingApp(call)
  const commit = await requireCommit(call, textField(call, "CheckSuite", "head_sha"))
  const suite = suiteFor(call, app, { sha: commit.sha, branch: null, before: null })
  return { status: 201, body: await suiteBody(call, suite) }
}

async function getSuite(call: RepositoryCall): Promise<Answer> {
  return { status: 200, body: await suiteBody(call, requireSuite(call)) }
}

async function rerequestSuite(call: RepositoryCall): Promise<Answer> {
  const suite = requireSuite(call)
  await emitSuite(call, call.actor, { suite, action: "rerequested", onlyApp: suite.app })
  return { status: 201, body: {} }
}
