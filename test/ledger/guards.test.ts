import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { emptyChainHash, hashBody, seal, type SealedEntry } from "../../src/ledger/chain.ts"
import type { EntryDraft } from "../../src/ledger/entry.ts"
import { append, lockLane, readHead, readRows } from "../../src/ledger/ledger.ts"
import { verifyLedger } from "../../src/ledger/verify.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"
import { appendDrafts, context, draft, fillLedger, repositoryId } from "./entries.ts"

// The database itself keeps the ledger: every test acts as the tables' owner, past the app's own care.

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.reset()
  await fillLedger(database, 3)
})

/** SQLSTATE and words of the refusal; fails when the statement goes through. */
async function refusal(sql: string, given: readonly unknown[] = []): Promise<string> {
  const answer = await database.pool.query(sql, [...given]).then(
    () => "it went through",
    (error: unknown) => (error instanceof Error && "code" in error ? `${String(error.code)} ${error.message}` : "?"),
  )
  return answer
}

type Columns = {
  repository: number
  seq: number
  key: string
  type: string
  run: string | null
  body: string
  prev: string
}

function columnsOf(made: EntryDraft, { seq, body, prev }: SealedEntry): Columns {
  return { repository: repositoryId, seq, key: made.key, type: made.type, run: made.runId, body, prev }
}

/** Columns of the entry that would come next. */
async function next(key = "k4"): Promise<Columns> {
  const head = await readHead(database.prisma, repositoryId)
  const made = draft(key)
  return columnsOf(made, seal(made, head ?? { size: 0, hash: emptyChainHash }, { ...context, repositoryId }))
}

const insert = `INSERT INTO ledger_entry (repository_id, seq, key, type, run_id, body, prev_hash, hash)
  VALUES ($1, $2, $3, $4, $5, $6, $7, '')`

function values({ repository, seq, key, type, run, body, prev }: Columns): unknown[] {
  return [repository, seq, key, type, run, body, prev]
}

async function world(): Promise<unknown> {
  const [entries, chains] = [
    await database.pool.query("SELECT * FROM ledger_entry ORDER BY repository_id, seq"),
    await database.pool.query("SELECT * FROM ledger_chain ORDER BY repository_id"),
  ]
  return { entries: entries.rows, chains: chains.rows }
}

test.each([
  ["UPDATE ledger_entry SET body = body", "UPDATE on ledger_entry"],
  ["UPDATE ledger_entry SET key = 'other' WHERE seq = 2", "UPDATE on ledger_entry"],
  ["DELETE FROM ledger_entry WHERE seq = 3", "DELETE on ledger_entry"],
  ["TRUNCATE ledger_entry", "TRUNCATE on ledger_entry"],
  ["TRUNCATE ledger_entry CASCADE", "TRUNCATE on ledger_entry"],
  ["UPDATE ledger_chain SET size = 2", "UPDATE on ledger_chain"],
  ["UPDATE ledger_chain SET head_hash = repeat('0', 64), size = 0", "UPDATE on ledger_chain"],
  ["DELETE FROM ledger_chain", "DELETE on ledger_chain"],
  ["TRUNCATE ledger_chain", "TRUNCATE on ledger_chain"],
  ["INSERT INTO ledger_chain VALUES (5, 3, repeat('0', 64))", "INSERT on ledger_chain"],
  ["INSERT INTO ledger_chain VALUES (5, 0, repeat('1', 64))", "INSERT on ledger_chain"],
  [
    "INSERT INTO ledger_chain VALUES (4711, 0, repeat('0', 64)) ON CONFLICT (repository_id) DO UPDATE SET size = 0",
    "UPDATE on ledger_chain",
  ],
])("refused, and nothing changes: %s", async (sql, what) => {
  const before = await world()
  expect(await refusal(sql)).toBe(`LG002 the ledger is append-only: ${what} refused`)
  expect(await world()).toEqual(before)
})

test("the entry that comes next is taken, so the refusals below are about what they say", async () => {
  const columns = await next()
  expect(await refusal(insert, values(columns))).toBe("it went through")
  expect(await readHead(database.prisma, repositoryId)).toEqual({ size: 4, hash: hashBody(columns.body) })
})

test.each<[string, (columns: Columns) => Partial<Columns>, string]>([
  [
    "a place is left out",
    () => ({ seq: 5 }),
    "LG001 ledger head of repository 4711 moved: entry 5 does not follow entry 3",
  ],
  [
    "a place is taken",
    () => ({ seq: 3 }),
    "LG001 ledger head of repository 4711 moved: entry 3 does not follow entry 3",
  ],
  [
    "another predecessor",
    () => ({ prev: "c".repeat(64) }),
    "LG001 ledger head of repository 4711 moved: entry 4 does not",
  ],
  [
    "a repository without a chain",
    () => ({ repository: 5 }),
    "LG001 ledger head of repository 5 moved: entry 4 does not",
  ],
])("an entry that does not continue the chain is refused: %s", async (_, change, words) => {
  const columns = await next()
  const before = await world()
  expect(await refusal(insert, values({ ...columns, ...change(columns) }))).toContain(words)
  expect(await world()).toEqual(before)
})

const swap = (from: string, to: string) => (columns: Columns) => ({ body: columns.body.replace(from, to) })

test.each<[string, (columns: Columns) => Partial<Columns>]>([
  ["key", () => ({ key: "other" })],
  ["type", () => ({ type: "proposed" })],
  ["run", () => ({ run: null })],
  ["repository", swap('"repositoryId":4711', '"repositoryId":4712')],
  ["place", swap('"seq":4', '"seq":5')],
  ["predecessor", swap('"prev":"', '"prev":"0')],
  ["a key that is absent from the text", swap('"key":"k4",', "")],
  ["a payload that is no object", ({ body }) => ({ body: body.replace(/"payload":\{[^}]*\}/, '"payload":[]') })],
])("an entry whose columns and text disagree is refused: %s", async (_, change) => {
  const columns = await next()
  const before = await world()
  expect(await refusal(insert, values({ ...columns, ...change(columns) }))).toBe(
    "LG003 ledger entry 4 of repository 4711: columns and body disagree",
  )
  expect(await world()).toEqual(before)
})

test("a text of more than 16 KiB is refused", async () => {
  const columns = await next()
  const body = columns.body.replace('"pause-promotion"', JSON.stringify("ö".repeat(8200)))
  expect(await refusal(insert, values({ ...columns, body }))).toBe(
    "LG003 ledger entry 4 of repository 4711 is larger than 16 KiB",
  )
})

test("the database hashes the text itself, whatever hash it is given", async () => {
  const columns = await next()
  const body = columns.body.replace('"pause-promotion"', '"päuse 😂"')
  const lying = insert.replace("'')", "repeat('f', 64))")
  expect(await refusal(lying, values({ ...columns, body }))).toBe("it went through")
  const rows = await readRows(database.prisma, repositoryId, { afterSeq: 3, limit: 1 })
  expect(rows[0]).toMatchObject({ body, hash: hashBody(body) })
})

test("an insert that ON CONFLICT throws away does not move the head", async () => {
  const before = await world()
  const again = await next("k2")
  expect(await refusal(`${insert} ON CONFLICT DO NOTHING`, values(again))).toBe("it went through")
  expect(await world()).toEqual(before)
  expect(await refusal(insert, values(again))).toMatch(/^23505 /)
})

test("a key that is known, or comes twice in one go, leaves one row", async () => {
  expect(await appendDrafts(database, [draft("k2"), draft("new"), draft("new"), draft("k3")])).toEqual([4])
  expect(await appendDrafts(database, [draft("new")])).toEqual([])
  const rows = await readRows(database.prisma, repositoryId, { afterSeq: 0, limit: 10 })
  expect(rows.map(({ key }) => key)).toEqual(["k1", "k2", "k3", "new"])
})

test("the same key in another repository is another entry", async () => {
  expect(await appendDrafts(database, [draft("k1")], 8)).toEqual([1])
  expect(await verifyLedger(database.prisma, 8)).toMatchObject({ ok: true, head: { size: 1 } })
})

test("twenty transactions at once make one chain without gaps", async () => {
  const writers = Array.from({ length: 20 }, (_, index) => index)
  const places = await Promise.all(
    writers.map((index) => appendDrafts(database, [draft(`a${index}`), draft(`b${index}`)])),
  )
  expect(places.flat().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 4))
  for (const [first = 0, second] of places) expect(second).toBe(first + 1)
  expect(await verifyLedger(database.prisma, repositoryId)).toMatchObject({ ok: true, head: { size: 43 } })
})

test("twenty transactions at once begin one chain, and one key leaves one row", async () => {
  const writers = Array.from({ length: 20 }, (_, index) => index)
  const places = await Promise.all(
    writers.map((index) => appendDrafts(database, [draft("same"), draft(`k${index}`)], 8)),
  )
  expect(places.filter((made) => made.length === 2)).toEqual([[1, 2]])
  expect(await verifyLedger(database.prisma, 8)).toMatchObject({ ok: true, head: { size: 21 } })
})

test("a payload of more than 8 KiB leaves nothing of its transaction", async () => {
  const before = await world()
  const check = { name: "x".repeat(255), app: "x".repeat(100), result: "failure" }
  const payload = { passed: false, checks: Array.from({ length: 30 }, () => check), more: 0 }
  const large: EntryDraft = { ...draft("large"), type: "tested", payload }
  await expect(appendDrafts(database, [draft("small"), large])).rejects.toThrow("more than 8 KiB")
  expect(await world()).toEqual(before)
})

test("a transaction that is rolled back leaves no entry and no gap", async () => {
  const before = await world()
  const abandoned = database.prisma.$transaction(async (tx) => {
    await append(tx, await lockLane(tx, repositoryId), { drafts: [draft("k4")], context })
    throw new Error("changed my mind")
  })
  await expect(abandoned).rejects.toThrow("changed my mind")
  expect(await world()).toEqual(before)
  expect(await appendDrafts(database, [draft("k5")])).toEqual([4])
})
