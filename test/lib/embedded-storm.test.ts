import { createHash } from "node:crypto"
import { rm } from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openDatabase, type Database } from "../../src/lib/db/database.ts"
import { runQuery } from "../../src/lib/db/query.ts"
import { copyOfTemplate } from "../harness/database.ts"

// Every client of the embedded database goes through one connection. Whatever happens there, an answer must reach
// the one who asked, and a row its table.

let directory: string
let database: Database

beforeAll(async () => {
  directory = await copyOfTemplate()
  database = await openDatabase({ dataDir: directory })
})
afterAll(async () => {
  await database.close()
  await rm(directory, { recursive: true })
})

test("an error storm mixes nothing up and loses nothing that was acknowledged", { timeout: 120_000 }, async () => {
  await database.pool.query(
    "CREATE TABLE storm (id INT PRIMARY KEY, owner TEXT NOT NULL, twin INT REFERENCES storm DEFERRABLE INITIALLY DEFERRED)",
  )
  await database.pool.query("INSERT INTO storm VALUES (0, 'first', NULL)")
  const outcomes = { kept: [] as number[], refused: [] as number[] }
  for (let wave = 0; wave < 4; wave += 1) {
    const ids = Array.from({ length: 1000 }, (_, index) => wave * 1000 + index + 1)
    const results = await Promise.allSettled(ids.map(stormy))
    for (const [index, result] of results.entries()) {
      const id = ids[index] ?? 0
      outcomes[result.status === "fulfilled" ? "kept" : "refused"].push(id)
      if (result.status === "fulfilled") expect(result.value).toEqual(`owner ${id}`)
      else expect(String(result.reason)).toMatch(failures[id % 10] ?? /nothing should fail here/)
    }
  }
  const { rows } = await database.pool.query<{ id: number; owner: string }>("SELECT id, owner FROM storm WHERE id > 0")
  expect(rows.map(({ id }) => id).toSorted((one, other) => one - other)).toEqual(outcomes.kept)
  expect(rows.filter(({ id, owner }) => owner !== `owner ${id}`)).toEqual([])
  expect(outcomes.refused).toHaveLength(1600)
})

/** How those fail that are meant to, by the last digit of their id. */
const failures: Record<number, RegExp> = {
  6: /duplicate key/,
  7: /ForeignKeyConstraintViolation/,
  8: /meant to fail/,
  9: /Transaction already closed|expired transaction|timeout/i,
}

/** Inserts a row on one of several ways, or fails on one of four; answers the owner as the database tells it. */
async function stormy(id: number): Promise<string> {
  const { prisma, pool } = database
  const owner = `owner ${id}`
  const insert = "INSERT INTO storm VALUES ($1, $2, $3) RETURNING owner"
  if (id % 10 === 6) return (await runQuery<{ owner: string }>(pool, insert, [0, owner, null])).rows[0]?.owner ?? ""
  if (id % 10 === 8) {
    await runQuery(pool, `DO $$ BEGIN INSERT INTO storm VALUES (${id}, 'x'); RAISE 'meant to fail'; END $$`)
  }
  if (id % 10 < 5) return (await runQuery<{ owner: string }>(pool, insert, [id, owner, id])).rows[0]?.owner ?? ""
  const limits = { maxWait: 60_000, timeout: id % 10 === 9 ? 2 : 60_000 }
  return prisma.$transaction(async (tx) => {
    const twin = id % 10 === 7 ? -id : 0
    const rows = await tx.$queryRaw<
      { owner: string }[]
    >`INSERT INTO storm VALUES (${id}, ${owner}, ${twin}) RETURNING owner`
    while (id % 10 === 9) {
      await pause(5)
      await tx.$queryRaw`SELECT ${id}::int` // until the time is up
    }
    return rows[0]?.owner ?? ""
  }, limits)
}

test("payloads of 300 KB beside small inserts land where they belong", async () => {
  await database.pool.query("CREATE TABLE large (id INT PRIMARY KEY, body TEXT, digest TEXT)")
  await database.pool.query("CREATE TABLE small (id INT PRIMARY KEY, note TEXT)")
  const body = (id: number): string => `${id} `.repeat(300_000 / `${id} `.length)
  const digest = (text: string): string => createHash("md5").update(text).digest("hex")
  const ids = Array.from({ length: 400 }, (_, index) => index + 1)
  const inserts = ids.map((id) =>
    id % 5 === 0
      ? runQuery(database.pool, "INSERT INTO large VALUES ($1, $2, $3)", [id, body(id), digest(body(id))])
      : database.prisma.$executeRaw`INSERT INTO small VALUES (${id}, ${`note ${id}`})`,
  )
  await Promise.all(inserts)
  const { rows } = await database.pool.query<{ id: number; whole: boolean; length: number }>(
    "SELECT id, md5(body) = digest AS whole, length(body) AS length FROM large ORDER BY id",
  )
  const large = ids.filter((id) => id % 5 === 0)
  expect(rows).toEqual(large.map((id) => ({ id, whole: true, length: body(id).length })))
  const { rows: notes } = await database.pool.query<{ note: string }>("SELECT note FROM small ORDER BY id")
  expect(notes.map(({ note }) => note)).toEqual(ids.filter((id) => id % 5 !== 0).map((id) => `note ${id}`))
  const read = await Promise.all(
    large
      .slice(0, 10)
      .map((id) => runQuery<{ body: string }>(database.pool, "SELECT body FROM large WHERE id = $1", [id])),
  )
  expect(read.map(({ rows: [row] }, index) => row?.body === body(large[index] ?? 0))).toEqual(Array(10).fill(true))
})

test("a timer of 5 ms keeps firing during a thousand writes and a long query", async () => {
  await database.pool.query("CREATE TABLE busy (id INT PRIMARY KEY)")
  let latest = performance.now()
  const gapsMs: number[] = []
  const timer = setInterval(() => {
    const now = performance.now()
    gapsMs.push(now - latest)
    latest = now
  }, 5)
  const long = runQuery(database.pool, "SELECT pg_sleep(1.5)")
  for (let id = 1; id <= 1000; id += 1) await runQuery(database.pool, "INSERT INTO busy VALUES ($1)", [id])
  await long
  clearInterval(timer)
  const ordered = gapsMs.toSorted((one, other) => one - other)
  expect(ordered[Math.floor(ordered.length * 0.9)]).toBeLessThan(25)
  expect(ordered.at(-1)).toBeLessThan(1000) // in one thread the query alone would stop it for 1500
})
