import { createHash } from "node:crypto"
import type { Prisma } from "../generated/client.ts"
import { createGate, findGate, updateGate } from "../github/check-run.ts"
import { gitHubFailure } from "../github/error.ts"
import type { PromotionState } from "../promotion/state.ts"
import type { Verdict } from "../promotion/verdict.ts"
import { renderGate, verdictCore, type GateContent } from "../report/check-run.ts"
import { planReport } from "../report/schedule.ts"
import type { ReconcileDeps } from "./deps.ts"
import type { KnownRepository } from "./repository-row.ts"

/**
 * The check run of a pull request's head: intended in the transaction that records the verdict, written after it,
 * acknowledged in the end.
 *
 * Named race: *the unanswered creation*. If the process dies between creating a check run and learning its id, the row
 * stands without one; the next pass looks for the run by its external id before it creates another.
 */

/** A check run to be written now. */
export type GateWrite = {
  runId: string
  number: number
  sha: string
  checkRunId: number | null
  /** A creation was begun before and never answered. */
  unanswered: boolean
  content: GateContent
  digest: string
  verdictDigest: string
}

/** What is to be written about a verdict: now, later, or nothing. */
export type GateIntent = { write: GateWrite | null; lookAgainAtMs: number | null }

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}

/** Decides what to write and stores the intent. Runs in the transaction that records the verdict. */
export async function intendGate(
  tx: Prisma.TransactionClient,
  place: { repositoryId: number; promotion: PromotionState },
  judged: { verdict: Verdict; nowMs: number },
): Promise<GateIntent> {
  const { repositoryId, promotion } = place
  const { verdict, nowMs } = judged
  const content = renderGate(verdict, { runId: promotion.runId })
  const digest = digestOf(JSON.stringify(content))
  const verdictDigest = digestOf(verdictCore(verdict))
  const key = { repositoryId: BigInt(repositoryId), number: promotion.number, sha: verdict.headSha }
  const row = await tx.gateReport.findUnique({ where: { repositoryId_number_sha: key } })
  const plan = planReport({
    nowMs,
    next: { digest, verdictDigest },
    intendedDigest: row?.intendedDigest ?? null,
    changedAtMs: row?.changedAt.getTime() ?? null,
    shown:
      row === null || row.shownDigest === null ? null : { digest: row.shownDigest, verdictDigest: row.shownVerdict },
  })
  if (plan.kind === "nothing") return { write: null, lookAgainAtMs: null }
  const changedAt = new Date(plan.changedAtMs)
  const intent = { runId: promotion.runId, intendedDigest: digest, changedAt }
  await tx.gateReport.upsert({ where: { repositoryId_number_sha: key }, create: { ...key, ...intent }, update: intent })
  if (plan.kind === "later") return { write: null, lookAgainAtMs: plan.atMs }
  const write: GateWrite = {
    runId: promotion.runId,
    number: promotion.number,
    sha: verdict.headSha,
    checkRunId: row === null || row.checkRunId === null ? null : Number(row.checkRunId),
    unanswered: row !== null && row.shownDigest === null,
    content,
    digest,
    verdictDigest,
  }
  return { write, lookAgainAtMs: null }
}

/** Writes the check run and stores that it is shown. */
export async function writeGate(deps: ReconcileDeps, repository: KnownRepository, write: GateWrite): Promise<void> {
  const client = await deps.installation(repository.installationId)
  const { address } = repository
  const target = { address, sha: write.sha, externalId: `${write.number}:${write.sha}` }
  try {
    const found = write.unanswered ? await findGate(client, target, deps.ownAppId) : undefined
    const known = write.checkRunId ?? found
    if (known !== undefined) await updateGate(client, { address, checkRunId: known }, write.content)
    const checkRunId = known ?? (await createGate(client, target, write.content))
    await acknowledge(deps, repository, { write, checkRunId })
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    deps.log.warn({ repositoryId: repository.id, number: write.number }, "the commit or its check run is gone")
  }
}

async function acknowledge(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { write, checkRunId }: { write: GateWrite; checkRunId: number },
): Promise<void> {
  const key = { repositoryId: BigInt(repository.id), number: write.number, sha: write.sha }
  await deps.prisma.gateReport.update({
    where: { repositoryId_number_sha: key },
    data: { checkRunId: BigInt(checkRunId), shownDigest: write.digest, shownVerdict: write.verdictDigest },
  })
}
