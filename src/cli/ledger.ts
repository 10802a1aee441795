import { parseEntryBody, type LedgerEntry } from "../ledger/entry.ts"
import { chainedRepositories, readHead, readRows } from "../ledger/ledger.ts"
import { verifyLedger, type Verification } from "../ledger/verify.ts"
import { clip } from "../lib/clip.ts"
import type { Database } from "../lib/db/database.ts"
import { printable } from "./terminal.ts"

type Print = (line: string) => void

/** Verifies one repository's ledger, or all (`null`). Resolves to the exit code: 0 all sound, 1 a bad row. */
export async function verifyLedgers(database: Database, repository: string | null, print: Print): Promise<number> {
  const names = await repositoryNames(database)
  const ids = repository === null ? await chainedRepositories(database.prisma) : [idOf(names, repository)]
  if (ids.length === 0) print("the ledger is empty")
  let sound = true
  for (const id of ids) {
    const verification = await verifyLedger(database.prisma, id)
    print(`${nameOf(names, id)}: ${words(verification)}`)
    sound &&= verification.ok
  }
  return sound ? 0 : 1
}

function words(verification: Verification): string {
  if (verification.ok) {
    const { size, hash } = verification.head
    return `${size} ${size === 1 ? "entry" : "entries"}, head ${hash.slice(0, 12)}…, sound`
  }
  const { seq, detail, checked } = verification
  return `entry ${seq} is bad: ${detail} (${checked} before it ${checked === 1 ? "is" : "are"} sound)`
}

/** Prints the newest entries of one repository, or of each (`null`), as tables, oldest first. Resolves to 0. */
export async function showLedger(
  database: Database,
  wanted: { repository: string | null; limit: number },
  print: Print,
): Promise<number> {
  const names = await repositoryNames(database)
  const { repository, limit } = wanted
  const ids = repository === null ? await chainedRepositories(database.prisma) : [idOf(names, repository)]
  if (ids.length === 0) print("the ledger is empty")
  for (const id of ids) {
    if (repository === null) print(`${nameOf(names, id)}:`)
    const size = (await readHead(database.prisma, id))?.size ?? 0
    const rows = await readRows(database.prisma, id, { afterSeq: Math.max(0, size - limit), limit })
    const cells = rows.map(({ seq, body }) => cellsOf(seq, body))
    for (const line of columns([["#", "time (UTC)", "what", "who", "about", "details"], ...cells])) print(line)
  }
  return 0
}

function nameOf(names: ReadonlyMap<number, string>, id: number): string {
  return names.get(id) ?? `repository ${id}`
}

/** A row that was tampered with is still shown, as what it is. */
function cellsOf(seq: number, body: string): string[] {
  try {
    const entry = parseEntryBody(body)
    const time = new Date(entry.occurredAtMs).toISOString().slice(0, 19).replace("T", " ")
    const about = entry.pullRequest === null ? "" : `#${entry.pullRequest}`
    return [String(seq), time, entry.type, printable(entry.actor.login), about, details(entry)]
  } catch {
    return [String(seq), "", "(not a ledger entry)", "", "", ""]
  }
}

function details({ payload }: LedgerEntry): string {
  return Object.entries(payload)
    .filter(([, value]) => value !== null && value !== 0)
    .map(([name, value]) => `${name}=${inShort(value)}`)
    .join(" ")
}

/** Commit ids are shortened, and other people's words cut. */
function inShort(value: unknown): string {
  const text = typeof value === "string" ? value : inBrief(value)
  const short = text.replace(/^([0-9a-f]{12})[0-9a-f]{28}$/, "$1")
  return printable(clip(short, 80))
}

function inBrief(value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(value)
  return value.map((item: unknown) => (typeof item === "string" ? item : Object.values(item ?? {}).join(":"))).join(",")
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
}

async function repositoryNames(database: Database): Promise<Map<number, string>> {
  const rows = await database.prisma.repository.findMany({ select: { id: true, owner: true, name: true } })
  return new Map(rows.map(({ id, owner, name }) => [Number(id), printable(`${owner}/${name}`)]))
}

function idOf(names: ReadonlyMap<number, string>, wanted: string): number {
  const found = [...names].find(([, name]) => name.toLowerCase() === wanted.toLowerCase())
  if (found !== undefined) return found[0]
  const known = names.size === 0 ? "it knows no repository" : `it knows ${[...names.values()].join(", ")}`
  throw new Error(`there is no ledger of ${wanted}: ${known}`)
}
