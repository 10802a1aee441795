import { spawnSync } from "node:child_process"
import { createHmac } from "node:crypto"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, dirname, join, resolve } from "node:path"
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

test("signals have a way in, which says when the host has not set it up", async () => {
  const server = await start()
  await server.ready()
  const answer = await fetch(`http://127.0.0.1:${server.port}/api/v1/signals`, { method: "POST", body: "{}" })
  expect({ status: answer.status, body: await answer.json() }).toEqual({
    status: 503,
    body: { error: "not-set-up", message: "this server takes no signals: it has no SIGNALS_SECRET" },
  })
})

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

test("the start script gives way to the server, so that the SIGTERM that npm sends its shell is not lost there", async () => {
  const root = resolve(import.meta.dirname, "../..")
  const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { scripts: { start: string } }
  const path = `${dirname(process.execPath)}${delimiter}${process.env["PATH"]}`
  const server = await startProcess({ ...environment, PATH: path }, root, ["sh", "-c", scripts.start])
  processes.push(server)
  await server.ready()
  server.signal("SIGTERM")
  expect(await server.ended).toBe(0)
  expect(await fetch(`http://127.0.0.1:${server.port}/healthz`).catch(() => "gone")).toBe("gone")
})

test("webhooks are taken from the proxy that it is told of", async () => {
  const body = { zen: "Keep it logically awesome.", hook_id: 1 }
  const signature = createHmac("sha256", webhookSecret).update(JSON.stringify(body)).digest("hex")
  const guid = "22222222-2222-4222-8222-222222222222"
  const headers = { "x-github-event": "ping", "x-github-delivery": guid, "x-hub-signature-256": `sha256=${signature}` }
  const event = { ...headers, "content-type": "application/json", body, query: {}, timestamp: 1 }
  // One is handed on after the other: when the forged one was refused, the true one is stored.
  const events = [event, { ...event, "x-hub-signature-256": "sha256=forged" }]
  const proxy = createServer((_request, response) => {
    const lines = events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("")
    response.writeHead(200, { "content-type": "text/event-stream" }).write(lines)
  })
  await new Promise<void>((listening) => void proxy.listen(0, "127.0.0.1", listening))
  const { port } = proxy.address() as AddressInfo
  const server = await start({ ...environment, WEBHOOK_PROXY_URL: `http://127.0.0.1:${port}/channel` })
  await server.ready()
  while (!server.printed().includes("the signature does not match")) await new Promise((again) => setTimeout(again, 20))
  server.signal("SIGTERM")
  expect(await server.ended).toBe(0)
  proxy.closeAllConnections()
  proxy.close()
  const database = await openDatabase({ dataDir })
  const rows = await database.prisma.delivery.findMany({ select: { guid: true } })
  await database.close()
  expect(rows).toEqual([{ guid }])
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

test("credentials that GitHub does not accept end the start, in words; a GitHub that is away does not", async () => {
  const wrong = await start({ ...environment, APP_ID: "999999", LOG_LEVEL: "silent" })
  expect(await wrong.ended).toBe(1)
  expect(wrong.printed()).toBe(
    `Portcullis cannot start: GitHub (${hub.url}) does not accept APP_ID with this private key: they are not of one app, ` +
      "the app is on another GitHub (GITHUB_API_URL), or this machine's clock is wrong\n",
  )
  hub.github.faults.requests({ times: 99 }, { kind: "server-error", status: 503 })
  const away = await start()
  await away.ready()
  expect(away.printed()).toContain("GitHub cannot be reached now")
})

test("an older Node is told in one sentence, and the start script asks", async () => {
  const guard = resolve(import.meta.dirname, "../../src/oldest-node.cjs")
  const on = (version: string): { status: number | null; stderr: string } => {
    const script = `Object.defineProperty(process, "versions", { value: { node: ${JSON.stringify(version)} } }); require(process.argv[1])`
    return spawnSync(process.execPath, ["-e", script, guard], { encoding: "utf8" })
  }
  expect(on("22.17.1").status).toBe(1)
  expect(on("22.17.1").stderr).toMatch(/^Portcullis cannot start: .*22\.17\.1/)
  expect(on("20.20.2").status).toBe(1)
  for (const version of ["22.18.0", "24.0.0"]) expect(on(version)).toMatchObject({ status: 0, stderr: "" })
  const manifest = await readFile(resolve(import.meta.dirname, "../../package.json"), "utf8")
  const { scripts, engines } = JSON.parse(manifest) as { scripts: { start: string }; engines: { node: string } }
  expect(scripts.start).toContain("--require ./src/oldest-node.cjs")
  expect(engines.node).toBe(">=22.18")
})

test("a database that cannot be reached is told in words", async () => {
  const server = await start({
    ...environment,
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    LOG_LEVEL: "silent",
  })
  expect(await server.ended).toBe(1)
  expect(server.printed()).toBe(
    "Portcullis cannot start: the database of DATABASE_URL cannot be used: connect ECONNREFUSED 127.0.0.1:1\n",
  )
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
