import { z } from "zod"
import { emptyChainHash, hashBody, type ChainHead } from "./chain.ts"
import { parseEntryBody } from "./entry.ts"
import { readHead, readRows, type LedgerReader, type LedgerRow } from "./ledger.ts"

/** What is wrong with the first bad row. */
export type Damage =
  /** The text does not hash to the stored hash. */
  | "edited"
  /** The row does not name the row before it as its predecessor. */
  | "unlinked"
  /** A sequence number is absent. */
  | "missing"
  /** The columns say something else than the hashed text. */
  | "column-edited"
  /** The text hashes right, but is no entry. */
  | "malformed"
  /** Rows at the end are gone: the chain's head knows more of them. */
  | "truncated"
  /** There are rows the chain's head does not know of. */
  | "overlong"

/** Result of a verification: all rows in order, or the first bad one and why. */
export type Verification =
  | { ok: true; head: ChainHead }
  | { ok: false; seq: number; damage: Damage; detail: string; checked: number }

const pageRows = 1000

/**
 * Reads a repository's whole chain and checks every row and the head. Memory does not grow with its length.
 *
 * Others may append meanwhile: the stored head is read before each page, and compared once no row comes after it.
 */
export async function verifyLedger(db: LedgerReader, repositoryId: number): Promise<Verification> {
  let head: ChainHead = { size: 0, hash: emptyChainHash }
  for (;;) {
    const stored = await readHead(db, repositoryId)
    const rows = await readRows(db, repositoryId, { afterSeq: head.size, limit: pageRows })
    for (const row of rows) {
      const fault = checkRow(row, { repositoryId, head })
      if (fault !== undefined) return { ok: false, checked: head.size, ...fault }
      head = { size: row.seq, hash: row.hash }
    }
    if (rows.length === 0) return checkHead(head, stored)
  }
}

type Fault = { seq: number; damage: Damage; detail: string }

/** Checks one row against the rows before it; undefined when it is sound. */
function checkRow(row: LedgerRow, before: { repositoryId: number; head: ChainHead }): Fault | undefined {
  const expectedSeq = before.head.size + 1
  if (row.seq !== expectedSeq) {
    return { seq: expectedSeq, damage: "missing", detail: `row ${expectedSeq} is missing; the next is ${row.seq}` }
  }
  const { seq } = row
  if (hashBody(row.body) !== row.hash) {
    return { seq, damage: "edited", detail: "its text does not hash to its stored hash" }
  }
  if (row.prevHash !== before.head.hash) {
    return { seq, damage: "unlinked", detail: `it does not follow row ${seq - 1} as it stands now` }
  }
  return checkColumns(row, before.repositoryId)
}

const linkSchema = z.looseObject({ prev: z.string(), repositoryId: z.number() })

function checkColumns(row: LedgerRow, repositoryId: number): Fault | undefined {
  const { seq } = row
  try {
    const entry = parseEntryBody(row.body)
    const link = linkSchema.parse(JSON.parse(row.body))
    const agrees =
      entry.seq === seq &&
      entry.key === row.key &&
      entry.type === row.type &&
      entry.runId === row.runId &&
      link.prev === row.prevHash &&
      link.repositoryId === repositoryId
    return agrees ? undefined : { seq, damage: "column-edited", detail: "its columns and its hashed text disagree" }
  } catch {
    return { seq, damage: "malformed", detail: "its text is not a ledger entry" }
  }
}

function checkHead(found: ChainHead, stored: ChainHead | undefined): Verification {
  const size = stored?.size ?? 0
  const { size: checked } = found
  if (size > checked) {
    const detail = `the chain's head is row ${size}, but the rows end at ${checked}`
    return { ok: false, seq: checked + 1, damage: "truncated", detail, checked }
  }
  if (size < checked) {
    const detail = `the chain's head is row ${size}, but there are ${checked} rows`
    return { ok: false, seq: size + 1, damage: "overlong", detail, checked }
  }
  if (stored !== undefined && stored.hash !== found.hash) {
    const detail = "it is the last row, and not the one the chain's head names"
    return { ok: false, seq: checked, damage: "edited", detail, checked: checked - 1 }
  }
  return { ok: true, head: found }
}
