import type { PoolClient } from "pg"
import { afterAll, beforeEach, expect, test } from "vitest"
import type { DatabaseLog } from "../../src/lib/db/log.ts"
import { runQuery } from "../../src/lib/db/query.ts"
import { ownDatabase } from "../harness/database.ts"

// What the rest of the code may rely on, whichever the database.

const logged: string[] = []
const say = (_fields: object, message: string): void => void logged.push(message)
const log: DatabaseLog = { info: say, warn: say, error: say }
const database = await ownDatabase({ log })
const { prisma, pool } = database
await pool.query("CREATE TABLE pair (id INT PRIMARY KEY, twin INT REFERENCES pair DEFERRABLE INITIALLY DEFERRED)")

beforeEach(() => database.reset())
afterAll(() => database.close())

test("a failure at COMMIT is reported, and nothing is kept", async () => {
  const throughPrisma = prisma.$transaction((tx) => tx.$executeRaw`INSERT INTO pair VALUES (1, 2)`)
  await expect(throughPrisma).rejects.toThrow("ForeignKeyConstraintViolation")
  const client = await pool.connect()
  await client.query("BEGIN")
  await client.query("INSERT INTO pair VALUES (1, 2)")
  await expect(client.query("COMMIT")).rejects.toMatchObject({ code: "23503" })
  client.release()
  expect((await pool.query("SELECT * FROM pair")).rows).toEqual([])
})

test("transactions that want the same row come one after the other", async () => {
  await prisma.repository.create({ data: { id: 1n, installationId: 0n, owner: "o", name: "n", defaultBranch: "main" } })
  const increments = Array.from({ length: 20 }, () =>
    prisma.$transaction(async (tx) => {
      const [row] = await tx.$queryRaw<{ installation_id: bigint }[]>`SELECT installation_id FROM repository FOR UPDATE`
      await tx.repository.update({ where: { id: 1n }, data: { installationId: (row?.installation_id ?? 0n) + 1n } })
    }),
  )
  await Promise.all(increments)
  expect(await prisma.repository.findMany()).toMatchObject([{ installationId: 20n }])
})

test("a transaction that waited too long for a connection is refused, and the next one is served", async () => {
  const clients = await Promise.all(Array.from({ length: pool.options.max }, () => pool.connect()))
  const late = prisma.$transaction((tx) => tx.$executeRaw`INSERT INTO pair VALUES (7, NULL)`, { maxWait: 50 })
  await expect(late).rejects.toThrow(/Unable to start a transaction in the given time/)
  for (const client of clients) client.release()
  expect(await prisma.$transaction((tx) => tx.$queryRaw`SELECT count(*) FROM pair`)).toEqual([{ count: 0n }])
})

test("values come back as they went in", async () => {
  const at = new Date("2026-02-28T23:59:59.987Z")
  const large = 9_007_199_254_740_993n
  const rows = await prisma.$queryRaw<unknown[]>`
    SELECT ${large}::bigint AS large, ${at}::timestamptz(3) AS at, ${{ a: [1, "ü", null] }}::jsonb AS json,
      ${["a", 'b"c', "ü,{}"]}::text[] AS texts, ${"\u{1f6aa}"} AS text`
  expect(rows).toEqual([{ large, at, json: { a: [1, "ü", null] }, texts: ["a", 'b"c', "ü,{}"], text: "\u{1f6aa}" }])
  const fact = { repositoryId: large, kind: "label", key: "k", version: 1n, data: { deep: [{ a: 1 }] }, seenAt: at }
  await prisma.fact.create({ data: fact })
  expect(await prisma.fact.findFirst()).toMatchObject(fact)
  const id = "0195a3c0-0000-7000-8000-000000000000"
  const promotion = { id, repositoryId: 1n, number: 1, state: "s", headSha: "h", baseRef: "b", stages: {}, version: 1 }
  await prisma.promotion.create({
    data: { ...promotion, blockReasons: ["paused", "a,b"], approvals: [], proposedAt: at },
  })
  expect(await prisma.promotion.findFirst()).toMatchObject({ blockReasons: ["paused", "a,b"], endedAt: null })
})

test("a moment is the same moment to Prisma, to SQL and to pg, whatever the server's time zone", async () => {
  const { rows } = await pool.query<{ name: string }>("SELECT quote_ident(current_database()) AS name")
  await pool.query(`ALTER DATABASE ${rows[0]?.name} SET TimeZone = 'Asia/Kolkata'`)
  await breakConnections()
  const at = new Date("2026-07-01T12:00:00.250Z")
  await prisma.lookAgain.create({ data: { subject: "prisma", dueAt: at } })
  await runQuery(pool, "INSERT INTO look_again VALUES ('pg', $1)", [at])
  await runQuery(pool, "INSERT INTO look_again VALUES ('sql', '2026-07-01T12:00:00.250Z')")
  const read = await prisma.lookAgain.findMany()
  expect(read.map((row) => row.dueAt)).toEqual([at, at, at])
  const raw = await runQuery<{ due_at: Date }>(pool, "SELECT due_at FROM look_again")
  expect(raw.rows.map((row) => row.due_at)).toEqual([at, at, at])
})

test("those who wait for a connection when the database is closed are served first", async () => {
  const other = await ownDatabase()
  const asked = Array.from({ length: 30 }, (_, id) => runQuery<{ id: number }>(other.pool, `SELECT ${id} AS id`))
  await other.close()
  const answers = await Promise.all(asked)
  expect(answers.map(({ rows }) => rows[0]?.id)).toEqual(Array.from({ length: 30 }, (_, id) => id))
  await expect(runQuery(other.pool, "SELECT 1")).rejects.toThrow(/after calling end/)
})

test("an SQL error costs no connection", async () => {
  const backend = async (): Promise<unknown> => (await runQuery(pool, "SELECT pg_backend_pid() AS pid")).rows
  const before = await backend()
  const connected: PoolClient[] = []
  pool.on("connect", (client) => void connected.push(client))
  await runQuery(pool, "INSERT INTO pair VALUES (1, NULL)")
  await expect(runQuery(pool, "INSERT INTO pair VALUES (1, NULL)")).rejects.toMatchObject({ code: "23505" })
  expect(await backend()).toEqual(before)
  expect(connected).toEqual([])
})

test("a statement that nests too deeply is an SQL error, not the end of the database", async () => {
  const nested = "[".repeat(100_000) + "]".repeat(100_000)
  await expect(runQuery(pool, "SELECT $1::jsonb", [nested])).rejects.toThrow("stack depth limit exceeded")
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }])
})

test("a connection that breaks, idle or at work, is logged and replaced", async () => {
  logged.length = 0
  const client = await pool.connect()
  const waiting = client.query("SELECT pg_sleep(0.5)")
  breakConnection(client)
  await expect(waiting).rejects.toThrow("the line is cut")
  client.release(true)
  expect(logged).toContain("a database connection broke")
  await pool.query("SELECT 1")
  logged.length = 0
  await breakConnections()
  expect(logged).toContain("a database connection broke")
  expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }])
})

test("what a lost connection left open is rolled back, and its session forgotten", async () => {
  const client = await pool.connect()
  await client.query("SET search_path = pg_catalog")
  await client.query("BEGIN")
  await client.query("INSERT INTO public.pair VALUES (5, NULL)")
  await client.query("SELECT pg_advisory_lock(5)")
  client.release(true)
  const after =
    "SELECT current_setting('search_path') AS path, pg_try_advisory_lock(5) AS free, (SELECT count(*)::int FROM pair) AS rows"
  await expect.poll(async () => (await runQuery(pool, after)).rows).toMatchObject([{ free: true, rows: 0 }])
})

test("reset empties every table, the ledger included, and counts from 1 again", async () => {
  await prisma.ledgerChain.create({ data: { repositoryId: 1n, size: 0n, headHash: "0".repeat(64) } })
  await expect(prisma.ledgerChain.deleteMany()).rejects.toThrow(/append-only/)
  const delivery = { appId: 1n, guid: "g", event: "push", receivedAt: new Date() }
  await prisma.delivery.create({ data: delivery })
  await database.reset()
  expect(await prisma.ledgerChain.count()).toBe(0)
  expect(await prisma.delivery.create({ data: delivery })).toMatchObject({ id: 1n })
  await prisma.ledgerChain.create({ data: { repositoryId: 1n, size: 0n, headHash: "0".repeat(64) } })
  await expect(prisma.ledgerChain.deleteMany()).rejects.toThrow(/append-only/)
})

function breakConnection(client: PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: { destroy(error: Error): void } } }).connection
  stream.destroy(new Error("the line is cut"))
}

/** Breaks every connection of the pool while it is idle. */
async function breakConnections(): Promise<void> {
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()))
  for (const client of clients) client.release()
  for (const client of clients) breakConnection(client)
  await expect.poll(() => pool.totalCount).toBe(0)
}
