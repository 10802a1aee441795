import type { Prisma } from "../generated/client.ts"
import { comment, hasComment } from "../github/comment.ts"
import { gitHubFailure } from "../github/error.ts"
import { readRecentlyMerged } from "../github/merged.ts"
import { subjectKey } from "../inbox/subject.ts"
import type { HardStopOutcome } from "../promotion/pause/hard-stop.ts"
import {
  decideReceipt,
  isWorthTelling,
  racedMerges,
  type MergeThere,
  type Receipt,
  type ReceiptGate,
} from "../promotion/pause/receipt.ts"
import type { Pause } from "../promotion/pause/pause.ts"
import { receiptMark, renderReceipt } from "../report/receipt.ts"
import type { ReconcileDeps } from "./deps.ts"
import { gatesNow, receiptsOf, untold, type UntoldReceipt } from "./receipt-row.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/**
 * Tells what came of a repository's pauses, once each: how many gates were shut, and what was merged all the same.
 *
 * What is told is decided once and stored before it is told; after a crash the same is told, unless the comment is
 * found by its mark (named race *the unanswered reply*).
 */
export async function reconcileReceipts(deps: ReconcileDeps, repositoryId: number): Promise<void> {
  const repository = await readRepository(deps.prisma, repositoryId)
  if (repository === null) return
  const waits: number[] = []
  let merges: MergeThere[] | null = null
  for (const row of await untold(deps.prisma, repositoryId)) {
    let receipt = row.content as Receipt | null
    const isNew = receipt === null
    if (receipt === null) {
      let decision = await decide(deps, repository, { row, merges })
      if (decision.kind === "ask") {
        merges = await readRecentlyMerged(await deps.installation(repository.installationId), repository.address)
        decision = await decide(deps, repository, { row, merges })
      }
      if (decision.kind === "wait") waits.push(decision.untilMs)
      if (decision.kind !== "tell") continue
      ;({ receipt } = decision)
      await update(deps, row, { content: receipt })
    }
    await tell(deps, repository, { row, receipt, isNew })
  }
  await lookAgain(deps, repositoryId, waits)
}

type Asked = { row: UntoldReceipt; merges: readonly MergeThere[] | null }

async function decide(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { row, merges }: Asked,
): Promise<ReturnType<typeof decideReceipt>> {
  const { gates, startedAt, askedAt, branch, number } = row
  const pause = { scope: row.scope as Pause["scope"], branch, number, askedAtMs: askedAt.getTime() }
  const config = repository.config?.config ?? null
  const { defaultBranch } = repository
  return decideReceipt({
    nowMs: deps.clock.now().getTime(),
    scope: pause.scope,
    branch,
    untilMs: await untilOf(deps, row),
    startedAtMs: startedAt.getTime(),
    gates: await gatesNow(deps.prisma, { repositoryId: repository.id, gates, since: startedAt }),
    lifted: row.lifted as ReceiptGate[] | null,
    hardStop: await hardStopOf(deps, repository, row),
    raced: merges === null ? null : racedMerges(merges, pause, { config, defaultBranch }),
  })
}

/** Null as well when the pause is over, or one of the same id was made since. */
async function untilOf(deps: ReconcileDeps, row: UntoldReceipt): Promise<number | null> {
  const { repositoryId, pauseId: id, startedAt: at } = row
  const pause = await deps.prisma.pause.findFirst({ where: { repositoryId, id, at }, select: { until: true } })
  return pause?.until?.getTime() ?? null
}

/** A pause of one pull request shuts no branch. */
async function hardStopOf(
  deps: ReconcileDeps,
  { id, config }: KnownRepository,
  { scope }: UntoldReceipt,
): Promise<HardStopOutcome | "pending" | null> {
  if (scope === "pull-request" || config?.config.pause.hard_stop !== true) return null
  const row = await deps.prisma.hardStop.findUnique({ where: { repositoryId: BigInt(id) } })
  if (row === null || (row.rulesetId === null && row.problem === null)) return "pending"
  return { refs: row.refs, problem: row.problem }
}

async function tell(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { row, receipt, isNew }: { row: UntoldReceipt; receipt: Receipt; isNew: boolean },
): Promise<void> {
  const client = await deps.installation(repository.installationId)
  const thread = { address: repository.address, number: row.thread }
  const search = { mark: receiptMark(row.pause), ownAppId: deps.ownAppId, since: row.startedAt }
  try {
    const told = !isWorthTelling(receipt) || (!isNew && (await hasComment(client, thread, search)))
    if (!told) await comment(client, thread, renderReceipt(receipt, row.pause))
  } catch (error) {
    // What GitHub will not have said here (an archived repository, a locked thread) must not hold up the others.
    if (gitHubFailure(error) !== "refused") throw error
    deps.log.warn({ repositoryId: repository.id, number: row.thread, err: error }, "GitHub refused a receipt")
  }
  await update(deps, row, { toldAt: deps.clock.now() })
}

async function update(
  deps: ReconcileDeps,
  { repositoryId, pause }: UntoldReceipt,
  data: Prisma.PauseReceiptUpdateInput,
): Promise<void> {
  await deps.prisma.pauseReceipt.update({ where: { repositoryId_pause: { repositoryId, pause } }, data })
}

/** Somebody is told in the end, even when a gate never turns red. */
async function lookAgain(deps: ReconcileDeps, repositoryId: number, waits: readonly number[]): Promise<void> {
  const subject = subjectKey(receiptsOf(repositoryId))
  if (waits.length === 0) {
    await deps.prisma.lookAgain.deleteMany({ where: { subject } })
    return
  }
  const dueAt = new Date(Math.min(...waits))
  await deps.prisma.lookAgain.upsert({ where: { subject }, create: { subject, dueAt }, update: { dueAt } })
}
