import { createHash, randomUUID } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { DatabaseError } from "pg"
import type pg from "pg"
import type { Database } from "./database.ts"

/** One reviewed migration of the project. */
export type Migration = {
  /** Name of its directory, beginning with its time: `20261120000000_first`. */
  name: string
  sql: string
  /** SHA-256 of the file, lower-case hex, as Prisma records it. */
  checksum: string
}

/** The project's migrations; the database must know these and no others. */
export const migrationsDirectory = fileURLToPath(new URL("../../../prisma/migrations/", import.meta.url))

/** `pg_advisory_lock` key that Prisma's own `migrate deploy` takes, so that the two never work at once. */
const prismaLockKey = 72707369
const lockWaitMs = 60_000

/** Prisma's own table, column by column, so that `prisma migrate deploy` and `status` agree with what is done here. */
const createTable = `
  CREATE TABLE _prisma_migrations (
    id                  VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum            VARCHAR(64) NOT NULL,
    finished_at         TIMESTAMPTZ,
    migration_name      VARCHAR(255) NOT NULL,
    logs                TEXT,
    rolled_back_at      TIMESTAMPTZ,
    started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
  )`

type Recorded = { migration_name: string; checksum: string; finished: boolean }

/**
 * Brings the database to the newest migration, each in one transaction with its record: it is applied whole or not
 * at all, once, however many processes start together. Returns the names of those that it applied, in order.
 * Throws with one sentence for a person when the database was changed in a way that this version cannot follow:
 * by a newer version, by an edited migration, or by one that failed half-way under another tool.
 */
export async function migrate(
  database: Pick<Database, "pool">,
  options: { directory?: string } = {},
): Promise<string[]> {
  const migrations = await readMigrations(options.directory ?? migrationsDirectory)
  const client = await database.pool.connect()
  try {
    await takeLock(client)
    const recorded = await readRecords(client)
    refuseStrangers(migrations, recorded)
    const known = new Set(recorded.map((record) => record.migration_name))
    const missing = migrations.filter((migration) => !known.has(migration.name))
    for (const migration of missing) await apply(client, migration)
    return missing.map((migration) => migration.name)
  } finally {
    client.release(true) // ends the session, and with it the lock and the settings
  }
}

/** The migrations of a directory, oldest first. Throws when one has no `migration.sql`. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.toSorted().map(async (name) => {
      const sql = await readFile(join(directory, name, "migration.sql"), "utf8")
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") }
    }),
  )
}

async function takeLock(client: pg.PoolClient): Promise<void> {
  await client.query(`SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0`)
  await client.query(`SET lock_timeout = ${lockWaitMs}`)
  try {
    await client.query(`SELECT pg_advisory_lock(${prismaLockKey})`)
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === "55P03")) throw error
    throw new Error(`Another process has been migrating the database for ${lockWaitMs / 1000} s: see what it does.`, {
      cause: error,
    })
  }
}

/** What was applied before, without what was rolled back. Makes the table when there is none. */
async function readRecords(client: pg.PoolClient): Promise<Recorded[]> {
  const table = await client.query<{ found: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS found`)
  if (table.rows[0]?.found !== true) await client.query(createTable)
  const records = await client.query<Recorded>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished FROM _prisma_migrations
     WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name`,
  )
  return records.rows
}

function refuseStrangers(migrations: readonly Migration[], recorded: readonly Recorded[]): void {
  const byName = new Map(migrations.map((migration) => [migration.name, migration]))
  for (const { migration_name: name, checksum, finished } of recorded) {
    const migration = byName.get(name)
    if (!migration) {
      throw new Error(
        `The database has the migration ${name}, which this version of Portcullis does not know: ` +
          `it was used with a newer version. Start that version, or a newer one.`,
      )
    }
    if (!finished) {
      throw new Error(
        `The migration ${name} failed half-way when another tool applied it: repair the database, ` +
          `then mark it with "prisma migrate resolve".`,
      )
    }
    if (migration.checksum !== checksum) {
      throw new Error(
        `The migration ${name} is not the one that the database was made with: its file was edited afterwards. ` +
          `Restore the file, and put the change into a new migration.`,
      )
    }
  }
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  await client.query("BEGIN")
  try {
    await client.query(migration.sql)
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    )
    await client.query("COMMIT")
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`The migration ${migration.name} failed and was rolled back: ${reason}`, { cause: error })
  }
}
