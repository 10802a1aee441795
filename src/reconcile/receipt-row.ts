import type { Prisma } from "../generated/client.ts"
import type { Subject } from "../inbox/subject.ts"
import type { Pause } from "../promotion/pause/pause.ts"
import type { ReceiptGate } from "../promotion/pause/receipt.ts"
import { pauseKey } from "../promotion/pause/withdraw.ts"
import { gateCheckName } from "../report/check-run.ts"
import type { ReconcileDeps } from "./deps.ts"

/** The gate of one head; number 0 for a commit of the merge queue. */
export type GatePlace = { number: number; sha: string }

/** A pause that began, where it was asked for, and what was green then. */
export type BegunPause = {
  repositoryId: number
  pause: Pick<Pause, "id" | "scope" | "branch" | "number" | "atMs">
  thread: number
  gates: readonly GatePlace[]
}

/** Remembers what a pause has to shut, in the transaction that wrote it down. */
export async function storeReceipt(tx: Prisma.TransactionClient, begun: BegunPause): Promise<void> {
  const { repositoryId, pause, thread, gates } = begun
  const startedAt = new Date(pause.atMs)
  const data = {
    repositoryId: BigInt(repositoryId),
    pause: pauseKey(pause),
    pauseId: pause.id,
    scope: pause.scope,
    branch: pause.branch,
    number: pause.number,
    thread,
    askedAt: (await askedAt(tx, begun)) ?? startedAt,
    startedAt,
    gates: gates.map(({ number, sha }) => ({ number, sha })),
  }
  await tx.pauseReceipt.createMany({ data, skipDuplicates: true })
}

/** When it was asked for: what was merged since then raced it, although it was not written down yet. */
async function askedAt(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  { repositoryId, pause, thread }: BegunPause,
): Promise<Date | null> {
  const key = /^comment:\d+/.exec(pause.id)?.[0] ?? null
  const rows = await tx.$queryRaw<{ at: Date | null }[]>`
    SELECT max(at) AS at FROM ask WHERE repository_id = ${BigInt(repositoryId)} AND at <= ${new Date(pause.atMs)}
      AND CASE WHEN ${key}::text IS NULL THEN kind = 'label' AND number = ${thread} ELSE key = ${key} END`
  return rows[0]?.at ?? null
}

/** Remembers how far a pause had come when it was lifted, for those that nobody was told of. */
export async function storeLifted(
  tx: Prisma.TransactionClient,
  { repositoryId, pauseId }: { repositoryId: number; pauseId: string },
): Promise<void> {
  const rows = await untold(tx, repositoryId)
  for (const row of rows.filter((one) => one.pauseId === pauseId && one.lifted === null && one.content === null)) {
    const lifted = await gatesNow(tx, { repositoryId, gates: row.gates, since: row.startedAt })
    const key = { repositoryId: row.repositoryId, pause: row.pause }
    await tx.pauseReceipt.update({ where: { repositoryId_pause: key }, data: { lifted } })
  }
}

type Row = Awaited<ReturnType<Prisma.TransactionClient["pauseReceipt"]["findMany"]>>[number]

/** A receipt that nobody was told of. */
export type UntoldReceipt = Omit<Row, "gates"> & { gates: GatePlace[] }

/** The receipts of a repository that nobody was told of, oldest first. */
export async function untold(
  tx: Pick<Prisma.TransactionClient, "pauseReceipt">,
  repositoryId: number,
): Promise<UntoldReceipt[]> {
  const rows = await tx.pauseReceipt.findMany({
    where: { repositoryId: BigInt(repositoryId), toldAt: null },
    orderBy: [{ startedAt: "asc" }, { pause: "asc" }],
  })
  return rows.map((row) => ({ ...row, gates: row.gates as GatePlace[] }))
}

/** How these gates stand now, as far as GitHub has acknowledged it. */
export async function gatesNow(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  { repositoryId, gates, since }: { repositoryId: number; gates: readonly GatePlace[]; since: Date },
): Promise<ReceiptGate[]> {
  const rows = await tx.$queryRaw<{ number: number; state: string; at: Date | null; problem: string | null }[]>`
    SELECT w.number, g.shown_at AS at, g.problem,
      CASE
        WHEN w.number > 0 AND coalesce((f.data ->> 'merged')::boolean, false) THEN 'merged'
        WHEN w.number > 0 AND (f.data ->> 'state' <> 'open' OR f.sha <> w.sha) THEN 'closed'
        WHEN w.number = 0 AND m.data ->> 'standing' = 'false' THEN 'closed'
        WHEN g.shown_state <> 'success' AND g.shown_at >= ${since} THEN 'shut'
        ELSE 'green' END AS state
    FROM unnest(${gates.map(({ number }) => number)}::int[], ${gates.map(({ sha }) => sha)}::text[]) AS w (number, sha)
    LEFT JOIN gate_report g ON g.repository_id = ${BigInt(repositoryId)} AND g.number = w.number AND g.sha = w.sha
      AND g.check_name = ${gateCheckName}
    LEFT JOIN fact f ON f.repository_id = ${BigInt(repositoryId)} AND f.kind = 'pull-request' AND f.key = w.number::text
    LEFT JOIN fact m ON m.repository_id = ${BigInt(repositoryId)} AND m.kind = 'merge-group' AND m.key = w.sha
    ORDER BY w.number, w.sha`
  return rows.map(({ number, state, at, problem }): ReceiptGate => {
    if (state === "shut") return { number, state, shutAtMs: at?.getTime() ?? null, problem: null }
    if (state === "closed") return { number, state: "shut", shutAtMs: null, problem: null }
    return { number, state: state === "merged" ? "merged" : "green", shutAtMs: null, problem }
  })
}

/** Has the receipts looked at that wait for a gate, when one was shown otherwise than green. */
export async function wakeReceipts(
  { queue }: Pick<ReconcileDeps, "queue">,
  tx: Prisma.TransactionClient,
  repositoryId: number,
): Promise<void> {
  const where = { repositoryId: BigInt(repositoryId), toldAt: null }
  if ((await tx.pauseReceipt.findFirst({ where, select: { pause: true } })) === null) return
  await queue.mark(tx, [receiptsOf(repositoryId)], () => receiptUrgency)
}

/** The receipts of a repository, as a subject. */
export function receiptsOf(repositoryId: number): Subject {
  return { kind: "receipts", repositoryId }
}

/** After the green gates, before those that were shut anyway. */
export const receiptUrgency = 2
