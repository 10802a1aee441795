import { afterAll, beforeAll, expect, test } from "vitest"
import { chainedRepositories, readRows } from "../../src/ledger/ledger.ts"
import { parseEntryBody, type LedgerEntry } from "../../src/ledger/entry.ts"
import { verifyLedger } from "../../src/ledger/verify.ts"
import { replay } from "../../src/promotion/state.ts"
import { gateCheckName } from "../../src/report/check-run.ts"
import { createTestGitHub, type TestGitHub } from "../github/github.ts"
import type { People } from "../github/people.ts"
import type { AppCredentials } from "../github/people/settle.ts"
import type { Repository } from "../github/state.ts"
import { testClock, type TestClock } from "./clock.ts"
import { testDatabase, type TestDatabase } from "./database.ts"
import { appManifest } from "./manifest.ts"
import { startApp, type AppGround, type LoggedLine, type RunningApp } from "./running-app.ts"

/** A config that holds the merge until `build` passed. */
export const enforceBuild = `version: 1
mode: enforce
branches:
  main:
    stages:
      - checks: { require: [build] }
`

/** The people of every scenario, by role: olga may do everything, max writes, tess triages, rita reads. */
export const cast = { olga: "admin", max: "write", tess: "triage", rita: "read", "shipwright[bot]": "write" } as const

/** How a scenario begins. */
export type ScenarioOptions = {
  /** Text of .github/promotion.yml on main; null: no such file. */
  config?: string | null
  /** Whether the branch requires the gate's check run from our app; true unless told. */
  requireGate?: boolean
  /** Whether the app is installed before the scenario begins; true unless told. */
  installed?: boolean
  /** Puts something between the app and what it stands on, anew for each start of the app. */
  stand?(ground: AppGround): AppGround
}

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
    labels?: string[]
  }): Promise<OpenedPullRequest>
  push(pr: OpenedPullRequest, by?: string): Promise<string>
  /** Reports a check on the pull request's head; success unless told. */
  check(
    pr: OpenedPullRequest,
    report?: { name?: string; app?: string; conclusion?: string | null; newRun?: boolean },
  ): Promise<number>
  says(pr: OpenedPullRequest, who: string, text: string): Promise<number>
  quiet(): Promise<void>
  /** The gate's check run on the pull request's head, as a person sees it; null when there is none. */
  gate(pr: OpenedPullRequest): ShownGate | null
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

let shared: TestDatabase | undefined

/** Opens one database for all scenarios of a file. Call once at its top. */
export function useDatabase(): void {
  beforeAll(async () => {
    shared = await testDatabase()
  })
  afterAll(async () => {
    await shared?.close()
    shared = undefined
  })
}

/**
 * A test in a user's verbs. At its end, always: the ledger verifies, replaying it gives the stored state, no request was
 * unknown to the test GitHub, and nothing was logged as an error.
 */
export function scenario(name: string, run: (t: Scenario) => Promise<void>, options: ScenarioOptions = {}): void {
  test(name, () => playScenario(run, options))
}

/** Plays a scenario within a test: a world of its own, sound at its end. */
export async function playScenario(run: (t: Scenario) => Promise<void>, options: ScenarioOptions = {}): Promise<void> {
  const world = await begin(options)
  try {
    await run(world.t)
    await assertSound(world)
  } finally {
    await world.t.app.close()
    await world.t.github.close()
  }
}

type World = { t: Scenario; tolerant: () => boolean }

async function begin(options: ScenarioOptions): Promise<World> {
  const database = shared
  if (database === undefined) throw new Error("call useDatabase() at the top of the file")
  await database.reset()
  const clock = testClock()
  const github = await createTestGitHub({ clock })
  const { people } = github
  const config = options.config === undefined ? enforceBuild : options.config
  const files = { "README.md": "# shop\n", ...(config === null ? {} : { ".github/promotion.yml": config }) }
  const { repo } = await people.createRepository({ owner: "acme", name: "shop", files, collaborators: { ...cast } })
  const credentials = await people.createApp({ slug: "portcullis", ...appManifest() })
  for (const slug of ["github-actions", "other-ci"]) {
    await people.createApp({ slug, permissions: { checks: "write", statuses: "write" }, events: [] })
    await people.installApp({ app: slug, repos: [repo] })
  }
  if (options.requireGate !== false) {
    await people.protectBranch({ repo, checks: [{ name: gateCheckName, app: "portcullis" }], enforceAdmins: true })
  }
  const logged: LoggedLine[] = []
  let runs = 0
  const newRunId = (): string => `01930000-0000-7000-8000-${String((runs += 1)).padStart(12, "0")}`
  const ground = { database, github, credentials, clock, logged, newRunId }
  const start = (): Promise<RunningApp> => startApp(options.stand?.(ground) ?? ground)
  const state = { app: await start(), tolerant: false }
  const t = verbs({ ground, start, repo, state })
  if (options.installed !== false) {
    await t.install()
    await t.quiet()
    github.calls.clear()
  }
  return { t, tolerant: () => state.tolerant }
}

type Ingredients = {
  ground: AppGround & { database: TestDatabase; clock: TestClock }
  start(): Promise<RunningApp>
  repo: string
  state: { app: RunningApp; tolerant: boolean }
}

function verbs({ ground, start, repo, state }: Ingredients): Scenario {
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
    openPullRequest: async ({ by = "max", draft = false, base = "main" } = {}) =>
      people.openPullRequest({ repo, by, base, draft, ...nextChange() }),
    push: async (pr, by = "max") => {
      const { files } = nextChange()
      return (await people.pushToPullRequest({ repo, by, number: pr.number, files })).headSha
    },
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

type Sights = Pick<Scenario, "gate" | "ledger" | "ledgerTypes" | "told" | "reactions" | "replies">

function sights({ database, credentials }: Ingredients["ground"], repository: Repository): Sights {
  const ledger = async (): Promise<LedgerEntry[]> =>
    (await readRows(database.prisma, repository.id, { afterSeq: 0, limit: 10_000 })).map((row) =>
      parseEntryBody(row.body),
    )
  return {
    gate: (pr) => {
      const sha = repository.pulls.get(pr.number)?.headSha
      const run = repository.checkRuns.findLast(
        (one) => one.headSha === sha && one.name === gateCheckName && one.app.id === credentials.appId,
      )
      if (run === undefined) return null
      const { status, conclusion, output } = run
      const title = output.title ?? ""
      return {
        status,
        conclusion: conclusion ?? null,
        title,
        summary: steady(output.summary ?? ""),
        line: `${conclusion ?? status} | ${title}`,
      }
    },
    ledger,
    ledgerTypes: async (afterSeq = 0) =>
      (await ledger()).filter((entry) => entry.seq > afterSeq).map((entry) => entry.type),
    told: async (afterSeq = 0) =>
      (await ledger())
        .filter((entry) => entry.seq > afterSeq)
        .map((entry) => [`${entry.type} by ${entry.actor.login}`, JSON.parse(steady(JSON.stringify(entry.payload)))]),
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
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<run id>")
    .replaceAll(/\b[0-9a-f]{40}\b/g, "<sha>")
    .replaceAll(/\b[0-9a-f]{12}\b/g, "<short sha>")
    .replaceAll(/comment:\d+|reply:\d+/g, "comment:<id>")
    .replaceAll(/"comment_id":\d+/g, '"comment_id":"<id>"')
}

async function assertSound({ t, tolerant }: World): Promise<void> {
  expect(t.github.unknownRequests).toEqual([])
  if (!tolerant()) expect(t.logged.filter((line) => line.level >= 50)).toEqual([])
  await assertLedgerSound(t.database)
}

/** Every chain verifies, and replaying it gives exactly the stored promotions and pauses. */
export async function assertLedgerSound(database: TestDatabase): Promise<void> {
  for (const repositoryId of await chainedRepositories(database.prisma)) {
    expect(await verifyLedger(database.prisma, repositoryId)).toMatchObject({ ok: true })
    const rows = await readRows(database.prisma, repositoryId, { afterSeq: 0, limit: 100_000 })
    const replayed = replay(rows.map((row) => parseEntryBody(row.body)))
    const where = { repositoryId: BigInt(repositoryId) }
    const promotions = await database.prisma.promotion.findMany({ where, orderBy: { id: "asc" } })
    expect(
      promotions.map(({ id, number, state, headSha, baseRef, stages, blockReasons, version, endedAt }) => ({
        runId: id,
        number,
        state,
        headSha,
        baseRef,
        stages,
        blockReasons,
        version,
        endedAtMs: endedAt?.getTime() ?? null,
      })),
    ).toEqual([...replayed.promotions.values()].toSorted((a, b) => (a.runId < b.runId ? -1 : 1)))
    const pauses = await database.prisma.pause.findMany({ where, orderBy: { id: "asc" } })
    expect(
      pauses.map(({ id, scope, number, reason, source, actor, at }) => ({
        id,
        scope,
        number,
        reason,
        source,
        actor,
        atMs: at.getTime(),
      })),
    ).toEqual([...replayed.pauses].toSorted((a, b) => (a.id < b.id ? -1 : 1)))
  }
}
