import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeEach, expect, test } from "vitest"
import { lackingInMigrations, loadEngine, noFilters } from "../../prisma/schema-engine.ts"
import { migrate } from "../../src/lib/db/migrate.ts"
import { ownDatabase } from "../harness/database.ts"

// The migrations are written and reviewed by hand. Prisma's own engine is the judge of what they make.

const database = await ownDatabase()

beforeEach(() => database.pool.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
afterAll(() => database.close())

test("the migrations make what schema.prisma says", async () => {
  expect(await lackingInMigrations(database)).toMatchObject({ exitCode: 0 })
})

test("the migrations also make what schema.prisma cannot say", async () => {
  await migrate(database)
  const { rows } = await database.pool.query<{ name: string }>(
    `SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'public' AND indexdef LIKE '% WHERE %'
     UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY name`,
  )
  expect(rows.map(({ name }) => name)).toEqual([
    "fact_deployment_idx",
    "ledger_chain_advance",
    "ledger_chain_guard",
    "ledger_chain_refuse_truncate",
    "ledger_entry_link",
    "ledger_entry_refuse",
    "ledger_entry_refuse_truncate",
    "promotion_open_key",
  ])
})

test("a column that no migration adds is found, and its SQL is written", async () => {
  const folder = await mkdtemp(join(tmpdir(), "portcullis-drift-"))
  try {
    await cp(resolve(import.meta.dirname, "../../prisma"), folder, { recursive: true })
    const path = join(folder, "schema.prisma")
    const schema = await readFile(path, "utf8")
    await writeFile(path, schema.replace("model LookAgain {", "model LookAgain {\n  why String?"))
    const { exitCode, stdout } = await lackingInMigrations(database, folder)
    expect(exitCode).toBe(2)
    expect(stdout).toContain(`ALTER TABLE "look_again" ADD COLUMN     "why" TEXT;`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

test("Prisma's own `migrate deploy` and `migrate status` find nothing to do after ours", async () => {
  await migrate(database)
  const { engine, migrations } = await loadEngine({ database, shadow: database })
  expect(await engine.applyMigrations({ migrationsList: migrations, filters: noFilters })).toEqual({
    appliedMigrationNames: [],
  })
  const history = await engine.diagnoseMigrationHistory({
    migrationsList: migrations,
    optInToShadowDatabase: false,
    filters: noFilters,
  })
  expect(history).toMatchObject({ editedMigrationNames: [], failedMigrationNames: [], history: null })
})

test("ours find nothing to do after Prisma's own `migrate deploy`", async () => {
  const { engine, migrations } = await loadEngine({ database, shadow: database })
  const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: migrations, filters: noFilters })
  expect(appliedMigrationNames).toEqual(migrations.migrationDirectories.map(({ path }) => path))
  expect(await migrate(database)).toEqual([])
})
