import type { Prisma } from "../generated/client.ts"
import type { Subject } from "../inbox/subject.ts"
import type { ReconcileDeps } from "./deps.ts"

/** Marks every promotion on its way into a branch: what began or ended there may open or shut its gate. */
export async function wakeGatesInto(
  deps: Pick<ReconcileDeps, "queue">,
  tx: Prisma.TransactionClient,
  { repositoryId, branch }: { repositoryId: number; branch: string },
): Promise<void> {
  const rows = await tx.promotion.findMany({
    where: { repositoryId: BigInt(repositoryId), baseRef: branch, state: { in: ["proposed", "ready"] } },
    select: { number: true },
    orderBy: { number: "asc" },
  })
  await deps.queue.mark(
    tx,
    rows.map(({ number }): Subject => ({ kind: "pull-request", repositoryId, number })),
  )
}
