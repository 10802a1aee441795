/** What other apps and people report about commits: check runs and statuses. */
import { refusal } from "../api.ts"
import { refuseArchived } from "../act/archive.ts"
import { createCheckRun, requestCheckAction, rerequestCheckRun, updateCheckRun } from "../act/check.ts"
import type { CheckReport } from "../act/check.ts"
import { emitSuite } from "../act/suite.ts"
import { setStatus as makeStatus } from "../act/status.ts"
import type { CheckRun, CommitStatus, GitHubState, World } from "../state.ts"
import { actorIn, appNamed, shaOf, worldOf } from "./who.ts"
import type { AtCommit, By, In } from "./who.ts"

/** A report of another app (`github-actions` unless named). `status` defaults to what `conclusion` says, else `in_progress`. */
export type NewCheckReport = In & AtCommit & CheckReport & { name: string; app?: string; newRun?: boolean }

/**
 * Reports a check: updates the app's newest run of that name on the commit, completed or not; creates one when there
 * is none, or when a `newRun` is wanted, as a re-run makes it. Events: `check_run.created`, `.completed`.
 */
export async function reportCheck(state: GitHubState, args: NewCheckReport): Promise<{ id: number; sha: string }> {
  const world = worldOf(state, args)
  refuseArchived(world.repository)
  const { repo: _repo, sha: _sha, pull: _pull, app: slug = "github-actions", newRun = false, ...given } = args
  const app = appNamed(state, slug)
  const headSha = await shaOf(world, args)
  const report = { ...given, status: given.status ?? (given.conclusion === undefined ? "in_progress" : undefined) }
  const known = world.repository.checkRuns.findLast(
    (run) => run.app === app && run.headSha === headSha && run.name === args.name,
  )
  if (!known || newRun) return { id: (await createCheckRun(world, app, { ...report, headSha })).id, sha: headSha }
  await updateCheckRun(world, app, { run: known, report })
  return { id: known.id, sha: headSha }
}

/** Presses "Re-run": its app hears `check_run.rerequested`; another app than the tested one starts a new queued run. */
export async function rerunCheck(state: GitHubState, args: By & { id: number }): Promise<{ id: number }> {
  const world = worldOf(state, args)
  const run = runNumbered(world, args.id)
  rerequestCheckRun(world, actorIn(world, args, "write"), run)
  if (run.app.events.length > 0) return { id: run.id }
  return { id: (await createCheckRun(world, run.app, { name: run.name, headSha: run.headSha })).id }
}

/** Presses "Re-run all checks" of an app on a pull request's head: that app hears `check_suite.rerequested`. */
export async function rerunSuite(state: GitHubState, args: By & AtCommit & { app: string }): Promise<void> {
  const world = worldOf(state, args)
  const app = appNamed(state, args.app)
  const headSha = await shaOf(world, args)
  const suite = world.repository.checkSuites.find((one) => one.app === app && one.headSha === headSha)
  if (!suite) throw refusal(404, `No check suite of ${args.app} at ${headSha}`)
  await emitSuite(world, actorIn(world, args, "write"), { suite, action: "rerequested", onlyApp: app })
}

/** Presses a button of a check run. Event: `check_run.requested_action`. */
export function pressCheckButton(state: GitHubState, args: By & { id: number; identifier: string }): void {
  const world = worldOf(state, args)
  const run = runNumbered(world, args.id)
  if (!run.actions.some((action) => action.identifier === args.identifier)) {
    throw refusal(404, `No button ${args.identifier} on check run ${args.id}`)
  }
  requestCheckAction(world, actorIn(world, args, "write"), { run, identifier: args.identifier })
}

function runNumbered(world: World, id: number): CheckRun {
  const run = world.repository.checkRuns.find((one) => one.id === id)
  if (!run) throw refusal(404, `No check run ${id}`)
  return run
}

/** Sets a commit status. Event: `status`. */
export async function setStatus(
  state: GitHubState,
  args: By & AtCommit & { state: CommitStatus["state"]; context?: string; description?: string },
): Promise<{ id: number }> {
  const world = worldOf(state, args)
  const { state: verdict, context, description } = args
  const sha = await shaOf(world, args)
  const plan = { sha, state: verdict, context, description }
  return { id: (await makeStatus(world, actorIn(world, args, "write"), plan)).id }
}
