import type { Prisma } from "../generated/client.ts"
import type { LedgerEntry } from "../ledger/entry.ts"
import { foldKnownGood, foldRollback, type KnownGood, type Rollback } from "../promotion/lane/lane-state.ts"

type LaneTables = Pick<Prisma.TransactionClient, "knownGood" | "rollback">

/** Brings known-good and the rollbacks up to date with an entry, by the very folds that replay the ledger. */
export async function projectLane(tx: LaneTables, entry: LedgerEntry): Promise<void> {
  if (entry.type === "known_good_advanced") {
    for (const known of foldKnownGood(new Map(), entry).values()) await projectKnownGood(tx, entry.repositoryId, known)
    return
  }
  if (entry.type !== "rollback_started" && entry.type !== "rolled_back" && entry.type !== "failed") return
  const id = entry.payload.rollback_id
  if (id === null) return
  const row = await tx.rollback.findUnique({ where: { id } })
  const next = foldRollback(row === null ? undefined : rollbackOf(row), entry)
  if (next !== undefined) await projectRollback(tx, entry.repositoryId, next)
}

async function projectKnownGood(tx: LaneTables, repositoryId: number, known: KnownGood): Promise<void> {
  const { branch, sha, tag, runId, atMs } = known
  const key = { repositoryId: BigInt(repositoryId), branch }
  const data = { sha, tag, runId, at: new Date(atMs) }
  await tx.knownGood.upsert({
    where: { repositoryId_branch: key },
    create: { ...key, ...data },
    update: data,
  })
}

async function projectRollback(tx: LaneTables, repositoryId: number, rollback: Rollback): Promise<void> {
  const { id, branch, state, culprit, startedAtMs } = rollback
  const data = {
    repositoryId: BigInt(repositoryId),
    branch,
    state,
    culprit,
    startedAt: new Date(startedAtMs),
    data: { ...rollback, along: [...rollback.along] },
  }
  await tx.rollback.upsert({ where: { id }, create: { id, ...data }, update: data })
}

/** Reads a rollback back from its row. */
function rollbackOf(row: Pick<Prisma.RollbackGetPayload<object>, "data">): Rollback {
  return row.data as unknown as Rollback
}

/** Known-good of one branch; null: nothing has proved itself there yet. */
export async function readKnownGood(
  tx: Pick<Prisma.TransactionClient, "knownGood">,
  repositoryId: number,
  branch: string,
): Promise<KnownGood | null> {
  const row = await tx.knownGood.findUnique({
    where: { repositoryId_branch: { repositoryId: BigInt(repositoryId), branch } },
  })
  if (row === null) return null
  return { branch, sha: row.sha, tag: row.tag, runId: row.runId, atMs: row.at.getTime() }
}

/** The rollbacks of one branch, oldest first; those that are open, and the newest hundred others. */
export async function readRollbacks(
  tx: Pick<Prisma.TransactionClient, "rollback">,
  repositoryId: number,
  branch: string,
): Promise<Rollback[]> {
  const rows = await tx.rollback.findMany({
    where: { repositoryId: BigInt(repositoryId), branch },
    orderBy: [{ startedAt: "desc" }, { id: "desc" }],
    take: 100,
  })
  return rows.map(rollbackOf).toReversed()
}
