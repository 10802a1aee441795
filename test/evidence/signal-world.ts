import { randomUUID } from "node:crypto"
import { Webhook } from "standardwebhooks"
import { afterAll, beforeAll, beforeEach } from "vitest"
import { makeSignalDoor, type SignalDoorDeps } from "../../src/evidence/signal-door.ts"
import { makeSignalKey } from "../../src/evidence/signal-key.ts"
import { signingSecret } from "../../src/evidence/signature.ts"
import { signalsHandler } from "../../src/web/signals.ts"
import { testClock, type TestClock } from "../harness/clock.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"
import { serve } from "./loopback.ts"

let database: TestDatabase | undefined

/** What is stored. */
export function prisma(): TestDatabase["prisma"] {
  if (database === undefined) throw new Error("call useSignals() at the top of the file")
  return database.prisma
}

/** What the keys are derived from. */
export const secret = "thirty-two characters, or a few more"

/** The repository whose signals are sent. */
export const shop = { id: 4711, name: "acme/shop" }

/** Another one. */
export const blog = { id: 4712, name: "acme/blog" }

/** What is sent where it does not matter what. */
export const heartbeat = { type: "heartbeat", source: "worker-1" }

/** What came of the messages of a test. */
export type Aftermath = { marked: string[]; refused: string[]; woken: number }

/** What came of this test's messages. */
export const after: Aftermath = { marked: [], refused: [], woken: 0 }

let current = testClock()

/** The clock of this test. */
export function clock(): TestClock {
  return current
}

/** Gives each test of a file two repositories that have a key each, and nothing else. Call once at its top. */
export function useSignals(): void {
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database?.close())
  beforeEach(async () => {
    await database?.reset()
    current = testClock()
    Object.assign(after, { marked: [], refused: [], woken: 0 })
    for (const { id, name } of [shop, blog]) {
      await addRepository(id, name)
      await makeKey(id)
    }
  })
}

/** Adds a repository without a key. */
export async function addRepository(id: number, fullName: string, active = true): Promise<void> {
  const [owner = "", name = ""] = fullName.split("/")
  await prisma().repository.create({
    data: { id: BigInt(id), installationId: 1n, owner, name, defaultBranch: "main", active },
  })
}

/** Makes a repository's first key, or its next one. */
export function makeKey(repositoryId: number, rotate = false, overlapMs = 0): Promise<unknown> {
  return makeSignalKey(prisma(), { repositoryId, rotate, overlapMs, now: current.now() })
}

/** Starts the endpoint; what fails unforeseen ends the test. */
export async function endpoint(changes: Partial<SignalDoorDeps> = {}): Promise<number> {
  const door = makeSignalDoor({
    prisma: prisma(),
    clock: current,
    secret,
    isOpen: () => true,
    markLanes: (_tx, repositoryId, branch) => {
      after.marked.push(`${repositoryId} ${branch ?? "every branch"}`)
      return Promise.resolve()
    },
    onStored: () => {
      after.woken += 1
    },
    onRefused: (reason, repository) => void after.refused.push(`${repository}: ${reason}`),
    onFailed: (error) => void after.refused.push(String(error)),
    ...changes,
  })
  const handle = signalsHandler(door)
  return serve((request, response) => {
    void handle(request, response).then((mine) => mine || response.writeHead(404).end("not here\n"))
  })
}

/** How a message is sent, where that is not as it should be. */
export type Sent = {
  key?: { repositoryId?: number; version?: number; secret?: string }
  id?: string
  /** Seconds by which the sender's clock differs. */
  offBy?: number
  headers?: Record<string, string | null>
  method?: string
  path?: string
}

/** Sends a body as a sender of shop's signals would. */
export async function send(
  port: number,
  body: unknown,
  sent: Sent = {},
): Promise<{ status: string; body: unknown; headers: Headers }> {
  const { key = {}, id = randomUUID(), offBy = 0, headers = {}, method = "POST", path = "/api/v1/signals" } = sent
  const raw = typeof body === "string" ? body : JSON.stringify(body)
  const sentAt = new Date(current.now().getTime() + offBy * 1000)
  const origin = { secret, repositoryId: shop.id, version: 1, ...key }
  const given: Record<string, string | null> = {
    "content-type": "application/json",
    "portcullis-repository": shop.name,
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(sentAt.getTime() / 1000)),
    "webhook-signature": new Webhook(signingSecret(origin)).sign(id, sentAt, raw),
    ...headers,
  }
  const present = Object.entries(given).flatMap(([name, value]): [string, string][] =>
    value === null ? [] : [[name, value]],
  )
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: Object.fromEntries(present),
    ...(method === "GET" ? {} : { body: raw }),
  })
  const words = await answer.text()
  const isJson = answer.headers.get("content-type") === "application/json"
  return {
    status: String(answer.status),
    body: isJson ? (JSON.parse(words) as unknown) : words,
    headers: answer.headers,
  }
}

/** A message about shop's branch main. */
export function message(...signals: unknown[]): unknown {
  return { repository: shop.name, branch: "main", signals }
}

/** What is stored, oldest first. */
export async function kept(): Promise<string[]> {
  const rows = await prisma().signal.findMany({ orderBy: { id: "asc" } })
  return rows.map(({ repositoryId, kind, branch }) => `${repositoryId} ${kind} ${branch ?? "every branch"}`)
}
