import type { Prisma } from "../generated/client.ts"
import type { Subject } from "../inbox/subject.ts"

/** The merge groups of a repository that stand, as subjects. */
export async function standingGroups(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  repositoryId: number,
): Promise<Subject[]> {
  const rows = await tx.$queryRaw<{ key: string }[]>`
    SELECT key FROM fact WHERE repository_id = ${BigInt(repositoryId)} AND kind = 'merge-group'
      AND data ->> 'standing' = 'true'`
  return rows.map(({ key }): Subject => ({ kind: "merge-group", repositoryId, sha: key }))
}
