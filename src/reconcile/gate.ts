import { createHash } from "node:crypto"
import type { Prisma } from "../generated/client.ts"
import { createGate, findGate, updateGate } from "../github/check-run.ts"
import { gitHubFailure } from "../github/error.ts"
import type { Subject } from "../inbox/subject.ts"
import type { Plan } from "../promotion/decide.ts"
import { renderGate, verdictCore, type GateContent } from "../report/check-run.ts"
import { planReport, type ReportState } from "../report/schedule.ts"
import { renderSharedCommit } from "../report/shared-commit.ts"
import type { ReconcileDeps } from "./deps.ts"
import type { Observation, StoredReport } from "./observe.ts"
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

/** What is to be done about the check run. */
export type GatePlan = {
  /** To be written now; null: nothing, or not yet. */
  write: GateWrite | null
  /** What is to be stored first; null: it is stored already. */
  intent: GateIntent | null
  lookAgainAtMs: number | null
}

/** The newest content that was decided on, whether it is written now or later. */
export type GateIntent = { runId: string; number: number; sha: string; intendedDigest: string; changedAtMs: number }

const nothing: GatePlan = { write: null, intent: null, lookAgainAtMs: null }

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}

/** Decides what to write about a verdict, and when. */
export function planGate(observation: Observation, { verdict, promotion }: Plan): GatePlan {
  if (verdict === null || promotion === null) return nothing
  const { snapshot, report, shutBeside } = observation
  const content = renderSharedCommit(renderGate(verdict, { runId: promotion.runId }), shutBeside)
  const digest = digestOf(JSON.stringify(content))
  const verdictDigest = digestOf(verdictCore(verdict) + String(content.conclusion))
  const plan = planReport({ nowMs: snapshot.nowMs, next: { digest, verdictDigest }, ...storedState(report) })
  if (plan.kind === "nothing") return nothing
  const place = { runId: promotion.runId, number: promotion.number, sha: verdict.headSha }
  const stored = report?.intendedDigest === digest && report.changedAtMs === plan.changedAtMs
  const intent = stored ? null : { ...place, intendedDigest: digest, changedAtMs: plan.changedAtMs }
  if (plan.kind === "later") return { write: null, intent, lookAgainAtMs: plan.atMs }
  const checkRunId = report?.checkRunId ?? null
  const unanswered = report !== null && report.shownDigest === null
  return { write: { ...place, checkRunId, unanswered, content, digest, verdictDigest }, intent, lookAgainAtMs: null }
}

function storedState(report: StoredReport | null): Pick<ReportState, "intendedDigest" | "changedAtMs" | "shown"> {
  if (report === null) return { intendedDigest: null, changedAtMs: null, shown: null }
  const { intendedDigest, changedAtMs, shownDigest, shownVerdict } = report
  return {
    intendedDigest,
    changedAtMs,
    shown: shownDigest === null ? null : { digest: shownDigest, verdictDigest: shownVerdict },
  }
}

/** Stores what is intended, in the transaction that records the verdict. */
export async function storeIntent(tx: Prisma.TransactionClient, repositoryId: number, plan: GatePlan): Promise<void> {
  if (plan.intent === null) return
  const { runId, number, sha, intendedDigest, changedAtMs } = plan.intent
  const key = { repositoryId: BigInt(repositoryId), number, sha }
  const intent = { runId, intendedDigest, changedAt: new Date(changedAtMs) }
  await tx.gateReport.upsert({ where: { repositoryId_number_sha: key }, create: { ...key, ...intent }, update: intent })
}

/** Writes the check run and stores that it is shown. */
export async function writeGate(deps: ReconcileDeps, repository: KnownRepository, write: GateWrite): Promise<void> {
  const client = await deps.installation(repository.installationId)
  const { address } = repository
  const target = { address, sha: write.sha, externalId: `${write.number}:${write.sha}` }
  try {
    const found = write.unanswered ? await findGate(client, target, deps.ownAppId) : undefined
    const known = write.checkRunId ?? found
    const updated = known !== undefined && (await updateGate(client, { address, checkRunId: known }, write.content))
    const checkRunId = updated ? known : await createGate(client, target, write.content)
    await acknowledge(deps, repository, { write, checkRunId })
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    deps.log.warn({ repositoryId: repository.id, number: write.number }, "the commit is gone")
  }
}

/**
 * Stores what GitHub was seen to take.
 *
 * Named race: *the late show*. A worker that was taken for dead may still show what it once decided, after another one
 * has shown something newer. Whoever shows something that is not intended any more marks the pull request, and of two
 * check runs the newer one counts, as it does for GitHub.
 */
async function acknowledge(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { write, checkRunId }: { write: GateWrite; checkRunId: number },
): Promise<void> {
  const { number, sha, digest, verdictDigest } = write
  const rows = await deps.prisma.$queryRaw<{ intended_digest: string }[]>`
    UPDATE gate_report SET check_run_id = ${BigInt(checkRunId)}, shown_digest = ${digest}, shown_verdict = ${verdictDigest}
    WHERE repository_id = ${BigInt(repository.id)} AND number = ${number} AND sha = ${sha}
      AND (check_run_id IS NULL OR check_run_id <= ${BigInt(checkRunId)})
    RETURNING intended_digest`
  if (rows.every((row) => row.intended_digest === digest)) return
  const subject: Subject = { kind: "pull-request", repositoryId: repository.id, number }
  await deps.prisma.$transaction((tx) => deps.queue.mark(tx, [subject]))
}
