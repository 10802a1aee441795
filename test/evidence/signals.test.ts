import { describe, expect, test } from "vitest"
import {
  after,
  addRepository,
  blog,
  clock,
  endpoint,
  heartbeat,
  kept,
  makeKey,
  message,
  prisma,
  send,
  shop,
  useSignals,
} from "./signal-world.ts"

useSignals()

describe("a signed message", () => {
  test("is stored whole, marks what depends on it, and wakes the worker", async () => {
    const port = await endpoint()
    const sha = "0123456789abcdef0123456789abcdef01234567"
    const body = {
      repository: shop.name,
      branch: "main",
      environment: "production",
      sha,
      signals: [
        { type: "error_rate", errors: 3, requests: 1200 },
        { type: "failure", severity: "high", message: "no answer from https://pay.example.com/?key=1" },
        heartbeat,
      ],
    }
    expect(await send(port, body)).toMatchObject({ status: "200", body: { stored: 3 } })
    const at = clock().now()
    const place = { repositoryId: 4711n, branch: "main", environment: "production", sha, at }
    const none = { errors: null, requests: null, source: null, severity: null, message: null }
    expect(await prisma().signal.findMany({ orderBy: { id: "asc" }, omit: { id: true } })).toEqual([
      { ...place, ...none, kind: "error_rate", errors: 3n, requests: 1200n },
      { ...place, ...none, kind: "failure", severity: "high", message: "no answer from [url]" },
      { ...place, ...none, kind: "heartbeat", source: "worker-1" },
    ])
    expect(after).toEqual({ marked: ["4711 main"], woken: 1, refused: [] })
  })

  test("without a branch marks every branch", async () => {
    await send(await endpoint(), { repository: shop.name, signals: [heartbeat] })
    expect({ marked: after.marked, kept: await kept() }).toEqual({
      marked: ["4711 every branch"],
      kept: ["4711 heartbeat every branch"],
    })
  })

  test("finds its repository however its name is written, and not one that left the name behind", async () => {
    await addRepository(1, shop.name, false)
    await makeKey(1)
    const port = await endpoint()
    const body = { repository: "Acme/Shop", signals: [heartbeat] }
    const headers = { "portcullis-repository": "ACME/shop" }
    expect(await send(port, body, { headers })).toMatchObject({ status: "200" })
    expect(await kept()).toEqual(["4711 heartbeat every branch"])
    expect(await send(port, body, { headers, key: { repositoryId: 1 } })).toMatchObject({ status: "401" })
  })
})

describe("the same message again", () => {
  test("is stored once, and told so; under another repository or id it is another", async () => {
    const port = await endpoint()
    const first = await send(port, message(heartbeat), { id: "msg_1" })
    clock().advance(60 * 60_000)
    const again = await send(port, message(heartbeat, heartbeat), { id: "msg_1" })
    expect([first.body, again.body]).toEqual([{ stored: 1 }, { stored: 0, duplicate: true }])
    expect({ kept: await kept(), ...after }).toEqual({
      kept: ["4711 heartbeat main"],
      marked: ["4711 main"],
      refused: [],
      woken: 1,
    })
    const headers = { "portcullis-repository": blog.name }
    const other = { repository: blog.name, signals: [heartbeat] }
    const sent = { id: "msg_1", headers, key: { repositoryId: blog.id } }
    expect(await send(port, other, sent)).toMatchObject({ body: { stored: 1 } })
    expect(await send(port, message(heartbeat), { id: "msg_2" })).toMatchObject({ body: { stored: 1 } })
  })

  test("is stored once when it comes many times at once", async () => {
    const port = await endpoint()
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(port, message(heartbeat), { id: "msg_1" })))
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => "200"))
    expect(answers.filter(({ body }) => JSON.stringify(body) === '{"stored":1}')).toHaveLength(1)
    expect(await kept()).toHaveLength(1)
  })

  test("is stored after all when the first attempt failed anywhere", async () => {
    const failing = await endpoint({ markLanes: () => Promise.reject(new Error("the queue is gone")) })
    const answer = await send(failing, message(heartbeat), { id: "msg_1" })
    expect(answer).toMatchObject({ status: "503", body: { error: "not-stored", message: "not stored; send it again" } })
    expect({ kept: await kept(), ...after }).toEqual({
      kept: [],
      marked: [],
      refused: ["Error: the queue is gone"],
      woken: 0,
    })
    expect(await send(await endpoint(), message(heartbeat), { id: "msg_1" })).toMatchObject({ body: { stored: 1 } })
  })
})
