import { expect } from "vitest"
import { listRefs } from "../github/git-ref.ts"
import { resolveTree } from "../github/git-tree.ts"
import { opensBy, repositoryOf } from "../harness/after-merge.ts"
import type { ScenarioOptions } from "../harness/scenario.ts"
import { steady, type OpenedPullRequest, type Scenario } from "../harness/verbs.ts"

/** Paths of one pull request, in the acts of people. */

/** What people did so far. */
export type Trail = { pr: OpenedPullRequest }

/** One act, of people (or of CI) that the app has yet to hear of, or of the app's own. */
export type Step = { name: string; who: "people" | "app"; act(t: Scenario, trail: Trail): Promise<unknown> }

/** Steps that the app has to follow, and what it stands on when they begin. */
export type Path = { steps: readonly Step[]; options: ScenarioOptions }

/** From the app's installation to the merge. A reader's command is among the steps, because it is answered in words. */
export const steps: readonly Step[] = [
  { name: "installed", who: "people", act: (t) => t.install() },
  {
    name: "opened",
    who: "people",
    act: async (t, trail) => {
      trail.pr = await t.openPullRequest()
    },
  },
  { name: "check begun", who: "people", act: (t, { pr }) => t.check(pr, { conclusion: null }) },
  { name: "check green", who: "people", act: (t, { pr }) => t.check(pr) },
  { name: "paused", who: "people", act: (t, { pr }) => t.says(pr, "olga", "/pause-promotion incident 42") },
  { name: "started anew", who: "app", act: (t) => t.restart() },
  { name: "resuming refused", who: "people", act: (t, { pr }) => t.says(pr, "rita", "/resume-promotion") },
  { name: "resumed", who: "people", act: (t, { pr }) => t.says(pr, "olga", "/resume-promotion all clear") },
  { name: "swept", who: "app", act: (t) => t.app.sweep() },
  { name: "merged", who: "people", act: async (t, { pr }) => expect(await t.tryMerge(pr)).toBeNull() },
]

/** The path of checks and commands. */
export const plainPath: Path = { steps, options: { installed: false } }

/** What anybody can see of the world, and what is left to do in it. Ids that differ from run to run are taken out. */
export type State = {
  /** Every check run the app ever made, as `pull request: conclusion | title`, its text, annotations and buttons. */
  checkRuns: readonly (readonly [string, string, ...string[]])[]
  ledger: readonly string[]
  /** Comments, with the reactions to each. */
  comments: readonly string[]
  /** Rulesets, and pull requests that GitHub merges as soon as it may. */
  branches: readonly string[]
  /** Tags and the branch with the tree they stand for, and the pull requests that the app opened. */
  landed: readonly string[]
  reports: readonly string[]
  lookAgain: readonly string[]
  /** Deliveries not drained, asks not answered, jobs not done. */
  dirty: readonly string[]
}

/** Reads the state of the scenario's world. */
export async function stateOf(t: Scenario): Promise<State> {
  const repository = t.github.state.repositories.get(t.repositoryId)
  const mine = (text: string): string =>
    steady(text.replaceAll(/delivery:[0-9a-f-]{36}/g, "delivery:<guid>"))
      .replaceAll(new RegExp(`(?<!\\d)${t.repositoryId}(?!\\d)`, "g"), "<repository>")
      .replaceAll(/\breview:\d+/g, "review:<id>")
      .replaceAll(/"id":\d+/g, '"id":"<id>"')
      .replaceAll(/("workflow_run":|\bdeployment:|deployment-rule:<repository>:)\d+/g, "$1<id>")
      // A digest of commits, ids and times.
      .replaceAll(/("inputs":")[0-9a-f]{64}/g, "$1<digest>")
  const own = (repository?.checkRuns ?? []).filter((run) => run.app.id === t.credentials.appId)
  return {
    checkRuns: own.map(
      ({ externalId, name, status, conclusion, output, actions }) =>
        [
          mine(`${externalId ?? ""} ${name}: ${conclusion ?? status} | ${output.title ?? ""}`),
          mine(output.summary ?? ""),
          ...output.annotations.map(({ path, message }) => `${path}: ${message}`),
          ...actions.map(({ label }) => label),
        ] as const,
    ),
    ledger: (await t.ledger()).map(({ recordedAtMs: _recorded, ...entry }) => mine(JSON.stringify(entry))),
    comments: (repository?.comments ?? []).map(({ author, body, reactions }) => {
      const told = reactions.map((one) => `${one.user.login} ${one.content}`).join(", ")
      return mine(`${author.login}: ${body} [${told}]`)
    }),
    branches: [
      ...(repository?.rulesets ?? []).map(({ name, include }) => `${name}: ${include.join()}`),
      ...[...(repository?.pulls.values() ?? [])]
        .filter((pull) => pull.autoMerge)
        .map((pull) => `auto-merge: ${pull.issue.number}`),
    ],
    landed: await landedState(t, mine),
    ...(await storedState(t, mine)),
  }
}

async function landedState(t: Scenario, mine: (text: string) => string): Promise<string[]> {
  const { store } = repositoryOf(t)
  const refs = [...(await listRefs(store, "refs/tags/")), ...(await listRefs(store, "refs/heads/main"))]
  const trees = refs.map(async ({ ref }) => `${ref}: ${(await resolveTree(store, ref)) ?? "nothing"}`)
  const opened = opensBy(t).map(({ number, title, body, state }) => `#${number} ${title}: ${state}\n${body}`)
  return [...(await Promise.all(trees)), ...opened.map(mine)]
}

type StoredState = Pick<State, "reports" | "lookAgain" | "dirty">

async function storedState(t: Scenario, mine: (text: string) => string): Promise<StoredState> {
  const read = async (sql: string): Promise<string[]> => {
    const { rows } = await t.database.pool.query<{ line: string }>(`SELECT line FROM (${sql}) AS l (line) ORDER BY 1`)
    return rows.map(({ line }) => mine(line))
  }
  return {
    reports: await read(`
      SELECT format('%s of %s, shown as intended: %s', number, sha, shown_digest = intended_digest) FROM gate_report`),
    lookAgain: await read(`SELECT format('%s at %s', subject, due_at) FROM look_again`),
    dirty: await read(`
      SELECT format('delivery %s %s', event, outcome) FROM delivery WHERE drained_at IS NULL
      UNION ALL SELECT format('ask %s', key) FROM ask WHERE settled_at IS NULL AND kind <> 'label'
      UNION ALL SELECT format('job %s %s %s', name, state, data) FROM pgboss.job WHERE state <> 'completed'`),
  }
}
