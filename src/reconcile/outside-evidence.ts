import type { Prisma } from "../generated/client.ts"
import { readSignals } from "../evidence/signal-row.ts"
import type { HealthFacts } from "../promotion/health/reported.ts"
import type { HealthWindow } from "../promotion/health/window.ts"
import type { ReconcileDeps } from "./deps.ts"
import type { LanePlace } from "./lane-row.ts"

/** What a health window stands on beside deployments and checks. */
export type OutsideEvidence = Pick<HealthFacts, "probes" | "queries" | "signals" | "reruns" | "listeningSinceMs">

/** How long before the watch is looked back at, to tell what is usual. */
const baselineMs = 24 * 3600 * 1000

type Question = {
  deps: Pick<ReconcileDeps, "listeningSinceMs">
  place: LanePlace
  sha: string
  window: HealthWindow
  /** Where the branch is deployed; none: that is not told, and signals of every environment count. */
  environments: readonly string[]
}

/** Reads what was probed, queried, signalled and run again for a health window. */
export async function readOutside(
  tx: Prisma.TransactionClient,
  { deps, place, sha, window: { sinceMs, startMs, deadlineMs }, environments }: Question,
): Promise<OutsideEvidence> {
  const fromMs = startMs ?? sinceMs
  const from = { ...place, ...(environments.length === 0 ? {} : { environments }) }
  const window = await readSignals(tx, { ...from, fromMs, toMs: deadlineMs })
  const baseline = await readSignals(tx, { ...from, fromMs: fromMs - baselineMs, toMs: fromMs })
  return {
    ...(await readAsked(tx, place, { fromMs: sinceMs, toMs: deadlineMs })),
    signals: { window, baseline },
    reruns: await readReruns(tx, place.repositoryId, sha),
    listeningSinceMs: deps.listeningSinceMs,
  }
}

/** Most answers that are looked back at. */
const limitAnswers = 5000

async function readAsked(
  tx: Pick<Prisma.TransactionClient, "askedEvidence">,
  { repositoryId, branch }: LanePlace,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<Pick<HealthFacts, "probes" | "queries">> {
  const at = { gte: new Date(fromMs), lte: new Date(toMs) }
  const rows = await tx.askedEvidence.findMany({
    where: { repositoryId: BigInt(repositoryId), branch, at },
    orderBy: [{ at: "desc" }, { id: "desc" }],
    take: limitAnswers,
  })
  const probes = rows.filter(({ kind }) => kind === "probe")
  const queries = rows.filter(({ kind }) => kind === "query")
  return {
    probes: probes.map(({ name: url, at: moment, ok, status, why }) => {
      return { url, atMs: moment.getTime(), ok: ok === true, status, why }
    }),
    queries: queries.map(({ name: query, source, at: moment, value, why }) => {
      return { query, source, atMs: moment.getTime(), value, why }
    }),
  }
}

async function readReruns(
  tx: Pick<Prisma.TransactionClient, "checkRerun">,
  repositoryId: number,
  sha: string,
): Promise<HealthFacts["reruns"]> {
  const rows = await tx.checkRerun.findMany({ where: { repositoryId: BigInt(repositoryId), sha } })
  return rows.map(({ checkRunId, name, app, failedAt, refused }) => {
    return { checkRunId: Number(checkRunId), name, app, atMs: failedAt.getTime(), refused }
  })
}
