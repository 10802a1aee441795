/** Workflow runs that deploy, as far as the rules of their environment let them. */
import { refusal } from "../api.ts"
import type { Deployment } from "../deployment.ts"
import type { Environment, RuleDecision, RunVerdict, WorkflowRun } from "../environment.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Account, Actor, App, World } from "../state.ts"
import { deploymentView } from "../view/deployment.ts"
import { pullView } from "../view/pull.ts"
import { repositoryUrl } from "../view/repository.ts"
import { workflowRunPage } from "../view/workflow-run.ts"
import { addDeploymentStatus, createDeployment, deployableSha } from "./deployment.ts"
import { activeRules } from "./rules.ts"

/** A run without an answer from its rules fails after this. https://docs.github.com/en/actions/reference/limits */
const longestWaitMs = 30 * 24 * 3_600_000
const mostReports = 10
const longestComment = 1024

/** A run to start: `ref` is what it deploys, `branch` what it runs on. */
export type RunPlan = { environment: Environment; ref: string; branch: string; event: string; workflow: string }

/**
 * Starts a run that deploys. Its deployment is there at once, `waiting` while a rule of the environment has not decided;
 * each such app hears `deployment_protection_rule.requested`. Without rules it goes on at once. 422 for a branch that
 * the environment does not take.
 */
export async function startRun(world: World, actor: Actor, plan: RunPlan): Promise<WorkflowRun> {
  const { repository } = world
  const { environment, branch } = plan
  const isProtected = repository.protections.has(branch) || activeRules(repository, branch).length > 0
  if (environment.branches === "protected" && !isProtected) {
    throw refusal(
      422,
      `Branch "${branch}" is not allowed to deploy to ${environment.name} due to environment protection rules.`,
    )
  }
  const run = newRun(world, actor.account, { ...plan, sha: await deployableSha(world, plan.ref) })
  repository.workflowRuns.push(run)
  const wanted = { ref: plan.ref, environment: environment.name, isProduction: false, run }
  const deployment = await createDeployment(world, { account: actor.account }, wanted)
  if (run.decisions.length === 0) {
    proceed(world, run, "approved")
    return run
  }
  say(world, deployment, "waiting")
  for (const { app } of run.decisions) await askRule(world, run, app)
  return run
}

function newRun(world: World, actor: Account, plan: RunPlan & { sha: string }): WorkflowRun {
  const now = isoNow(world.state)
  const path = `.github/workflows/${plan.workflow}.yml`
  const earlier = world.repository.workflowRuns.filter((one) => one.workflow.path === path)
  return {
    ...freshIds("WFR"),
    workflow: earlier[0]?.workflow ?? { ...freshIds("W"), name: plan.workflow, path, createdAt: now },
    suite: freshIds("CS"),
    runNumber: earlier.length + 1,
    event: plan.event,
    headBranch: plan.branch,
    headSha: plan.sha,
    actor,
    environment: plan.environment,
    verdict: "waiting",
    status: "waiting",
    conclusion: null,
    decisions: plan.environment.rules.map(({ app }) => ({ app, state: "waiting", comments: [] })),
    createdAt: now,
    updatedAt: now,
  }
}

async function askRule(world: World, run: WorkflowRun, app: App): Promise<void> {
  const { state, repository } = world
  const pulls = [...repository.pulls.values()].filter(
    (pull) => pull.headSha === run.headSha && pull.issue.state === "open" && pull.headRepository === repository,
  )
  const payload = {
    environment: run.environment.name,
    event: run.event,
    deployment_callback_url: `${repositoryUrl(state, repository)}/actions/runs/${run.id}/deployment_protection_rule`,
    deployment: deploymentView(state, repository, deploymentOf(world, run)),
    pull_requests: await Promise.all(pulls.map((pull) => pullView(world, pull))),
  }
  const about = { event: "deployment_protection_rule", action: "requested" }
  emit(state, { ...about, repository, sender: run.actor, payload, onlyApp: app })
}

/** The deployment that a run makes. */
export function deploymentOf({ repository }: World, run: WorkflowRun): Deployment {
  const deployment = repository.deployments.find((one) => one.run === run)
  if (!deployment) throw new Error(`run ${run.id} without a deployment`)
  return deployment
}

/** What an app says about a run; without `state` it only reports. */
export type RuleReview = {
  environment: string
  state?: "approved" | "rejected" | undefined
  comment?: string | undefined
}

/**
 * Takes an app's word on a run. 422 when nothing waits for it, for a comment of over 1,024 characters, and for more than
 * ten reports. The run fails with the first rejection, and goes on with the last approval.
 */
export function reviewRun(world: World, app: App, said: RuleReview & { run: WorkflowRun }): void {
  const { run, state, comment } = said
  const decision = waitingDecision(run, app, said.environment)
  if (comment !== undefined && comment.length > longestComment) {
    throw refusal(422, `Comment is too long (maximum is ${longestComment} characters)`)
  }
  if (state === undefined && (comment === undefined || comment === "")) {
    throw refusal(422, "A comment is required when no state is given")
  }
  const reports = decision.comments.filter((one) => one.state === null).length
  if (state === undefined && reports >= mostReports) {
    throw refusal(422, `No more than ${mostReports} status reports are allowed for a deployment`)
  }
  decision.comments.push({ state: state ?? null, comment: comment ?? "", at: isoNow(world.state) })
  run.updatedAt = isoNow(world.state)
  if (state === undefined) return
  decision.state = state
  if (state === "rejected") fail(world, run, "rejected")
  else if (run.decisions.every((one) => one.state === "approved")) proceed(world, run, "approved")
}

function waitingDecision(run: WorkflowRun, app: App, environment: string): RuleDecision {
  const isMeant = run.environment.name.toLowerCase() === environment.toLowerCase()
  const decision = run.decisions.find((one) => one.app === app)
  if (isMeant && run.status === "waiting" && decision?.state === "waiting") return decision
  throw refusal(422, "No pending deployment requests to approve or reject")
}

/** Lets a waiting run go on although a rule has not decided, as admins may. */
export function bypassRules(world: World, run: WorkflowRun): void {
  refuseSettled(run)
  proceed(world, run, "bypassed")
}

/** Cancels a waiting run. */
export function cancelRun(world: World, run: WorkflowRun): void {
  refuseSettled(run)
  fail(world, run, "cancelled")
}

function refuseSettled(run: WorkflowRun): void {
  if (run.status !== "waiting") throw refusal(409, `Run ${run.id} does not wait: it is ${run.verdict}`)
}

/** Ends a run with what its deployment came to; states that leave it running change nothing. */
export function endRun(world: World, deployment: Deployment): void {
  const { run } = deployment
  const state = deployment.statuses.at(-1)?.state
  if (!run || run.status !== "in_progress") return
  if (state !== "success" && state !== "failure" && state !== "error") return
  complete(world, run, state === "success" ? "success" : "failure")
}

/** Fails the runs of a repository that have waited too long. */
export function expireRuns(world: World): void {
  const nowMs = world.state.clock.now().getTime()
  for (const run of world.repository.workflowRuns) {
    if (run.status !== "waiting" || Date.parse(run.createdAt) + longestWaitMs > nowMs) continue
    fail(world, run, "expired")
  }
}

function proceed(world: World, run: WorkflowRun, verdict: RunVerdict): void {
  Object.assign(run, { verdict, status: "in_progress", updatedAt: isoNow(world.state) })
  say(world, deploymentOf(world, run), "in_progress")
}

function fail(world: World, run: WorkflowRun, verdict: RunVerdict): void {
  run.verdict = verdict
  complete(world, run, verdict === "cancelled" ? "cancelled" : "failure")
  say(world, deploymentOf(world, run), verdict === "cancelled" ? "error" : "failure")
}

function complete(world: World, run: WorkflowRun, conclusion: WorkflowRun["conclusion"]): void {
  Object.assign(run, { status: "completed", conclusion, updatedAt: isoNow(world.state) })
}

function say(world: World, deployment: Deployment, state: "waiting" | "in_progress" | "failure" | "error"): void {
  const { run } = deployment
  const logUrl = run && workflowRunPage(world, run)
  addDeploymentStatus(world, { account: run?.actor ?? deployment.creator }, { deployment, state, logUrl })
}
