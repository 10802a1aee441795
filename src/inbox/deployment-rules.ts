import type { Prisma } from "../generated/client.ts"
import type { Hearsay } from "./reading.ts"

/** Stores the deployments that wait for an answer; one that is heard of again is left as it is, answer included. */
export async function writeWaiting(
  tx: Pick<Prisma.TransactionClient, "deploymentRule">,
  hearsay: readonly Hearsay[],
  requestedAt: Date,
): Promise<void> {
  const data = hearsay.flatMap(({ repository, waiting }) =>
    waiting === undefined
      ? []
      : [
          {
            repositoryId: BigInt(repository.id),
            workflowRun: BigInt(waiting.workflowRun),
            environment: waiting.environment,
            sha: waiting.sha,
            requestedAt,
          },
        ],
  )
  if (data.length > 0) await tx.deploymentRule.createMany({ data, skipDuplicates: true })
}
