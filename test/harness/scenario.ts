import { afterAll, beforeAll, expect, test } from "vitest"
import { gateCheckName } from "../../src/report/check-run.ts"
import { createTestGitHub } from "../github/github.ts"
import { testClock } from "./clock.ts"
import { testDatabase, type TestDatabase } from "./database.ts"
import { appManifest } from "./manifest.ts"
import { startApp, type AppGround, type LoggedLine, type RunningApp } from "./running-app.ts"
import { assertLedgerSound } from "./soundness.ts"
import { verbs, type Scenario } from "./verbs.ts"

/** A config that holds the merge until `build` passed. */
export const enforceBuild = `version: 1
mode: enforce
branches:
  main:
    stages:
      - checks: { require: [build] }
`

/** The people of every scenario, by role: olga may do everything, max writes, tess triages, rita reads. */
const cast = { olga: "admin", max: "write", tess: "triage", rita: "read", "shipwright[bot]": "write" } as const

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

let shared: TestDatabase | undefined

/** Takes one database for all scenarios of a file. Call once at its top. */
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
  await people.createUser({ login: "acme", type: "Organization" })
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

async function assertSound({ t, tolerant }: World): Promise<void> {
  expect(t.github.unknownRequests).toEqual([])
  if (!tolerant()) expect(t.logged.filter((line) => line.level >= 50)).toEqual([])
  await assertLedgerSound(t.database)
}
