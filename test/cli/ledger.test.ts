import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { showLedger, verifyLedgers } from "../../src/cli/ledger.ts"
import type { EntryDraft } from "../../src/ledger/entry.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"
import { appendDrafts, draft, fillLedger } from "../ledger/entries.ts"

let database: TestDatabase
let printed: string[]
const print = (line: string): void => void printed.push(line)

beforeAll(async () => {
  database = await testDatabase()
})
afterAll(() => database.close())
beforeEach(async () => {
  printed = []
  await database.reset()
})

async function addRepository(id: number, name: string): Promise<void> {
  await database.prisma.repository.create({
    data: { id: BigInt(id), installationId: 1n, owner: "acme", name, defaultBranch: "main" },
  })
}

/** What the owner of the tables does who switches the ledger's guards off. */
async function tamper(sql: string): Promise<void> {
  await database.pool.query(`BEGIN; ALTER TABLE ledger_entry DISABLE TRIGGER USER; ${sql};
    ALTER TABLE ledger_entry ENABLE TRIGGER USER; COMMIT`)
}

const paused = (reason: string, login = "olga"): EntryDraft => ({
  ...draft("pause"),
  type: "promotion_pause_changed",
  runId: null,
  actor: { kind: "user", login, id: 3 },
  payload: { change: "paused", pause_id: "comment:12:0", scope: "repository", source: "command", reason },
})

test("sound ledgers: each repository by its name, or by its number where none is known; exit code 0", async () => {
  await addRepository(1, "shop")
  await fillLedger(database, 3, 1)
  await fillLedger(database, 1, 2)
  expect(await verifyLedgers(database, null, print)).toBe(0)
  expect(printed.map((line) => line.replace(/[0-9a-f]{12}…/, "<hash>"))).toEqual([
    "acme/shop: 3 entries, head <hash>, sound",
    "repository 2: 1 entry, head <hash>, sound",
  ])
})

test("a bad row is named, the ledgers after it are still checked, and the exit code is 1", async () => {
  await addRepository(1, "shop")
  await addRepository(2, "till")
  for (const id of [1, 2]) await fillLedger(database, 3, id)
  await tamper("UPDATE ledger_entry SET body = replace(body, 'max', 'mia') WHERE repository_id = 1 AND seq = 2")
  expect(await verifyLedgers(database, null, print)).toBe(1)
  expect(printed).toEqual([
    "acme/shop: entry 2 is bad: its text does not hash to its stored hash (1 before it is sound)",
    expect.stringMatching(/^acme\/till: 3 entries, .* sound$/),
  ])
})

test("one repository alone is verified, whatever the case of its name", async () => {
  await addRepository(1, "shop")
  await fillLedger(database, 1, 1)
  await fillLedger(database, 2, 2)
  await tamper("DELETE FROM ledger_entry WHERE repository_id = 2")
  expect(await verifyLedgers(database, "ACME/Shop", print)).toBe(0)
  expect(printed).toEqual([expect.stringMatching(/^acme\/shop: 1 entry, .* sound$/)])
})

test("a repository that is not there: one sentence that names those that are", async () => {
  await expect(verifyLedgers(database, "acme/shop", print)).rejects.toThrow(
    "there is no ledger of acme/shop: it knows no repository",
  )
  await addRepository(1, "shop")
  await addRepository(2, "till")
  const sentence = "there is no ledger of acme/other: it knows acme/shop, acme/till"
  await expect(verifyLedgers(database, "acme/other", print)).rejects.toThrow(sentence)
  await expect(showLedger(database, { repository: "acme/other", limit: 5 }, print)).rejects.toThrow(sentence)
})

test("an empty ledger is sound, and both commands say that it is empty", async () => {
  expect(await verifyLedgers(database, null, print)).toBe(0)
  expect(await showLedger(database, { repository: null, limit: 5 }, print)).toBe(0)
  expect(printed).toEqual(["the ledger is empty", "the ledger is empty"])
})

test("the newest entries are shown as a table, oldest first", async () => {
  await addRepository(1, "shop")
  const promoted: EntryDraft = {
    ...draft("end"),
    type: "promoted",
    payload: { merge_commit: "c".repeat(40), merged_by: null },
  }
  const blocked: EntryDraft = { ...draft("shut"), type: "promotion_blocked", payload: { block_reasons: ["a", "b"] } }
  await appendDrafts(database, [draft("first"), blocked, { ...paused("fire"), pullRequest: null }, promoted], 1)
  expect(await showLedger(database, { repository: null, limit: 3 }, print)).toBe(0)
  expect(printed.join("\n")).toMatchInlineSnapshot(`
    "acme/shop:
    #  time (UTC)           what                     who   about  details
    2  2026-03-04 05:06:07  promotion_blocked        max   #7     block_reasons=a,b
    3  2026-03-04 05:06:07  promotion_pause_changed  olga         change=paused pause_id=comment:12:0 scope=repository source=command reason=fire
    4  2026-03-04 05:06:07  promoted                 max   #7     merge_commit=cccccccccccc"
  `)
  printed = []
  await showLedger(database, { repository: "acme/shop", limit: 1 }, print)
  expect(printed).toHaveLength(2)
  expect(printed[1]).toMatch(/^4 .* promoted .* merge_commit=cccccccccccc$/)
})

test("a row that is no entry any more is shown as that", async () => {
  await fillLedger(database, 2, 1)
  await tamper("UPDATE ledger_entry SET body = '{}' WHERE seq = 1")
  expect(await showLedger(database, { repository: null, limit: 5 }, print)).toBe(0)
  expect(printed[2]).toMatch(/^1 +\(not a ledger entry\)$/)
  expect(printed[3]).toMatch(/^2 .*command_received/)
})

test("what other people wrote cannot steer the terminal, and is cut where it is long", async () => {
  const escape = "\u001B[31m\u009B2J\u0007\nnew line\u202Eback\u2028"
  await addRepository(1, `shop${escape}`)
  await appendDrafts(database, [paused(`${escape}${"😂".repeat(60)}`, `olga${escape}`)], 1)
  await showLedger(database, { repository: null, limit: 5 }, print)
  await verifyLedgers(database, null, print)
  await expect(verifyLedgers(database, "other", print)).rejects.toThrow(/^[^\p{Cc}\p{Cf}]+$/u)
  expect(printed).toHaveLength(4)
  for (const line of printed) expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\u2028]/u)
  expect(printed[0]).toBe("acme/shop�[31m�2J��new line�back�:")
  expect(printed[2]).toContain(" olga�[31m�2J��new line�back� ")
  expect(printed[2]).toMatch(/reason=�\[31m.*😂$/)
  expect(printed[2]?.length).toBeLessThan(300)
})
