import { parseEntryBody, type LedgerEntry } from "../../src/ledger/entry.ts"
import { readRows } from "../../src/ledger/ledger.ts"
import { gateCheckName } from "../../src/report/check-run.ts"
import { configCheckName } from "../../src/report/config-check.ts"
import type { TestGitHub } from "../github/github.ts"
import type { People } from "../github/people.ts"
import type { AppCredentials } from "../github/people/settle.ts"
import type { FileContent } from "../github/git-tree.ts"
import type { Repository } from "../github/state.ts"
import type { TestClock } from "./clock.ts"
import type { TestDatabase } from "./database.ts"
import type { AppGround, LoggedLine, RunningApp } from "./running-app.ts"

/** A pull request of the scenario. */
export type OpenedPullRequest = { number: number }

/** The world of one scenario, in a user's verbs. */
export type Scenario = {
  repo: string
  repositoryId: number
  github: TestGitHub
  people: People
  credentials: AppCredentials
  clock: TestClock
  database: TestDatabase
  app: RunningApp
  /** Everything the app logged at level warn or above. */
  logged: LoggedLine[]
  install(): Promise<number>
  openPullRequest(options?: {
    by?: string
    draft?: boolean
    base?: string
    /** Name of the source branch; one of its own unless told. */
    head?: string
    /** What it changes; a file of its own unless told. */
    files?: Record<string, FileContent>
    body?: string
  }): Promise<OpenedPullRequest>
  push(pr: OpenedPullRequest, by?: string, files?: Record<string, FileContent>): Promise<string>
  /** Reviews the pull request's head; approves unless told. Resolves to the review's id. */
  reviews(pr: OpenedPullRequest, who: string, event?: "APPROVE" | "REQUEST_CHANGES" | "COMMENT"): Promise<number>
  /** Reports a check on the pull request's head; success unless told. */
  check(
    pr: OpenedPullRequest,
    report?: { name?: string; app?: string; conclusion?: string | null; newRun?: boolean },
  ): Promise<number>
  says(pr: OpenedPullRequest, who: string, text: string): Promise<number>
  /** Labels of the buttons on the gate of the pull request's head. */
  buttons(pr: OpenedPullRequest): string[]
  /** Presses a button that the gate shows now, named by its label: on the pull request's head, or on an older commit. */
  presses(pr: OpenedPullRequest, who: string, button: string | { label: string; sha: string }): Promise<void>
  quiet(): Promise<void>
  /** The gate's check run on the pull request's head, as a person sees it; null when there is none. */
  gate(pr: OpenedPullRequest): ShownGate | null
  /** The check run about its change of the config, in the same way; null when there is none. */
  configCheck(pr: OpenedPullRequest): (ShownGate & { remarks: string[] }) | null
  /** The remarks of the gate's check run, as `path:line level: message`. */
  remarks(pr: OpenedPullRequest): string[]
  /** Everything on the repository's ledger, in order. */
  ledger(): Promise<LedgerEntry[]>
  /** Types of the entries after the given place, for a short look. */
  ledgerTypes(afterSeq?: number): Promise<string[]>
  /** Entries after the given place as `type by login` and payload, with ids that differ from run to run taken out. */
  told(afterSeq?: number): Promise<[string, unknown][]>
  /** Tries to merge by hand; resolves to GitHub's refusal, or null when it went through. */
  tryMerge(pr: OpenedPullRequest, who?: string): Promise<string | null>
  /** Reactions on a comment, as `login: content`. */
  reactions(commentId: number): string[]
  /** Replies of the app on an issue or pull request. */
  replies(pr: OpenedPullRequest): string[]
  /** Stops the process as a crash does, and starts it again on the same database. */
  restart(): Promise<void>
  /** The end of the scenario tolerates logged errors. */
  tolerateErrors(): void
}

/** A check run as it is shown. */
export type ShownGate = {
  status: string
  conclusion: string | null
  title: string
  summary: string
  /** Status, conclusion and title in one line. */
  line: string
}

/** What the verbs are made from; `state` is changed by a restart. */
export type Ingredients = {
  ground: AppGround & { database: TestDatabase; clock: TestClock }
  start(): Promise<RunningApp>
  repo: string
  state: { app: RunningApp; tolerant: boolean }
}

/** Makes the verbs of one scenario. */
export function verbs({ ground, start, repo, state }: Ingredients): Scenario {
  const { github, database, clock, credentials, logged } = ground
  const { people } = github
  const repository = [...github.state.repositories.values()].find((one) => `${one.owner.login}/${one.name}` === repo)
  if (repository === undefined) throw new Error("no repository")
  let branches = 0
  const nextChange = (): { head: string; files: Record<string, string> } => {
    branches += 1
    const files = { [`src/change-${branches}.ts`]: `export const change = ${branches}\n` }
    return { head: `feature-${branches}`, files }
  }
  return {
    repo,
    repositoryId: repository.id,
    github,
    people,
    credentials,
    clock,
    database,
    logged,
    get app() {
      return state.app
    },
    ...sights(ground, repository),
    install: async () => (await people.installApp({ app: "portcullis", repos: [repo] })).installationId,
    openPullRequest: async ({ by = "max", draft = false, base = "main", body = "", ...given } = {}) =>
      people.openPullRequest({ repo, by, base, draft, body, ...nextChange(), ...given }),
    push: async (pr, by = "max", files = nextChange().files) =>
      (await people.pushToPullRequest({ repo, by, number: pr.number, files })).headSha,
    reviews: async (pr, by, event = "APPROVE") =>
      (await people.review({ repo, by, number: pr.number, verdict: event, body: "I looked." })).id,
    check: async (pr, { name = "build", app = "github-actions", conclusion = "success", newRun = false } = {}) => {
      const outcome = conclusion === null ? {} : { conclusion: conclusion as "success" }
      return (await people.reportCheck({ repo, pull: pr.number, name, app, newRun, ...outcome })).id
    },
    says: async (pr, who, text) => (await people.comment({ repo, by: who, number: pr.number, body: text })).id,
    quiet: () => state.app.quiet(),
    tryMerge: async (pr, who = "max") => {
      try {
        await people.mergePullRequest({ repo, by: who, number: pr.number })
        return null
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
    restart: async () => {
      await state.app.close()
      state.app = await start()
    },
    tolerateErrors: () => {
      state.tolerant = true
    },
  }
}

type Sights = Pick<
  Scenario,
  | "buttons"
  | "presses"
  | "gate"
  | "configCheck"
  | "remarks"
  | "ledger"
  | "ledgerTypes"
  | "told"
  | "reactions"
  | "replies"
>

function sights({ database, credentials, github }: Ingredients["ground"], repository: Repository): Sights {
  const ledger = async (): Promise<LedgerEntry[]> =>
    (await readRows(database.prisma, repository.id, { afterSeq: 0, limit: 10_000 })).map((row) =>
      parseEntryBody(row.body),
    )
  const runOf = (pr: OpenedPullRequest, { older, name = gateCheckName }: { older?: string; name?: string } = {}) => {
    const sha = older ?? repository.pulls.get(pr.number)?.headSha
    return repository.checkRuns.findLast(
      (one) => one.headSha === sha && one.name === name && one.app.id === credentials.appId,
    )
  }
  const shownAs = (run: ReturnType<typeof runOf>): ShownGate | null => {
    if (run === undefined) return null
    const { status, conclusion, output } = run
    const title = output.title ?? ""
    const summary = steady(output.summary ?? "")
    return { status, conclusion: conclusion ?? null, title, summary, line: `${conclusion ?? status} | ${title}` }
  }
  const remarksOf = (run: ReturnType<typeof runOf>): string[] =>
    (run?.output.annotations ?? []).map(
      ({ path, start_line: line, annotation_level: level, message }) => `${path}:${line} ${level}: ${message}`,
    )
  return {
    buttons: (pr) => (runOf(pr)?.actions ?? []).map(({ label }) => label),
    presses: async (pr, by, pressed) => {
      const { label, sha } = typeof pressed === "string" ? { label: pressed } : pressed
      const run = runOf(pr, sha === undefined ? {} : { older: sha })
      const button = run?.actions.find((action) => action.label === label)
      if (run === undefined || button === undefined) throw new Error(`the gate shows no button ${label}`)
      const { owner, name } = repository
      const press = { repo: `${owner.login}/${name}`, by, id: run.id, identifier: button.identifier }
      await github.people.pressCheckButton(press)
    },
    remarks: (pr) => remarksOf(runOf(pr)),
    gate: (pr) => shownAs(runOf(pr)),
    configCheck: (pr) => {
      const run = runOf(pr, { name: configCheckName })
      const shown = shownAs(run)
      return shown === null ? null : { ...shown, remarks: remarksOf(run) }
    },
    ledger,
    ledgerTypes: async (afterSeq = 0) =>
      (await ledger()).filter((entry) => entry.seq > afterSeq).map((entry) => entry.type),
    told: async (afterSeq = 0) =>
      (await ledger())
        .filter((entry) => entry.seq > afterSeq)
        .map((entry) => [
          `${entry.type} by ${entry.actor.login}`,
          JSON.parse(steady(JSON.stringify(entry.payload))) as unknown,
        ]),
    reactions: (commentId) =>
      repository.comments
        .find((one) => one.id === commentId)
        ?.reactions.map((one) => `${one.user.login}: ${one.content}`) ?? [],
    replies: (pr) =>
      repository.comments
        .filter((one) => one.issueNumber === pr.number && one.author.login === "portcullis[bot]")
        .map((one) => steady(one.body)),
  }
}

/** Takes out what differs from run to run: run ids, commit ids, ids of comments. */
export function steady(text: string): string {
  return text
    .replaceAll(/button:[0-9a-f-]{36}/g, "button:<guid>")
    .replaceAll(/(portcullis:button:\w+):\d+/g, "$1:<id>")
    .replaceAll(/("answers_button":")[0-9a-f-]{36}/g, "$1<guid>")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<run id>")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "<sha>")
    .replaceAll(/\b[0-9a-f]{12}\b/g, "<short sha>")
    .replaceAll(/comment:\d+|reply:\d+/g, "comment:<id>")
    .replaceAll(/review:\d+/g, "review:<id>")
    .replaceAll(/label-(set|removed):\d+/g, "label-$1:<id>")
    .replaceAll(/"(comment_id|answers)":\d+/g, '"$1":"<id>"')
}
