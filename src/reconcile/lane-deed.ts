import type { Prisma } from "../generated/client.ts"
import { gitHubFailure, gitHubWords, standingRefusal } from "../github/error.ts"
import { readNewCommits } from "../github/new-commits.ts"
import { sha } from "../lib/brand.ts"
import { closePullRequest } from "../github/pull-request-state.ts"
import {
  openKey,
  type LaneDeed,
  type LaneEffectDraft,
  type LaneOutcome,
  type MoveTag,
} from "../promotion/lane/lane-deed.ts"
import { moveTag, readTag } from "../github/tag.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import { judgeHealth } from "../promotion/health/judge-health.ts"
import { renderKnownGood } from "../report/known-good.ts"
import { keptInputs } from "./health-input.ts"
import { closeOnward, openOnward } from "./open-onward.ts"
import { openRollback } from "./open-rollback.ts"
import type { LaneContext } from "./lane.ts"
import { readKnownGood } from "./record-lane.ts"

/** Stores what is to be done on a branch, in the transaction of the entries that lead to it. */
export async function storeLaneEffects(
  tx: Pick<Prisma.TransactionClient, "effect">,
  repositoryId: number,
  intended: { effects: readonly LaneEffectDraft[]; at: Date },
): Promise<void> {
  await tx.effect.createMany({
    data: intended.effects.map(({ key, runId, deed }) => {
      return { repositoryId: BigInt(repositoryId), number: 0, key, runId, deed, intendedAt: intended.at }
    }),
    skipDuplicates: true,
  })
}

/**
 * Does what was intended on a branch and is not done yet, oldest first; true when anything was. What GitHub refuses for
 * good is stored as refused, and told in the report; everything else that goes wrong is tried again with the next pass.
 * The known-good tag alone is tried again after a refusal, each hour: until then nothing can be known-good.
 *
 * A rollback that was stopped before its pull request was opened, or before that was known, is opened and then closed: only
 * so it is sure that none is left open.
 */
export async function runLaneDeeds(context: LaneContext): Promise<boolean> {
  const { deps, place } = context
  const repositoryId = BigInt(place.repositoryId)
  const undone = await deps.prisma.effect.findMany({
    where: { repositoryId, number: 0, doneAt: null, deed: { path: ["branch"], equals: place.branch } },
    orderBy: [{ intendedAt: "asc" }, { key: "asc" }],
  })
  const rows = [...undone, ...(await refusedTag(context))]
  const deeds = rows.map((row) => ({ ...row, deed: row.deed as LaneDeed }))
  const isClosing = ({ deed }: { deed: LaneDeed }): boolean => deed.kind === "close-rollback"
  for (const row of [...deeds.filter((one) => !isClosing(one)), ...deeds.filter(isClosing)]) {
    const outcome = await attempt(context, row.deed)
    await deps.prisma.$transaction(async (tx) => {
      const where = { repositoryId_key: { repositoryId, key: row.key } }
      await tx.effect.update({ where, data: { doneAt: deps.clock.now(), outcome } })
      // Its gate may have been judged before it was known what the pull request is.
      const number = outcome.how === "done" ? outcome.number : undefined
      if (number !== undefined)
        await deps.queue.mark(tx, [{ kind: "pull-request", repositoryId: place.repositoryId, number }])
    })
  }
  return rows.length > 0
}

/** How long until a tag that GitHub would not have moved is tried again: somebody may have let the app meanwhile. */
const retryTagMs = 3600 * 1000

/** The newest move of the known-good tag, if it was refused so long ago, and its commit still is to have the tag. */
async function refusedTag({ deps, repository, place }: LaneContext): Promise<{ key: string; deed: unknown }[]> {
  if (repository.config === null || modeOf(repository.config) !== "enforce") return []
  const before = new Date(deps.clock.now().getTime() - retryTagMs)
  return deps.prisma.$queryRaw<{ key: string; deed: unknown }[]>`
    SELECT e.key, e.deed FROM (
      SELECT * FROM effect
      WHERE repository_id = ${BigInt(place.repositoryId)} AND number = 0
        AND deed ->> 'branch' = ${place.branch} AND deed ->> 'kind' = 'move-tag'
      ORDER BY intended_at DESC LIMIT 1) AS e
    JOIN promotion p ON p.id = e.run_id AND p.state = 'promoted_pending_health'
    WHERE e.outcome ->> 'how' = 'refused' AND e.outcome ->> 'why' <> 'not-forward' AND e.done_at <= ${before}`
}

async function attempt(context: LaneContext, deed: LaneDeed): Promise<LaneOutcome> {
  const { deps, place } = context
  try {
    return await perform(context, deed)
  } catch (error) {
    // A suspension is lifted some day, and the sweep comes back.
    if (gitHubFailure(error) !== "refused" || standingRefusal(error)?.why === "suspended") throw error
    deps.log.warn({ ...place, deed: deed.kind, err: error }, "GitHub refused")
    const words = error instanceof Error ? gitHubWords(error) : "no reason given"
    return { how: "refused", why: "permission", words }
  }
}

async function perform(context: LaneContext, deed: LaneDeed): Promise<LaneOutcome> {
  switch (deed.kind) {
    case "move-tag":
      return advanceTag(context, deed)
    case "open-rollback":
      return openRollback(context, deed)
    case "close-rollback": {
      const { deps, repository, place } = context
      const key = { repositoryId: BigInt(place.repositoryId), key: openKey(deed.rollbackId) }
      const opened = await deps.prisma.effect.findUnique({ where: { repositoryId_key: key } })
      const number = (opened?.outcome as { number?: number } | null)?.number
      if (number === undefined) return { how: "not-needed" }
      const client = await deps.installation(repository.installationId)
      return { how: await closePullRequest(client, { address: repository.address, number }) }
    }
    case "open-onward":
      return openOnward(context, deed)
    case "close-onward":
      return closeOnward(context, deed)
  }
}

/**
 * Moves the known-good tag, forward only: the commit that the ledger has as known-good must be one before the new one on
 * the branch. After a push by force it may not be: then somebody has to delete the tag first. From where the tag is found it goes by compare-and-set, so that a move by somebody else meanwhile is seen.
 */
async function advanceTag({ deps, repository, place }: LaneContext, deed: MoveTag): Promise<LaneOutcome> {
  const client = await deps.installation(repository.installationId)
  const { address } = repository
  const { tag, commit, each } = deed
  const message = await messageOf({ deps, place }, deed)
  const at = await readTag(client, { address, tag })
  if (at?.commit !== commit) {
    const known = await readKnownGood(deps.prisma, place.repositoryId, place.branch)
    if (known !== null) {
      const found = await readNewCommits(client, { address, from: sha(known.sha), to: sha(commit) })
      // Who deleted the tag wants it anew; where it still is, only forward.
      if (found.kind !== "ahead" && at !== null) {
        return { how: "refused", why: "not-forward", words: `${commit} does not come after ${known.sha}` }
      }
    }
    const moved = await moveTag(client, { address, tag, from: at?.tagSha ?? null, commit: sha(commit), message })
    if (moved.how === "moved") throw new Error(`the tag ${tag} was moved by somebody else meanwhile`)
    if (moved.how === "refused") return moved
  }
  if (each !== null && (await readTag(client, { address, tag: each })) === null) {
    const kept = await moveTag(client, { address, tag: each, from: null, commit: sha(commit), message })
    if (kept.how === "refused") return kept
  }
  return { how: "done" }
}

/** What the tag says: what the verdict stood on is kept, so the same is said however often it is tried. */
async function messageOf(
  { deps, place }: Pick<LaneContext, "deps" | "place">,
  { runId, number, commit, ledger }: MoveTag,
): Promise<string> {
  const input = (await keptInputs(deps.prisma, [runId])).get(runId)
  const verdict = input === undefined ? { items: [], startMs: null, deadlineMs: 0 } : judgeHealth(input)
  return renderKnownGood({
    runId,
    number: number === 0 ? null : number,
    baseRef: place.branch,
    sha: commit,
    verdict,
    ledger,
  })
}
