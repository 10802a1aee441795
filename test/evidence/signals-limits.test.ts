import { describe, expect, test } from "vitest"
import { signingSecret } from "../../src/evidence/signature.ts"
import {
  blog,
  clock,
  endpoint,
  heartbeat,
  kept,
  makeKey,
  message,
  prisma,
  secret,
  send,
  shop,
  useSignals,
} from "./signal-world.ts"

useSignals()

describe("limits", () => {
  const hundred = message(...Array.from({ length: 100 }, () => heartbeat))

  test("600 signals a minute of each repository; then it is told when to come again", async () => {
    const port = await endpoint()
    clock().advance(20_500)
    for (let sent = 0; sent < 6; sent += 1) expect((await send(port, hundred)).status).toBe("200")
    const over = await send(port, message(heartbeat), { id: "msg_1" })
    expect({ ...over, after: over.headers.get("retry-after") }).toMatchObject({
      status: "429",
      body: { error: "too-many" },
      after: "40",
    })
    expect(await kept()).toHaveLength(600)
    const other = { headers: { "portcullis-repository": blog.name }, key: { repositoryId: blog.id } }
    expect(await send(port, { repository: blog.name, signals: [heartbeat] }, other)).toMatchObject({ status: "200" })
    clock().advance(39_500)
    expect(await send(port, message(heartbeat), { id: "msg_1" })).toMatchObject({ status: "200", body: { stored: 1 } })
  })

  test("a message that goes over is not taken in part", async () => {
    const port = await endpoint()
    for (let sent = 0; sent < 5; sent += 1) await send(port, hundred)
    await send(port, message(heartbeat))
    expect(await send(port, hundred)).toMatchObject({ status: "429" })
    expect(await kept()).toHaveLength(501)
  })

  test("at once or one after the other, no more is kept", async () => {
    const port = await endpoint()
    const answers = await Promise.all(Array.from({ length: 9 }, () => send(port, hundred)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      ...Array.from({ length: 6 }, () => "200"),
      "429",
      "429",
      "429",
    ])
    expect(await kept()).toHaveLength(600)
  })

  test("100,000 a day", async () => {
    const port = await endpoint()
    await send(port, message(heartbeat))
    await prisma().signalKey.update({ where: { repositoryId: 4711n }, data: { daySignals: 99_999 } })
    clock().advance(60_000)
    expect(await send(port, message(heartbeat))).toMatchObject({ status: "200" })
    const over = await send(port, message(heartbeat))
    expect({ status: over.status, after: over.headers.get("retry-after") }).toEqual({
      status: "429",
      after: String(12 * 3600 - 60),
    })
    clock().advance(12 * 3600_000)
    expect(await send(port, message(heartbeat))).toMatchObject({ status: "200" })
  })
})

describe("keys", () => {
  test("a new one ends the old one at once, or after the overlap", async () => {
    const port = await endpoint()
    const status = async (version: number): Promise<string> =>
      (await send(port, message(heartbeat), { key: { version } })).status
    await makeKey(shop.id, true, 3600_000)
    expect([await status(1), await status(2), await status(3)]).toEqual(["200", "200", "401"])
    clock().advance(3600_000)
    expect([await status(1), await status(2)]).toEqual(["401", "200"])
    await makeKey(shop.id, true)
    expect([await status(1), await status(2), await status(3)]).toEqual(["401", "401", "200"])
  })

  test("only the last one but one is overlapped, and an overlap ends with the next key", async () => {
    const port = await endpoint()
    const status = async (version: number): Promise<string> =>
      (await send(port, message(heartbeat), { key: { version } })).status
    await makeKey(shop.id, true, 3600_000)
    await makeKey(shop.id, true, 3600_000)
    expect([await status(1), await status(2), await status(3)]).toEqual(["401", "200", "200"])
    await makeKey(shop.id, true)
    expect([await status(2), await status(3), await status(4)]).toEqual(["401", "401", "200"])
  })

  test("none is made over one that is there unless that is asked for", async () => {
    const before = clock().now()
    clock().advance(1000)
    expect(await makeKey(shop.id)).toEqual({ made: false, since: before })
    expect(await makeKey(shop.id, true)).toEqual({ made: true, version: 2 })
    expect(await makeKey(99, true)).toEqual({ made: true, version: 1 })
  })

  test("nothing that is stored signs anything", async () => {
    await send(await endpoint(), message(heartbeat))
    const rows = await prisma().signalKey.findMany()
    const texts = JSON.stringify(rows, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value))
    for (const part of [secret, signingSecret({ secret, repositoryId: shop.id, version: 1 }).slice(6)]) {
      expect(texts).not.toContain(part)
    }
  })
})
