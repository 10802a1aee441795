import type { Prisma } from "../generated/client.ts"
import type { Subject } from "../inbox/subject.ts"
import type { ReconcileDeps } from "./deps.ts"

/** Workflow runs that wait at once, most; the sweep finds the others. */
const limitWaiting = 200

/** Marks every deployment of a repository that waits for an answer: what was just written down may be what it waits for. */
export async function wakeDeployments(
  deps: Pick<ReconcileDeps, "queue">,
  tx: Prisma.TransactionClient,
  repositoryId: number,
): Promise<void> {
  const rows = await tx.deploymentRule.findMany({
    where: { repositoryId: BigInt(repositoryId), toldAt: null },
    distinct: ["workflowRun"],
    select: { workflowRun: true },
    orderBy: { requestedAt: "desc" },
    take: limitWaiting,
  })
  await deps.queue.mark(
    tx,
    rows.map(({ workflowRun }): Subject => {
      return { kind: "deployment-rule", repositoryId, workflowRun: Number(workflowRun) }
    }),
  )
}
