import { createServer, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { Webhooks } from "@octokit/webhooks"
import { afterEach, beforeEach, expect, test } from "vitest"
import { createChannel, followProxy, type Following } from "../../src/webhook/proxy.ts"
import { makeDoor, type DoorRequest } from "../../src/webhook/receive.ts"
import type { Delivery } from "../../src/inbox/inbox.ts"
import { testClock } from "../harness/clock.ts"

const webhookSecret = "a secret of the test"
let server: Server
let url: string
let following: Following | undefined
/** How the proxy answers each connection in turn; the last one goes on. */
let answers: ((response: ServerResponse) => void)[]
let connections: number
let stored: Delivery[]
let refused: string[]
let warned: string[]

beforeEach(async () => {
  ;[answers, connections, stored, refused, warned] = [[], 0, [], [], []]
  server = createServer((_request, response) => {
    answers[Math.min(connections, answers.length - 1)]?.(response)
    connections += 1
  })
  await new Promise<void>((listening) => void server.listen(0, "127.0.0.1", listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/channel`
})
afterEach(async () => {
  await following?.stop()
  following = undefined
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

function follow(): void {
  const door = makeDoor({
    inbox: { store: async (delivery) => void stored.push(delivery) },
    clock: testClock(),
    webhookSecret,
    appId: 3,
    isOpen: () => true,
    onRefused: (reason) => void refused.push(reason),
  })
  const log = { info: () => undefined, warn: (_fields: object, message: string) => void warned.push(message) }
  following = followProxy({ url, door: (request: DoorRequest) => door(request), log, retryMs: 1 })
}

/** An event as smee.io sends it: GitHub's headers, and its payload parsed. */
async function event(guid: string, payload: object): Promise<string> {
  const headers = {
    host: "smee.io",
    "content-type": "application/json",
    "x-github-event": "ping",
    "x-github-delivery": guid,
    "x-hub-signature-256": await new Webhooks({ secret: webhookSecret }).sign(JSON.stringify(payload)),
  }
  return `id: 1\ndata: ${JSON.stringify({ ...headers, body: payload, query: {}, timestamp: 1 })}\n\n`
}

function stream(response: ServerResponse, ...chunks: (string | Buffer)[]): void {
  response.writeHead(200, { "content-type": "text/event-stream" })
  for (const chunk of chunks) response.write(chunk)
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((again) => setTimeout(again, 2))
}

test("what the proxy hands on goes through the door, byte for byte as GitHub signed it", async () => {
  const payload = { zen: 'Ünïcode, "quotes" and 🚪', hook_id: 1, nested: [1.5, null, { a: "<b>" }] }
  const whole = Buffer.from(
    `event: ready\ndata: {}\n\n: a comment\n\nevent: ping\ndata: {}\n\n${await event("one", payload)}`,
  )
  const middle = whole.indexOf("🚪") + 2
  const last = await event("two", {})
  answers = [
    (response) => stream(response, whole.subarray(0, middle), whole.subarray(middle), last.replaceAll("\n", "\r\n")),
  ]
  follow()
  await until(() => stored.length === 2)
  expect(stored.map(({ guid, event: name, payload: text }) => [guid, name, text])).toEqual([
    ["one", "ping", JSON.stringify(payload)],
    ["two", "ping", "{}"],
  ])
  expect([refused, warned]).toEqual([[], []])
})

test("what was not signed with the secret is refused as ever, and what is no webhook is passed over", async () => {
  const forged = (await event("forged", { a: 1 })).replace(`"a":1`, `"a":2`)
  const odd = ["data: not JSON\n\n", "data: []\n\n", `data: {"x-github-event":"ping"}\n\n`]
  const good = await event("good", {})
  answers = [(response) => stream(response, forged, ...odd, good)]
  follow()
  await until(() => stored.length === 1)
  expect(refused).toEqual(["the signature does not match"])
  expect(warned).toEqual(Array(3).fill("the webhook proxy sent something that is no webhook"))
})

test("it connects again when the stream ends, breaks off, or cannot be had", async () => {
  const good = await event("good", {})
  answers = [
    (response) => void response.writeHead(502).end(),
    (response) => void response.destroy(),
    (response) => {
      stream(response, ": nothing yet\n\n")
      response.end()
    },
    (response) => stream(response, good),
  ]
  follow()
  await until(() => stored.length === 1)
  expect(connections).toBe(4)
  expect(warned).toEqual(Array(2).fill("the webhook proxy cannot be reached; it is tried again"))
})

test("an address that is no event stream is told once, and let be", async () => {
  answers = [(response) => void response.writeHead(405, { "content-type": "text/plain" }).end("POST only")]
  follow()
  await until(() => warned.length > 0)
  await new Promise((later) => setTimeout(later, 50))
  expect(warned).toEqual(["WEBHOOK_PROXY_URL is no event stream: webhooks are taken only where they are delivered"])
  expect(connections).toBe(1)
})

test("stopping ends a stream that is open", async () => {
  answers = [(response) => stream(response, ": open\n\n")]
  follow()
  await until(() => connections === 1)
  await following?.stop()
  expect(warned).toEqual([])
})

test("a channel is made where the proxy points to", async () => {
  answers = [(response) => void response.writeHead(302, { location: "/Abc123" }).end()]
  expect(await createChannel(url)).toBe(new URL("/Abc123", url).href)
  answers = [(response) => void response.writeHead(503).end()]
  await expect(createChannel(url)).rejects.toThrow("it answers 503")
})
