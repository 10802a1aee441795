import { Prisma } from "../generated/client.ts"
import { baseRepository } from "../promotion/config/config.ts"
import type { HeardRepository } from "../promotion/hearsay.ts"
import type { FactWriter } from "./facts.ts"

/**
 * Where repositories are: owner, name, installation, and whether the app is there.
 *
 * Named race: *the late rename*. A webhook from before a rename, a transfer or an uninstall comes after one from later,
 * and nothing in them tells their order: `updated_at` of a repository moves with a push and not surely with a transfer,
 * and the times of installations and repositories are not of one object. So what is heard otherwise than it stands in
 * the row changes nothing by itself; it puts the row in doubt, and the repository's own look asks GitHub
 * (`reconcile/confirm.ts`). Only that the app is gone is believed at once, since nobody could be asked for anything then.
 */

/** What was heard of a repository; `configStale`: the config file may have changed. */
type Told = { repository: HeardRepository; configStale: boolean }

const differs = Prisma.sql`(known.installation_id, known.owner, known.name, known.active)
  IS DISTINCT FROM (excluded.installation_id, excluded.owner, excluded.name, excluded.active)`

/**
 * Writes what is heard of repositories. One that is not known yet is taken as it is told. Returns the ids of those that
 * are in doubt now, and of those whose config may be another one because they extend one that was heard of.
 */
export async function hearRepositories(tx: FactWriter, heard: readonly Told[]): Promise<number[]> {
  const affected: number[] = []
  for (const { repository, configStale } of mergeEqual(heard)) {
    const { id, installationId, owner, name, defaultBranch, active } = repository
    const rows = await tx.$queryRaw<{ doubted: boolean }[]>`
      INSERT INTO repository AS known (id, installation_id, owner, name, default_branch, active)
      VALUES (${BigInt(id)}, ${BigInt(installationId)}, ${owner}, ${name}, ${defaultBranch ?? ""}, ${active})
      ON CONFLICT (id) DO UPDATE SET
        doubted_by = CASE WHEN ${differs} THEN excluded.installation_id ELSE known.doubted_by END,
        doubts = known.doubts + CASE WHEN ${differs} THEN 1 ELSE 0 END,
        active = known.active AND NOT (known.installation_id = excluded.installation_id AND NOT excluded.active),
        default_branch = coalesce(${defaultBranch}, known.default_branch),
        config_heard = known.config_heard + CASE WHEN ${configStale}
          OR known.default_branch <> coalesce(${defaultBranch}, known.default_branch) THEN 1 ELSE 0 END
      WHERE ${configStale} OR known.default_branch <> coalesce(${defaultBranch}, known.default_branch)
        OR ${differs}
      RETURNING doubted_by IS NOT NULL AS doubted`
    if (rows.some((row) => row.doubted)) affected.push(id)
    if (configStale && name === baseRepository) affected.push(...(await staleExtenders(tx, repository)))
  }
  return affected
}

/** Those that extend the config of this repository must read it anew. */
async function staleExtenders(tx: FactWriter, { id, owner }: HeardRepository): Promise<number[]> {
  const rows = await tx.$queryRaw<{ id: bigint }[]>`
    UPDATE repository SET config_heard = config_heard + 1 WHERE id IN (
      SELECT id FROM repository
      WHERE lower(owner) = lower(${owner}) AND config_extends AND active AND id <> ${BigInt(id)} ORDER BY id FOR UPDATE)
    RETURNING id`
  return rows.map((row) => Number(row.id))
}

/** Of those told the same of one repository, one is left, which stands where the last of them stood. */
function mergeEqual(heard: readonly Told[]): Iterable<Told> {
  const merged = new Map<string, Told>()
  for (const { repository, configStale } of heard) {
    const { id, installationId, owner, name, active } = repository
    const key = JSON.stringify([id, installationId, owner, name, active])
    const known = merged.get(key)
    merged.delete(key)
    const defaultBranch = repository.defaultBranch ?? known?.repository.defaultBranch ?? null
    const stale = configStale || (known?.configStale ?? false)
    merged.set(key, { repository: { ...repository, defaultBranch }, configStale: stale })
  }
  return merged.values()
}

/** Writes what was read of repositories from GitHub's own lists. */
export async function seeRepositories(tx: FactWriter, seen: readonly HeardRepository[]): Promise<void> {
  for (const { id, installationId, owner, name, defaultBranch, active } of seen) {
    await tx.$executeRaw`
      INSERT INTO repository AS known (id, installation_id, owner, name, default_branch, active)
      VALUES (${BigInt(id)}, ${BigInt(installationId)}, ${owner}, ${name}, ${defaultBranch ?? ""}, ${active})
      ON CONFLICT (id) DO UPDATE SET
        installation_id = excluded.installation_id, owner = excluded.owner, name = excluded.name,
        active = excluded.active, default_branch = coalesce(${defaultBranch}, known.default_branch),
        config_heard = known.config_heard
          + CASE WHEN known.default_branch <> coalesce(${defaultBranch}, known.default_branch) THEN 1 ELSE 0 END
      WHERE ${differs} OR known.default_branch <> coalesce(${defaultBranch}, known.default_branch)`
  }
}
