import type { Prisma, PrismaClient } from "../generated/client.ts"
import type { KeyOrigin } from "./signature.ts"

/** A key that counts for a repository now. */
export type CountingKey = Omit<KeyOrigin, "secret">

/** Rows of repositories looked at for one name: one that was deleted may have left its name to another. */
const limitNamesakes = 5

/**
 * The keys that count for the repository of this name, newest first; none: it is not known, the app is not there, or it
 * has no key.
 */
export async function countingKeys(
  prisma: Pick<PrismaClient, "$queryRaw">,
  repository: { owner: string; name: string },
  now: Date,
): Promise<CountingKey[]> {
  const rows = await prisma.$queryRaw<{ id: bigint; version: number; alsoPrevious: boolean }[]>`
    SELECT k.repository_id AS id, k.version, coalesce(k.previous_until > ${now}, false) AS "alsoPrevious"
    FROM repository r JOIN signal_key k ON k.repository_id = r.id
    WHERE lower(r.owner) = lower(${repository.owner}) AND lower(r.name) = lower(${repository.name}) AND r.active
    ORDER BY r.id DESC LIMIT ${limitNamesakes}`
  return rows.flatMap(({ id, version, alsoPrevious }) => {
    const newest = { repositoryId: Number(id), version }
    return alsoPrevious ? [newest, { ...newest, version: version - 1 }] : [newest]
  })
}

/** A new key; the one before it counts for `overlapMs` more. Without `rotate`, only where there was none. */
export type KeyWish = { repositoryId: number; rotate: boolean; overlapMs: number; now: Date }

/** The version of a new key, or when the one was made that is there. */
export type KeyMaking = { made: true; version: number } | { made: false; since: Date }

/** Makes the first or the next key of a repository. A key before the one before stops counting at once. */
export async function makeSignalKey(
  tx: Pick<Prisma.TransactionClient, "$queryRaw" | "signalKey">,
  { repositoryId, rotate, overlapMs, now }: KeyWish,
): Promise<KeyMaking> {
  const id = BigInt(repositoryId)
  const previousUntil = overlapMs > 0 ? new Date(now.getTime() + overlapMs) : null
  const rows = await tx.$queryRaw<{ version: number }[]>`
    INSERT INTO signal_key AS known (repository_id, version, made_at) VALUES (${id}, 1, ${now})
    ON CONFLICT (repository_id) DO UPDATE SET
      version = known.version + 1, made_at = excluded.made_at, previous_until = ${previousUntil}
    WHERE ${rotate} RETURNING version`
  const [row] = rows
  if (row !== undefined) return { made: true, version: row.version }
  const { madeAt } = await tx.signalKey.findUniqueOrThrow({ where: { repositoryId: id } })
  return { made: false, since: madeAt }
}
