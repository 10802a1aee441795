/** Check suites: one per app and commit, made when code is pushed or when an app reports its first run. */
import { installationsOf } from "../access.ts"
import { readCommit } from "../git-object.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Actor, App, CheckSuite, World } from "../state.ts"
import { hookCheckSuiteView, suiteVerdict } from "../view/check.ts"

/** A commit that wants suites; `branch` is null for a fork's. */
export type PushedCommit = { sha: string; branch: string | null; before: string | null }

/**
 * Makes the suites GitHub makes on a push: for each app that may write checks and hears of suites.
 * Emits `check_suite.requested` to that app only.
 */
export async function ensureSuites(world: World, actor: Actor, pushed: PushedCommit): Promise<void> {
  for (const installation of installationsOf(world.state, world.repository)) {
    const wants = installation.permissions["checks"] === "write" && installation.events.includes("check_suite")
    if (!wants || findSuite(world, installation.app, pushed.sha)) continue
    const suite = newSuite(world, installation.app, pushed)
    await emitSuite(world, actor, { suite, action: "requested", onlyApp: suite.app })
  }
}

/** The suite of an app for a commit, made now if there is none. */
export function suiteFor(world: World, app: App, pushed: PushedCommit): CheckSuite {
  return findSuite(world, app, pushed.sha) ?? newSuite(world, app, pushed)
}

/** Emits `check_suite.completed` when the last run of a suite has just finished. */
export async function announceCompletedSuite(world: World, suite: CheckSuite): Promise<void> {
  suite.updatedAt = isoNow(world.state)
  if (suiteVerdict(world.repository, suite).status !== "completed") return
  await emitSuite(world, { account: suite.app.bot, app: suite.app }, { suite, action: "completed" })
}

/** Sends one `check_suite` event. */
export async function emitSuite(
  world: World,
  actor: Actor,
  happened: { suite: CheckSuite; action: string; onlyApp?: App | undefined },
): Promise<void> {
  const { state, repository } = world
  const { suite, action, onlyApp } = happened
  const commit = await readCommit(repository.store, suite.headSha)
  if (!commit) return
  const { rerequestable, runs_rerequestable, ...shown } = hookCheckSuiteView(world, suite, commit)
  const asked = action === "rerequested" ? {} : { rerequestable, runs_rerequestable }
  const payload = { check_suite: { ...shown, ...asked } }
  emit(state, { event: "check_suite", action, repository, sender: actor.account, payload, onlyApp })
}

function findSuite(world: World, app: App, sha: string): CheckSuite | undefined {
  return world.repository.checkSuites.find((suite) => suite.app === app && suite.headSha === sha)
}

function newSuite(world: World, app: App, pushed: PushedCommit): CheckSuite {
  const now = isoNow(world.state)
  const suite = {
    ...freshIds("CS"),
    app,
    headSha: pushed.sha,
    headBranch: pushed.branch,
    before: pushed.before,
    after: pushed.sha,
    createdAt: now,
    updatedAt: now,
  }
  world.repository.checkSuites.push(suite)
  return suite
}
