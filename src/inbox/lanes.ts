import type { Prisma } from "../generated/client.ts"
import type { Hearsay } from "./reading.ts"
import type { Subject } from "./subject.ts"

/** What finding lanes works with. */
export type LaneFinder = Pick<Prisma.TransactionClient, "$queryRaw">

type Place = { repositoryId: number; name: string }

/**
 * The promotion branches that what was heard may concern. A push to one is counted, for its next look at GitHub to know
 * what it answers; what is heard of a branch that is not followed concerns none.
 */
export async function hearLanes(tx: LaneFinder, hearsay: readonly Hearsay[]): Promise<Subject[]> {
  const refs = hearsay.flatMap(({ repository, lanes }) =>
    lanes !== undefined && "ref" in lanes ? [{ repositoryId: repository.id, ref: lanes.ref }] : [],
  )
  const named = (prefix: string): Place[] =>
    refs
      .filter(({ ref }) => ref.startsWith(prefix))
      .map(({ repositoryId, ref }) => ({ repositoryId, name: ref.slice(prefix.length) }))
  const deployed = hearsay.flatMap(({ repository, lanes }) =>
    lanes !== undefined && "deployed" in lanes ? [repository.id] : [],
  )
  const shas = hearsay.flatMap(({ repository, wakeHeads }) =>
    wakeHeads.map((name) => ({ repositoryId: repository.id, name })),
  )
  return [
    ...(await movedBranches(tx, named("refs/heads/"))),
    ...(await movedTags(tx, named("refs/tags/"))),
    ...(await landedAt(tx, shas)),
    ...(await observing(tx, deployed)),
    ...(await deployedGates(tx, deployed)),
  ]
}

type Row = { repository_id: bigint; branch: string }

function lanesOf(rows: readonly Row[]): Subject[] {
  return rows.map((row) => ({ kind: "lane", repositoryId: Number(row.repository_id), branch: row.branch }))
}

function ids(places: readonly Place[]): bigint[] {
  return places.map(({ repositoryId }) => BigInt(repositoryId))
}

function names(places: readonly Place[]): string[] {
  return places.map(({ name }) => name)
}

/** Counts that these branches may have moved; those that are followed are given back. */
export async function movedBranches(tx: LaneFinder, branches: readonly Place[]): Promise<Subject[]> {
  if (branches.length === 0) return []
  return lanesOf(
    await tx.$queryRaw<Row[]>`
      UPDATE lane SET heard = heard + 1
      WHERE (repository_id, branch) IN (
        SELECT l.repository_id, l.branch FROM lane l
        JOIN unnest(${ids(branches)}::bigint[], ${names(branches)}::text[]) AS t (r, b)
          ON l.repository_id = t.r AND l.branch = t.b ORDER BY 1, 2 FOR UPDATE OF l)
      RETURNING repository_id, branch`,
  )
}

async function movedTags(tx: LaneFinder, tags: readonly Place[]): Promise<Subject[]> {
  if (tags.length === 0) return []
  const rows = await tx.$queryRaw<Row[]>`
    SELECT DISTINCT k.repository_id, k.branch FROM known_good k
    JOIN unnest(${ids(tags)}::bigint[], ${names(tags)}::text[]) AS t (r, n) ON k.repository_id = t.r AND k.tag = t.n`
  return movedBranches(
    tx,
    rows.map((row) => ({ repositoryId: Number(row.repository_id), name: row.branch })),
  )
}

/** Of a commit that landed and is watched, every check is evidence. */
async function landedAt(tx: LaneFinder, shas: readonly Place[]): Promise<Subject[]> {
  if (shas.length === 0) return []
  return lanesOf(
    await tx.$queryRaw<Row[]>`
      SELECT DISTINCT p.repository_id, p.base_ref AS branch FROM promotion p
      JOIN unnest(${ids(shas)}::bigint[], ${names(shas)}::text[]) AS t (r, s)
        ON p.repository_id = t.r AND p.landed_sha = t.s
      WHERE p.state IN ('promoted_pending_health', 'known_good')`,
  )
}

/** Gates that go by a deployment: whatever is deployed to an environment is of every head that waits for it. */
async function deployedGates(tx: LaneFinder, repositoryIds: readonly number[]): Promise<Subject[]> {
  if (repositoryIds.length === 0) return []
  const rows = await tx.$queryRaw<{ repository_id: bigint; number: number }[]>`
    SELECT DISTINCT repository_id, number FROM promotion
    WHERE repository_id = ANY(${repositoryIds.map(BigInt)}::bigint[])
      AND state IN ('proposed', 'ready') AND jsonb_exists(stages, 'deployment')`
  return rows.map((row) => ({
    kind: "pull-request",
    repositoryId: Number(row.repository_id),
    number: row.number,
  }))
}

/** The branches of a repository on which something is being observed; with `branch`, that one if it is among them. */
export async function observedLanes(tx: LaneFinder, repositoryId: number, branch: string | null): Promise<Subject[]> {
  const lanes = await observing(tx, [repositoryId])
  return lanes.filter((lane) => branch === null || (lane.kind === "lane" && lane.branch === branch))
}

/** A deployment of a later commit is one of every earlier one as well. */
async function observing(tx: LaneFinder, repositoryIds: readonly number[]): Promise<Subject[]> {
  if (repositoryIds.length === 0) return []
  return lanesOf(
    await tx.$queryRaw<Row[]>`
      SELECT DISTINCT repository_id, base_ref AS branch FROM promotion
      WHERE repository_id = ANY(${repositoryIds.map(BigInt)}::bigint[])
        AND state IN ('promoted_pending_health', 'known_good')`,
  )
}
