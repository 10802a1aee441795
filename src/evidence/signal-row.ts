import type { Prisma, PrismaClient } from "../generated/client.ts"
import type { Signal, SignalMessage } from "./signal.ts"

/** Most signals of one repository that are kept of one minute and of one day; a message that goes over is not taken. */
const signalLimits = { minute: 600, day: 100_000 } as const

/** A verified message of a repository; `id` is the sender's own, and counts once. */
export type VerifiedMessage = { repositoryId: number; id: string; message: SignalMessage; receivedAt: Date }

/**
 * Marks what depends on the signals of a branch (null: of every branch) to be looked at again, in the transaction that
 * stores them.
 */
export type MarkLanes = (tx: Prisma.TransactionClient, repositoryId: number, branch: string | null) => Promise<void>

/** What became of a message: stored, known already, or too much for now. */
export type Storing =
  | { status: "stored"; count: number }
  | { status: "duplicate" }
  | { status: "limited"; retryAfterSeconds: number }

/**
 * Stores a message and marks what depends on it, all or nothing. The row of the repository's key is locked for it, so
 * messages of one repository are stored one after the other: each counts once, and none goes past the limits.
 *
 * @throws when the repository has no key, or the database did not confirm
 */
export async function storeSignals(
  prisma: PrismaClient,
  verified: VerifiedMessage,
  markLanes: MarkLanes,
): Promise<Storing> {
  const { id: messageId, message, receivedAt } = verified
  const repositoryId = BigInt(verified.repositoryId)
  const count = message.signals.length
  return prisma.$transaction(async (tx): Promise<Storing> => {
    const used = await lockUse(tx, repositoryId)
    const key = { repositoryId, messageId }
    const known = await tx.signalMessage.findUnique({ where: { repositoryId_messageId: key } })
    if (known !== null) return { status: "duplicate" }
    const use = useAfter(used, count, receivedAt.getTime())
    if ("retryAfterSeconds" in use) return { status: "limited", retryAfterSeconds: use.retryAfterSeconds }
    await tx.signalKey.update({ where: { repositoryId }, data: use })
    await tx.signalMessage.create({ data: { ...key, receivedAt } })
    await tx.signal.createMany({ data: message.signals.map((signal) => rowOf(repositoryId, message, signal)) })
    await markLanes(tx, verified.repositoryId, message.branch)
    return { status: "stored", count }
  })
}

type Use = { minute: number; minuteSignals: number; day: number; daySignals: number }

async function lockUse(tx: Prisma.TransactionClient, repositoryId: bigint): Promise<Use> {
  const rows = await tx.$queryRaw<Use[]>`
    SELECT minute, minute_signals AS "minuteSignals", day, day_signals AS "daySignals"
    FROM signal_key WHERE repository_id = ${repositoryId} FOR UPDATE`
  const [row] = rows
  if (row === undefined) throw new Error(`repository ${repositoryId} has no key for signals`)
  return row
}

const minuteMs = 60_000
const dayMs = 24 * 3600 * 1000

/** The use with `count` more, or how long to wait until as many are taken again. */
function useAfter(used: Use, count: number, nowMs: number): Use | { retryAfterSeconds: number } {
  const minute = Math.floor(nowMs / minuteMs)
  const day = Math.floor(nowMs / dayMs)
  const minuteSignals = (used.minute === minute ? used.minuteSignals : 0) + count
  const daySignals = (used.day === day ? used.daySignals : 0) + count
  if (daySignals > signalLimits.day) return waitUntil((day + 1) * dayMs, nowMs)
  if (minuteSignals > signalLimits.minute) return waitUntil((minute + 1) * minuteMs, nowMs)
  return { minute, minuteSignals, day, daySignals }
}

function waitUntil(atMs: number, nowMs: number): { retryAfterSeconds: number } {
  return { retryAfterSeconds: Math.ceil((atMs - nowMs) / 1000) }
}

function rowOf(repositoryId: bigint, message: SignalMessage, signal: Signal): Prisma.SignalCreateManyInput {
  const { branch, environment, sha } = message
  const { kind, atMs } = signal
  const common = { repositoryId, kind, branch, environment, sha, at: new Date(atMs) }
  switch (signal.kind) {
    case "error_rate":
      return { ...common, errors: BigInt(signal.errors), requests: BigInt(signal.requests) }
    case "heartbeat":
      return { ...common, source: signal.source }
    case "failure":
      return { ...common, severity: signal.severity, message: signal.message }
  }
}

/** What was reported of a branch in some time; moments are null where nothing was. */
export type SignalSummary = {
  errorRate: { errors: number; requests: number; reports: number; lastAtMs: number | null }
  /** The newest heartbeat, whoever's. */
  heartbeatAtMs: number | null
  failures: { count: number; critical: number; lastAtMs: number | null }
}

/**
 * Which signals: of a branch, and those that name none; from `fromMs` on, before `toMs`. With `environments`, only those
 * that name one of these or none; upper and lower case do not matter.
 */
export type SignalRange = {
  repositoryId: number
  branch: string
  fromMs: number
  toMs: number
  environments?: readonly string[]
}

/** Sums up what was reported, in one statement. */
export async function readSignals(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  { repositoryId, branch, fromMs, toMs, environments }: SignalRange,
): Promise<SignalSummary> {
  const names = environments?.map((name) => name.toLowerCase()) ?? null
  const rows = await tx.$queryRaw<SummaryRow[]>`
    SELECT kind, count(*)::int AS reports, max(at) AS "lastAt",
      coalesce(sum(errors), 0)::float8 AS errors, coalesce(sum(requests), 0)::float8 AS requests,
      count(*) FILTER (WHERE severity = 'critical')::int AS critical
    FROM signal
    WHERE repository_id = ${BigInt(repositoryId)} AND at >= ${new Date(fromMs)} AND at < ${new Date(toMs)}
      AND (branch IS NULL OR branch = ${branch})
      AND (${names}::text[] IS NULL OR environment IS NULL OR lower(environment) = ANY (${names}::text[]))
    GROUP BY kind`
  const of = (kind: Signal["kind"]): SummaryRow => rows.find((row) => row.kind === kind) ?? { ...nothing, kind }
  const [rate, failure] = [of("error_rate"), of("failure")]
  return {
    errorRate: { errors: rate.errors, requests: rate.requests, reports: rate.reports, lastAtMs: msOf(rate.lastAt) },
    heartbeatAtMs: msOf(of("heartbeat").lastAt),
    failures: { count: failure.reports, critical: failure.critical, lastAtMs: msOf(failure.lastAt) },
  }
}

type SummaryRow = {
  kind: string
  reports: number
  lastAt: Date | null
  errors: number
  requests: number
  critical: number
}

const nothing: Omit<SummaryRow, "kind"> = { reports: 0, lastAt: null, errors: 0, requests: 0, critical: 0 }

function msOf(moment: Date | null): number | null {
  return moment === null ? null : moment.getTime()
}
