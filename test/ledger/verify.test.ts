import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { emptyChainHash } from "../../src/ledger/chain.ts"
import { chainedRepositories, readHead, type LedgerReader } from "../../src/ledger/ledger.ts"
import { verifyLedger } from "../../src/ledger/verify.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"
import { appendDrafts, draft, fillLedger, repositoryId } from "./entries.ts"

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  await database.reset()
  await fillLedger(database, 5)
})

/** Runs statements as an owner does who switches the guards off, and verifies. */
async function verifyAfter(...statements: string[]) {
  await damage(database, statements)
  return verifyLedger(database.prisma, repositoryId)
}

async function damage({ pool }: TestDatabase, statements: readonly string[]): Promise<void> {
  const tables = ["ledger_entry", "ledger_chain"]
  const off = tables.map((table) => `ALTER TABLE ${table} DISABLE TRIGGER USER`)
  const on = tables.map((table) => `ALTER TABLE ${table} ENABLE TRIGGER USER`)
  await pool.query(["BEGIN", ...off, ...statements, ...on, "COMMIT"].join(";\n"))
}

const edit = `UPDATE ledger_entry SET body = replace(body, 'pause', 'resume') WHERE seq =`
const rehash = `UPDATE ledger_entry SET hash = encode(sha256(convert_to(body, 'UTF8')), 'hex') WHERE seq =`
const copy = `INSERT INTO ledger_entry SELECT repository_id, 6, 'k6', type, run_id, body, hash, hash FROM ledger_entry`

test("an untouched ledger is sound, and its head is the stored one", async () => {
  const head = await readHead(database.prisma, repositoryId)
  expect(head?.size).toBe(5)
  expect(await verifyAfter()).toEqual({ ok: true, head })
})

test("a repository nobody wrote about is sound and empty", async () => {
  expect(await verifyLedger(database.prisma, 8)).toEqual({ ok: true, head: { size: 0, hash: emptyChainHash } })
})

test.each<[string, string[], [number, string, string]]>([
  ["a body edited", [`${edit} 3`], [3, "edited", "its text does not hash to its stored hash"]],
  ["a hash edited", ["UPDATE ledger_entry SET hash = repeat('e', 64) WHERE seq = 3"], [3, "edited", "does not hash"]],
  ["a body edited and its hash recomputed", [`${edit} 3`, `${rehash} 3`], [4, "unlinked", "does not follow row 3"]],
  ["the last body edited, its hash recomputed", [`${edit} 5`, `${rehash} 5`], [5, "edited", "the chain's head names"]],
  ["the key column", ["UPDATE ledger_entry SET key = 'x' WHERE seq = 2"], [2, "column-edited", "columns and its"]],
  [
    "the type column",
    ["UPDATE ledger_entry SET type = 'tested' WHERE seq = 2"],
    [2, "column-edited", "columns and its"],
  ],
  ["the run column", ["UPDATE ledger_entry SET run_id = NULL WHERE seq = 2"], [2, "column-edited", "columns and its"]],
  [
    "the column of the previous hash",
    ["UPDATE ledger_entry SET prev_hash = repeat('e', 64) WHERE seq = 2"],
    [2, "unlinked", "does not follow row 1"],
  ],
  [
    "the first row deleted",
    ["DELETE FROM ledger_entry WHERE seq = 1"],
    [1, "missing", "row 1 is missing; the next is 2"],
  ],
  ["a row in the middle deleted", ["DELETE FROM ledger_entry WHERE seq = 3"], [3, "missing", "the next is 4"]],
  [
    "the last row deleted",
    ["DELETE FROM ledger_entry WHERE seq = 5"],
    [5, "truncated", "head is row 5, but the rows end at 4"],
  ],
  ["all rows deleted", ["DELETE FROM ledger_entry"], [1, "truncated", "head is row 5, but the rows end at 0"]],
  ["a row inserted", [`${copy} WHERE seq = 5`, `${rehash} 6`], [6, "column-edited", "columns and its"]],
  [
    "two rows swapped",
    [
      "UPDATE ledger_entry SET seq = 99 WHERE seq = 2",
      "UPDATE ledger_entry SET seq = 2 WHERE seq = 3",
      "UPDATE ledger_entry SET seq = 3 WHERE seq = 99",
    ],
    [2, "unlinked", "does not follow row 1"],
  ],
  ["the head's hash", ["UPDATE ledger_chain SET head_hash = repeat('e', 64)"], [5, "edited", "the chain's head names"]],
  ["the head set back", ["UPDATE ledger_chain SET size = 3"], [4, "overlong", "head is row 3, but there are 5 rows"]],
  [
    "the head set forward",
    ["UPDATE ledger_chain SET size = 9"],
    [6, "truncated", "head is row 9, but the rows end at 5"],
  ],
  ["the head deleted", ["DELETE FROM ledger_chain"], [1, "overlong", "head is row 0, but there are 5 rows"]],
  [
    "a text that is no entry, recomputed to the end of the chain",
    [
      "UPDATE ledger_entry SET body = '{}' WHERE seq = 5",
      `${rehash} 5`,
      "UPDATE ledger_chain SET head_hash = (SELECT hash FROM ledger_entry WHERE seq = 5)",
    ],
    [5, "malformed", "its text is not a ledger entry"],
  ],
])("named: %s", async (_, statements, [seq, kind, words]) => {
  const verification = await verifyAfter(...statements)
  expect(verification).toMatchObject({ ok: false, seq, damage: kind, detail: expect.stringContaining(words) as string })
  // What is told to be sound before the bad row is all that stands before it.
  expect(verification).toHaveProperty("checked", kind === "overlong" ? 5 : seq - 1)
})

test("damage in one repository is not told of another", async () => {
  await fillLedger(database, 2, 8)
  await damage(database, [`${edit} 1 AND repository_id = 8`])
  expect(await verifyLedger(database.prisma, repositoryId)).toMatchObject({ ok: true })
  expect(await verifyLedger(database.prisma, 8)).toMatchObject({ ok: false, seq: 1, damage: "edited" })
})

test("a repository whose chain's head was deleted is still found by its rows", async () => {
  await fillLedger(database, 1, 8)
  await damage(database, ["DELETE FROM ledger_chain"])
  expect(await chainedRepositories(database.prisma)).toEqual([8, repositoryId])
})

test("more rows than one page holds are all checked", async () => {
  const drafts = Array.from({ length: 1000 }, (_, index) => draft(`more${index}`))
  await appendDrafts(database, drafts)
  expect(await verifyLedger(database.prisma, repositoryId)).toMatchObject({ ok: true, head: { size: 1005 } })
  expect(await verifyAfter(`${edit} 1001`)).toMatchObject({ ok: false, seq: 1001, damage: "edited", checked: 1000 })
})

test("what is appended while it is being verified is no damage", async () => {
  let queries = 0
  const busy = async (...query: Parameters<LedgerReader["$queryRaw"]>): Promise<unknown> => {
    const answer: unknown = await database.prisma.$queryRaw(...query)
    queries += 1
    if (queries <= 3) await appendDrafts(database, [draft(`meanwhile${queries}`)])
    return answer
  }
  const reader = { $queryRaw: busy } as LedgerReader
  expect(await verifyLedger(reader, repositoryId)).toMatchObject({ ok: true, head: { size: 8 } })
})
