import { createHash } from "node:crypto"
import type { Prisma } from "../generated/client.ts"
import { createGate, findGate, updateGate, type FoundGate } from "../github/check-run.ts"
import { gitHubFailure, gitHubWords } from "../github/error.ts"
import type { Subject } from "../inbox/subject.ts"
import type { Plan } from "../promotion/gate/decide.ts"
import { gateCheckName, renderGate, verdictCore, type GateContent } from "../report/check-run.ts"
import { planReport, type ReportState } from "../report/schedule.ts"
import { withdrawnSection } from "../report/withdraw.ts"
import { renderSharedCommit } from "../report/shared-commit.ts"
import type { ReconcileDeps } from "./deps.ts"
import { contextOf } from "./gate-context.ts"
import type { Observation, StoredReport } from "./observe.ts"
import { wakeReceipts } from "./receipt-row.ts"
import type { KnownRepository } from "./repository-row.ts"

/**
 * The check runs of ours on a commit, the gate of a pull request's head first of all: intended in the transaction that records the verdict, written after it,
 * acknowledged in the end.
 *
 * Named race: *the unanswered creation*. If the process dies between creating a check run and learning its id, the row
 * stands without one; the next pass looks for the run by its external id before it creates another.
 */

/** A check run to be written now; `name` is the one that people see. */
export type GateWrite = {
  name: string
  runId: string
  number: number
  sha: string
  subject: Subject
  checkRunId: number | null
  /** A creation, or an update that adds annotations, may have been begun before and was never answered. */
  unanswered: boolean
  content: GateContent
  digest: string
  verdictDigest: string
  annotations: AnnotationWrite
}

/** GitHub adds the annotations of an update to those that are there; to have others takes a new check run. */
type AnnotationWrite = { digest: string | null; how: "leave" | "add" | "anew" }

/** What is to be done about the check run. */
export type GatePlan = {
  /** To be written now; null: nothing, or not yet. */
  write: GateWrite | null
  /** What is to be stored first; null: it is stored already. */
  intent: GateIntent | null
  lookAgainAtMs: number | null
}

/** The newest content that was decided on, whether it is written now or later. */
export type GateIntent = Pick<GateWrite, "name" | "runId" | "number" | "sha"> & {
  intendedDigest: string
  changedAtMs: number
}

/** Nothing to be written. */
export const nothing: GatePlan = { write: null, intent: null, lookAgainAtMs: null }

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}

/** Decides what to write about a verdict, and when. */
export function planGate(observation: Observation, { verdict, promotion }: Plan): GatePlan {
  if (verdict === null || promotion === null) return nothing
  const { snapshot, report, shutBeside } = observation
  const context = contextOf(observation, { verdict, promotion })
  const content = renderSharedCommit(renderGate(verdict, context), shutBeside)
  const told = (snapshot.mergeAttempt?.message ?? "") + withdrawnSection(context.landing ?? null)
  const core = verdictCore(verdict) + String(content.conclusion) + told
  const place = { name: gateCheckName, runId: promotion.runId, number: promotion.number, sha: verdict.headSha }
  const subject: Subject = { kind: "pull-request", repositoryId: snapshot.repository.id, number: promotion.number }
  return planContent({ place, subject, content, core, report, nowMs: snapshot.nowMs })
}

/** What is to be shown on a commit; `core` is the part of it that is written at once when it changes. */
export type ContentToShow = {
  place: Pick<GateWrite, "name" | "runId" | "number" | "sha">
  /** What is looked at again when something else was shown meanwhile. */
  subject: Subject
  content: GateContent
  core: string
  report: StoredReport | null
  nowMs: number
}

/** Decides whether and when a content is written. */
export function planContent({ place, subject, content, core, report, nowMs }: ContentToShow): GatePlan {
  const digest = digestOf(JSON.stringify(content))
  const verdictDigest = digestOf(core)
  const plan = planReport({ nowMs, next: { digest, verdictDigest }, ...storedState(report) })
  if (plan.kind === "nothing") return nothing
  const stored = report?.intendedDigest === digest && report.changedAtMs === plan.changedAtMs
  const intent = stored ? null : { ...place, intendedDigest: digest, changedAtMs: plan.changedAtMs }
  if (plan.kind === "later") return { write: null, intent, lookAgainAtMs: plan.atMs }
  const checkRunId = report?.checkRunId ?? null
  const annotations = planAnnotations(content, report?.shownAnnotations ?? null)
  const unanswered = report !== null && mayHaveBegun(report, { digest, annotations })
  const write = { ...place, subject, checkRunId, unanswered, content, digest, verdictDigest, annotations }
  return { write, intent, lookAgainAtMs: null }
}

function mayHaveBegun(
  { checkRunId, intendedDigest }: StoredReport,
  { digest, annotations }: Pick<GateWrite, "digest" | "annotations">,
): boolean {
  return checkRunId === null || (intendedDigest === digest && annotations.how !== "leave")
}

function planAnnotations({ annotations }: GateContent, shown: string | null): AnnotationWrite {
  const digest = annotations.length === 0 ? null : digestOf(JSON.stringify(annotations))
  if (digest === shown) return { digest, how: "leave" }
  return { digest, how: shown === null ? "add" : "anew" }
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

/** What is on disk about a check run of a commit; null: none was ever intended. */
export async function storedReport(
  tx: Prisma.TransactionClient,
  { repositoryId, number, sha, name }: { repositoryId: number; number: number; sha: string; name: string },
): Promise<StoredReport | null> {
  const key = { repositoryId: BigInt(repositoryId), number, sha, checkName: name }
  const row = await tx.gateReport.findUnique({ where: { repositoryId_number_sha_checkName: key } })
  if (row === null) return null
  const { intendedDigest, shownDigest, shownVerdict, shownAnnotations, changedAt } = row
  const checkRunId = row.checkRunId === null ? null : Number(row.checkRunId)
  return { checkRunId, intendedDigest, shownDigest, shownVerdict, shownAnnotations, changedAtMs: changedAt.getTime() }
}

/** Stores what is intended, in the transaction that records the verdict. */
export async function storeIntent(tx: Prisma.TransactionClient, repositoryId: number, plan: GatePlan): Promise<void> {
  if (plan.intent === null) return
  const { name, runId, number, sha, intendedDigest, changedAtMs } = plan.intent
  const key = { repositoryId: BigInt(repositoryId), number, sha, checkName: name }
  const intent = { runId, intendedDigest, changedAt: new Date(changedAtMs) }
  await tx.gateReport.upsert({
    where: { repositoryId_number_sha_checkName: key },
    create: { ...key, ...intent },
    update: intent,
  })
}

/** Writes the check run and stores that it is shown. */
export async function writeGate(deps: ReconcileDeps, repository: KnownRepository, write: GateWrite): Promise<void> {
  const client = await deps.installation(repository.installationId)
  const { address } = repository
  const target = { address, name: write.name, sha: write.sha, externalId: `${write.number}:${write.sha}` }
  try {
    const found = write.unanswered ? await findGate(client, target, deps.ownAppId) : undefined
    const { known, adds } = knownGate(write, found)
    const content = adds ? write.content : { ...write.content, annotations: [] }
    const updated = known !== undefined && (await updateGate(client, { address, checkRunId: known }, content))
    const checkRunId = updated ? known : await createGate(client, target, write.content)
    await acknowledge(deps, repository, { write, checkRunId })
  } catch (error) {
    const failure = gitHubFailure(error)
    if (failure === "refused" || failure === "gone") await storeProblem(deps, repository, { write, error })
    if (failure !== "gone") throw error
    deps.log.warn({ repositoryId: repository.id, number: write.number }, "the commit is gone")
  }
}

/**
 * The check run to be brought up to date, if any, and whether its annotations are still to be added. To add them twice
 * would show them twice, so what was found is trusted only if it has all of them, or none.
 */
function knownGate(
  { annotations, checkRunId, content }: GateWrite,
  found: FoundGate | undefined,
): { known: number | undefined; adds: boolean } {
  if (annotations.how === "leave") return { known: checkRunId ?? found?.id, adds: false }
  if (found === undefined)
    return { known: annotations.how === "add" ? (checkRunId ?? undefined) : undefined, adds: true }
  const isOurs = annotations.how === "add" || checkRunId === null || found.id > checkRunId
  const has = isOurs ? found.annotations : null
  if (has === content.annotations.length) return { known: found.id, adds: false }
  return { known: has === 0 ? found.id : undefined, adds: true }
}

/** Stores why GitHub shows something else than what is intended, for whoever has to know. */
async function storeProblem(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { write, error }: { write: GateWrite; error: unknown },
): Promise<void> {
  const words = error instanceof Error ? `GitHub refused it: ${gitHubWords(error)}` : "GitHub refused it"
  await deps.prisma.gateReport.updateMany({
    where: { repositoryId: BigInt(repository.id), number: write.number, sha: write.sha, checkName: write.name },
    data: { problem: gitHubFailure(error) === "gone" ? "GitHub does not know its commit any more" : words },
  })
}

/**
 * Stores what GitHub was seen to take.
 *
 * Named race: *the late show*. A worker that was taken for dead may still show what it once decided, after another one
 * has shown something newer. Whoever shows something that is not intended any more marks the pull request, and what is
 * shown is not known then; of two check runs the newer one counts, as it does for GitHub.
 */
async function acknowledge(
  deps: ReconcileDeps,
  repository: KnownRepository,
  { write, checkRunId }: { write: GateWrite; checkRunId: number },
): Promise<void> {
  const { name, number, sha, subject, digest, verdictDigest, annotations } = write
  const state = write.content.conclusion ?? write.content.status
  // One transaction: a receipt that waits for this red must not be missed by an answer that is lost in between.
  await deps.prisma.$transaction(async (tx) => {
    const rows = await tx.$queryRaw<{ intended_digest: string }[]>`
      UPDATE gate_report SET check_run_id = ${BigInt(checkRunId)},
        shown_digest = CASE WHEN intended_digest = ${digest} THEN ${digest} END,
        shown_verdict = CASE WHEN intended_digest = ${digest} THEN ${verdictDigest} END,
        shown_annotations = ${annotations.digest},
        shown_state = ${state}, shown_at = ${deps.clock.now()}, problem = NULL
      WHERE repository_id = ${BigInt(repository.id)} AND number = ${number} AND sha = ${sha}
        AND check_name = ${name} AND (check_run_id IS NULL OR check_run_id <= ${BigInt(checkRunId)})
      RETURNING intended_digest`
    if (state !== "success") await wakeReceipts(deps, tx, repository.id)
    if (rows.some((row) => row.intended_digest !== digest)) await deps.queue.mark(tx, [subject])
  })
}
