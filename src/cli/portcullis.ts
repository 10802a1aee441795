#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { checkConfig } from "./config.ts"
import { showLedger, verifyLedgers } from "./ledger.ts"
import { openFromEnvironment } from "./place.ts"

const usage = `Usage: portcullis <command>

  ledger verify [OWNER/REPO]            check every row of the ledger; names the first bad one
  ledger show [OWNER/REPO] [--limit N]  print the newest entries (50) as a table
  config check FILE                     check a promotion.yml; prints FILE:LINE:COLUMN for every problem

The ledger is read from DATABASE_URL, or else from the embedded database in DATA_DIR (./data), as the server does.
Exit codes: 0 sound, 1 not sound, 2 wrong usage or the ledger cannot be read.
`

const print = (line: string): void => void process.stdout.write(`${line}\n`)

async function main(): Promise<number> {
  const options = { help: { type: "boolean" }, version: { type: "boolean" }, limit: { type: "string" } } as const
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
  return run(positionals, values.limit ?? "50")
}

function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
  return (manifest as { version: string }).version
}

/** Runs the command that the words name. Resolves to the exit code. */
async function run(words: readonly string[], limitText: string): Promise<number> {
  const subject = words[2]
  const command = words.length > 3 ? "" : words.slice(0, 2).join(" ")
  const limit = /^[1-9]\d{0,8}$/.test(limitText) ? Number(limitText) : undefined
  if (command === "config check" && subject !== undefined) return checkConfig(subject, print)
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

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`portcullis: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}
