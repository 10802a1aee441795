import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeEach, expect, test } from "vitest"
import { openDatabase } from "../../src/lib/db/database.ts"
import { migrate, migrationsDirectory, readMigrations } from "../../src/lib/db/migrate.ts"
import { ownDatabase } from "../harness/database.ts"

// That Prisma's own engine agrees with what is recorded here is proven in drift.test.ts.

const database = await ownDatabase()
const { pool } = database
let directory: string

beforeEach(async () => {
  await pool.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
  directory = await mkdtemp(join(tmpdir(), "portcullis-migrations-"))
  await cp(migrationsDirectory, directory, { recursive: true })
})
afterEach(() => rm(directory, { recursive: true }))
afterAll(() => database.close())

async function add(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, name), { recursive: true })
  await writeFile(join(directory, name, "migration.sql"), sql)
}

async function recorded(): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT migration_name AS name FROM _prisma_migrations ORDER BY started_at, migration_name",
  )
  return rows.map(({ name }) => name)
}

test("an empty database gets every migration once, in order, and then nothing", async () => {
  const names = (await readMigrations(directory)).map(({ name }) => name)
  expect(await migrate(database, { directory })).toEqual(names)
  expect(await migrate(database, { directory })).toEqual([])
  await add("29990101000000_more", "CREATE TABLE more (id INT)")
  expect(await migrate(database, { directory })).toEqual(["29990101000000_more"])
  expect(await recorded()).toEqual([...names, "29990101000000_more"])
})

test("of five that start at once, each migration is applied by one", async () => {
  const names = (await readMigrations(directory)).map(({ name }) => name)
  const { rows } = await pool.query<{ name: string }>("SELECT current_database() AS name")
  const databaseUrl = process.env["TEST_DATABASE_URL"]?.replace(/[^/]*$/, rows[0]?.name ?? "")
  const five = await Promise.all(
    Array.from({ length: 5 }, async () => (databaseUrl === undefined ? database : openDatabase({ databaseUrl }))),
  )
  const applied = await Promise.all(five.map((one) => migrate(one, { directory })))
  expect(applied.flat()).toEqual(names)
  expect(await recorded()).toEqual(names)
  if (databaseUrl !== undefined) await Promise.all(five.map((one) => one.close()))
})

test("a migration that fails leaves nothing behind, and is tried again at the next start", async () => {
  await add("29990101000000_broken", "CREATE TABLE half (id INT); INSERT INTO nowhere VALUES (1)")
  await expect(migrate(database, { directory })).rejects.toThrow(
    `The migration 29990101000000_broken failed and was rolled back: relation "nowhere" does not exist`,
  )
  expect((await pool.query("SELECT to_regclass('half') AS half")).rows).toEqual([{ half: null }])
  await add("29990101000000_broken", "CREATE TABLE half (id INT)")
  expect(await migrate(database, { directory })).toEqual(["29990101000000_broken"])
})

test("an edited migration is refused", async () => {
  await migrate(database, { directory })
  const [first] = await readMigrations(directory)
  await add(first?.name ?? "", `${first?.sql}-- edited`)
  await expect(migrate(database, { directory })).rejects.toThrow(
    `The migration ${first?.name} is not the one that the database was made with: its file was edited afterwards. ` +
      `Restore the file, and put the change into a new migration.`,
  )
})

test("a database that a newer version has used is refused", async () => {
  await add("29990101000000_newer", "CREATE TABLE newer (id INT)")
  await migrate(database, { directory })
  await expect(migrate(database)).rejects.toThrow(
    `The database has the migration 29990101000000_newer, which this version of Portcullis does not know: ` +
      `it was used with a newer version. Start that version, or a newer one.`,
  )
})

test("a migration that failed half-way under Prisma is refused until it is resolved", async () => {
  await migrate(database, { directory })
  const last = (await recorded()).at(-1)
  await pool.query("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1", [last])
  await expect(migrate(database, { directory })).rejects.toThrow(
    `The migration ${last} failed half-way when another tool applied it: repair the database, ` +
      `then mark it with "prisma migrate resolve".`,
  )
  // What `prisma migrate resolve --rolled-back` does, after what the migration made was taken back by hand.
  await pool.query("UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = $1", [last])
  await add(last ?? "", "SELECT 1")
  expect(await migrate(database, { directory })).toEqual([last])
})

test("a statement may take longer than the time limit of ordinary sessions", async () => {
  await migrate(database, { directory })
  await add("29990101000000_slow", "DO $$ BEGIN ASSERT current_setting('statement_timeout') = '0'; END $$")
  expect(await migrate(database, { directory })).toEqual(["29990101000000_slow"])
  const limit = await pool.query<{ statement_timeout: string }>("SHOW statement_timeout")
  expect(limit.rows).toEqual([{ statement_timeout: "30s" }])
})
