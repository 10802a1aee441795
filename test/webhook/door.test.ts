import { createHmac } from "node:crypto"
import { once } from "node:events"
import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http"
import { connect, type AddressInfo } from "node:net"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { openInbox, type Delivery, type Inbox } from "../../src/inbox/inbox.ts"
import { reasonOf } from "../../src/lib/reason.ts"
import { doorHandler, makeDoor } from "../../src/webhook/receive.ts"
import { testClock } from "../harness/clock.ts"
import { testDatabase } from "../harness/database.ts"

const path = "/api/github/webhooks"
const secret = "a secret, and not a short one"
const limit = 25 * 1024 * 1024
const clock = testClock()

let server: Server
let port = 0
let isOpen = true
let stored: Delivery[] = []
let refused: string[] = []
/** Where the handler failed: nobody would be there to catch it. */
const failures: unknown[] = []
/** Where the door stores; each test begins with one that keeps a list. */
let inbox: Inbox

beforeAll(async () => {
  const door = makeDoor({
    inbox: { store: (delivery) => inbox.store(delivery) },
    clock,
    webhookSecret: secret,
    appId: 3,
    isOpen: () => isOpen,
    onRefused: (reason, guid, error) => {
      refused.push(`${guid}: ${reason}${error === undefined ? "" : ` (${reasonOf(error)})`}`)
    },
  })
  const handle = doorHandler(door, path)
  server = createServer((request, response) => {
    handle(request, response).then(
      (mine) => void (mine || response.writeHead(404).end("not the door's\n")),
      (error: unknown) => {
        failures.push(error)
        response.destroy()
      },
    )
  })
  await once(server.listen(0, "127.0.0.1"), "listening")
  port = (server.address() as AddressInfo).port
})
beforeEach(() => {
  isOpen = true
  stored = []
  refused = []
  inbox = {
    store: (delivery) => {
      stored.push(delivery)
      return Promise.resolve()
    },
  }
})
afterAll(async () => {
  expect(failures).toEqual([])
  server.closeAllConnections()
  await new Promise((resolve) => void server.close(resolve))
})

function sign(body: string | Buffer, key = secret): string {
  return `sha256=${createHmac("sha256", key).update(body).digest("hex")}`
}

type Sent = { method?: string; path?: string; headers?: Record<string, string | null> }

/** Sends a delivery; null takes a header away. Resolves to `status text`. */
async function send(
  body: string | Buffer,
  { method = "POST", path: to = path, headers = {} }: Sent = {},
): Promise<string> {
  const all: Record<string, string | null> = {
    "content-type": "application/json",
    "x-github-delivery": "a-guid",
    "x-github-event": "push",
    "x-hub-signature-256": sign(body),
    ...headers,
  }
  const given = Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  )
  const request = httpRequest({ host: "127.0.0.1", port, method, path: to, headers: given, agent: false })
  const answered = once(request, "response") as Promise<[IncomingMessage]>
  request.on("error", () => undefined).end(body)
  const [response] = await answered
  return `${response.statusCode} ${(await text(response)).trim()}`
}

test("a signed delivery is stored as it came, and then answered 200", async () => {
  expect(await send('{ "ref":"x" }\n', { path: `${path}?from=proxy` })).toBe("200 stored")
  expect(stored).toEqual([
    { appId: 3, guid: "a-guid", event: "push", payload: '{ "ref":"x" }\n', receivedAt: clock.now() },
  ])
  expect(refused).toEqual([])
})

test("what is not for the door is left to others", async () => {
  expect(await send("{}", { path: "/healthz" })).toBe("404 not the door's")
  expect(await send("{}", { path: `${path}/more` })).toBe("404 not the door's")
  expect(stored).toEqual([])
})

test("a bad signature is refused, whatever else is wrong inside", async () => {
  const signatures = [
    sign("{}", "another secret"),
    sign("{ }"),
    sign("{}").toUpperCase(),
    sign("{}").replace("sha256", "sha1"),
    "sha256=",
    "garbage",
  ]
  for (const signature of signatures) {
    const answer = await send("{}", { headers: { "x-hub-signature-256": signature } })
    expect(answer, signature).toBe("401 the signature does not match")
  }
  expect(await send("", {})).toMatch(/^40[01] /)
  expect(stored).toEqual([])
  expect(refused[0]).toBe("a-guid: the signature does not match")
})

test("a missing or impossible header is refused before anything is verified", async () => {
  for (const name of ["x-github-delivery", "x-github-event", "x-hub-signature-256"]) {
    const answer = await send("{}", { headers: { [name]: null } })
    expect(answer, name).toBe("400 not a webhook delivery of GitHub: a required header is missing")
  }
  expect(await send("{}", { headers: { "x-github-delivery": "a guid; DROP" } })).toMatch(/^400 /)
  expect(await send("{}", { headers: { "x-github-delivery": "a".repeat(101) } })).toMatch(/^400 /)
  expect(stored).toEqual([])
})

test("another content type is refused with what to set", async () => {
  const form = { "content-type": "application/x-www-form-urlencoded" }
  expect(await send("payload=%7B%7D", { headers: form })).toBe("415 set the webhook's content type to application/json")
  expect(await send("{}", { headers: { "content-type": null } })).toMatch(/^415 /)
  expect(await send("{}", { headers: { "content-type": "application/json; charset=utf-8" } })).toBe("200 stored")
})

test("other methods are refused", async () => {
  for (const method of ["GET", "PUT", "DELETE"]) {
    expect(await send("", { method }), method).toBe("405 deliveries are POSTed here")
  }
})

test("a shut door tells GitHub to deliver again, and stores nothing", async () => {
  isOpen = false
  expect(await send("{}")).toBe("503 stopping; deliver again")
  expect(stored).toEqual([])
})

test("what could not be stored is not said to be", async () => {
  inbox = { store: () => Promise.reject(new Error("the database is away")) }
  expect(await send("{}")).toBe("503 not stored; deliver again")
  expect(refused).toEqual(["a-guid: not stored; deliver again (the database is away)"])
})

test("one GUID delivered twice is answered twice and stored once", async () => {
  const database = await testDatabase()
  inbox = openInbox(database.pool, () => undefined)
  expect(await send('{"first":true}')).toBe("200 stored")
  expect(await send('{"first":false}')).toBe("200 stored")
  const rows = await database.prisma.delivery.findMany({ select: { guid: true, payload: true } })
  await database.close()
  expect(rows).toEqual([{ guid: "a-guid", payload: '{"first":true}' }])
})

test("a signature is of the raw bytes: other scripts pass, and bytes that are no text are nothing else", async () => {
  const body = '\ufeff{"é":"☃ 💚 \\u0000 \ufffd"}'
  expect(await send(Buffer.from(body))).toBe("200 stored")
  expect(stored.map(({ payload }) => payload)).toEqual([body])
  const broken = Buffer.from([0x22, 0xff, 0x22])
  const replaced = sign(broken.toString("utf8"))
  for (const signature of [sign(broken), replaced]) {
    expect(await send(broken, { headers: { "x-hub-signature-256": signature } })).toBe("400 the body is not UTF-8")
  }
  expect(stored).toHaveLength(1)
})

test("a body of exactly the limit is taken", async () => {
  const body = Buffer.alloc(limit, 0x20)
  expect(await send(body)).toBe("200 stored")
  expect(stored.map(({ payload }) => payload.length)).toEqual([limit])
})

test("a body that is declared to be too large is refused before it is sent", async () => {
  const socket = connect(port, "127.0.0.1")
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: ${limit + 1}\r\n\r\n`)
  expect(await text(socket)).toMatch(/^HTTP\/1.1 413 [^]*connection: close[^]*larger than 25 MB\n/i)
})

test("a body that turns out to be too large is refused, and the answer arrives", async () => {
  const socket = connect(port, "127.0.0.1")
  const size = limit + 1
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${size.toString(16)}\r\n`)
  socket.write(Buffer.alloc(size, 0x20))
  expect(await text(socket)).toMatch(/^HTTP\/1.1 413 [^]*larger than 25 MB\n/i)
  expect(stored).toEqual([])
})

test("a request that is cut off stores nothing, and the door goes on", async () => {
  const cut = once(server, "request") as Promise<[IncomingMessage]>
  const socket = connect(port, "127.0.0.1")
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"ref"`)
  const [request] = await cut
  const closed = once(request, "close")
  socket.destroy()
  await closed.catch(() => undefined)
  expect(await send("{}")).toBe("200 stored")
  expect(stored).toHaveLength(1)
})
