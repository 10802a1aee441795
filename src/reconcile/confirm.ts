import { isInstallationLive, readRepositories } from "../github/installation.ts"
import { seeRepositories } from "../inbox/repositories.ts"
import type { HeardRepository } from "../promotion/hearsay.ts"
import type { ReconcileDeps } from "./deps.ts"

/**
 * Settles where a repository is, if what was heard contradicts what is known (named race *the late rename*): asks GitHub
 * by the installation that was heard of, then by the one that is known. If neither is live and covers the repository, the
 * app is not there. What is heard while GitHub is asked keeps the row in doubt, and its mark brings this back.
 */
export async function confirmRepository(deps: ReconcileDeps, repositoryId: number): Promise<void> {
  const id = BigInt(repositoryId)
  const row = await deps.prisma.repository.findUnique({ where: { id } })
  if (row === null || row.doubtedBy === null) return
  const found = await findAmong(deps, [Number(row.doubtedBy), Number(row.installationId)], repositoryId)
  await deps.prisma.$transaction(async (tx) => {
    if (found === undefined) await tx.repository.update({ where: { id }, data: { active: false } })
    else await seeRepositories(tx, [found])
    await tx.repository.updateMany({ where: { id, doubts: row.doubts }, data: { doubtedBy: null } })
  })
}

async function findAmong(
  deps: ReconcileDeps,
  installationIds: readonly number[],
  repositoryId: number,
): Promise<HeardRepository | undefined> {
  const app = await deps.app()
  for (const installationId of new Set(installationIds)) {
    if (!(await isInstallationLive(app, installationId))) continue
    const covered = await readRepositories(await deps.installation(installationId), installationId, repositoryId)
    const found = covered.find(({ id }) => id === repositoryId)
    if (found !== undefined) return found
  }
  return undefined
}
