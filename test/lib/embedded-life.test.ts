import { spawn } from "node:child_process"
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { text } from "node:stream/consumers"
import { Client } from "pg"
import { afterEach, beforeEach, expect, test } from "vitest"
import { openDatabase, type Database } from "../../src/lib/db/database.ts"
import { openEmbedded } from "../../src/lib/db/embedded.ts"
import { startMaintenance } from "../../src/lib/db/maintenance.ts"
import { runQuery } from "../../src/lib/db/query.ts"
import { copyOfTemplate } from "../harness/database.ts"

// The embedded database from its first start to its last: alone on its directory, whole or refused, never hanging.

let directory: string
const open: Database[] = []

beforeEach(async () => {
  directory = await copyOfTemplate()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((database) => database.close()))
  await rm(directory, { recursive: true })
})

async function opened(dataDir = directory): Promise<Database> {
  const database = await openDatabase({ dataDir })
  open.push(database)
  return database
}

test("a second process on the directory is refused, in words, until the first has closed", async () => {
  const first = await opened()
  expect(await inAnotherProcess(directory)).toBe(
    `The data directory ${directory} is in use by another process: stop that one, give this one its own DATA_DIR, ` +
      `or set DATABASE_URL to a PostgreSQL server, which any number of processes may share.`,
  )
  await expect(openDatabase({ dataDir: directory })).rejects.toThrow("is in use by another process")
  await first.pool.query("INSERT INTO look_again VALUES ('still mine', now())")
  await first.close()
  expect(await inAnotherProcess(directory)).toBe("opened")
  const again = await opened()
  expect((await again.pool.query("SELECT subject FROM look_again")).rows).toEqual([{ subject: "still mine" }])
})

/** What another process says that tries to open the directory: `opened`, or why not. */
async function inAnotherProcess(dataDir: string): Promise<string> {
  const module = resolve(import.meta.dirname, "../../src/lib/db/embedded.ts")
  const program = `
    const { openEmbedded } = await import(process.argv[1])
    const said = await openEmbedded(process.argv[2]).then(
      async (database) => (await database.stop(5000), "opened"), (error) => error.message)
    process.stdout.write(said)`
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, module, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  return text(child.stdout)
}

test("a new directory whose making was cut short is made anew", { timeout: 60_000 }, async () => {
  const fresh = join(directory, "fresh")
  await mkdir(join(fresh, "postgresql.new"), { recursive: true })
  await writeFile(join(fresh, "postgresql.new", "PG_VERSION"), "18\n")
  const database = await opened(fresh)
  expect((await database.pool.query("SHOW fsync")).rows).toEqual([{ fsync: "on" }])
  expect(await readdir(fresh)).not.toContain("postgresql.new")
  const { mode } = await stat(join(fresh, "postgresql"))
  expect(mode & 0o077).toBe(0) // what GitHub sent is nobody else's to read
})

test("a database of another PostgreSQL is refused with PostgreSQL's own words", async () => {
  await writeFile(join(directory, "postgresql", "PG_VERSION"), "17\n")
  await expect(openDatabase({ dataDir: directory })).rejects.toThrow(
    /^The embedded database .* failed: .*database files are incompatible with server/,
  )
})

test("a database that cannot go on fails what is under way, says so, and closes", async () => {
  const database = await opened()
  await rm(join(directory, "postgresql", "pg_wal"), { recursive: true })
  const pending = [1, 2, 3].map((id) => runQuery(database.pool, `SELECT pg_switch_wal(), ${id}`))
  pending.push(runQuery(database.pool, "INSERT INTO look_again VALUES ('lost', now())"))
  const results = await Promise.allSettled(pending)
  expect(results.at(-1)?.status).toBe("rejected")
  expect((await database.failed).message).toMatch(/PANIC: .*pg_wal/)
  await expect(database.prisma.lookAgain.count()).rejects.toThrow(/PANIC/)
  await database.close()
})

test("closing does not wait for a query without end on a connection that somebody keeps", async () => {
  const database = await opened()
  const kept = await database.pool.connect()
  await kept.query("INSERT INTO look_again VALUES ('acknowledged', now())")
  await kept.query("BEGIN")
  await kept.query("INSERT INTO look_again VALUES ('never committed', now())")
  const endless = kept.query("SELECT pg_sleep(300)").catch((error: unknown) => String(error))
  const began = performance.now()
  await database.close()
  expect(performance.now() - began).toBeLessThan(8000)
  expect(await endless).toMatch(/ended/)
  const again = await opened()
  expect((await again.pool.query("SELECT subject FROM look_again")).rows).toEqual([{ subject: "acknowledged" }])
})

test("a second connection cuts the first one off, instead of leaving it without an answer", async () => {
  const embedded = await openEmbedded(directory)
  const client = (): Client => new Client({ stream: () => embedded.connect(), user: "postgres", password: "unused" })
  const first = client()
  first.on("error", () => {})
  await first.connect()
  await first.query("CREATE TEMPORARY TABLE mine (id INT); BEGIN; INSERT INTO look_again VALUES ('open', now())")
  const second = client()
  await second.connect()
  await expect(first.query("SELECT 1")).rejects.toThrow(/connection error|terminated/i)
  const { rows } = await second.query("SELECT to_regclass('mine') AS mine, count(*)::int AS rows FROM look_again")
  expect(rows).toEqual([{ mine: null, rows: 0 }])
  await second.end()
  await embedded.stop(5000)
})

test("maintenance cuts the log and vacuums what changed, and stops at once", async () => {
  const database = await opened()
  const insert =
    "INSERT INTO delivery (app_id, guid, event, received_at) SELECT 1, g::text, 'push', now() FROM generate_series(1, 5000) g"
  await database.pool.query(insert)
  await database.pool.query("DELETE FROM delivery")
  const state = async (): Promise<{ vacuumed: boolean; checkpoint: string } | undefined> => {
    const { rows } = await database.pool.query<{ vacuumed: boolean; checkpoint: string }>(
      `SELECT last_vacuum IS NOT NULL AS vacuumed, checkpoint_lsn::text AS checkpoint
       FROM pg_stat_user_tables, pg_control_checkpoint() WHERE relname = 'delivery'`,
    )
    return rows[0]
  }
  const before = await state()
  expect(before?.vacuumed).toBe(false)
  const logged: string[] = []
  const log = { info: say, warn: say, error: say }
  function say(_fields: object, message: string): void {
    logged.push(message)
  }
  const maintenance = startMaintenance(database.pool, { intervalMs: 10, log })
  await expect.poll(async () => (await state())?.vacuumed, { timeout: 20_000 }).toBe(true)
  maintenance.stop()
  expect((await state())?.checkpoint).not.toBe(before?.checkpoint)
  expect(logged).toEqual([])
})
