import type { Prisma } from "../generated/client.ts"
import { subjectKey } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import { expirePauses } from "../promotion/pause/pause.ts"
import type { ReconcileDeps } from "./deps.ts"
import { followPauses } from "./pause-change.ts"
import { readPauses, record } from "./record.ts"

/** Ends the pauses whose time is over, and looks again when the next one's is. */
export async function reconcilePauses(deps: ReconcileDeps, repositoryId: number): Promise<void> {
  await deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, repositoryId)
    const nowMs = deps.clock.now().getTime()
    const drafts = expirePauses(await readPauses(tx, repositoryId), nowMs)
    const cause = `job:${subjectKey({ kind: "pauses", repositoryId })}`
    await followPauses(deps, tx, await record(tx, lock, { drafts, cause, nowMs }))
    await scheduleExpiry(tx, repositoryId)
  })
}

/** Has the pauses looked at when the first of them ends by itself; in the transaction that changed them. */
export async function scheduleExpiry(tx: Prisma.TransactionClient, repositoryId: number): Promise<void> {
  const subject = subjectKey({ kind: "pauses", repositoryId })
  const next = await tx.pause.findFirst({
    where: { repositoryId: BigInt(repositoryId), until: { not: null } },
    orderBy: { until: "asc" },
    select: { until: true },
  })
  const dueAt = next?.until ?? null
  if (dueAt === null) await tx.lookAgain.deleteMany({ where: { subject } })
  else await tx.lookAgain.upsert({ where: { subject }, create: { subject, dueAt }, update: { dueAt } })
}
