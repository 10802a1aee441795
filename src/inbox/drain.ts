import type { Prisma, PrismaClient } from "../generated/client.ts"
import type { Clock } from "../lib/clock.ts"
import { mergeGroupsAt, openPullRequestsAt, writeAsks, writeFacts } from "./facts.ts"
import { forgetShown } from "./shown.ts"
import { writeWaiting } from "./deployment-rules.ts"
import { hearLanes } from "./lanes.ts"
import type { SubjectQueue } from "./queue.ts"
import { hearRepositories } from "./repositories.ts"
import type { Hearsay, Outcome, Reading, StoredDelivery } from "./reading.ts"
import type { Subject } from "./subject.ts"

/** What the drain works with. `read` must not throw; it is told what kind of app it reads for by its maker. */
export type DrainDeps = {
  prisma: PrismaClient
  queue: SubjectQueue
  clock: Clock
  read: (delivery: StoredDelivery) => Reading
  onUnprocessable(delivery: { id: bigint; guid: string }, error: unknown): void
}

/** Most deliveries of one batch, and most bytes of payload held in memory for it (a single larger one goes alone). */
const batchRows = 200
const batchBytes = 16 * 1024 * 1024

/**
 * Turns stored deliveries into facts and dirty subjects: one transaction a batch, which also marks the deliveries
 * drained, so each is drained exactly once and no subject is lost. Returns how many deliveries were drained.
 *
 * A delivery that the database refuses (never seen, but payloads are foreign) is set aside alone, as `unprocessable`.
 */
export async function drainOnce(deps: DrainDeps): Promise<number> {
  try {
    return await drainBatch(deps, { limit: batchRows })
  } catch (batchError) {
    const first = await firstWaiting(deps.prisma)
    if (first === undefined) throw batchError
    try {
      return await drainBatch(deps, { limit: 1, only: first.id })
    } catch (error) {
      if (!isRefusal(error)) throw error
      deps.onUnprocessable(first, error)
      return setAside(deps, first.id)
    }
  }
}

async function drainBatch(deps: DrainDeps, batch: { limit: number; only?: bigint }): Promise<number> {
  return deps.prisma.$transaction(async (tx) => {
    const deliveries = await takeWaiting(tx, batch)
    if (deliveries.length === 0) return 0
    const readings = deliveries.map((delivery) => ({ id: delivery.id, reading: deps.read(delivery) }))
    const hearsay = readings.flatMap(({ reading }) => reading.hearsay)
    const affected = await writeHearsay(tx, hearsay, deps.clock.now())
    await deps.queue.mark(tx, [...affected, ...(await subjectsOf(tx, hearsay))])
    await markDrained(tx, readings, deps.clock.now())
    return deliveries.length
  })
}

async function takeWaiting(
  tx: Prisma.TransactionClient,
  batch: { limit: number; only?: bigint },
): Promise<StoredDelivery[]> {
  const only = batch.only ?? null
  const rows = await tx.$queryRaw<(Omit<StoredDelivery, "payload"> & { payload: string | null })[]>`
    SELECT id, guid, event, payload, received_at AS "receivedAt" FROM delivery
    WHERE drained_at IS NULL AND id IN (
      SELECT id FROM (
        SELECT id, row_number() OVER w AS place, sum(octet_length(payload)) OVER w AS bytes FROM (
          SELECT id, payload FROM delivery
          WHERE drained_at IS NULL AND (${only}::bigint IS NULL OR id = ${only}::bigint) ORDER BY id LIMIT ${batch.limit}
        ) AS waiting WINDOW w AS (ORDER BY id)
      ) AS sized WHERE place = 1 OR bytes <= ${batchBytes})
    ORDER BY id FOR UPDATE SKIP LOCKED`
  return rows.map((row) => ({ ...row, payload: row.payload ?? "" }))
}

/** Writes what was heard: repositories first, since everything else is about them. Returns those to be looked at as a whole. */
async function writeHearsay(
  tx: Prisma.TransactionClient,
  hearsay: readonly Hearsay[],
  seenAt: Date,
): Promise<Subject[]> {
  const affected = await hearRepositories(tx, hearsay)
  const facts = hearsay.flatMap(({ repository, facts: heard }) =>
    heard.map((fact) => ({ repositoryId: repository.id, heard: fact })),
  )
  await writeFacts(tx, facts, { how: "heard", seenAt })
  const asks = hearsay.flatMap(({ repository, asks: heard }) =>
    heard.map((one) => ({ repositoryId: repository.id, heard: one })),
  )
  await writeAsks(tx, asks)
  await writeWaiting(tx, hearsay, seenAt)
  const reruns = hearsay.flatMap(({ repository, rerunHeads }) =>
    rerunHeads.map((sha) => ({ repositoryId: repository.id, sha })),
  )
  await forgetShown(tx, reruns)
  return affected.map((repositoryId): Subject => ({ kind: "repository", repositoryId }))
}

async function subjectsOf(tx: Prisma.TransactionClient, hearsay: readonly Hearsay[]): Promise<Subject[]> {
  const heads = hearsay.flatMap(({ repository, wakeHeads }) =>
    wakeHeads.map((sha) => ({ repositoryId: repository.id, sha })),
  )
  const woken = await openPullRequestsAt(tx, heads)
  const groups = await mergeGroupsAt(tx, heads)
  return [
    ...(await hearLanes(tx, hearsay)),
    ...groups.map((place): Subject => ({ kind: "merge-group", ...place })),
    ...hearsay.flatMap(({ subjects }) => subjects),
    ...woken.map((place): Subject => ({ kind: "pull-request", ...place })),
  ]
}

async function markDrained(
  tx: Prisma.TransactionClient,
  readings: readonly { id: bigint; reading: Reading }[],
  now: Date,
): Promise<void> {
  const words = readings.map(({ reading }) =>
    reading.why === null ? reading.outcome : `${reading.outcome}: ${reading.why}`,
  )
  await tx.$executeRaw`
    UPDATE delivery SET drained_at = ${now}, outcome = o
    FROM unnest(${readings.map(({ id }) => id)}::bigint[], ${words}::text[]) AS t (i, o) WHERE id = i`
}

async function firstWaiting(prisma: PrismaClient): Promise<{ id: bigint; guid: string } | undefined> {
  const rows = await prisma.$queryRaw<{ id: bigint; guid: string }[]>`
    SELECT id, guid FROM delivery WHERE drained_at IS NULL ORDER BY id LIMIT 1`
  return rows[0]
}

/** SQLSTATE classes 22 and 23: the data itself does not fit. Anything else may pass and is tried again. */
function isRefusal(error: unknown): boolean {
  return /"(?:originalCode|code)":"2[23][0-9A-Z]{3}"/.test(JSON.stringify(error))
}

async function setAside(deps: DrainDeps, id: bigint): Promise<number> {
  const outcome: Outcome = "unprocessable"
  return deps.prisma
    .$executeRaw`UPDATE delivery SET drained_at = ${deps.clock.now()}, outcome = ${outcome} WHERE id = ${id}`
}
