import type { Prisma } from "../generated/client.ts"
import { gitHubFailure, gitHubWords, standingRefusal } from "../github/error.ts"
import { closePullRequest, deleteBranch } from "../github/pull-request-state.ts"
import type { AskedDeed, Deed, EffectDraft, EffectOutcome, WithdrawalDeed } from "../promotion/merge/effect.ts"
import type { ReconcileDeps } from "./deps.ts"
import type { KnownRepository } from "./repository-row.ts"
import { storeWithdrawn, withdraw } from "./withdraw.ts"

type Place = { repositoryId: number; number: number }

/** Stores what is to be done, in the transaction of the entries that lead to it. */
export async function storeEffects(
  tx: Pick<Prisma.TransactionClient, "effect">,
  { repositoryId, number }: Place,
  intended: { effects: readonly EffectDraft[]; at: Date },
): Promise<void> {
  await tx.effect.createMany({
    data: intended.effects.map(({ key, runId, deed }) => {
      return { repositoryId: BigInt(repositoryId), number, key, runId, deed, intendedAt: intended.at }
    }),
    skipDuplicates: true,
  })
}

type Undone = { key: string; number: number; runId: string; deed: Deed }

/**
 * Does what was intended on a pull request and is not done yet, oldest first. What GitHub refuses for good is stored as
 * refused, and told to whoever asked; everything else that goes wrong is tried again with the next pass.
 */
export async function runEffects(deps: ReconcileDeps, repository: KnownRepository, number: number): Promise<void> {
  const repositoryId = BigInt(repository.id)
  const rows = await deps.prisma.effect.findMany({
    where: { repositoryId, number, doneAt: null },
    orderBy: [{ intendedAt: "asc" }, { key: "asc" }],
  })
  for (const row of rows) {
    const deed = row.deed as Deed
    const outcome = await attempt(deps, repository, { ...row, deed })
    await deps.prisma.$transaction(async (tx) => {
      const where = { repositoryId_key: { repositoryId, key: row.key } }
      await tx.effect.update({ where, data: { doneAt: deps.clock.now(), outcome } })
      if (isWithdrawal(deed)) await storeWithdrawn(deps, tx, { repositoryId: repository.id, number, deed, outcome })
    })
  }
}

async function attempt(deps: ReconcileDeps, repository: KnownRepository, effect: Undone): Promise<EffectOutcome> {
  try {
    return await perform(deps, repository, effect)
  } catch (error) {
    // A suspension is lifted some day, and the sweep comes back.
    if (gitHubFailure(error) !== "refused" || standingRefusal(error)?.why === "suspended") throw error
    const { deed } = effect
    deps.log.warn({ repositoryId: repository.id, number: effect.number, deed: deed.kind, err: error }, "GitHub refused")
    const words = error instanceof Error ? gitHubWords(error) : "no reason given"
    return { how: "refused", words }
  }
}

async function perform(deps: ReconcileDeps, repository: KnownRepository, effect: Undone): Promise<EffectOutcome> {
  const client = await deps.installation(repository.installationId)
  const { deed, number, runId } = effect
  const { address } = repository
  if (isWithdrawal(deed)) return withdraw(deps, repository, { number, deed })
  switch (deed.kind) {
    case "close-pull-request": {
      const run = await deps.prisma.promotion.findUnique({ where: { id: runId }, select: { endedBy: true } })
      // Closed since, so whoever has opened it again meant to.
      if (run?.endedBy === "closed") return { how: "not-needed" }
      return { how: await closePullRequest(client, { address, number }) }
    }
    case "delete-branch": {
      const inTheWay = await whatNeeds(deps, repository, { number, branch: deed.branch })
      if (inTheWay !== null) return { how: "left", words: inTheWay }
      const done = await deleteBranch(client, { address, ...deed })
      return done === "moved" ? { how: "left", words: "it was pushed to since" } : { how: done }
    }
  }
}

function isWithdrawal(deed: Deed): deed is WithdrawalDeed {
  return deed.kind === "dequeue" || deed.kind === "disable-auto-merge"
}

/** Deleting a branch closes every pull request from it, and every one into it. */
async function whatNeeds(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { number, branch }: { number: number; branch: string },
): Promise<string | null> {
  const key = { repositoryId: BigInt(repository.id), number, doneAt: { not: null } }
  const closing = await deps.prisma.effect.findMany({ where: key, select: { deed: true, outcome: true } })
  const kept = closing.some(({ deed, outcome }) => {
    return (deed as Deed).kind === "close-pull-request" && (outcome as EffectOutcome | null)?.how === "refused"
  })
  if (kept) return "the pull request is still open"
  const rows = await deps.prisma.$queryRaw<{ number: number }[]>`
    SELECT number FROM fact WHERE repository_id = ${BigInt(repository.id)} AND kind = 'pull-request'
      AND number <> ${number} AND data ->> 'state' = 'open'
      AND (data ->> 'baseRef' = ${branch} OR (data ->> 'headRef' = ${branch} AND NOT (data ->> 'fork')::boolean))
    ORDER BY number LIMIT 1`
  return rows[0] === undefined ? null : `pull request #${rows[0].number} needs it`
}

/** What was intended because of a comment, and what came of it. */
export async function effectsOf(
  deps: ReconcileDeps,
  repositoryId: number,
  askKey: string,
): Promise<{ deed: AskedDeed; outcome: EffectOutcome | null }[]> {
  const rows = await deps.prisma.effect.findMany({
    where: { repositoryId: BigInt(repositoryId), key: { startsWith: `${askKey}:` } },
    orderBy: { key: "asc" },
  })
  return rows.map(({ deed, outcome }) => ({ deed: deed as AskedDeed, outcome: outcome as EffectOutcome | null }))
}
