/** Check runs, with the limits of https://docs.github.com/en/rest/checks/runs */
import { invalidField, refusal } from "../api.ts"
import { readCommit } from "../git-object.ts"
import { listRefs } from "../git-ref.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type {
  Actor,
  App,
  CheckAction,
  CheckAnnotation,
  CheckConclusion,
  CheckRun,
  CheckStatus,
  World,
} from "../state.ts"
import { hookCheckRunView } from "../view/check.ts"
import { announceCompletedSuite, suiteFor } from "./suite.ts"

/** What an app says about a run; what is absent stays as it is. `output` without `text` erases the text. */
export type CheckReport = {
  name?: string | undefined
  externalId?: string | undefined
  detailsUrl?: string | undefined
  status?: CheckStatus | undefined
  conclusion?: CheckConclusion | undefined
  startedAt?: string | undefined
  completedAt?: string | undefined
  output?: CheckOutput | undefined
  actions?: CheckAction[] | undefined
}

/** `summary` 65,535 bytes at most, `text` is cut there, 50 annotations at most in one request. */
export type CheckOutput = {
  title?: string | null | undefined
  summary: string
  text?: string | undefined
  annotations?: Omit<CheckAnnotation, "blob_href">[] | undefined
}

/** GitHub's limit for a summary and a text, in bytes. */
const outputLimitBytes = 65_535

/** Creates a run in the app's suite of that commit; 422 when there is no such commit. Emits `created`, and `completed` when it is. */
export async function createCheckRun(
  world: World,
  app: App,
  plan: CheckReport & { name: string; headSha: string },
): Promise<CheckRun> {
  refuseBadReport(plan)
  if (!(await readCommit(world.repository.store, plan.headSha))) {
    throw refusal(422, `No commit found for SHA: ${plan.headSha}`)
  }
  const now = isoNow(world.state)
  const branch = await branchWithTip(world, plan.headSha)
  const run: CheckRun = {
    ...freshIds("CR"),
    suite: suiteFor(world, app, { sha: plan.headSha, branch, before: null }),
    app,
    name: plan.name,
    headSha: plan.headSha,
    externalId: "",
    detailsUrl: `${world.state.urls.html}/apps/${app.slug}`,
    status: "queued",
    conclusion: null,
    startedAt: now,
    completedAt: null,
    output: { title: null, summary: null, text: null, annotations: [] },
    actions: [],
    createdAt: now,
    updatedAt: now,
  }
  applyReport(world, run, plan)
  world.repository.checkRuns.push(run)
  const actor = { account: app.bot, app }
  emitCheckRun(world, actor, { run, action: "created" })
  if (run.status === "completed") await complete(world, run)
  return run
}

/** Changes a run; only its own app may (403). Emits `completed` when this report completes it. */
export async function updateCheckRun(
  world: World,
  app: App,
  change: { run: CheckRun; report: CheckReport },
): Promise<void> {
  const { run, report } = change
  if (run.app !== app) {
    const message = `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`
    throw refusal(403, message)
  }
  refuseBadReport(report)
  applyReport(world, run, report)
  if (report.conclusion !== undefined || report.status === "completed") await complete(world, run)
}

/** A person presses "Re-run". Emits `check_run.rerequested` to the run's app only, and resets nothing: the app answers. */
export function rerequestCheckRun(world: World, actor: Actor, run: CheckRun): void {
  emitCheckRun(world, actor, { run, action: "rerequested", onlyApp: run.app })
}

/** A person presses a button. Emits `check_run.requested_action` to the run's app only. */
export function requestCheckAction(world: World, actor: Actor, press: { run: CheckRun; identifier: string }): void {
  const { run, identifier } = press
  const extra = { requested_action: { identifier } }
  emitCheckRun(world, actor, { run, action: "requested_action", onlyApp: run.app, extra })
}

async function complete(world: World, run: CheckRun): Promise<void> {
  emitCheckRun(world, { account: run.app.bot, app: run.app }, { run, action: "completed" })
  await announceCompletedSuite(world, run.suite)
}

function emitCheckRun(
  world: World,
  actor: Actor,
  happened: { run: CheckRun; action: string; onlyApp?: App; extra?: Record<string, unknown> },
): void {
  const { state, repository } = world
  const payload = { check_run: hookCheckRunView(state, repository, happened.run), ...happened.extra }
  const { action, onlyApp } = happened
  emit(state, { event: "check_run", action, repository, sender: actor.account, payload, onlyApp })
}

function applyReport(world: World, run: CheckRun, report: CheckReport): void {
  const now = isoNow(world.state)
  run.updatedAt = now
  run.name = report.name ?? run.name
  run.externalId = report.externalId ?? run.externalId
  run.detailsUrl = report.detailsUrl ?? run.detailsUrl
  run.startedAt = report.startedAt ?? run.startedAt
  run.actions = report.actions ?? run.actions
  if (report.conclusion !== undefined) {
    Object.assign(run, { status: "completed", conclusion: report.conclusion, completedAt: report.completedAt ?? now })
  } else if (report.status !== undefined && report.status !== "completed") {
    Object.assign(run, { status: report.status, conclusion: null, completedAt: null })
  }
  if (report.output) applyOutput(world, run, report.output)
}

function applyOutput(world: World, run: CheckRun, output: CheckOutput): void {
  const page = `${world.state.urls.html}/${world.repository.owner.login}/${world.repository.name}`
  const added = (output.annotations ?? []).map((annotation) => ({
    ...annotation,
    blob_href: `${page}/blob/${run.headSha}/${annotation.path}`,
  }))
  run.output = {
    title: output.title ?? null,
    summary: output.summary,
    text: output.text === undefined ? null : cutToBytes(output.text, outputLimitBytes),
    annotations: [...run.output.annotations, ...added],
  }
}

function cutToBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text)
  return bytes.length <= limit
    ? text
    : bytes
        .subarray(0, limit)
        .toString()
        .replace(/\uFFFD+$/, "")
}

function refuseBadReport(report: CheckReport): void {
  if (report.status === "completed" && report.conclusion === undefined) {
    throw invalidField("CheckRun", "conclusion", "conclusion is required when status is completed")
  }
  if (report.conclusion === "stale") throw invalidField("CheckRun", "conclusion")
  const { output, actions } = report
  if (output) refuseBadOutput(output)
  if (!actions) return
  if (actions.length > 3) throw invalidField("CheckRun", "actions", "No more than 3 actions are allowed")
  for (const action of actions) refuseLongAction(action)
}

function refuseBadOutput(output: CheckOutput): void {
  const bytes = Buffer.byteLength(output.summary)
  if (bytes > outputLimitBytes) {
    throw refusal(422, `Invalid request.\n\nOnly ${outputLimitBytes} characters are allowed; ${bytes} were supplied.`)
  }
  if ((output.annotations?.length ?? 0) > 50) {
    throw refusal(422, "Invalid request.\n\nNo more than 50 items are allowed; annotations")
  }
}

function refuseLongAction(action: CheckAction): void {
  const limits = { label: 20, description: 40, identifier: 20 } as const
  for (const field of ["label", "description", "identifier"] as const) {
    const length = [...action[field]].length
    if (length <= limits[field]) continue
    throw refusal(422, `Invalid request.\n\nOnly ${limits[field]} characters are allowed; ${length} were supplied.`)
  }
}

async function branchWithTip(world: World, sha: string): Promise<string | null> {
  const refs = await listRefs(world.repository.store, "refs/heads/")
  return refs.find((one) => one.sha === sha)?.ref.slice("refs/heads/".length) ?? null
}
