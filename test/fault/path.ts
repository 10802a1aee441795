import { expect } from "vitest"
import { steady, type OpenedPullRequest, type Scenario } from "../harness/verbs.ts"

/** The path of one pull request, from the app's installation to the merge, in the acts of people. */

/** What people did so far. */
export type Trail = { pr: OpenedPullRequest }

/** One act, of people (or of CI) that the app has yet to hear of, or of the app's own. */
export type Step = { name: string; who: "people" | "app"; act(t: Scenario, trail: Trail): Promise<unknown> }

/** Every step that the app has to follow. A reader's command is among them, because it is answered in words. */
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

/** What anybody can see of the world, and what is left to do in it. Ids that differ from run to run are taken out. */
export type State = {
  /** Every check run the app ever made, as `pull request: conclusion | title`, and its text. */
  checkRuns: readonly (readonly [string, string])[]
  ledger: readonly string[]
  /** Comments, with the reactions to each. */
  comments: readonly string[]
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
      .replaceAll(String(t.repositoryId), "<repository>")
      .replaceAll(/"id":\d+/g, '"id":"<id>"')
  const own = (repository?.checkRuns ?? []).filter((run) => run.app.id === t.credentials.appId)
  return {
    checkRuns: own.map(
      ({ externalId, name, status, conclusion, output }) =>
        [
          mine(`${externalId ?? ""} ${name}: ${conclusion ?? status} | ${output.title ?? ""}`),
          mine(output.summary ?? ""),
        ] as const,
    ),
    ledger: (await t.ledger()).map(({ recordedAtMs: _recorded, ...entry }) => mine(JSON.stringify(entry))),
    comments: (repository?.comments ?? []).map(({ author, body, reactions }) => {
      const told = reactions.map((one) => `${one.user.login} ${one.content}`).join(", ")
      return mine(`${author.login}: ${body} [${told}]`)
    }),
    ...(await storedState(t, mine)),
  }
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
      UNION ALL SELECT format('ask %s', key) FROM ask WHERE settled_at IS NULL AND kind = 'comment'
      UNION ALL SELECT format('job %s %s %s', name, state, data) FROM pgboss.job WHERE state <> 'completed'`),
  }
}
