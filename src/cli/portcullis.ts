#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { readEnv } from "../env.ts"
import { openAppClients } from "../github/app-clients.ts"
import { systemClock } from "../lib/clock.ts"
import { parseDurationMs } from "../lib/duration.ts"
import { checkConfig, showSchema } from "./config.ts"
import { examine } from "./doctor.ts"
import { showLedger, verifyLedgers } from "./ledger.ts"
import { openFromEnvironment } from "./place.ts"
import { printSignalKey } from "./signal-key.ts"

const usage = `Usage: portcullis <command>

  ledger verify [OWNER/REPO]            check every row of the ledger; names the first bad one
  ledger show [OWNER/REPO] [--limit N]  print the newest entries (50) as a table
  config check FILE [--extends FILE]    check a promotion.yml; prints FILE:LINE:COLUMN for every problem. --extends
                                        names a copy of the organisation's file that it takes its defaults from
  config schema                         print the JSON Schema of promotion.yml, for editors
  doctor OWNER/REPO                     ask GitHub, as the app, whether the gate holds anything there
  signal-key OWNER/REPO [--rotate [--overlap 24h]]
                                        make the key by which signals of its running systems are signed, and print it
                                        once. --rotate makes the next one; with --overlap the one before counts besides

The ledger is read from DATABASE_URL, or else from the embedded database in DATA_DIR (./data), as the server does.
Keys need SIGNALS_SECRET, as the server has it.
The doctor needs APP_ID and the private key, as the server does, and no database.
Exit codes: 0 sound, 1 not sound, 2 wrong usage, or what is needed cannot be read.
`

const print = (line: string): void => void process.stdout.write(`${line}\n`)
const note = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(): Promise<number> {
  const texts = { limit: { type: "string" }, extends: { type: "string" }, overlap: { type: "string" } } as const
  const options = {
    help: { type: "boolean" },
    version: { type: "boolean" },
    rotate: { type: "boolean" },
    ...texts,
  } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (values.version === true) {
    print(version())
    return 0
  }
  if (values.help === true) {
    process.stdout.write(usage)
    return 0
  }
  if (existsSync(".env")) process.loadEnvFile(".env")
  if (positionals[0] === "signal-key") return signalKey(positionals.slice(1), values)
  return run(positionals, { limitText: values.limit ?? "50", extended: values.extends ?? null })
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  return (manifest as { version: string }).version
}

/** Runs the command that the words name. Resolves to the exit code. */
async function run(
  words: readonly string[],
  { limitText, extended }: { limitText: string; extended: string | null },
): Promise<number> {
  const subject = words[2]
  const command = words.length > 3 ? "" : words.slice(0, 2).join(" ")
  const limit = /^[1-9]\d{0,8}$/.test(limitText) ? Number(limitText) : undefined
  if (command === "config check" && subject !== undefined) return checkConfig({ path: subject, extended }, print)
  if (command === "config schema" && subject === undefined) return showSchema(print)
  if (words[0] === "doctor" && words.length === 2 && words[1] !== undefined) return doctor(words[1])
  if (command === "ledger verify") {
    return openFromEnvironment(process.env, (database) => verifyLedgers(database, subject ?? null, print))
  }
  if (command === "ledger show" && limit !== undefined) {
    const wanted = { repository: subject ?? null, limit }
    return openFromEnvironment(process.env, (database) => showLedger(database, wanted, print))
  }
  process.stderr.write(usage)
  return 2
}

const longestOverlapMs = 7 * 24 * 3600 * 1000

async function signalKey(
  [repository, ...more]: readonly string[],
  { rotate = false, overlap }: { rotate?: boolean; overlap?: string },
): Promise<number> {
  const overlapMs = overlap === undefined ? 0 : (parseDurationMs(overlap) ?? Number.NaN)
  const isSound = overlap === undefined || (rotate && overlapMs <= longestOverlapMs)
  if (repository === undefined || more.length > 0 || !isSound) {
    process.stderr.write(usage)
    return 2
  }
  const reading = readEnv(process.env)
  if (!reading.ok) throw new Error(reading.problems.join("; "))
  const secret = reading.env.signalsSecret
  if (secret === undefined) throw new Error("SIGNALS_SECRET is not set, from which keys are derived")
  return openFromEnvironment(process.env, (database) =>
    printSignalKey({ database, secret, now: systemClock.now(), print, note }, { repository, rotate, overlapMs }),
  )
}

async function doctor(repository: string): Promise<number> {
  const reading = readEnv(process.env)
  if (!reading.ok) throw new Error(reading.problems.join("; "))
  const { app, githubApiUrl } = reading.env
  if (app === null) throw new Error("APP_ID and PRIVATE_KEY (or PRIVATE_KEY_PATH) are not set")
  const clients = openAppClients({ ...app, githubApiUrl })
  return examine({ ...clients, ownAppId: app.appId, print }, repository)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`portcullis: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
