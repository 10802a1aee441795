import { fromPrisma, PgBoss, type JobWithMetadata } from "pg-boss"
import type pg from "pg"
import { z } from "zod"
import type { Prisma } from "../generated/client.ts"
import { runQuery } from "../lib/db/query.ts"
import { grouped } from "../lib/grouped.ts"
import { parseSubject, subjectKey, type Subject } from "./subject.ts"

/**
 * The queue of dirty subjects, on pg-boss: equal subjects coalesce, one runs at a time, and a subject marked again
 * while it runs runs once more (policy `stately` with the subject's key).
 *
 * Named race: *the claimed wake*. A plain insert that finds an equal job waiting does nothing; if a worker claims that
 * job before the inserting transaction commits, it reads the facts without what the transaction wrote, and nobody
 * looks again. So the waiting jobs are locked until the commit, and `take` passes over what is locked. (pg-boss's own
 * `upsert` does nearly the same, two statements a subject; here it is two for all of them.)
 */
export type SubjectQueue = {
  /**
   * Marks subjects dirty, in the caller's transaction. The more urgent are taken first, equal ones in the order of their
   * marking; one that waits already becomes more urgent, never less. Left out: 0 for all.
   */
  mark(tx: Prisma.TransactionClient, subjects: readonly Subject[], urgencyOf?: UrgencyOf): Promise<void>
  /** How often this process has marked something; a worker that sees it grow looks again. */
  marks(): number
  /** Takes up to `limit` dirty subjects; each must be given to {@link settle} or {@link giveBack}. */
  take(limit: number): Promise<Claim[]>
  /** The subject was looked at. */
  settle(claim: Claim): Promise<void>
  /** Looking at it failed: it comes back after a pause that grows, and is left to the sweep in the end. */
  giveBack(claim: Claim, why: string): Promise<void>
  /** Says that the claims are still worked at. */
  touch(claims: readonly Claim[]): Promise<void>
  /** Releases what this process claims without having failed at it (on stopping). */
  release(claim: Claim): Promise<void>
  stop(): Promise<void>
}

/** How urgent a subject is: a whole number from 0. */
export type UrgencyOf = (subject: Subject) => number

/** A dirty subject that this process works at. */
export type Claim = { subject: Subject; jobId: string; attempt: number }

/** How the queue behaves; `retryDelaySeconds` is 0 in tests, so that a step runs what failed again. */
export type QueueOptions = {
  pool: pg.Pool
  embedded: boolean
  retryDelaySeconds: number
  /** Whether pg-boss's own maintenance (expiry, deletion) runs on timers. */
  supervise: boolean
  onError(error: unknown): void
}

const queueName = "subject"
/** Where a subject rests that failed again and again; the sweep marks it anew. */
const restName = "subject-at-rest"

/** Opens the queue, making its tables if they are not there. */
export async function openQueue(options: QueueOptions): Promise<SubjectQueue> {
  const boss = new PgBoss({
    db: overPool(options.pool),
    ...(options.embedded ? { backend: "pglite" as const } : {}),
    supervise: options.supervise,
    schedule: false,
    registerInstance: false,
    monitorVacuum: false,
    reindex: false,
    persistWarnings: false,
    // A dead replica holds its subjects until its heartbeats are missed: looked for this often.
    monitorIntervalSeconds: 15,
    superviseIntervalSeconds: 15,
  })
  boss.on("error", (error) => options.onError(error))
  await boss.start()
  const kept = { deleteAfterSeconds: 3600, retentionSeconds: 14 * 24 * 3600 }
  await boss.createQueue(restName, { policy: "short", ...kept })
  const work = {
    policy: "stately" as const,
    retryLimit: 8,
    retryDelay: options.retryDelaySeconds,
    ...(options.retryDelaySeconds > 0 ? { retryBackoff: true, retryDelayMax: 300 } : { retryBackoff: false }),
    deadLetter: restName,
    expireInSeconds: 300,
    heartbeatSeconds: 20,
    ...kept,
  }
  await boss.createQueue(queueName, work)
  const { policy: _policy, ...changeable } = work
  await boss.updateQueue(queueName, changeable)
  await recover(boss, options)
  return overBoss(boss, options)
}

/**
 * Takes back what a process that died was working at. The embedded database has one process, so whoever opens the
 * queue knows that nobody works at anything. On a server another replica may; only a worker that has not been heard of
 * for `heartbeatSeconds` is taken for dead.
 *
 * A death counts as an attempt, so that a subject that kills the process comes to rest like any other that fails.
 */
async function recover(boss: PgBoss, { pool, embedded }: QueueOptions): Promise<void> {
  if (!embedded) return boss.supervise(queueName)
  const left = `SELECT id FROM pgboss.job WHERE name = $1 AND state = 'active'`
  const { rows } = await overPool(pool).executeSql(left, [queueName])
  const ids = z.array(z.object({ id: z.string() })).parse(rows)
  if (ids.length > 0)
    await boss.fail(
      queueName,
      ids.map(({ id }) => id),
      { why: "the process died" },
    )
}

/** Urgency by the subject's key. */
type Urgencies = ReadonlyMap<string, number>

/** Rounds of locking and inserting; a second one is rare, a third nearly impossible. */
const limitMarkRounds = 10

/**
 * Leaves every key with a waiting job that is locked, or newly made, by this transaction. An insert passes over a job
 * that somebody else committed since they were locked; that one is not locked yet, and may be claimed by now.
 */
async function markAll(boss: PgBoss, tx: Prisma.TransactionClient, urgencies: Urgencies): Promise<void> {
  let open: readonly string[] = [...urgencies.keys()].toSorted()
  for (let round = 0; round < limitMarkRounds; round += 1) {
    const waiting = await tx.$queryRaw<{ key: string }[]>`
      SELECT singleton_key AS key FROM pgboss.job
      WHERE name = ${queueName} AND state = 'created' AND singleton_key = ANY(${open})
      ORDER BY singleton_key FOR UPDATE`
    const locked = new Set(waiting.map(({ key }) => key))
    await hasten(tx, [...locked], urgencies)
    open = open.filter((key) => !locked.has(key))
    if (open.length === 0) return
    const jobs = open.map((key) => ({ data: { key }, singletonKey: key, priority: urgencies.get(key) ?? 0 }))
    const made = await boss.insert(queueName, jobs, { db: fromPrisma(tx), returnId: true })
    if (made?.length === open.length) return
  }
  throw new Error(`${open.length} subjects could not be marked`)
}

/** Makes waiting jobs, which this transaction has locked, as urgent as they are now. */
async function hasten(tx: Prisma.TransactionClient, locked: readonly string[], urgencies: Urgencies): Promise<void> {
  const urgent = locked.filter((key) => (urgencies.get(key) ?? 0) > 0)
  if (urgent.length === 0) return
  await tx.$executeRaw`
    UPDATE pgboss.job AS j SET priority = u FROM unnest(${urgent}::text[],
      ${urgent.map((key) => urgencies.get(key) ?? 0)}::int[]) AS t (k, u)
    WHERE j.name = ${queueName} AND j.state = 'created' AND j.singleton_key = k AND j.priority < u`
}

/** Most subjects settled by one statement. */
const settledTogether = 50

function overBoss(boss: PgBoss, { onError }: Pick<QueueOptions, "onError">): SubjectQueue {
  const settle = grouped<Claim>(
    (waiting) => Math.min(waiting.length, settledTogether),
    async (claims) => void (await boss.complete(queueName, claims.map(attempt))),
  )
  let marks = 0
  return {
    marks: () => marks,
    async mark(tx, subjects, urgencyOf = () => 0) {
      if (subjects.length === 0) return
      await markAll(boss, tx, new Map(subjects.map((subject) => [subjectKey(subject), urgencyOf(subject)])))
      // Only now: who counted before can not have taken what was marked here.
      marks += 1
    },
    async take(limit) {
      const jobs = await boss.fetch<{ key: string }>(queueName, { batchSize: limit, includeMetadata: true })
      const readings = jobs.map(readJob)
      for (const reading of readings) {
        if ("claim" in reading) continue
        onError(reading.error)
        await boss.complete(queueName, reading.odd)
      }
      return readings.flatMap((reading) => ("claim" in reading ? [reading.claim] : []))
    },
    settle,
    giveBack: async (claim, why) => void (await boss.fail(queueName, attempt(claim), { why })),
    touch: async (claims) => void (await boss.touch(queueName, claims.map(attempt))),
    async release(claim) {
      const key = subjectKey(claim.subject)
      await boss.upsert(queueName, { key }, { singletonKey: key, startAfter: 0 })
      await boss.complete(queueName, attempt(claim))
    },
    stop: () => boss.stop({ graceful: false }),
  }
}

/** Names the very attempt, so that a claim that has lapsed meanwhile changes nothing. */
function attempt(claim: Claim): { id: string; retryCount: number } {
  return { id: claim.jobId, retryCount: claim.attempt }
}

/** A job as a claim; one whose key is no subject's is put away, for it would keep its neighbours from being taken. */
function readJob(job: JobWithMetadata<{ key: string }>): { claim: Claim } | { odd: string; error: unknown } {
  try {
    return { claim: { subject: parseSubject(job.data.key), jobId: job.id, attempt: job.retryCount } }
  } catch (error) {
    return { odd: job.id, error }
  }
}

/** pg-boss on our own pool, on which a statement that fails does not cost the connection. */
function overPool(pool: pg.Pool): { executeSql(text: string, values?: unknown[]): Promise<{ rows: unknown[] }> } {
  return { executeSql: (text, values) => runQuery(pool, text, values) }
}
