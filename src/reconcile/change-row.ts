import type { Prisma } from "../generated/client.ts"
import type { NamedStatement } from "../lib/db/query.ts"
import { pathsOf, type Change } from "../promotion/change/change.ts"

/** A change that was read. */
type ReadChange = { repositoryId: number; number: number; change: Change; at: Date }

/**
 * Keeps what a head changes. Read again it is written again: a diff that could not be told whole may be told now, and
 * another config may want to know more of it.
 */
export async function storeChange(
  db: Pick<Prisma.TransactionClient, "$executeRaw">,
  { repositoryId, number, change, at }: ReadChange,
): Promise<void> {
  await db.$executeRaw`
    INSERT INTO change (repository_id, number, head_sha, base_ref, data, paths, read_at)
    VALUES (${BigInt(repositoryId)}, ${number}, ${change.headSha}, ${change.baseRef},
      ${storable(change)}::jsonb, ${pathsOf(change).map(storableText)}, ${at})
    ON CONFLICT (repository_id, number, head_sha, base_ref) DO UPDATE
      SET data = excluded.data, paths = excluded.paths, read_at = excluded.read_at WHERE change.read_at <= excluded.read_at`
}

function storable(change: Change): string {
  return JSON.stringify(change, (_, value: unknown) => (typeof value === "string" ? storableText(value) : value))
}

/** PostgreSQL stores no NUL and no half of a character; a rule sees the replacement sign instead. */
function storableText(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed()
}

const selection: NamedStatement = {
  name: "read-change",
  text: `
    SELECT data, length(data::text) AS length FROM change
    WHERE repository_id = $1 AND number = $2 AND head_sha = $3 AND base_ref = $4 AND read_at = $5`,
}

/** Which change, and when it was read, as the database tells it. */
export type ChangeKey = { repositoryId: number; number: number; headSha: string; baseRef: string; readAt: string }

/** Most text of changes kept in memory, in UTF-16 units of JSON. */
const limitKept = 8 * 1024 * 1024

const kept = new Map<string, { change: Change; length: number }>()
let keptLength = 0

/**
 * Reads a change, from memory if it was read lately: the same change is the same object, so that what was judged of it
 * need not be judged again for every check that reports.
 */
export async function readStoredChange(
  ask: <Row>(statement: NamedStatement, values: readonly unknown[]) => Promise<Row[]>,
  key: ChangeKey,
): Promise<Change | null> {
  const place = JSON.stringify(key)
  const known = kept.get(place)
  if (known !== undefined) return known.change
  const values = [key.repositoryId, key.number, key.headSha, key.baseRef, key.readAt]
  const [row] = await ask<{ data: Change; length: number }>(selection, values)
  if (row === undefined) return null
  const { data: change, length } = row
  kept.set(place, { change, length })
  keptLength += length
  forgetOldest()
  return change
}

function forgetOldest(): void {
  for (const [place, { length }] of kept) {
    if (keptLength <= limitKept) return
    kept.delete(place)
    keptLength -= length
  }
}
