/** What the demo is played on: the test GitHub, the real server, and the command line, in processes of their own. */
import { cp, mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { z } from "zod"
import { createChildren } from "./children.ts"
import type { Child, Children, Ending } from "./children.ts"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

/** What a run of the command line gave. */
export type CommandResult = { code: number | null; output: string }

/** The running world. */
export type World = {
  githubUrl: string
  serverUrl: string
  repo: string
  shop: Shop
  dataDir: string
  /** How long the server took from its start until it was ready. */
  startedMs: number
  /** Starts the server again on its data. */
  startServer(): Promise<number>
  stopServer(): Promise<Ending & { tookMs: number }>
  /** Runs `portcullis` on a data directory. */
  portcullis(args: string[], dataDir: string): Promise<CommandResult>
  /** Copies the data directory; the server must be stopped. */
  copyData(): Promise<string>
  /** What the server has printed since it was last started. */
  serverLog(): string
  /** Resolves when the server that was started last has ended. */
  serverEnded(): Promise<Ending>
  /** How it ended; undefined while it runs. */
  serverEnding(): Ending | undefined
}

const script = {
  github: fileURLToPath(new URL("./github.ts", import.meta.url)),
  server: fileURLToPath(new URL("../src/main.ts", import.meta.url)),
  portcullis: fileURLToPath(new URL("../src/cli/portcullis.ts", import.meta.url)),
}
const readyLimitMs = 240_000
const stopLimitMs = 10_000

const helloSchema = z.object({
  url: z.string(),
  repo: z.string(),
  appId: z.number(),
  privateKeyPem: z.string(),
  webhookSecret: z.string(),
})

type Hello = z.infer<typeof helloSchema>

/** What everything stands on: a temporary folder, and the registry of the processes. */
export type Ground = {
  dir: string
  children: Children
  /** Stops every process and removes every file, in whatever state things are. */
  close(): Promise<void>
}

/** Makes the temporary folder. */
export async function layGround(): Promise<Ground> {
  const dir = await mkdtemp(join(tmpdir(), "portcullis-demo-"))
  const children = createChildren()
  return {
    dir,
    children,
    async close() {
      await children.stopAll()
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Starts GitHub, then the server, and tells GitHub where its webhooks go. */
export async function openWorld(ground: Ground): Promise<World> {
  const hello = await startGitHub(ground)
  const dataDir = join(ground.dir, "data")
  const server = serverOf(ground, { hello, dataDir, port: await freePort() })
  const startedMs = await server.start()
  const shop = openShop(hello.url, hello.repo)
  const heard = await shop.act("setHookUrl", { app: "portcullis", url: `${server.url}/api/github/webhooks` })
  if (!heard.ok) throw new Error(`GitHub does not take the hook's address: ${heard.refusal}`)
  return {
    githubUrl: hello.url,
    serverUrl: server.url,
    repo: hello.repo,
    shop,
    dataDir,
    startedMs,
    startServer: server.start,
    stopServer: server.stop,
    serverLog: server.log,
    serverEnded: server.ended,
    serverEnding: server.ending,
    portcullis: (args, directory) => runCommand(ground, args, directory),
    async copyData() {
      const copy = join(ground.dir, "copy")
      await cp(dataDir, copy, { recursive: true })
      return copy
    },
  }
}

async function startGitHub({ dir, children }: Ground): Promise<Hello> {
  // Its repositories are made in this temporary folder, so that they go with it however the process ends.
  const child = children.start({ script: script.github, env: { TMPDIR: dir }, cwd: dir, talks: true })
  const hello = new Promise<unknown>((heard) => void child.process.once("message", heard))
  const first = await Promise.race([hello, child.ended.then(() => undefined)])
  if (first === undefined) throw new Error(`The test GitHub could not be started:\n${child.output()}`)
  return helloSchema.parse(first)
}

type ServerPlan = { hello: Hello; dataDir: string; port: number }

function serverOf({ dir, children }: Ground, { hello, dataDir, port }: ServerPlan) {
  const url = `http://127.0.0.1:${port}`
  const env = {
    APP_ID: String(hello.appId),
    PRIVATE_KEY: hello.privateKeyPem,
    WEBHOOK_SECRET: hello.webhookSecret,
    GITHUB_API_URL: hello.url,
    PORT: String(port),
    HOST: "127.0.0.1",
    DATA_DIR: dataDir,
    LOG_LEVEL: "warn",
  }
  let child: Child | undefined
  const running = (): Child => {
    if (child === undefined) throw new Error("the server was never started")
    return child
  }
  return {
    url,
    async start(): Promise<number> {
      const startedAt = performance.now()
      child = children.start({ script: script.server, env, cwd: dir })
      await ready(url, child)
      return performance.now() - startedAt
    },
    stop: () => children.stop(running(), stopLimitMs),
    ended: () => running().ended,
    ending: () => child?.ending(),
    log: () => child?.output() ?? "",
  }
}

async function ready(url: string, child: Child): Promise<void> {
  const limit = performance.now() + readyLimitMs
  while (performance.now() < limit) {
    if (child.ending() !== undefined) throw new Error(`The server ended before it was ready:\n${child.output()}`)
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
    if (answer?.ok === true) return
    await sleep(50)
  }
  throw new Error(`The server was not ready after ${readyLimitMs / 1000} s:\n${child.output()}`)
}

async function runCommand({ dir, children }: Ground, args: string[], dataDir: string): Promise<CommandResult> {
  const child = children.start({
    script: script.portcullis,
    args,
    env: { DATA_DIR: dataDir, NO_COLOR: "1" },
    cwd: dir,
  })
  const { code } = await child.ended
  return { code, output: child.output() }
}

/** A port that was free a moment ago; should somebody else be faster, the server says so and the demo ends. */
function freePort(): Promise<number> {
  return new Promise((found, refuse) => {
    const probe = createServer()
    probe.once("error", (error) => refuse(new Error(`No port can be had for the server: ${error.message}`)))
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => found(port))
    })
  })
}
