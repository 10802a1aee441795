import type { Prisma } from "../generated/client.ts"
import type { Brand } from "../lib/brand.ts"
import { emptyChainHash, seal, type ChainHead, type EntryContext } from "./chain.ts"
import { parseEntryBody, type EntryDraft, type EntryType, type LedgerEntry } from "./entry.ts"

/** A Prisma client inside or outside a transaction. */
export type LedgerReader = Pick<Prisma.TransactionClient, "$queryRaw">

/**
 * Proof that this transaction holds a repository's chain: only {@link lockLane} makes one. While it is held nobody
 * else appends to the repository, and what the transaction read of promotions and pauses is current.
 */
export type LaneLock = Brand<{ repositoryId: number; head: ChainHead }, "LaneLock">

/**
 * Takes the repository's lock for the rest of the transaction. Waits for another holder.
 *
 * Never ask anything of GitHub while holding it: on the embedded database there is one connection for everybody.
 */
export async function lockLane(tx: Prisma.TransactionClient, repositoryId: number): Promise<LaneLock> {
  const locked = await selectHead(tx, repositoryId)
  if (locked !== undefined) return { repositoryId, head: locked } as LaneLock
  await tx.$executeRaw`
    INSERT INTO ledger_chain (repository_id, size, head_hash) VALUES (${BigInt(repositoryId)}, 0, ${emptyChainHash})
    ON CONFLICT DO NOTHING`
  const made = await selectHead(tx, repositoryId)
  if (made === undefined) throw new Error(`no ledger chain for repository ${repositoryId}`)
  return { repositoryId, head: made } as LaneLock
}

async function selectHead(tx: Prisma.TransactionClient, repositoryId: number): Promise<ChainHead | undefined> {
  const rows = await tx.$queryRaw<{ size: bigint; head_hash: string }[]>`
    SELECT size, head_hash FROM ledger_chain WHERE repository_id = ${BigInt(repositoryId)} FOR UPDATE`
  const row = rows[0]
  return row === undefined ? undefined : { size: Number(row.size), hash: row.head_hash }
}

/** What {@link append} wrote, and the lock with the chain's new head. */
export type Appended = { entries: LedgerEntry[]; lock: LaneLock }

/**
 * Appends drafts in order after the head the lock vouches for. A draft whose key the repository already has is
 * passed over: it happened before.
 *
 * @throws when a draft does not fit its schema, when the database refuses (SQLSTATE LG001 to LG003), or when the
 *   database's hash is not the one computed here. The transaction must then be rolled back.
 */
export async function append(
  tx: Prisma.TransactionClient,
  lock: LaneLock,
  work: { drafts: readonly EntryDraft[]; context: Omit<EntryContext, "repositoryId"> },
): Promise<Appended> {
  const known = await existingKeys(tx, lock, work.drafts)
  const entries: LedgerEntry[] = []
  let head = lock.head
  for (const draft of work.drafts) {
    if (known.has(draft.key)) continue
    known.add(draft.key)
    const sealed = seal(draft, head, { repositoryId: lock.repositoryId, ...work.context })
    const rows = await tx.$queryRaw<{ hash: string }[]>`
      INSERT INTO ledger_entry (repository_id, seq, key, type, run_id, body, prev_hash, hash)
      VALUES (${BigInt(lock.repositoryId)}, ${BigInt(sealed.seq)}, ${draft.key}, ${draft.type}, ${draft.runId}::uuid,
        ${sealed.body}, ${sealed.prev}, '')
      RETURNING hash`
    if (rows[0]?.hash !== sealed.hash) throw new Error(`the database hashed ledger entry ${sealed.seq} differently`)
    head = { size: sealed.seq, hash: sealed.hash }
    entries.push(parseEntryBody(sealed.body))
  }
  return { entries, lock: { repositoryId: lock.repositoryId, head } as LaneLock }
}

async function existingKeys(
  tx: Prisma.TransactionClient,
  lock: LaneLock,
  drafts: readonly EntryDraft[],
): Promise<Set<string>> {
  if (drafts.length === 0) return new Set()
  const keys = drafts.map((draft) => draft.key)
  const rows = await tx.$queryRaw<{ key: string }[]>`
    SELECT key FROM ledger_entry WHERE repository_id = ${BigInt(lock.repositoryId)} AND key = ANY(${keys})`
  return new Set(rows.map((row) => row.key))
}

/** One stored row, columns and hashed text, as verification and export need it. */
export type LedgerRow = {
  seq: number
  key: string
  type: string
  runId: string | null
  prevHash: string
  hash: string
  body: string
}

/** Rows of one repository in order, from just after `afterSeq`, `limit` at most. */
export async function readRows(
  db: LedgerReader,
  repositoryId: number,
  page: { afterSeq: number; limit: number },
): Promise<LedgerRow[]> {
  const rows = await db.$queryRaw<
    { seq: bigint; key: string; type: string; run_id: string | null; prev_hash: string; hash: string; body: string }[]
  >`
    SELECT seq, key, type, run_id, prev_hash, hash, body FROM ledger_entry
    WHERE repository_id = ${BigInt(repositoryId)} AND seq > ${BigInt(page.afterSeq)} ORDER BY seq LIMIT ${page.limit}`
  return rows.map((row) => ({
    seq: Number(row.seq),
    key: row.key,
    type: row.type,
    runId: row.run_id,
    prevHash: row.prev_hash,
    hash: row.hash,
    body: row.body,
  }))
}

/** Where the database says a repository's chain stands; undefined when it has none. */
export async function readHead(db: LedgerReader, repositoryId: number): Promise<ChainHead | undefined> {
  const rows = await db.$queryRaw<{ size: bigint; head_hash: string }[]>`
    SELECT size, head_hash FROM ledger_chain WHERE repository_id = ${BigInt(repositoryId)}`
  const row = rows[0]
  return row === undefined ? undefined : { size: Number(row.size), hash: row.head_hash }
}

/** Ids of all repositories that have a chain, ascending. */
export async function chainedRepositories(db: LedgerReader): Promise<number[]> {
  const rows = await db.$queryRaw<{ repository_id: bigint }[]>`
    SELECT repository_id FROM ledger_chain UNION SELECT DISTINCT repository_id FROM ledger_entry ORDER BY 1`
  return rows.map((row) => Number(row.repository_id))
}

/** The newest entry of a type in a repository; undefined when there is none. */
export async function readNewest<T extends EntryType>(
  db: LedgerReader,
  repositoryId: number,
  type: T,
): Promise<Extract<LedgerEntry, { type: T }> | undefined> {
  const rows = await db.$queryRaw<{ body: string }[]>`
    SELECT body FROM ledger_entry WHERE repository_id = ${BigInt(repositoryId)} AND type = ${type}
    ORDER BY seq DESC LIMIT 1`
  const row = rows[0]
  return row === undefined ? undefined : (parseEntryBody(row.body) as Extract<LedgerEntry, { type: T }>)
}
