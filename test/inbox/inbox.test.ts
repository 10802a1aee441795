import { beforeEach, describe, expect, test, afterAll, beforeAll } from "vitest"
import { openInbox, type Delivery, type Inbox } from "../../src/inbox/inbox.ts"
import { ownDatabase, testDatabase, type TestDatabase } from "../harness/database.ts"

const receivedAt = new Date("2026-11-20T12:00:00.000Z")

function delivery(guid: string, changed: Partial<Delivery> = {}): Delivery {
  return { appId: 1, guid, event: "push", payload: `{"of":"${guid}"}`, receivedAt, ...changed }
}

describe("the inbox", () => {
  let database: TestDatabase
  let inbox: Inbox
  let stored: number

  beforeAll(async () => {
    database = await testDatabase()
  })
  beforeEach(async () => {
    await database.reset()
    stored = 0
    inbox = openInbox(database.pool, () => void (stored += 1))
  })
  afterAll(() => database.close())

  async function rows(): Promise<string[]> {
    const { rows: found } = await database.pool.query<{ row: string }>(
      "SELECT concat_ws(' ', app_id, guid, event, payload) AS row FROM delivery ORDER BY guid, app_id",
    )
    return found.map(({ row }) => row)
  }

  test("a delivery is kept as it came, and waits", async () => {
    await inbox.store(delivery("a", { event: "check_run", payload: '{ "é": "\\u0000 ☃ 💚" }\n' }))
    expect(await database.prisma.delivery.findMany()).toEqual([
      {
        id: 1n,
        appId: 1n,
        guid: "a",
        event: "check_run",
        payload: '{ "é": "\\u0000 ☃ 💚" }\n',
        receivedAt,
        drainedAt: null,
        outcome: null,
      },
    ])
    expect(stored).toBe(1)
  })

  test("one GUID is one row, at once or later, and the first payload stays", async () => {
    await Promise.all([
      inbox.store(delivery("a")),
      inbox.store(delivery("a")),
      inbox.store(delivery("a", { payload: "another" })),
    ])
    await inbox.store(delivery("a", { payload: "another" }))
    await inbox.store(delivery("a", { appId: 2 }))
    expect(await rows()).toEqual(['1 a push {"of":"a"}', '2 a push {"of":"a"}'])
  })

  test("what arrives while an INSERT is under way shares the next one", async () => {
    await Promise.all(["a", "b", "c", "d", "e", "f", "g", "h"].map((guid) => inbox.store(delivery(guid))))
    expect(await rows()).toHaveLength(8)
    // One lane on the embedded database, four on a server: each takes what is there, the rest goes together.
    expect(stored).toBe(database.kind === "embedded" ? 2 : 5)
  })

  test("a group is limited in payload, so that no INSERT grows without end", async () => {
    const payload = "x".repeat(3 * 1024 * 1024)
    await Promise.all(["a", "b", "c"].map((guid) => inbox.store(delivery(guid, { payload }))))
    expect(await rows()).toHaveLength(3)
    expect(stored).toBe(3)
  })

  test("one that cannot be stored fails alone", async () => {
    const answers = await Promise.allSettled([
      inbox.store(delivery("a")),
      inbox.store(delivery("b")),
      inbox.store(delivery("c", { payload: "NUL: \0" })),
      inbox.store(delivery("d")),
    ])
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"])
    expect(await rows()).toEqual(['1 a push {"of":"a"}', '1 b push {"of":"b"}', '1 d push {"of":"d"}'])
  })
})

test("when the database is closed, nobody is told that a delivery was stored", async () => {
  const database = await ownDatabase()
  let stored = 0
  const inbox = openInbox(database.pool, () => void (stored += 1))
  await database.close()
  const answers = await Promise.allSettled([inbox.store(delivery("a")), inbox.store(delivery("b"))])
  expect(answers.map(({ status }) => status)).toEqual(["rejected", "rejected"])
  expect(stored).toBe(0)
})
