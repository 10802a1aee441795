/** Deployments, as people and deploying apps make and report them. */
import { actorOfApp, refusal } from "../api.ts"
import { refuseArchived } from "../act/archive.ts"
import { addDeploymentStatus, createDeployment } from "../act/deployment.ts"
import type { DeploymentPlan, DeploymentStatusPlan } from "../act/deployment.ts"
import { addRule, ensureEnvironment } from "../act/environment.ts"
import { bypassRules, cancelRun, deploymentOf, endRun, startRun } from "../act/workflow-run.ts"
import type { Deployment, DeploymentStatus, ReportableState } from "../deployment.ts"
import type { RuleDecision, WorkflowRun } from "../environment.ts"
import type { Actor, GitHubState, World } from "../state.ts"
import { actorIn, appNamed, pullNumbered, shaOf, worldOf } from "./who.ts"
import type { AtCommit, By, In } from "./who.ts"

/** Who deploys: a person's login (or `slug[bot]`), or an app by its slug. Neither: whoever owns the repository. */
export type Deployer = In & { by?: string; app?: string }

/** What is said about how a deployment goes. */
export type DeploymentReport = { state: ReportableState } & Omit<DeploymentStatusPlan, "deployment" | "state">

/**
 * Deploys a commit (`sha`, the head of `pull`, or what `ref` names; else the tip of the default branch) to an environment
 * (`production`). With `state` its first status is set too. It asks no checks, as GitHub Actions does not.
 * Events: `deployment.created`, `deployment_status.created`.
 */
export async function deploy(
  state: GitHubState,
  args: Deployer & AtCommit & Partial<Omit<DeploymentPlan, "run">> & { state?: ReportableState },
): Promise<{ id: number; sha: string }> {
  const world = worldOf(state, args)
  const actor = deployerIn(world, args)
  const { repo: _repo, by: _by, app: _app, sha: _sha, pull: _pull, state: verdict, ...plan } = args
  const ref = args.ref ?? (await shaOf(world, args))
  const deployment = await createDeployment(world, actor, { ...plan, ref })
  if (verdict) addDeploymentStatus(world, actor, { deployment, state: verdict })
  return { id: deployment.id, sha: deployment.sha }
}

/** Reports how a deployment goes, and ends the run behind it. Event: `deployment_status.created` (none for `inactive`). */
export function reportDeployment(
  state: GitHubState,
  args: Deployer & DeploymentReport & { id: number },
): { id: number } {
  const world = worldOf(state, args)
  const { repo: _repo, by: _by, app: _app, id, ...report } = args
  const deployment = deploymentNumbered(world, id)
  const status = addDeploymentStatus(world, deployerIn(world, args), { ...report, deployment })
  endRun(world, deployment)
  return { id: status.id }
}

/** Names an environment. */
export type InEnvironment = By & { environment: string }

/** Makes an environment, or changes which branches may deploy to it (all of them unless told otherwise). */
export function addEnvironment(state: GitHubState, args: InEnvironment & { branches?: "all" | "protected" }): void {
  const world = worldOf(state, args)
  actorIn(world, args, "admin")
  ensureEnvironment(world, args.environment).branches = args.branches ?? "all"
}

/** Makes an app (its slug) a rule of an environment, which is made if need be: it must approve each deployment. */
export function protectEnvironment(state: GitHubState, args: InEnvironment & { app: string }): { id: number } {
  const world = worldOf(state, args)
  actorIn(world, args, "admin")
  return { id: addRule(world, ensureEnvironment(world, args.environment), appNamed(state, args.app)).id }
}

/** Takes a rule away again. Runs that wait for it go on waiting. */
export function unprotectEnvironment(state: GitHubState, args: InEnvironment & { app: string }): void {
  const world = worldOf(state, args)
  actorIn(world, args, "admin")
  const environment = ensureEnvironment(world, args.environment)
  environment.rules = environment.rules.filter((rule) => rule.app.slug !== args.app)
}

/**
 * Starts a workflow run that deploys a branch (the default one), the head of `pull`, or a commit to an environment. It
 * waits there for the apps that are its rules; without any it goes on at once. `run` is what the app's answer is about,
 * `deployment` what `reportDeployment` then tells the end of. Events: `deployment.created`, `deployment_status.created`
 * (`waiting`), `deployment_protection_rule.requested`.
 */
export async function requestDeployment(
  state: GitHubState,
  args: InEnvironment & AtCommit & { ref?: string; event?: string; workflow?: string },
): Promise<{ run: number; deployment: number; sha: string }> {
  const world = worldOf(state, args)
  const { defaultBranch } = world.repository
  const pull = args.pull === undefined ? undefined : pullNumbered(world, args.pull)
  const branch = pull?.headRef ?? args.ref ?? defaultBranch
  const run = await startRun(world, actorIn(world, args, "write"), {
    environment: ensureEnvironment(world, args.environment),
    ref: args.sha ?? branch,
    branch,
    event: args.event ?? "push",
    workflow: args.workflow ?? "deploy",
  })
  return { run: run.id, deployment: deploymentOf(world, run).id, sha: run.headSha }
}

/** What became of a run at its environment, and what each app said on the way. */
export type DeploymentRequest = Pick<WorkflowRun, "verdict" | "status" | "conclusion"> & {
  run: number
  environment: string
  sha: string
  deployment: number
  deploymentState: DeploymentStatus["state"] | undefined
  rules: { app: string; state: RuleDecision["state"]; comments: RuleDecision["comments"] }[]
}

/** All runs that deploy, oldest first. */
export function deploymentRequests(state: GitHubState, args: In): DeploymentRequest[] {
  const world = worldOf(state, args)
  return world.repository.workflowRuns.map((run) => {
    const deployment = deploymentOf(world, run)
    const { id, verdict, status, conclusion, environment, headSha: sha } = run
    return {
      run: id,
      environment: environment.name,
      sha,
      verdict,
      status,
      conclusion,
      deployment: deployment.id,
      deploymentState: deployment.statuses.at(-1)?.state,
      rules: run.decisions.map((one) => ({ app: one.app.slug, state: one.state, comments: [...one.comments] })),
    }
  })
}

/** An admin lets a waiting run deploy although a rule has not decided. Event: `deployment_status.created`. */
export function bypassProtection(state: GitHubState, args: By & { run: number }): void {
  const world = worldOf(state, args)
  actorIn(world, args, "admin")
  bypassRules(world, runNumbered(world, args.run))
}

/** Cancels a waiting run. Event: `deployment_status.created`. */
export function cancelDeployment(state: GitHubState, args: By & { run: number }): void {
  const world = worldOf(state, args)
  actorIn(world, args, "write")
  cancelRun(world, runNumbered(world, args.run))
}

function runNumbered({ repository }: World, id: number): WorkflowRun {
  const run = repository.workflowRuns.find((one) => one.id === id)
  if (!run) throw refusal(404, `No workflow run ${id}`)
  return run
}

function deploymentNumbered({ repository }: World, id: number): Deployment {
  const deployment = repository.deployments.find((one) => one.id === id)
  if (!deployment) throw refusal(404, `No deployment ${id}`)
  return deployment
}

function deployerIn(world: World, { by, app }: Deployer): Actor {
  refuseArchived(world.repository)
  if (app !== undefined) return actorOfApp(appNamed(world.state, app))
  return actorIn(world, { by: by ?? world.repository.owner.login }, "write")
}
