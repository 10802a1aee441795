#!/usr/bin/env node
import { existsSync } from "node:fs"
import { setTimeout as pause } from "node:timers/promises"
import type { Logger } from "pino"
import { Probot, run, Server } from "probot"
import { composeApp, webhookPath, type App } from "./app.ts"
import { readEnv, type Env } from "./env.ts"
import { openSources } from "./evidence/sources.ts"
import { checkCredentials } from "./github/credentials.ts"
import { octokitForLife } from "./github/octokit.ts"
import { runWorker, type RunningWorker } from "./inbox/worker.ts"
import { systemClock } from "./lib/clock.ts"
import { openDatabase, type Database } from "./lib/db/database.ts"
import { migrate } from "./lib/db/migrate.ts"
import { makeLog } from "./lib/log.ts"
import { reasonOf } from "./lib/reason.ts"
import { uuidV7 } from "./lib/uuid.ts"
import { healthHandler } from "./web/health.ts"
import { signalsHandler } from "./web/signals.ts"
import { createChannel, followProxy, type Following } from "./webhook/proxy.ts"
import { doorHandler } from "./webhook/receive.ts"

/** Process exit codes: 1 the environment or the start failed, 2 it could not go on. */

const workerPace = { concurrency: 8, pollMs: 1000, touchMs: 5000, restMs: 80 }
const proxyRetryMs = 1000
const stopGraceMs = 4000
const stopLimitMs = 9500
/** How long requests under way may take to end once the process is stopping. */
const requestGraceMs = 1000

async function main(): Promise<void> {
  if (existsSync(".env")) process.loadEnvFile(".env")
  const reading = readEnv(process.env)
  if (!reading.ok) {
    process.stderr.write(`Portcullis cannot start:\n${reading.problems.map((problem) => `- ${problem}\n`).join("")}`)
    process.exitCode = 1
    return
  }
  const { env } = reading
  if (env.app === null) {
    await registerApp()
    return
  }
  const log = makeLog(env.logLevel)
  try {
    await serve(env, env.app, log)
  } catch (error) {
    log.fatal({ err: error }, "could not start")
    process.stderr.write(`Portcullis cannot start: ${reasonOf(error)}\n`)
    process.exit(1)
  }
}

/** Probot's page that registers a new app with GitHub and writes its credentials into `.env`. */
async function registerApp(): Promise<void> {
  if (process.env["NODE_ENV"] === "production") {
    const missing = "APP_ID, PRIVATE_KEY (or PRIVATE_KEY_PATH) and WEBHOOK_SECRET are not set"
    process.stderr.write(
      `Portcullis cannot start:\n- ${missing}; the page that registers an app is not for production\n`,
    )
    process.exitCode = 1
    return
  }
  // The page takes the proxy's address from the process itself. From here, Probot would look for a package to follow it.
  const { WEBHOOK_PROXY_URL: _proxy, ...env } = process.env
  await run(() => undefined, { env, SmeeClient: { createChannel } })
}

async function serve(env: Env, credentials: NonNullable<Env["app"]>, log: Logger): Promise<void> {
  const database = await openDatabase({
    ...(env.databaseUrl === undefined ? { dataDir: env.dataDir } : { databaseUrl: env.databaseUrl }),
    log,
  })
  log.info({ kind: database.kind, durability: database.durability }, "database open")
  await migrateInWords(database)
  const { app, server } = await listen({ env, credentials, log, database })
  const worker = runWorker(app.work, workerPace)
  app.onStored(() => worker.wake())
  const sweeper = startSweeping(app, { intervalMs: env.sweepIntervalMs, log, worker })
  const { webhookProxyUrl: url } = env
  const proxy = url === undefined ? null : followProxy({ url, door: app.door, log, retryMs: proxyRetryMs })
  let stopping = false
  const stop = (why: string, exitCode: number): void => {
    if (stopping) return
    stopping = true
    log.info({ why }, "stopping")
    // Whatever hangs (a client that never ends its request), the process is gone within ten seconds.
    setTimeout(() => process.exit(exitCode === 0 ? 1 : exitCode), stopLimitMs).unref()
    stopInOrder({ app, worker, sweeper, server, database, proxy }).then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log.error({ err: error }, "did not stop in order")
        process.exit(exitCode === 0 ? 1 : exitCode)
      },
    )
  }
  process.on("SIGTERM", () => stop("SIGTERM", 0))
  process.on("SIGINT", () => stop("SIGINT", 0))
  void database.failed.then((error) => {
    log.fatal({ err: error }, "the embedded database cannot go on")
    stop("database failed", 2)
  })
}

/** PostgreSQL is only reached now, and says nothing but "connect ECONNREFUSED" of itself. */
async function migrateInWords(database: Database): Promise<void> {
  try {
    await migrate(database)
  } catch (error) {
    if (database.kind === "embedded") throw error
    throw new Error(`the database of DATABASE_URL cannot be used: ${reasonOf(error)}`, { cause: error })
  }
}

/** Without this, the app would run, say that it is ready, and fail at everything. */
async function refuseWrongCredentials(probot: Probot, { env, log }: Pick<Ingredients, "env" | "log">): Promise<void> {
  const outcome = await checkCredentials(await probot.auth())
  if (outcome === "unknown") log.warn({ url: env.githubApiUrl }, "GitHub cannot be reached now; it is asked again")
  if (outcome !== "refused") return
  throw new Error(
    `GitHub (${env.githubApiUrl}) does not accept APP_ID with this private key: they are not of one app, the app is on ` +
      "another GitHub (GITHUB_API_URL), or this machine's clock is wrong",
  )
}

type Listening = { app: App; server: Server }

type Ingredients = { env: Env; credentials: NonNullable<Env["app"]>; log: Logger; database: Database }

async function listen({ env, credentials, log, database }: Ingredients): Promise<Listening> {
  const { appId, privateKey, webhookSecret } = credentials
  let app: App | undefined
  // Octokit's own middleware answers before an event is stored anywhere; the door takes its place.
  const DurableProbot = class extends Probot {
    override getNodeMiddleware() {
      const door: App["door"] = (request) =>
        app === undefined ? Promise.resolve({ status: 503, text: "starting" }) : app.door(request)
      return Promise.resolve(doorHandler(door, webhookPath))
    }
  }
  const options = {
    appId,
    privateKey,
    secret: webhookSecret,
    baseUrl: env.githubApiUrl,
    log,
    Octokit: octokitForLife(),
  }
  const server = new Server({
    Probot: DurableProbot.defaults(options),
    host: env.host,
    port: env.port,
    log,
    webhookPath,
  })
  await server.load(async (probot, { addHandler }) => {
    await refuseWrongCredentials(probot, { env, log })
    const composed = await composeApp({
      database,
      probot,
      appId,
      webhookSecret,
      evidence: openSources(env),
      signalsSecret: env.signalsSecret,
      clock: systemClock,
      newRunId: () => uuidV7(Date.now()),
      log,
      retryDelaySeconds: 2,
      supervise: true,
    })
    app = composed
    addHandler(signalsHandler(composed.signalDoor))
    addHandler(healthHandler({ isOpen: composed.isOpen, pingDatabase: () => database.prisma.$queryRaw`SELECT 1` }))
  })
  if (app === undefined) throw new Error("the app was not composed")
  await server.start()
  return { app, server }
}

type Sweeper = { stop(): Promise<void> }

/** Sweeps now and at every interval, one sweep at a time. Stopping waits for the one under way. */
function startSweeping(app: App, options: { intervalMs: number; log: Logger; worker: RunningWorker }): Sweeper {
  let underWay: Promise<void> | undefined
  const sweepOnce = async (): Promise<void> => {
    try {
      await app.sweep()
      options.worker.wake()
    } catch (error) {
      options.log.warn({ err: error }, "the sweep failed; it comes again")
    }
    underWay = undefined
  }
  const begin = (): void => {
    underWay ??= sweepOnce()
  }
  begin()
  const timer = setInterval(begin, options.intervalMs)
  return {
    async stop() {
      clearInterval(timer)
      await Promise.race([underWay, pause(stopGraceMs)])
    },
  }
}

type Running = {
  app: App
  worker: RunningWorker
  sweeper: Sweeper
  server: Server
  database: Database
  proxy: Following | null
}

/** The door first, then the work, then what they stand on. */
async function stopInOrder({ app, worker, sweeper, server, database, proxy }: Running): Promise<void> {
  app.shut()
  const closed = Promise.all([server.stop(), proxy?.stop()])
  await Promise.all([worker.stop(stopGraceMs), sweeper.stop()])
  await app.close()
  await Promise.race([closed, pause(requestGraceMs)])
  await database.close()
}

await main()
