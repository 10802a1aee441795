import { isDeepStrictEqual } from "node:util"
import { readBranchGuard, readGranted } from "../github/branch-rules.ts"
import type { Subject } from "../inbox/subject.ts"
import { diagnose, type Finding } from "../promotion/gate/diagnosis.ts"
import { guardedBranches, hasTeams } from "../promotion/config/guarded.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import { gateCheckName } from "../report/check-run.ts"
import type { ReconcileDeps } from "./deps.ts"
import { readRepository } from "./repository-row.ts"

/** How long what was found is told before GitHub is asked again: its rules change seldom, and each look costs requests. */
const keepMs = 3600 * 1000

/**
 * Looks, at most once an hour, whether anything on GitHub holds to the gates of a repository, for their reports to tell.
 * It costs one request, and three for every promotion branch.
 *
 * @throws what Octokit throws when GitHub cannot answer now; what was found of other branches stays.
 */
export async function inspectGuards(deps: ReconcileDeps, repositoryId: number): Promise<void> {
  const repository = await readRepository(deps.prisma, repositoryId)
  if (repository?.config == null) return
  const { address, config, defaultBranch } = repository
  const branches = guardedBranches(config.config, defaultBranch, await targets(deps, repositoryId))
  if (branches.length === 0 || (await areFresh(deps, repositoryId, branches))) return
  const granted = await readGranted(await deps.app(), address)
  const client = await deps.installation(repository.installationId)
  for (const branch of branches) {
    const findings = diagnose({
      gateName: gateCheckName,
      ownAppId: deps.ownAppId,
      mode: modeOf(config),
      teams: hasTeams(config.config),
      guard: await readBranchGuard(client, { address, branch }),
      granted,
      // Those that are there are seen with each pull request's own checks.
      impostors: [],
    })
    await store(deps, { repositoryId, branch, findings })
  }
}

/** Stores what was found; whoever tells of it is looked at when it is something else than before. */
async function store(
  deps: ReconcileDeps,
  { repositoryId, branch, findings }: { repositoryId: number; branch: string; findings: readonly Finding[] },
): Promise<void> {
  const key = { repositoryId: BigInt(repositoryId), branch }
  const found = { findings: findings.map((one) => ({ ...one })), readAt: deps.clock.now() }
  await deps.prisma.$transaction(async (tx) => {
    const known = await tx.branchGuard.findUnique({ where: { repositoryId_branch: key } })
    await tx.branchGuard.upsert({ where: { repositoryId_branch: key }, create: { ...key, ...found }, update: found })
    if (isDeepStrictEqual(known?.findings ?? [], found.findings)) return
    const where = { repositoryId: key.repositoryId, baseRef: branch, state: { in: underWay } }
    const told = await tx.promotion.findMany({ where, distinct: ["number"], select: { number: true } })
    await deps.queue.mark(
      tx,
      told.map(({ number }): Subject => ({ kind: "pull-request", repositoryId, number })),
    )
  })
}

const underWay = ["proposed", "ready"]

/** Branches that a promotion is on its way into, for those that the config knows by a pattern only. */
async function targets(deps: ReconcileDeps, repositoryId: number): Promise<string[]> {
  const rows = await deps.prisma.promotion.findMany({
    where: { repositoryId: BigInt(repositoryId), state: { in: underWay } },
    distinct: ["baseRef"],
    select: { baseRef: true },
    orderBy: { baseRef: "asc" },
  })
  return rows.map(({ baseRef }) => baseRef)
}

async function areFresh(deps: ReconcileDeps, repositoryId: number, branches: readonly string[]): Promise<boolean> {
  const after = new Date(deps.clock.now().getTime() - keepMs)
  const fresh = await deps.prisma.branchGuard.count({
    where: { repositoryId: BigInt(repositoryId), branch: { in: [...branches] }, readAt: { gt: after } },
  })
  return fresh === branches.length
}
