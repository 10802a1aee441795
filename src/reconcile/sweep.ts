import { readDeliveries, redeliver } from "../github/delivery.ts"
import { readInstallations, readRepositories } from "../github/installation.ts"
import { seeRepositories } from "../inbox/repositories.ts"
import type { HeardRepository } from "../promotion/hearsay.ts"
import { parseSubject, type Subject } from "../inbox/subject.ts"
import type { ReconcileDeps } from "./deps.ts"
import { prune } from "./prune.ts"

/** GitHub can redeliver for three days; attempts older than this are left alone. */
const redeliverWithinMs = 2 * 24 * 3600 * 1000
/** How far a sweep looks back behind the beginning of the one before: deliveries under way then, and clocks apart. */
const lookBackMs = 15 * 60 * 1000

/**
 * Makes the sweep of one process: it marks everything dirty that the app is installed on, asks GitHub to deliver again
 * what never arrived, and forgets what is not needed any more. A lost webhook so costs time, never the event.
 *
 * The first sweep looks through the deliveries of two days, every other one through those since the one before. Each
 * returns how many repositories it marked.
 */
export function makeSweep(deps: ReconcileDeps): () => Promise<number> {
  let lookedThroughMs = 0
  return async () => {
    const nowMs = deps.clock.now().getTime()
    const sinceMs = Math.max(nowMs - redeliverWithinMs, lookedThroughMs - lookBackMs)
    const looked = await attempt(deps, "asking for lost deliveries", () => redeliverFailed(deps, sinceMs))
    if (looked !== undefined) lookedThroughMs = nowMs
    const marked = await markInstalled(deps)
    await attempt(deps, "forgetting what is old", () => prune(deps))
    return marked
  }
}

/** One part of a sweep that fails is logged and costs none of the others; undefined then. */
async function attempt<Result>(
  deps: ReconcileDeps,
  part: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    deps.log.warn({ part, err: error }, "a part of the sweep failed; it comes again")
    return undefined
  }
}

async function markInstalled(deps: ReconcileDeps): Promise<number> {
  const seen = await installedRepositories(deps)
  return deps.prisma.$transaction(async (tx) => {
    await seeRepositories(tx, seen)
    const active = await tx.repository.findMany({ where: { active: true }, select: { id: true } })
    const subjects = active.map(({ id }): Subject => ({ kind: "repository", repositoryId: Number(id) }))
    await deps.queue.mark(tx, subjects)
    return subjects.length
  })
}

async function installedRepositories(deps: ReconcileDeps): Promise<HeardRepository[]> {
  const found: HeardRepository[] = []
  const installations = await attempt(deps, "listing installations", async () => readInstallations(await deps.app()))
  for (const id of installations ?? []) {
    const covered = await attempt(deps, `listing repositories of installation ${id}`, async () =>
      readRepositories(await deps.installation(id), id),
    )
    found.push(...(covered ?? []))
  }
  return found
}

/** Attempts at a delivery after which it is not asked for again: we refuse it, and would go on refusing. */
const limitAttempts = 3

/** Asks for the oldest first, so that people's commands come in the order in which they were given. */
async function redeliverFailed(deps: ReconcileDeps, sinceMs: number): Promise<true> {
  const app = await deps.app()
  const listed = await readDeliveries(app, sinceMs)
  const arrived = new Set(listed.filter((one) => one.ok).map((one) => one.guid))
  const stored = await deps.prisma.delivery.findMany({
    where: { guid: { in: listed.map((one) => one.guid) } },
    select: { guid: true },
  })
  for (const { guid } of stored) arrived.add(guid)
  const asked = new Set<string>()
  for (const { id, guid } of listed) {
    if (arrived.has(guid) || asked.has(guid)) continue
    asked.add(guid)
    if (listed.filter((one) => one.guid === guid).length > limitAttempts) continue
    deps.log.warn({ guid }, "asking GitHub to deliver again")
    await attempt(deps, `asking for delivery ${guid}`, () => redeliver(app, id))
  }
  return true
}

/** Turns subjects whose time has come into dirty ones; returns how many. */
export async function wakeDue(deps: Pick<ReconcileDeps, "prisma" | "queue" | "clock">): Promise<number> {
  const now = deps.clock.now()
  if ((await deps.prisma.lookAgain.findFirst({ where: { dueAt: { lte: now } } })) === null) return 0
  return deps.prisma.$transaction(async (tx) => {
    const rows = await tx.$queryRaw<{ subject: string }[]>`
      DELETE FROM look_again WHERE subject IN (
        SELECT subject FROM look_again WHERE due_at <= ${now} ORDER BY due_at LIMIT 200 FOR UPDATE SKIP LOCKED)
      RETURNING subject`
    await deps.queue.mark(
      tx,
      rows.map((row) => parseSubject(row.subject)),
    )
    return rows.length
  })
}
