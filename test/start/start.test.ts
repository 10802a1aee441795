import { createHmac } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { openDatabase } from "../../src/lib/db/database.ts"
import { startTestGitHubServer, type TestGitHubServer } from "../github/http.ts"
import { copyOfTemplate } from "../harness/database.ts"
import { appManifest } from "../harness/manifest.ts"
import { startProcess, type ServerProcess } from "./process.ts"

vi.setConfig({ testTimeout: 90_000 })

const webhookSecret = "a secret of the test"
let folder: string
let dataDir: string
let hub: TestGitHubServer
let environment: Record<string, string>
const processes: ServerProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-start-"))
  dataDir = await copyOfTemplate()
  hub = await startTestGitHubServer({ port: 0 })
  const app = await hub.github.people.createApp({ slug: "portcullis", ...appManifest(), webhookSecret })
  environment = {
    APP_ID: String(app.appId),
    PRIVATE_KEY: app.privateKeyPem,
    WEBHOOK_SECRET: webhookSecret,
    GITHUB_API_URL: hub.url,
    DATA_DIR: dataDir,
    LOG_LEVEL: "warn",
  }
})

afterEach(async () => {
  for (const one of processes.splice(0)) {
    one.signal("SIGKILL")
    await one.ended
  }
  await hub.close()
  for (const path of [folder, dataDir]) await rm(path, { recursive: true, force: true })
})

async function start(variables: Record<string, string> = environment): Promise<ServerProcess> {
  const started = await startProcess(variables, folder)
  processes.push(started)
  return started
}

function deliver(server: ServerProcess, guid: string): Promise<Response> {
  const body = JSON.stringify({ zen: "Keep it logically awesome.", hook_id: 1 })
  const signature = createHmac("sha256", webhookSecret).update(body).digest("hex")
  return fetch(`http://127.0.0.1:${server.port}/api/github/webhooks`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "ping",
      "x-github-delivery": guid,
      "x-hub-signature-256": `sha256=${signature}`,
    },
  })
}

test("it starts, takes a delivery, keeps it, and ends with 0 on SIGTERM within ten seconds", async () => {
  const server = await start()
  await server.ready()
  expect((await deliver(server, "11111111-1111-4111-8111-111111111111")).status).toBe(200)
  expect((await fetch(`http://127.0.0.1:${server.port}/healthz`)).status).toBe(200)
  const begun = performance.now()
  server.signal("SIGTERM")
  expect(await server.ended).toBe(0)
  expect(performance.now() - begun).toBeLessThan(10_000)
  const database = await openDatabase({ dataDir })
  const rows = await database.prisma.delivery.findMany({ select: { guid: true } })
  await database.close()
  expect(rows).toEqual([{ guid: "11111111-1111-4111-8111-111111111111" }])
  expect(server.printed()).toBe("")
})

test("a second process on the same directory is refused in one sentence, and the first goes on", async () => {
  const first = await start()
  await first.ready()
  const second = await start()
  expect(await second.ended).toBe(1)
  expect(second.printed()).toContain(`Portcullis cannot start: `)
  expect(second.printed()).toContain(dataDir)
  expect((await fetch(`http://127.0.0.1:${first.port}/readyz`)).status).toBe(200)
})

test("without a webhook secret it does not start, and says why", async () => {
  const { WEBHOOK_SECRET: _secret, ...rest } = environment
  const server = await start(rest)
  expect(await server.ended).toBe(1)
  expect(server.printed()).toBe(
    "Portcullis cannot start:\n" +
      "- WEBHOOK_SECRET is missing: without it anybody could send webhooks, so there is no default\n",
  )
})

test("without credentials it shows the page that registers an app, but not in production", async () => {
  const server = await start({ NO_SMEE_SETUP: "true" })
  const page = await until(() => fetch(`http://127.0.0.1:${server.port}/probot`))
  expect(await page.text()).toContain("Register GitHub App")
  const production = await start({ NODE_ENV: "production" })
  expect(await production.ended).toBe(1)
  expect(production.printed()).toMatch(/APP_ID, PRIVATE_KEY .* are not set/)
})

test("a port that is taken is told in words", async () => {
  const first = await start()
  await first.ready()
  const other = await copyOfTemplate()
  const second = await start({ ...environment, DATA_DIR: other, PORT: String(first.port) })
  expect(await second.ended).toBe(1)
  await rm(other, { recursive: true, force: true })
  expect(second.printed()).toContain("already in use")
})

/** Tries until the process listens. */
async function until(ask: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const answer = await ask().catch(() => null)
    if (answer !== null) return answer
    await new Promise((again) => {
      setTimeout(again, 50)
    })
  }
}
