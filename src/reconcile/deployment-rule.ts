import type { Prisma } from "../generated/client.ts"
import { answerDeployment, reportDeployment } from "../github/deployment-rule.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import { systemActor, type EntryDraft } from "../ledger/entry.ts"
import {
  decideDeployment,
  type DeploymentDecision,
  type PromotionThere,
} from "../promotion/deployment/deployment-rule.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import { pausesOver } from "../promotion/pause/pause.ts"
import { taintOf, type Taint } from "../promotion/rollback/taint.ts"
import { explainDeployment } from "../report/deployment-rule.ts"
import type { ReconcileDeps } from "./deps.ts"
import { landedRuns } from "./lane-row.ts"
import { readRollbacks } from "./record-lane.ts"
import { readPauses, record, stateOf } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** A workflow run that waits at environments which the app guards. */
export type RulePlace = { repositoryId: number; workflowRun: number }

type Row = Prisma.DeploymentRuleGetPayload<object>

/**
 * Answers the deployments of one workflow run: lets them go on, refuses them, or tells why they wait, by the same evidence
 * as their promotion. A decision stands on the ledger before GitHub hears of it, and is told until GitHub took it.
 */
export async function reconcileDeploymentRule(deps: ReconcileDeps, place: RulePlace): Promise<void> {
  const repository = await readRepository(deps.prisma, place.repositoryId)
  if (repository === null) return
  const rows = await deps.prisma.deploymentRule.findMany({
    where: { repositoryId: BigInt(place.repositoryId), workflowRun: BigInt(place.workflowRun), toldAt: null },
    orderBy: { environment: "asc" },
  })
  for (const row of rows) await answer(deps, repository, row)
}

async function answer(deps: ReconcileDeps, repository: KnownRepository, row: Row): Promise<void> {
  const decided =
    row.decision === null ? await decide(deps, repository, row) : (row.decision as unknown as DeploymentDecision)
  if (decided === null) return
  const client = await deps.installation(repository.installationId)
  const words = explainDeployment(decided, row.environment)
  const asked = {
    address: repository.address,
    workflowRun: Number(row.workflowRun),
    environment: row.environment,
    words,
  }
  const where = { repositoryId_workflowRun_environment: keyOf(row) }
  if (decided.decision !== "held") {
    const answered = await answerDeployment(client, { ...asked, decision: decided.decision })
    if (answered !== "done")
      deps.log.warn({ repositoryId: repository.id, answered }, "GitHub asks no more about a deployment")
    await deps.prisma.deploymentRule.update({ where, data: { toldAt: deps.clock.now() } })
  } else if (row.reports < limitReports && row.words !== words) {
    // Stored first: what is told twice would use up what GitHub takes.
    await deps.prisma.deploymentRule.update({ where, data: { words, reports: row.reports + 1 } })
    await reportDeployment(client, asked)
  }
}

/** GitHub takes ten reports without a decision. */
const limitReports = 9

function keyOf({ repositoryId, workflowRun, environment }: Row) {
  return { repositoryId, workflowRun, environment }
}

async function decide(deps: ReconcileDeps, repository: KnownRepository, row: Row): Promise<DeploymentDecision | null> {
  const { config } = repository
  if (config === null) return null
  return deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, repository.id)
    const promotions = await promotionsAt(tx, row)
    const decision = decideDeployment(promotions, { enforced: modeOf(config) === "enforce" })
    if (decision.decision === "held") return decision
    const subject: Subject = {
      kind: "deployment-rule",
      repositoryId: repository.id,
      workflowRun: Number(row.workflowRun),
    }
    const nowMs = deps.clock.now().getTime()
    await record(tx, lock, { drafts: [entryOf(row, decision)], cause: `job:${subjectKey(subject)}`, nowMs })
    const where = { repositoryId_workflowRun_environment: keyOf(row) }
    await tx.deploymentRule.update({ where, data: { decision } })
    return decision
  })
}

function entryOf(row: Row, { decision, reasons }: DeploymentDecision): EntryDraft {
  if (decision === "held") throw new Error("what is held is not decided")
  const workflowRun = Number(row.workflowRun)
  return {
    key: `deployment:${workflowRun}:${row.environment}`.slice(0, 200),
    type: "deployment_decided",
    runId: null,
    actor: systemActor,
    pullRequest: null,
    sha: row.sha,
    branch: null,
    cause: null,
    payload: { environment: row.environment, decision, reasons: [...reasons], workflow_run: workflowRun },
  }
}

/** Promotions that have the commit: as their head, or as what landed. */
async function promotionsAt(tx: Prisma.TransactionClient, { repositoryId, sha }: Row): Promise<PromotionThere[]> {
  const rows = await tx.promotion.findMany({
    where: { repositoryId, OR: [{ headSha: sha }, { landedSha: sha }] },
    orderBy: { id: "desc" },
    take: 50,
  })
  const pauses = await readPauses(tx, Number(repositoryId))
  const found: PromotionThere[] = []
  for (const { runId, number, state, blockReasons, baseRef, after } of rows.map(stateOf)) {
    found.push({
      number,
      state,
      blockReasons,
      landed: after?.landing?.sha === sha,
      integrity: after?.landing?.integrity ?? null,
      restores: after?.restores != null,
      paused: pausesOver(pauses, { number, baseRef }).length > 0,
      taint: after?.landing == null ? null : await readTaint(tx, { repositoryId, branch: baseRef, runId }),
    })
  }
  return found
}

async function readTaint(
  tx: Prisma.TransactionClient,
  { repositoryId, branch, runId }: { repositoryId: bigint; branch: string; runId: string },
): Promise<Taint | null> {
  const runs = await landedRuns(tx, { repositoryId: Number(repositoryId), branch })
  const run = runs.find((one) => one.runId === runId)
  return run === undefined ? null : taintOf(run, runs, await readRollbacks(tx, Number(repositoryId), branch))
}
