import { spawn } from "node:child_process"
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { z } from "zod"
import { openFromEnvironment } from "../../src/cli/place.ts"
import { openDatabase } from "../../src/lib/db/database.ts"
import { databaseFolder } from "../../src/lib/db/wire.ts"
import { copyOfTemplate } from "../harness/database.ts"
import { fillLedger } from "../ledger/entries.ts"

vi.setConfig({ testTimeout: 90_000 })

const root = resolve(import.meta.dirname, "../..")
let folder: string
let dataDir: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "portcullis-cli-"))
  dataDir = await copyOfTemplate()
  const database = await openDatabase({ dataDir })
  await fillLedger(database, 2)
  await database.close()
})
afterAll(async () => {
  for (const path of [folder, dataDir]) await rm(path, { recursive: true, force: true })
})

type Ended = { code: number | null; out: string; err: string }

/** Runs the real command in a folder without `.env`, with these variables and no others. */
function portcullis(words: readonly string[], variables: Record<string, string> = {}, cwd = folder): Promise<Ended> {
  const environment = { PATH: process.env["PATH"] ?? "", ...variables }
  const child = spawn(join(root, "node_modules/.bin/node"), [join(root, "src/cli/portcullis.ts"), ...words], {
    cwd,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  })
  const ended: Ended = { code: null, out: "", err: "" }
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    ended.out += text
  })
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    ended.err += text
  })
  return new Promise((done, failed) => {
    child.once("error", failed)
    child.once("close", (code) => done({ ...ended, code }))
  })
}

test("a sound ledger in DATA_DIR: exit code 0; tampered with: the row is named, exit code 1", async () => {
  const sound = await portcullis(["ledger", "verify"], { DATA_DIR: dataDir })
  expect(sound).toEqual({
    code: 0,
    err: "",
    out: expect.stringMatching(/^repository 4711: 2 entries, .*, sound\n$/) as string,
  })
  const copy = await copyOfTemplate()
  const database = await openDatabase({ dataDir: copy })
  await fillLedger(database, 2)
  await database.pool.query(
    "ALTER TABLE ledger_entry DISABLE TRIGGER USER; UPDATE ledger_entry SET body = body || ' ' WHERE seq = 2",
  )
  await database.close()
  // As the server does, the command reads the `.env` of the folder it is started in.
  await writeFile(join(copy, ".env"), `DATA_DIR=${copy}\n`)
  const bad = await portcullis(["ledger", "verify"], {}, copy)
  await rm(copy, { recursive: true, force: true })
  expect(bad).toEqual({
    code: 1,
    err: "",
    out: "repository 4711: entry 2 is bad: its text does not hash to its stored hash (1 before it is sound)\n",
  })
})

test("a directory that a running process holds: exit code 2 and one sentence", async () => {
  const database = await openDatabase({ dataDir })
  const refused = await portcullis(["ledger", "show"], { DATA_DIR: dataDir })
  await database.close()
  expect(refused).toMatchObject({ code: 2, out: "" })
  expect(refused.err).toMatch(/^portcullis: The data directory \S+ is in use by another process: [^\n]+\.\n$/)
})

test("no database, and wrong words: exit code 2, and nothing is made", async () => {
  const empty = join(folder, "empty")
  await mkdir(empty)
  expect(await portcullis(["ledger", "verify"], {}, empty)).toEqual({
    code: 2,
    out: "",
    err: `portcullis: there is no database in ${join(empty, "data")} (set DATA_DIR or DATABASE_URL)\n`,
  })
  await expect(readFile(join(empty, "data"))).rejects.toThrow("ENOENT")
})

test("--help and --version say so and exit with 0", async () => {
  const manifest = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")))
  expect(await portcullis(["--version"])).toEqual({ code: 0, out: `${manifest.version}\n`, err: "" })
  const help = await portcullis(["--help"])
  expect(help).toMatchObject({ code: 0, err: "" })
  expect(help.out).toMatch(/^Usage: portcullis <command>\n/)
  for (const word of ["ledger verify", "ledger show", "config check", "Exit codes: 0"]) expect(help.out).toContain(word)
})

test("wrong usage: exit code 2 and how it is used", async () => {
  const wrong = [
    ["config", "check"],
    ["ledger", "verify", "acme/shop", "more"],
    ["ledger", "show", "--limit", "1e99"],
  ]
  for (const words of wrong) {
    const ended = await portcullis(words, { DATA_DIR: dataDir })
    expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^Usage: portcullis/) as string })
  }
})

test("an unknown option: exit code 2 and its name", async () => {
  const ended = await portcullis(["ledger", "verify", "--burn"])
  expect(ended).toMatchObject({ code: 2, out: "", err: expect.stringContaining("'--burn'") as string })
})

test("a database without tables is told, and left as it is", async () => {
  const bare = await copyOfTemplate()
  const database = await openDatabase({ dataDir: bare })
  await database.pool.query("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
  await database.close()
  const words = "this database has no ledger yet: the server has never been started on it"
  const work = (): Promise<number> => Promise.resolve(0)
  for (let time = 0; time < 2; time += 1) {
    await expect(openFromEnvironment({ DATA_DIR: bare }, work)).rejects.toThrow(words)
  }
  await rm(bare, { recursive: true, force: true })
})

test("a directory without a database is told by its whole path, blank variables count as absent", async () => {
  const sentence = (path: string): string => `there is no database in ${path} (set DATA_DIR or DATABASE_URL)`
  const work = (): Promise<number> => Promise.resolve(0)
  await expect(openFromEnvironment({ DATA_DIR: folder }, work)).rejects.toThrow(sentence(folder))
  await mkdir(join(folder, "x", databaseFolder, ".."), { recursive: true })
  const blank = { DATA_DIR: join(folder, "x"), DATABASE_URL: "" }
  await expect(openFromEnvironment(blank, work)).rejects.toThrow(sentence(join(folder, "x")))
})

test("a server that does not answer: one line, without the password", async () => {
  const reading = openFromEnvironment({ DATABASE_URL: "postgres://u:sesame@127.0.0.1:1/x" }, () => Promise.resolve(0))
  await expect(reading).rejects.toThrow(/^the database cannot be read: connect ECONNREFUSED 127\.0\.0\.1:1$/)
})

test("the database is closed again, also when the work fails", async () => {
  for (const time of ["first", "second"]) {
    const failing = openFromEnvironment({ DATA_DIR: dataDir }, () => Promise.reject(new Error(time)))
    await expect(failing).rejects.toThrow(time)
  }
})
