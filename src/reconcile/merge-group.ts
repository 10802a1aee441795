import type { Prisma } from "../generated/client.ts"
import { readGroupMembers } from "../github/merge-queue.ts"
import type { Subject } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import { rulesForBranch } from "../promotion/config/config.ts"
import type { CheckFact, MergeGroupFact } from "../promotion/fact.ts"
import { judgeMergeGroup, type GroupMember } from "../promotion/merge/merge-group.ts"
import { gateCheckName } from "../report/check-run.ts"
import { renderMergeGroup } from "../report/merge-group.ts"
import type { ReconcileDeps } from "./deps.ts"
import { planContent, storedReport, storeIntent, writeGate } from "./gate.ts"
import { judgeSeen } from "./pull-request.ts"
import { readPauses } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** A commit that GitHub's merge queue made. */
export type MergeGroupPlace = { repositoryId: number; sha: string }

/**
 * Brings the gate of a merge group's commit up to date. Every member is read from GitHub and judged anew in this pass;
 * pauses are read last, under the lane's lock, so that a green written here is overtaken by the red of any later pause.
 */
export async function reconcileMergeGroup(deps: ReconcileDeps, place: MergeGroupPlace): Promise<void> {
  const repository = await readRepository(deps.prisma, place.repositoryId)
  const group = await readGroup(deps.prisma, place)
  if (repository?.config == null || group === null || !group.standing) return
  const { config, defaultBranch } = repository
  const rules = rulesForBranch(config.config, { name: group.baseRef, defaultBranch })
  if (rules === undefined) return
  const members = await judgeMembers(deps, repository, group)
  const write = await deps.prisma.$transaction(async (tx) => {
    await lockLane(tx, place.repositoryId)
    const pauses = await readPauses(tx, place.repositoryId)
    const checks = await checksAt(tx, place)
    const verdict = judgeMergeGroup({ group, config, rules, members, checks, ownAppId: deps.ownAppId, pauses })
    const gate = { name: gateCheckName, runId: groupRunId, number: 0, sha: group.headSha }
    const report = await storedReport(tx, { repositoryId: place.repositoryId, ...gate })
    const content = renderMergeGroup(verdict)
    const subject: Subject = { kind: "merge-group", ...place }
    const nowMs = deps.clock.now().getTime()
    const plan = planContent({ place: gate, subject, content, core: JSON.stringify(content), report, nowMs })
    await storeIntent(tx, place.repositoryId, plan)
    return plan.write
  })
  if (write !== null) await writeGate(deps, repository, write)
}

/** A group belongs to no single promotion. */
const groupRunId = "00000000-0000-7000-8000-000000000000"

async function judgeMembers(
  deps: ReconcileDeps,
  repository: KnownRepository,
  group: MergeGroupFact,
): Promise<GroupMember[] | null> {
  const client = await deps.installation(repository.installationId)
  const numbers = await readGroupMembers(client, repository.address, { branch: group.baseRef, headSha: group.headSha })
  if (numbers === null) return null
  const members: GroupMember[] = []
  for (const number of numbers) {
    members.push({ number, verdict: await judgeSeen(deps, repository, { repositoryId: repository.id, number }) })
  }
  return members
}

async function readGroup(
  db: Pick<Prisma.TransactionClient, "fact">,
  { repositoryId, sha }: MergeGroupPlace,
): Promise<MergeGroupFact | null> {
  const key = { repositoryId: BigInt(repositoryId), kind: "merge-group", key: sha }
  const row = await db.fact.findUnique({ where: { repositoryId_kind_key: key } })
  return (row?.data as MergeGroupFact | undefined) ?? null
}

async function checksAt(tx: Prisma.TransactionClient, { repositoryId, sha }: MergeGroupPlace): Promise<CheckFact[]> {
  const rows = await tx.fact.findMany({ where: { repositoryId: BigInt(repositoryId), kind: "check", sha } })
  return rows.map((row) => row.data as unknown as CheckFact)
}
