import { Prisma } from "../generated/client.ts"
import { append, type LaneLock } from "../ledger/ledger.ts"
import type { EntryDraft, LedgerEntry } from "../ledger/entry.ts"
import type { Pause } from "../promotion/pause/pause.ts"
import { assertNoMerge } from "./merge-lease.ts"
import { foldPromotion, type PromotionState } from "../promotion/state.ts"
import { projectLane } from "./record-lane.ts"

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
  if (drafts.some(isPause)) await assertNoMerge(tx, lock.repositoryId, new Date(nowMs))
  const context = { cause, occurredAtMs: nowMs, recordedAtMs: nowMs }
  const { entries } = await append(tx, lock, { drafts, context })
  const runs = new Map<string, PromotionState | undefined>()
  for (const entry of entries) {
    if (entry.type === "promotion_pause_changed") await projectPause(tx, entry)
    await projectLane(tx, entry)
    if (entry.runId === null) continue
    const known = runs.has(entry.runId) ? runs.get(entry.runId) : await readRun(tx, entry.runId)
    runs.set(entry.runId, foldPromotion(known, entry))
  }
  for (const state of runs.values()) if (state !== undefined) await projectPromotion(tx, lock.repositoryId, state)
  return entries
}

function isPause(draft: EntryDraft): boolean {
  return draft.type === "promotion_pause_changed" && draft.payload.change === "paused"
}

type PauseEntry = Extract<LedgerEntry, { type: "promotion_pause_changed" }>

async function projectPause(tx: Prisma.TransactionClient, entry: PauseEntry): Promise<void> {
  const { change, pause_id: id, scope, reason, source, branch = null, until = null } = entry.payload
  await tx.pause.deleteMany({ where: { id, repositoryId: BigInt(entry.repositoryId) } })
  if (change !== "paused") return
  await tx.pause.create({
    data: {
      id,
      repositoryId: BigInt(entry.repositoryId),
      scope,
      branch,
      number: scope === "pull-request" ? entry.pullRequest : null,
      reason,
      source,
      actor: entry.actor,
      at: new Date(entry.occurredAtMs),
      until: until === null ? null : new Date(until),
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
    scope: row.scope as Pause["scope"],
    branch: row.branch,
    number: row.number,
    reason: row.reason,
    source: row.source as Pause["source"],
    actor: row.actor as Pause["actor"],
    atMs: row.at.getTime(),
    untilMs: row.until?.getTime() ?? null,
  }))
}

type PromotionRow = Prisma.PromotionGetPayload<object>

/** Reads a promotion back from its row. */
export function stateOf(row: PromotionRow): PromotionState {
  return {
    runId: row.id,
    number: row.number,
    state: row.state as PromotionState["state"],
    headSha: row.headSha,
    baseRef: row.baseRef,
    stages: row.stages as PromotionState["stages"],
    blockReasons: row.blockReasons,
    evaluated: row.evaluated,
    approvals: row.approvals as unknown as PromotionState["approvals"],
    staleApprovers: row.staleApprovers,
    asked: row.asked as PromotionState["asked"],
    voided: row.voided,
    proposedAtMs: row.proposedAt.getTime(),
    version: row.version,
    endedAtMs: row.endedAt?.getTime() ?? null,
    endedBy: row.endedBy as PromotionState["endedBy"],
    ending: row.ending as PromotionState["ending"],
    after: row.after as PromotionState["after"],
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
    evaluated: state.evaluated,
    approvals: state.approvals.map((approval) => ({ ...approval })),
    staleApprovers: [...state.staleApprovers],
    asked: state.asked ?? Prisma.DbNull,
    voided: [...state.voided],
    proposedAt: new Date(state.proposedAtMs),
    version,
    endedAt: state.endedAtMs === null ? null : new Date(state.endedAtMs),
    endedBy: state.endedBy,
    ending: state.ending ?? Prisma.DbNull,
    after: state.after ?? Prisma.DbNull,
    landedSha: state.after?.landing?.sha ?? null,
  }
  await tx.promotion.upsert({ where: { id: runId }, create: { id: runId, ...data }, update: data })
}
