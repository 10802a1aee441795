import { setTimeout as pause } from "node:timers/promises"
import { callbackify } from "node:util"
import { PrismaPg } from "@prisma/adapter-pg"
import { Pool } from "pg"
import type pg from "pg"
import { PrismaClient } from "../../generated/client.ts"
import { openEmbedded } from "./embedded.ts"
import type { DatabaseLog } from "./log.ts"
import { startMaintenance } from "./maintenance.ts"

/** Which database, and how it is used. */
export type DatabaseOptions = {
  /** Connection string of a PostgreSQL server. With it, `dataDir` is not looked at. */
  databaseUrl?: string
  /** Directory of the embedded database, made if need be; `memory://` keeps it in memory. */
  dataDir?: string
  /** Most connections to a PostgreSQL server; 10 unless told. The embedded database always has one. */
  poolMax?: number
  log?: DatabaseLog
}

/** An open database. One pool serves all of it: Prisma, raw SQL and the queue. */
export type Database = {
  prisma: PrismaClient
  pool: pg.Pool
  kind: "postgresql" | "embedded"
  /** What an acknowledged commit survives, in words for the log. */
  durability: string
  /** Resolves when the embedded database cannot go on and the process has to be started anew; else never. */
  failed: Promise<Error>
  /** Lets what is under way end, for 3 s, and closes: within 6 s whatever happens. May be called again. */
  close(): Promise<void>
}

type Backend = Pick<Database, "kind" | "durability" | "failed"> & {
  poolConfig: pg.PoolConfig
  start(pool: pg.Pool): void
  stop(pool: pg.Pool): Promise<void>
}

/** Transactions queue for the embedded database's one connection, so they may wait longer than Prisma's 2 s. */
const transactionOptions = { maxWait: 15_000, timeout: 15_000 }
const connectWaitMs = 30_000
/**
 * UTC is a must: Prisma's adapter writes times without their offset and strikes it off those that it reads.
 * The time limits are the server's; the embedded database has no signals and cannot be interrupted.
 */
const sessionSettings = `
  SET TimeZone = 'UTC';
  SET statement_timeout = '30s';
  SET idle_in_transaction_session_timeout = '30s'`
/** For what is under way; then for the embedded database to stop in order, or only a moment if it is still at work. */
const stopGraceMs = 3_000
const busyStopGraceMs = 1_000
const maintenanceIntervalMs = 60_000

/**
 * Opens the PostgreSQL server of `databaseUrl`, or else the embedded database of `dataDir`. Does not migrate.
 * Throws when neither is given, and when the embedded database refuses: one sentence for a person.
 * A PostgreSQL server is only reached with the first query.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const log = options.log ?? silent
  const { kind, durability, failed, poolConfig, start, stop } = await backend(options, log)
  const pool = new Pool({
    application_name: "portcullis",
    connectionTimeoutMillis: connectWaitMs,
    verify: callbackify(async (client: pg.PoolClient) => void (await client.query(sessionSettings))),
    ...poolConfig,
  })
  surviveErrors(pool, log)
  const prisma = new PrismaClient({ adapter: new PrismaPg(pool), transactionOptions, errorFormat: "minimal" })
  start(pool)

  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await prisma.$disconnect()
    await stop(pool)
  }
  return { prisma, pool, kind, durability, failed, close: () => (closing ??= close()) }
}

async function backend(options: DatabaseOptions, log: DatabaseLog): Promise<Backend> {
  if (options.databaseUrl !== undefined) return server(options.databaseUrl, options.poolMax ?? 10)
  if (options.dataDir === undefined) throw new Error("Neither a database URL nor a data directory is given.")
  return embedded(options.dataDir, log)
}

function server(connectionString: string, max: number): Backend {
  return {
    kind: "postgresql",
    durability: "as durable as the PostgreSQL server is set up to be (fsync, synchronous_commit, replicas, backups)",
    failed: new Promise(() => {}),
    poolConfig: {
      connectionString,
      max,
      keepAlive: true,
    },
    start: () => undefined,
    stop: async (pool) => void (await endPool(pool)),
  }
}

async function embedded(dataDir: string, log: DatabaseLog): Promise<Backend> {
  const directory = dataDir === "memory://" ? null : dataDir
  const database = await openEmbedded(directory)
  let maintenance: ReturnType<typeof startMaintenance> | undefined
  return {
    kind: "embedded",
    durability:
      directory === null
        ? "in memory: nothing survives the end of the process"
        : "every commit waits for an fsync: survives the death of the process or the machine, and a power cut, " +
          "as far as the disk keeps what it was told to flush; the disk itself is the only copy",
    failed: database.failed,
    // One connection, because there is one backend; never dropped for idleness. Nothing of it comes from PG… variables.
    poolConfig: {
      stream: () => database.connect(),
      max: 1,
      idleTimeoutMillis: 0,
      ssl: false,
      host: "embedded",
      port: 5432,
      user: "postgres",
      database: "postgres",
      password: "unused",
    },
    start(pool) {
      maintenance = startMaintenance(pool, { intervalMs: maintenanceIntervalMs, log })
    },
    async stop(pool) {
      maintenance?.stop()
      const idle = await endPool(pool)
      await database.stop(idle ? stopGraceMs : busyStopGraceMs)
    },
  }
}

/**
 * Lets what is under way end; a connection that somebody keeps is left behind, so that closing never hangs. The pool
 * would forget those who wait for a connection, without a word to them, so they are served first. False: the time
 * was not enough.
 */
async function endPool(pool: pg.Pool): Promise<boolean> {
  const deadline = Date.now() + stopGraceMs
  while (pool.waitingCount > 0 && Date.now() < deadline) await pause(5)
  const ended = pool.end().then(() => true)
  return Promise.race([ended, pause(deadline - Date.now(), false, { ref: false })])
}

/** A connection that breaks fails its own query and is replaced; without these listeners it would end the process. */
function surviveErrors(pool: pg.Pool, log: DatabaseLog): void {
  pool.on("error", () => {}) // of an idle connection, which has told it already
  pool.on("connect", (client) => {
    client.on("error", (error) => log.warn({ err: error }, "a database connection broke"))
  })
}

const silent: DatabaseLog = { info: () => undefined, warn: () => undefined, error: () => undefined }
