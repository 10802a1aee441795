import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { printSignalKey } from "../../src/cli/signal-key.ts"
import { signingSecret } from "../../src/evidence/signature.ts"
import { openDatabase } from "../../src/lib/db/database.ts"
import { testClock } from "../harness/clock.ts"
import { copyOfTemplate, testDatabase } from "../harness/database.ts"

vi.setConfig({ testTimeout: 90_000 })

const secret = "thirty-two characters, or a few more"
const root = resolve(import.meta.dirname, "../..")
const shop = { id: 4711n, installationId: 1n, owner: "acme", name: "shop", defaultBranch: "main" }
const keyOf = (version: number): string => signingSecret({ secret, repositoryId: 4711, version })
let folder: string
let dataDir: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-key-"))
  dataDir = await copyOfTemplate()
  const database = await openDatabase({ dataDir })
  await database.prisma.repository.create({ data: shop })
  await database.close()
})
afterAll(async () => {
  for (const path of [folder, dataDir]) await rm(path, { recursive: true, force: true })
})

type Ended = { code: number | null; out: string; err: string }

/** Runs the real command in a folder without `.env`, with these variables and no others. */
function portcullis(words: readonly string[], variables: Record<string, string>): Promise<Ended> {
  const command = [join(root, "src/cli/portcullis.ts"), "signal-key", ...words]
  const env = { PATH: process.env["PATH"] ?? "", ...variables }
  const child = spawn(join(root, "node_modules/.bin/node"), command, {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const ended: Ended = { code: null, out: "", err: "" }
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    ended.out += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    ended.err += text
  })
  return new Promise((done) => {
    child.once("close", (code) => done({ ...ended, code }))
  })
}

test("the command prints the key by itself, once, and makes the next one when it is told to", async () => {
  const variables = { DATA_DIR: dataDir, SIGNALS_SECRET: secret }
  expect(await portcullis(["Acme/Shop"], variables)).toEqual({
    code: 0,
    out: `${keyOf(1)}\n`,
    err: "This is the key of acme/shop. It is not shown again: keep it where the sender keeps its secrets.\n",
  })
  const again = await portcullis(["acme/shop"], variables)
  expect(again).toMatchObject({ code: 1, out: "" })
  expect(again.err).toMatch(
    /^acme\/shop has a key since \d{4}-\d\d-\d\d, which is not shown again\. --rotate makes a new one\.\n$/,
  )
  const next = await portcullis(["acme/shop", "--rotate"], variables)
  expect(next).toMatchObject({ code: 0, out: `${keyOf(2)}\n` })
  expect(next.err).toMatch(/\nThe one before counts no more\.\n$/)
})

test("what is missing is told in one sentence, and wrong usage how it is used", async () => {
  const variables = { DATA_DIR: dataDir, SIGNALS_SECRET: secret }
  expect(await portcullis(["acme/none"], variables)).toEqual({
    code: 2,
    out: "",
    err: "portcullis: the app is on no repository acme/none, as far as this database knows\n",
  })
  expect(await portcullis(["acme/shop"], { DATA_DIR: dataDir })).toEqual({
    code: 2,
    out: "",
    err: "portcullis: SIGNALS_SECRET is not set, from which keys are derived\n",
  })
  for (const words of [
    [],
    ["acme/shop", "more"],
    ["acme/shop", "--overlap", "1h"],
    ["acme/shop", "--rotate", "--overlap", "8d"],
  ]) {
    const ended = await portcullis(words, variables)
    expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^Usage: portcullis/) as string })
  }
})

test("it says until when the key before counts, and passes over a repository that the app has left", async () => {
  const database = await testDatabase()
  const clock = testClock()
  const said: string[] = []
  await database.prisma.repository.createMany({ data: [shop, { ...shop, id: 9999n, active: false }] })
  const deps = {
    database,
    secret,
    now: clock.now(),
    print: (line: string) => void said.push(line),
    note: (line: string) => void said.push(line),
  }
  const wish = { repository: "acme/shop", rotate: true, overlapMs: 90_000_000 }
  await printSignalKey(deps, wish)
  said.length = 0
  expect(await printSignalKey(deps, wish)).toBe(0)
  expect(said).toEqual([
    keyOf(2),
    "This is the key of acme/shop. It is not shown again: keep it where the sender keeps its secrets.",
    "The one before counts until 2026-11-21 13:00 UTC.",
  ])
  await database.close()
})
