import type { Prisma } from "../generated/client.ts"
import type { Subject } from "../inbox/subject.ts"
import type { LedgerEntry } from "../ledger/entry.ts"
import { isOver, type PausedPlace } from "../promotion/pause/pause.ts"
import { urgencyUnderPause } from "../promotion/pause/urgency.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import { gateCheckName } from "../report/check-run.ts"
import { wakeDeployments } from "./deployment-rule-wake.ts"
import type { ReconcileDeps } from "./deps.ts"
import {
  receiptsOf,
  receiptUrgency,
  storeLifted,
  storeReceipt,
  type BegunPause,
  type GatePlace,
} from "./receipt-row.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"
import { standingGroups } from "./standing-groups.ts"

type PauseEntry = Extract<LedgerEntry, { type: "promotion_pause_changed" }>

/**
 * Does what follows from entries about pauses, in the transaction that wrote them: every promotion that such a pause is
 * over is looked at. When a pause began, those go first that are nearest to a merge; a resume is in no hurry.
 */
export async function followPauses(
  deps: Pick<ReconcileDeps, "queue">,
  tx: Prisma.TransactionClient,
  entries: readonly LedgerEntry[],
): Promise<void> {
  const changes = entries.filter((entry): entry is PauseEntry => entry.type === "promotion_pause_changed")
  const [first] = changes
  if (first === undefined) return
  const { repositoryId } = first
  const promotions = await promotionsNearMerge(tx, repositoryId)
  const repository = await readRepository(tx, repositoryId)
  const enforced = repository?.config != null && modeOf(repository.config) === "enforce"
  for (const change of changes) {
    const { payload } = change
    if (payload.change !== "paused") await storeLifted(tx, { repositoryId, pauseId: payload.pause_id })
    else if (enforced) await storeReceipt(tx, await begunPause(tx, change, promotions))
  }
  await wakeDeployments(deps, tx, repositoryId)
  await markPromotions(deps, tx, { repositoryId, changes, promotions, hasStop: await mayStop(tx, repository) })
}

/** What a pause has to shut: the gates that are green, or meant to be, at its beginning. */
async function begunPause(
  tx: Prisma.TransactionClient,
  change: PauseEntry,
  promotions: readonly NearMerge[],
): Promise<BegunPause> {
  const { repositoryId, payload, pullRequest, occurredAtMs: atMs } = change
  const { pause_id: id, scope, branch = null } = payload
  const number = scope === "pull-request" ? pullRequest : null
  const over = promotions.filter((promotion) => promotion.green && isChangeOver(change, promotion))
  const gates = over.map((promotion) => ({ number: promotion.number, sha: promotion.sha }))
  const groups = scope === "pull-request" ? [] : await greenGroups(tx, { repositoryId, branch })
  const pause = { id, scope, branch: branch ?? null, number, atMs }
  return { repositoryId, pause, thread: pullRequest ?? 0, gates: [...groups, ...gates] }
}

/** Commits of the merge queue whose gate is green, of one branch or of all. */
async function greenGroups(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  { repositoryId, branch }: { repositoryId: number; branch: string | null | undefined },
): Promise<GatePlace[]> {
  return tx.$queryRaw<GatePlace[]>`
    SELECT 0 AS number, f.key AS sha FROM fact f
    JOIN gate_report g ON g.repository_id = f.repository_id AND g.number = 0 AND g.sha = f.key
    WHERE f.repository_id = ${BigInt(repositoryId)} AND f.kind = 'merge-group' AND f.data ->> 'standing' = 'true'
      AND g.shown_state = 'success' AND (${branch ?? null}::text IS NULL OR f.data ->> 'baseRef' = ${branch ?? null})
    ORDER BY f.key`
}

type Changed = {
  repositoryId: number
  changes: readonly PauseEntry[]
  promotions: readonly NearMerge[]
  hasStop: boolean
}

async function markPromotions(
  deps: Pick<ReconcileDeps, "queue">,
  tx: Prisma.TransactionClient,
  { repositoryId, changes, promotions, hasStop }: Changed,
): Promise<void> {
  const urgencies = new Map<number, number>()
  for (const promotion of promotions) {
    const over = changes.filter((change) => isChangeOver(change, promotion))
    if (over.length === 0) continue
    const begins = over.some(({ payload }) => payload.change === "paused")
    urgencies.set(promotion.number, begins ? urgencyUnderPause(promotion) : 0)
  }
  const groups = await standingGroups(tx, repositoryId)
  const numbers = [...urgencies.keys()]
  const begins = changes.some(({ payload }) => payload.change === "paused")
  await deps.queue.mark(
    tx,
    [
      ...groups,
      ...numbers.map((number): Subject => ({ kind: "pull-request", repositoryId, number })),
      receiptsOf(repositoryId),
      ...(hasStop ? [{ kind: "hard-stop", repositoryId } as const] : []),
    ],
    (subject) => {
      if (subject.kind === "hard-stop") return urgencyUnderPause("hard-stop")
      if (subject.kind === "merge-group") return begins ? urgencyUnderPause("merge-group") : 0
      return subject.kind === "pull-request" ? (urgencies.get(subject.number) ?? 0) : receiptUrgency
    },
  )
}

/** Whether a ruleset may have to be made, or to go: the config asks for one, or one was made. */
export async function mayStop(
  tx: Pick<Prisma.TransactionClient, "hardStop">,
  repository: KnownRepository | null,
): Promise<boolean> {
  if (repository === null) return false
  if (repository.config?.config.pause.hard_stop === true) return true
  return (await tx.hardStop.findUnique({ where: { repositoryId: BigInt(repository.id) } })) !== null
}

/** Whether the pause that an entry is about is over a pull request. */
function isChangeOver({ payload, pullRequest }: PauseEntry, place: PausedPlace): boolean {
  const { scope, branch = null } = payload
  return isOver({ scope, branch, number: scope === "pull-request" ? pullRequest : null }, place)
}

type NearMerge = PausedPlace & { sha: string; landing: boolean; green: boolean }

/** The promotions on their way to the merge, and how near each of them is, by what was heard of it. */
async function promotionsNearMerge(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  repositoryId: number,
): Promise<NearMerge[]> {
  return tx.$queryRaw<NearMerge[]>`
    SELECT p.number, p.base_ref AS "baseRef", p.head_sha AS sha,
      coalesce(f.data ->> 'autoMerge' = 'true', false) OR coalesce(q.data ->> 'queued' = 'true', false) AS landing,
      p.state = 'ready' OR coalesce(g.shown_state = 'success', false) AS green
    FROM promotion p
    LEFT JOIN fact f ON f.repository_id = p.repository_id AND f.kind = 'pull-request' AND f.key = p.number::text
    LEFT JOIN fact q ON q.repository_id = p.repository_id AND q.kind = 'queue' AND q.key = p.number::text
    LEFT JOIN gate_report g ON g.repository_id = p.repository_id AND g.number = p.number AND g.sha = p.head_sha
      AND g.check_name = ${gateCheckName}
    WHERE p.repository_id = ${BigInt(repositoryId)} AND p.state IN ('proposed', 'ready')
    ORDER BY p.number`
}
