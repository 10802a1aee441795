import type { Prisma } from "../generated/client.ts"
import { withdrawPullRequest } from "../github/landing.ts"
import type { EffectOutcome, WithdrawalDeed } from "../promotion/merge/effect.ts"
import { isOver } from "../promotion/pause/pause.ts"
import type { ReconcileDeps } from "./deps.ts"
import { readPauses } from "./record.ts"
import type { KnownRepository } from "./repository-row.ts"

/** Takes a pull request off the way on which GitHub lands it by itself, unless the pause is over by now. */
export async function withdraw(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { number, deed }: { number: number; deed: WithdrawalDeed },
): Promise<EffectOutcome> {
  if (!(await isPaused(deps, repository.id, number))) return { how: "left", words: "the pause was over by then" }
  const client = await deps.installation(repository.installationId)
  return withdrawPullRequest(client, { address: repository.address, number }, deed.kind)
}

async function isPaused(deps: ReconcileDeps, repositoryId: number, number: number): Promise<boolean> {
  const promotion = await deps.prisma.promotion.findFirst({
    where: { repositoryId: BigInt(repositoryId), number },
    orderBy: { id: "desc" },
    select: { baseRef: true },
  })
  const pauses = await readPauses(deps.prisma, repositoryId)
  return promotion !== null && pauses.some((pause) => isOver(pause, { number, ...promotion }))
}

/** What was done, in whose transaction it is stored. */
export type WithdrawnThere = { repositoryId: number; number: number; deed: WithdrawalDeed; outcome: EffectOutcome }

/**
 * Stores what GitHub is known to show since: before its webhook comes, an old fact must not ask for the same again. The
 * pull request is looked at, so that its gate tells.
 */
export async function storeWithdrawn(
  deps: Pick<ReconcileDeps, "queue">,
  tx: Prisma.TransactionClient,
  { repositoryId, number, deed, outcome }: WithdrawnThere,
): Promise<void> {
  if (outcome.how === "done" || outcome.how === "not-needed") {
    const [kind, field] = deed.kind === "dequeue" ? ["queue", "queued"] : ["pull-request", "autoMerge"]
    await tx.$executeRaw`
      UPDATE fact SET data = jsonb_set(data, ARRAY[${field}], 'false')
      WHERE repository_id = ${BigInt(repositoryId)} AND kind = ${kind} AND key = ${String(number)}`
  }
  await deps.queue.mark(tx, [{ kind: "pull-request", repositoryId, number }])
}
