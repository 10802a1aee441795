import { createHash, randomUUID } from "node:crypto"
import { constants, existsSync } from "node:fs"
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Client } from "pg"
import { openDatabase, type Database } from "../../src/lib/db/database.ts"
import type { DatabaseLog } from "../../src/lib/db/log.ts"
import { migrate, migrationsDirectory, readMigrations } from "../../src/lib/db/migrate.ts"

/** A migrated database of the test's own. */
export type TestDatabase = Database & {
  /** Empties every table, the ledger and the queue's jobs included; sequences begin at 1 again. */
  reset(): Promise<void>
}

const root = resolve(import.meta.dirname, "../..")
const staleMs = 60 * 60 * 1000

/** Databases of this process that nobody uses now: to open one takes longer than most tests. */
const idle: TestDatabase[] = []

/**
 * A migrated, empty database that nobody else uses until it is closed: on the embedded database, or on the PostgreSQL
 * server of TEST_DATABASE_URL when that is set (its role must be allowed to create databases). `close` leaves it open for
 * the next one in this process who asks; its tables may be filled then, but must be as they were made.
 */
export async function testDatabase(): Promise<TestDatabase> {
  const database = idle.pop() ?? (await ownDatabase())
  await database.reset()
  return {
    ...database,
    async close() {
      idle.push(database)
    },
  }
}

/**
 * The same, opened for this one test, to do anything to; `close` closes and removes it. Both are copies of a migrated
 * template, which is made once per set of migrations. What is logged fails nothing; pass `log` to look at it.
 */
export async function ownDatabase(options: { log?: DatabaseLog } = {}): Promise<TestDatabase> {
  const server = process.env["TEST_DATABASE_URL"]
  const { where, remove } = server ? await serverCopy(server) : await embeddedCopy()
  const database = await openDatabase({ ...where, ...options })
  return {
    ...database,
    async reset() {
      await emptyTables(database.pool)
    },
    async close() {
      await database.close()
      await remove()
    },
  }
}

/**
 * The data directory of an embedded database, migrated and shut down in order, as a template: copy it, never open
 * it. Made once per set of migrations, version of PGlite and way to make a directory, under node_modules/.cache.
 */
async function embeddedTemplate(): Promise<string> {
  const cache = join(root, "node_modules/.cache/portcullis")
  const template = join(cache, `database-${await templateKey()}`)
  if (existsSync(template)) return template
  await mkdir(cache, { recursive: true })
  await removeStale(cache, "")
  const unfinished = await mkdtemp(join(cache, "unfinished-"))
  await makeTemplate({ dataDir: unfinished })
  // Another test process may have been faster; either copy is as good.
  await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true, force: true }))
  return template
}

/** A fresh copy of the embedded template in the system's temporary directory; the caller removes it. */
export async function copyOfTemplate(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "portcullis-test-"))
  await cp(await embeddedTemplate(), directory, { recursive: true, mode: constants.COPYFILE_FICLONE })
  return directory
}

type Copy = { where: { dataDir: string } | { databaseUrl: string }; remove(): Promise<void> }

async function embeddedCopy(): Promise<Copy> {
  const dataDir = await copyOfTemplate()
  return { where: { dataDir }, remove: () => rm(dataDir, { recursive: true, force: true }) }
}

/** Removes what killed runs, and earlier migrations, left behind an hour ago or earlier. */
export async function removeStale(folder: string, begins: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(begins))
  for (const path of names.map((name) => join(folder, name))) {
    const age = await stat(path).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    )
    if (age > staleMs) await rm(path, { recursive: true, force: true })
  }
}

async function serverCopy(url: string): Promise<Copy> {
  const name = `portcullis_test_${Date.now()}_${runMark()}_${randomUUID().slice(0, 8)}`
  const key = await templateKey()
  await withServer(url, async (client) => {
    // One at a time: a template is not copied while somebody still migrates it.
    await client.query("SELECT pg_advisory_lock(hashtext('portcullis test templates'))")
    await dropStaleDatabases(client)
    // A role can only copy what it owns.
    const role = await client.query<{ oid: string }>("SELECT oid::text FROM pg_roles WHERE rolname = current_user")
    const template = `portcullis_template_${key}_${role.rows[0]?.oid}`
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [template])
    if (found.rowCount === 0) {
      await client.query(`DROP DATABASE IF EXISTS ${template}_unfinished`)
      await client.query(`CREATE DATABASE ${template}_unfinished`)
      await makeTemplate({ databaseUrl: withName(url, `${template}_unfinished`) })
      await client.query(`ALTER DATABASE ${template}_unfinished RENAME TO ${template}`)
    }
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  })
  return {
    where: { databaseUrl: withName(url, name) },
    remove: () => withServer(url, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  }
}

/** What the names of a run's databases have in common. */
function runMark(): string {
  return createHash("sha256").update(tmpdir()).digest("hex").slice(0, 8)
}

/** Drops what the processes of this run left on the server of TEST_DATABASE_URL. */
export async function dropDatabasesOfRun(): Promise<void> {
  const server = process.env["TEST_DATABASE_URL"]
  if (!server) return
  await withServer(server, async (client) => {
    for (const name of await testDatabases(client)) {
      if (name.split("_")[3] === runMark()) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    }
  })
}

/** Databases of test processes that were killed. */
async function dropStaleDatabases(client: Client): Promise<void> {
  for (const name of await testDatabases(client)) {
    const madeAt = Number(name.split("_")[2])
    if (Date.now() - madeAt > staleMs) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
  }
}

/** Names of the test databases of this role. */
async function testDatabases(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database
     WHERE datname LIKE 'portcullis\\_test\\_%' AND pg_get_userbyid(datdba) = current_user`,
  )
  return rows.map(({ name }) => name)
}

async function withServer(url: string, use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await use(client)
  } finally {
    await client.end()
  }
}

function withName(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function makeTemplate(where: Copy["where"]): Promise<void> {
  const database = await openDatabase(where)
  try {
    await migrate(database)
  } finally {
    await database.close()
  }
}

async function templateKey(): Promise<string> {
  const migrations = await readMigrations(migrationsDirectory)
  const hash = createHash("sha256")
  for (const file of ["node_modules/@electric-sql/pglite/package.json", "src/lib/db/data-directory.ts"]) {
    hash.update(await readFile(join(root, file)))
  }
  for (const { name, checksum } of migrations) hash.update(`${name} ${checksum}\n`)
  return hash.digest("hex").slice(0, 16)
}

/** The ledger's triggers refuse DELETE, so their owner switches them off for it, within the transaction. */
async function emptyTables(pool: Database["pool"]): Promise<void> {
  const { rows } = await pool.query<{ name: string; sequence: boolean; guarded: boolean }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind = 'S' AS sequence,
       EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) AND n.nspname = 'public' AS guarded
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT c.relispartition AND (
       n.nspname = 'public' AND c.relkind IN ('r', 'p', 'S') AND c.relname <> '_prisma_migrations'
       OR n.nspname = 'pgboss' AND c.relkind IN ('r', 'p') AND c.relname = 'job')`,
  )
  // Most tables are empty most of the time, and to look is far cheaper than to empty.
  const looks = rows.map(
    ({ name, sequence }) => `SELECT '${name}' AS name ${sequence ? "" : `WHERE EXISTS (SELECT FROM ${name})`}`,
  )
  const filled = await pool.query<{ name: string }>(looks.join(" UNION ALL "))
  const names = new Set(filled.rows.map(({ name }) => name))
  const statements = rows
    .filter(({ name }) => names.has(name))
    .flatMap(({ name, sequence, guarded }) => {
      if (sequence) return [`SELECT setval('${name}', 1, false)`]
      const empty = [`DELETE FROM ${name}`]
      return guarded
        ? [`ALTER TABLE ${name} DISABLE TRIGGER USER`, ...empty, `ALTER TABLE ${name} ENABLE TRIGGER USER`]
        : empty
    })
  await pool.query(["BEGIN", ...statements, "COMMIT"].join(";\n"))
}
