import { request as httpRequest } from "node:http"
import { text } from "node:stream/consumers"
import { Webhook } from "standardwebhooks"
import { describe, expect, test } from "vitest"
import { signingSecret } from "../../src/evidence/signature.ts"
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
  secret,
  send,
  shop,
  type Sent,
  useSignals,
} from "./signal-world.ts"

useSignals()

describe("refused", () => {
  const same = {
    status: "401",
    body: {
      error: "refused",
      message:
        "refused: the repository's name, its key, or this message's time (5 minutes at most from the server's) is not right",
    },
  }

  test.each<[string, Sent, string]>([
    ["another repository's key", { key: { repositoryId: blog.id } }, "acme/shop: signature"],
    ["a key that is not made yet", { key: { version: 2 } }, "acme/shop: signature"],
    ["another service's secret", { key: { secret: "x".repeat(32) } }, "acme/shop: signature"],
    ["no signature of ours", { headers: { "webhook-signature": "v1,AAAA" } }, "acme/shop: signature"],
    ["a time that is too old", { offBy: -301 }, "acme/shop: stale"],
    ["a time to come", { offBy: 302 }, "acme/shop: stale"],
    ["another time than was signed", { headers: { "webhook-timestamp": "1" } }, "acme/shop: signature"],
    ["another id than was signed", { headers: { "webhook-id": "other" } }, "acme/shop: signature"],
    ["an unknown repository", { headers: { "portcullis-repository": "acme/none" } }, "acme/none: no-such-key"],
    [
      "the key of nobody",
      { headers: { "portcullis-repository": "a/b" }, key: { repositoryId: 0, version: 0 } },
      "a/b: no-such-key",
    ],
  ])("%s, with the same answer", async (_, sent, logged) => {
    const port = await endpoint()
    expect(await send(port, message(heartbeat), sent)).toMatchObject(same)
    expect({ refused: after.refused, kept: await kept(), marked: after.marked }).toEqual({
      refused: [logged],
      kept: [],
      marked: [],
    })
  })

  test("a repository without a key, or without the app, with the same answer", async () => {
    await addRepository(4713, "acme/keyless")
    await addRepository(4714, "acme/gone", false)
    await makeKey(4714)
    const port = await endpoint()
    for (const [name, repositoryId] of [
      ["acme/keyless", 4713],
      ["acme/gone", 4714],
    ] as const) {
      const headers = { "portcullis-repository": name }
      expect(
        await send(port, { repository: name, signals: [heartbeat] }, { headers, key: { repositoryId } }),
      ).toMatchObject(same)
    }
    expect(after.refused).toEqual(["acme/keyless: no-such-key", "acme/gone: no-such-key"])
  })

  test("a body that was changed, and not looked into: it need not even be JSON", async () => {
    const port = await endpoint()
    const signature = {
      "webhook-signature": new Webhook(signingSecret({ secret, repositoryId: shop.id, version: 1 })).sign(
        "a",
        clock().now(),
        "{}",
      ),
    }
    expect(await send(port, "{", { id: "a", headers: signature })).toMatchObject(same)
  })

  test("five minutes off are taken", async () => {
    const port = await endpoint()
    expect((await send(port, message(heartbeat), { offBy: -300 })).status).toBe("200")
    expect((await send(port, message(heartbeat), { offBy: 300 })).status).toBe("200")
  })

  test.each(["portcullis-repository", "webhook-id", "webhook-timestamp", "webhook-signature"])(
    "without %s",
    async (name) => {
      const answer = await send(await endpoint(), message(heartbeat), { headers: { [name]: null } })
      expect(answer).toMatchObject({ status: "400", body: { error: "headers" } })
    },
  )

  test.each<[string, string]>([
    ["portcullis-repository", "acme"],
    ["portcullis-repository", "acme/shop/more"],
    ["portcullis-repository", "acme/' OR 1=1 --"],
    ["webhook-id", "a.b"],
    ["webhook-id", "a".repeat(201)],
    ["webhook-timestamp", "now"],
    ["webhook-timestamp", "1.5"],
    ["webhook-signature", "v".repeat(2001)],
  ])("with %s: %s", async (name, value) => {
    const answer = await send(await endpoint(), message(heartbeat), { headers: { [name]: value } })
    expect(answer).toMatchObject({ status: "400", body: { error: "headers" } })
  })

  test("a body that is not as it must be, with each place", async () => {
    const port = await endpoint()
    const problems = ["signals.0.errors: Invalid input: expected number, received string"]
    expect(await send(port, message({ type: "error_rate", errors: "many", requests: 1 }))).toMatchObject({
      status: "400",
      body: { error: "body", problems },
    })
    expect(await send(port, "no JSON")).toMatchObject({ status: "400", body: { error: "body" } })
    expect(await send(port, { repository: blog.name, signals: [heartbeat] })).toMatchObject({
      status: "400",
      body: { error: "body", message: "the body names another repository than the header portcullis-repository" },
    })
    expect(await kept()).toEqual([])
  })

  test("another content type", async () => {
    const headers = { "content-type": "text/plain" }
    expect(await send(await endpoint(), message(heartbeat), { headers })).toMatchObject({ status: "415" })
  })

  test("anything, where the host has set no secret, or while stopping", async () => {
    expect(await send(await endpoint({ secret: undefined }), message(heartbeat))).toMatchObject({
      status: "503",
      body: { error: "not-set-up", message: "this server takes no signals: it has no SIGNALS_SECRET" },
    })
    expect(await send(await endpoint({ isOpen: () => false }), message(heartbeat))).toMatchObject({
      status: "503",
      body: { error: "stopping" },
    })
  })
})

describe("the way in", () => {
  test("other methods are refused, and other places left to others", async () => {
    const port = await endpoint()
    const got = await send(port, "", { method: "GET" })
    expect({ ...got, allow: got.headers.get("allow") }).toMatchObject({ status: "405", allow: "POST" })
    expect(await send(port, message(heartbeat), { path: "/api/v1/signals/more" })).toMatchObject({ status: "404" })
    expect(await send(port, message(heartbeat), { path: "/api/v1/signals?from=a" })).toMatchObject({ status: "200" })
  })

  test("64 KiB are taken, and one byte more is not, whether its length is told or not", async () => {
    const port = await endpoint()
    const padded = (bytes: number): string => {
      const body = JSON.stringify(message(heartbeat))
      return body + " ".repeat(bytes - Buffer.byteLength(body))
    }
    expect(await send(port, padded(65_536))).toMatchObject({ status: "200" })
    expect(await send(port, padded(65_537))).toMatchObject({ status: "413", body: { error: "too-large" } })
    expect(await chunked(port, padded(65_537))).toBe(413)
  })

  test("bytes that are no text are refused before they are taken for other text", async () => {
    expect(await chunked(await endpoint(), Buffer.from([0x22, 0xff, 0x22]))).toBe(400)
  })
})

/** Sends without a content-length. */
async function chunked(port: number, body: string | Buffer): Promise<number> {
  const request = httpRequest({ host: "127.0.0.1", port, method: "POST", path: "/api/v1/signals", agent: false })
  return new Promise((done) => {
    request.on("error", () => undefined)
    request.once("response", (response) => {
      done(text(response).then(() => response.statusCode ?? 0))
    })
    request.write(body)
    request.end()
  })
}
