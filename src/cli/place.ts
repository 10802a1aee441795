import { existsSync } from "node:fs"
import { join, resolve } from "node:path"
import { openDatabase, type Database } from "../lib/db/database.ts"
import { databaseFolder } from "../lib/db/wire.ts"
import { reasonOf } from "../lib/reason.ts"

/**
 * Opens the database that the environment names, lets `work` use it, and closes it again.
 *
 * @throws with one sentence for a person: no database there, held by a running server, or without tables. Never makes
 *   or migrates anything.
 */
export async function openFromEnvironment<Result>(
  environment: Readonly<Record<string, string | undefined>>,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(place(environment))
  try {
    if (!(await hasLedger(database))) {
      throw new Error("this database has no ledger yet: the server has never been started on it")
    }
    return await work(database)
  } finally {
    await database.close()
  }
}

/** Asked of the driver itself, whose refusals are one line: no such server, no such database, a wrong password. */
async function hasLedger({ pool }: Database): Promise<boolean> {
  const sql = "SELECT to_regclass('ledger_entry') IS NOT NULL AS there"
  const { rows } = await pool.query<{ there: boolean }>(sql).catch((error: unknown) => {
    throw new Error(`the database cannot be read: ${reasonOf(error)}`, { cause: error })
  })
  return rows[0]?.there === true
}

function place(
  environment: Readonly<Record<string, string | undefined>>,
): { databaseUrl: string } | { dataDir: string } {
  const { DATABASE_URL: databaseUrl, DATA_DIR: dataDir } = environment
  if (databaseUrl !== undefined && databaseUrl !== "") return { databaseUrl }
  const directory = dataDir === undefined || dataDir === "" ? "./data" : dataDir
  if (existsSync(join(directory, databaseFolder))) return { dataDir: directory }
  throw new Error(`there is no database in ${resolve(directory)} (set DATA_DIR or DATABASE_URL)`)
}
