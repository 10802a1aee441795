import type { Prisma } from "../generated/client.ts"
import { movedBranches } from "../inbox/lanes.ts"
import type { Subject } from "../inbox/subject.ts"
import { rulesForBranch, type ConfigInForce } from "../promotion/config/config.ts"
import type { LandedRun } from "../promotion/rollback/plan-rollback.ts"
import type { PromotionState } from "../promotion/state.ts"
import { stateOf } from "./record.ts"

/** A promotion branch of a repository. */
export type LanePlace = { repositoryId: number; branch: string }

/** How far a branch was followed. */
export type LaneRow = { followedSha: string | null; heard: number; seen: number }

type LaneTable = Pick<Prisma.TransactionClient, "lane">

function keyOf({ repositoryId, branch }: LanePlace) {
  return { repositoryId_branch: { repositoryId: BigInt(repositoryId), branch } }
}

/** How far it was followed; null: nobody follows it yet. */
export async function readLaneRow(tx: LaneTable, place: LanePlace): Promise<LaneRow | null> {
  return tx.lane.findUnique({ where: keyOf(place), select: { followedSha: true, heard: true, seen: true } })
}

/**
 * Begins to follow branches, in the transaction that found them to be promotion branches; those that are followed already
 * are looked at again, because a push to them may have been lost.
 */
export async function followBranches(
  tx: Prisma.TransactionClient,
  repositoryId: number,
  branches: readonly string[],
): Promise<Subject[]> {
  const names = [...new Set(branches)]
  const data = names.map((branch) => ({ repositoryId: BigInt(repositoryId), branch }))
  await tx.lane.createMany({ data, skipDuplicates: true })
  return movedBranches(
    tx,
    names.map((name) => ({ repositoryId, name })),
  )
}

/** Begins to follow a branch that is not followed yet; gives its subject then. */
export async function followNew(tx: Prisma.TransactionClient, { repositoryId, branch }: LanePlace): Promise<Subject[]> {
  const { count } = await tx.lane.createMany({
    data: [{ repositoryId: BigInt(repositoryId), branch }],
    skipDuplicates: true,
  })
  return count === 0 ? [] : [{ kind: "lane", repositoryId, branch }]
}

/** Whether a branch is a promotion branch: what lands on each of them is followed. */
export function isFollowed(config: ConfigInForce, branch: { name: string; defaultBranch: string }): boolean {
  return rulesForBranch(config.config, branch) !== undefined
}

/** The branches that a config names in full, and those that promotions go into; a pattern alone names none. */
export function namedBranches(
  config: ConfigInForce,
  { defaultBranch, known }: { defaultBranch: string; known: readonly string[] },
): string[] {
  const patterns = Object.keys(config.config.branches ?? {}).filter((pattern) => !pattern.includes("*"))
  const all = new Set([defaultBranch, ...patterns, ...known])
  return [...all].filter((name) => isFollowed(config, { name, defaultBranch }))
}

/** The branches that promotions of a repository went into lately. */
export async function branchesOfPromotions(
  tx: Pick<Prisma.TransactionClient, "promotion">,
  repositoryId: number,
): Promise<string[]> {
  const rows = await tx.promotion.findMany({
    where: {
      repositoryId: BigInt(repositoryId),
      state: { in: ["proposed", "ready", "promoted_pending_health", "rolling_back"] },
    },
    distinct: ["baseRef"],
    select: { baseRef: true },
  })
  return rows.map(({ baseRef }) => baseRef)
}

/** Stores how far a branch was followed, if nobody else has followed it meanwhile; false otherwise. */
export async function storeFollowed(
  tx: LaneTable,
  place: LanePlace,
  { from, to, seen, at }: { from: string | null; to: string | null; seen: number; at: Date },
): Promise<boolean> {
  const { count } = await tx.lane.updateMany({
    where: { repositoryId: BigInt(place.repositoryId), branch: place.branch, followedSha: from },
    data: { followedSha: to, seen, seenAt: at },
  })
  return count > 0
}

/** Promotions whose merge is on the ledger and whose landing is not, oldest first. */
export async function unfollowedRuns(
  tx: Pick<Prisma.TransactionClient, "promotion">,
  { repositoryId, branch }: LanePlace,
): Promise<PromotionState[]> {
  const rows = await tx.promotion.findMany({
    where: {
      repositoryId: BigInt(repositoryId),
      baseRef: branch,
      state: "promoted_pending_health",
      landedSha: null,
    },
    orderBy: { id: "asc" },
  })
  return rows.map(stateOf)
}

/** Promotions of a branch looked back at. */
const limitRuns = 100

/** The newest promotions that were found on a branch, in the order in which they came there. */
export async function landedRuns(
  tx: Pick<Prisma.TransactionClient, "$queryRaw" | "promotion">,
  { repositoryId, branch }: LanePlace,
): Promise<LandedRun[]> {
  const ids = await tx.$queryRaw<{ id: string }[]>`
    SELECT id::text FROM promotion
    WHERE repository_id = ${BigInt(repositoryId)} AND base_ref = ${branch} AND landed_sha IS NOT NULL
    ORDER BY (after_merge -> 'landing' ->> 'position')::int DESC LIMIT ${limitRuns}`
  const rows = await tx.promotion.findMany({ where: { id: { in: ids.map(({ id }) => id) } } })
  return rows
    .map(stateOf)
    .filter((run): run is LandedRun => run.after !== null && run.after.landing !== null)
    .toSorted((a, b) => a.after.landing.position - b.after.landing.position)
}
