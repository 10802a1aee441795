import type { Prisma } from "../generated/client.ts"
import { append, type LaneLock } from "../ledger/ledger.ts"
import type { EntryDraft, LedgerEntry } from "../ledger/entry.ts"
import type { Pause } from "../promotion/pause.ts"
import { foldPromotion, type PromotionState } from "../promotion/state.ts"

/**
 * Writing down: entries on the ledger, and in the same transaction the projections they lead to. The projections are
 * made by the very fold that replays the ledger, so they cannot say anything else.
 */

/** What is to be written, decided under the lock. */
export type Recording = { drafts: readonly EntryDraft[]; cause: string; nowMs: number }

/** Appends the entries and brings promotions and pauses up to date. Returns what was really appended. */
export async function record(
  tx: Prisma.TransactionClient,
  lock: LaneLock,
  { drafts, cause, nowMs }: Recording,
): Promise<LedgerEntry[]> {
  if (drafts.length === 0) return []
  const context = { cause, occurredAtMs: nowMs, recordedAtMs: nowMs }
  const { entries } = await append(tx, lock, { drafts, context })
  const runs = new Map<string, PromotionState | undefined>()
  for (const entry of entries) {
    if (entry.type === "promotion_pause_changed") await projectPause(tx, entry)
    if (entry.runId === null) continue
    const known = runs.has(entry.runId) ? runs.get(entry.runId) : await readRun(tx, entry.runId)
    runs.set(entry.runId, foldPromotion(known, entry))
  }
  for (const state of runs.values()) if (state !== undefined) await projectPromotion(tx, lock.repositoryId, state)
  return entries
}

type PauseEntry = Extract<LedgerEntry, { type: "promotion_pause_changed" }>

async function projectPause(tx: Prisma.TransactionClient, entry: PauseEntry): Promise<void> {
  const { change, pause_id: id, scope, reason, source } = entry.payload
  await tx.pause.deleteMany({ where: { id, repositoryId: BigInt(entry.repositoryId) } })
  if (change === "resumed") return
  await tx.pause.create({
    data: {
      id,
      repositoryId: BigInt(entry.repositoryId),
      scope,
      number: scope === "pull-request" ? entry.pullRequest : null,
      reason,
      source,
      actor: entry.actor,
      at: new Date(entry.occurredAtMs),
    },
  })
}

/** The pauses that hold in a repository, oldest first. */
export async function readPauses(tx: Prisma.TransactionClient, repositoryId: number): Promise<Pause[]> {
  const rows = await tx.pause.findMany({
    where: { repositoryId: BigInt(repositoryId) },
    orderBy: [{ at: "asc" }, { id: "asc" }],
  })
  return rows.map((row) => ({
    id: row.id,
    scope: row.scope === "repository" ? "repository" : "pull-request",
    number: row.number,
    reason: row.reason,
    source: row.source === "label" ? "label" : "command",
    actor: row.actor as Pause["actor"],
    atMs: row.at.getTime(),
  }))
}

type PromotionRow = Prisma.PromotionGetPayload<object>

function stateOf(row: PromotionRow): PromotionState {
  return {
    runId: row.id,
    number: row.number,
    state: row.state as PromotionState["state"],
    headSha: row.headSha,
    baseRef: row.baseRef,
    stages: row.stages as PromotionState["stages"],
    blockReasons: row.blockReasons,
    version: row.version,
    endedAtMs: row.endedAt?.getTime() ?? null,
  }
}

async function readRun(tx: Prisma.TransactionClient, runId: string): Promise<PromotionState | undefined> {
  const row = await tx.promotion.findUnique({ where: { id: runId } })
  return row === null ? undefined : stateOf(row)
}

/** Numbers of the pull requests whose promotion is on its way to the merge. */
export async function promotionsUnderWay(
  tx: Pick<Prisma.TransactionClient, "promotion">,
  repositoryId: number,
): Promise<number[]> {
  const rows = await tx.promotion.findMany({
    where: { repositoryId: BigInt(repositoryId), state: { in: ["proposed", "ready"] } },
    select: { number: true },
    orderBy: { number: "asc" },
  })
  return rows.map((row) => row.number)
}

async function projectPromotion(
  tx: Prisma.TransactionClient,
  repositoryId: number,
  state: PromotionState,
): Promise<void> {
  const { runId, number, headSha, baseRef, version } = state
  const data = {
    repositoryId: BigInt(repositoryId),
    number,
    state: state.state,
    headSha,
    baseRef,
    stages: { ...state.stages },
    blockReasons: [...state.blockReasons],
    version,
    endedAt: state.endedAtMs === null ? null : new Date(state.endedAtMs),
  }
  await tx.promotion.upsert({ where: { id: runId }, create: { id: runId, ...data }, update: data })
}
