import { Writable } from "node:stream"
import { Probot } from "probot"
import { composeApp, type App } from "../../src/app.ts"
import { openSources, type EvidenceSources } from "../../src/evidence/sources.ts"
import { octokitOnce } from "../../src/github/octokit.ts"
import { step } from "../../src/inbox/worker.ts"
import type { Clock } from "../../src/lib/clock.ts"
import type { Database } from "../../src/lib/db/database.ts"
import { makeLog } from "../../src/lib/log.ts"
import type { TestGitHub } from "../github/github.ts"
import type { AppCredentials } from "../github/people/settle.ts"

/** The real app on a test database and the test GitHub, worked by hand instead of by timers. */
export type RunningApp = App & {
  /** Works until nothing is dirty and no webhook waits. */
  quiet(): Promise<void>
  /** Hands all waiting webhooks to the door. */
  deliver(): Promise<void>
  /** One round of work. Returns how much was done. */
  step(): Promise<number>
}

/** What the app stands on. */
export type AppGround = {
  database: Database
  github: TestGitHub
  credentials: AppCredentials
  /** Left out: no host may be probed, no data source is there. */
  evidence?: EvidenceSources
  /** Left out: no signals are taken. */
  signalsSecret?: string
  clock: Clock
  /** Lines of level warn and above are collected here. */
  logged: LoggedLine[]
  newRunId(): string
  /** The client, where it is not the one that asks once. */
  Octokit?: ReturnType<typeof octokitOnce>
}

/** A line of the log. pino's levels: 40 warn, 50 error, 60 fatal. */
export type LoggedLine = { level: number; msg: string; [field: string]: unknown }

const noSources = { probe: { allowedHosts: [], allowPrivate: false }, prometheus: [] }

/** Rounds after which a scenario is taken to run for ever. */
const limitRounds = 300

/** Starts the app. */
export async function startApp(ground: AppGround): Promise<RunningApp> {
  const { github, credentials, clock, database, newRunId } = ground
  const log = makeLog("warn", collecting(ground.logged))
  const probot = new Probot({
    appId: credentials.appId,
    privateKey: credentials.privateKeyPem,
    secret: credentials.webhookSecret,
    baseUrl: "http://github.test",
    log,
    Octokit: ground.Octokit ?? octokitOnce((input, init) => github.fetch(input, init)),
    request: { fetch: (input: Request | URL | string, init?: RequestInit) => github.fetch(input, init) },
  })
  const app = await composeApp({
    database,
    probot,
    appId: credentials.appId,
    webhookSecret: credentials.webhookSecret,
    evidence: ground.evidence ?? openSources(noSources),
    signalsSecret: ground.signalsSecret,
    clock,
    newRunId,
    log,
    retryDelaySeconds: 0,
    supervise: false,
  })
  const deliver = async (): Promise<void> => {
    await github.deliveries.deliverAll(async ({ headers, body }) => {
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
      return app.door({ header: (name) => lower[name] ?? null, body })
    }, credentials.appId)
  }
  const stepOnce = (): Promise<number> => step(app.work, 8)
  return { ...app, deliver, step: stepOnce, quiet: () => workUntilQuiet(deliver, stepOnce) }
}

async function workUntilQuiet(deliver: () => Promise<void>, stepOnce: () => Promise<number>): Promise<void> {
  for (let round = 0; round < limitRounds; round += 1) {
    await deliver()
    if ((await stepOnce()) === 0) return
  }
  throw new Error(`not quiet after ${limitRounds} rounds`)
}

function collecting(lines: LoggedLine[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString("utf8").split("\n").filter(Boolean)) lines.push(JSON.parse(line) as LoggedLine)
      done()
    },
  })
}
