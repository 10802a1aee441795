import type { Prisma } from "../generated/client.ts"
import { gitHubFailure, gitHubWords } from "../github/error.ts"
import { createHardStop, deleteHardStop, findHardStop, readHardStop, updateHardStop } from "../github/ruleset.ts"
import type { GitHubClient } from "../github/client.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { hardStopRefs } from "../promotion/pause/hard-stop.ts"
import type { ReconcileDeps } from "./deps.ts"
import { receiptsOf } from "./receipt-row.ts"
import { promotionsUnderWay, readPauses } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** How long something that GitHub refused is left alone. */
const retryMs = 3600 * 1000

/**
 * Brings the ruleset that refuses updates of the paused branches in line with the pauses that hold: made, changed, healed
 * or deleted. Only the ruleset whose id is stored is ever touched.
 *
 * Named race: *the unanswered creation*. The intent is stored before the ruleset is made; a row without an id makes the
 * next pass look for one of its name that lets nobody but this app pass.
 */
export async function reconcileHardStop(deps: ReconcileDeps, repositoryId: number): Promise<void> {
  const repository = await readRepository(deps.prisma, repositoryId)
  if (repository === null) return
  const row = await deps.prisma.hardStop.findUnique({ where: { repositoryId: BigInt(repositoryId) } })
  const pauses = await readPauses(deps.prisma, repositoryId)
  const refs = hardStopRefs({ config: repository.config, pauses, defaultBranch: repository.defaultBranch })
  if (refs === null || (refs.length === 0 && row === null)) return
  const retryAtMs = (row?.triedAt.getTime() ?? 0) + retryMs
  const isRefused = row !== null && row.problem !== null && row.refs.join() === refs.join()
  if (isRefused && retryAtMs > deps.clock.now().getTime()) return lookAgain(deps, { repositoryId, atMs: retryAtMs })
  const client = await deps.installation(repository.installationId)
  const stop: Stop = { deps, repository, client, row }
  await (refs.length === 0 ? lift(stop) : enforce(stop, refs))
}

type Row = Prisma.HardStopGetPayload<object>

type Stop = { deps: ReconcileDeps; repository: KnownRepository; client: GitHubClient; row: Row | null }

function placeOf({ deps, repository }: Stop) {
  return { address: repository.address, ownAppId: deps.ownAppId }
}

async function lift(stop: Stop): Promise<void> {
  const { deps, repository, client, row } = stop
  const known = row?.rulesetId == null ? null : Number(row.rulesetId)
  const id = known ?? (await findHardStop(client, placeOf(stop)))?.id ?? null
  try {
    if (id !== null) await deleteHardStop(client, placeOf(stop), id)
  } catch (error) {
    return refused(stop, { rulesetId: id === null ? null : BigInt(id), refs: [], error })
  }
  await deps.prisma.$transaction(async (tx) => {
    await tx.hardStop.deleteMany({ where: { repositoryId: BigInt(repository.id) } })
    if (row?.problem != null) await deps.queue.mark(tx, await gatesOf(tx, repository.id))
  })
  await lookAgain(deps, { repositoryId: repository.id, atMs: null })
}

async function enforce(stop: Stop, refs: readonly string[]): Promise<void> {
  const { deps, repository, row } = stop
  try {
    const rulesetId = BigInt(await make(stop, refs))
    await settle(stop, { rulesetId, refs: [...refs], problem: null })
    await lookAgain(deps, { repositoryId: repository.id, atMs: null })
  } catch (error) {
    await refused(stop, { rulesetId: row?.rulesetId ?? null, refs: [...refs], error })
  }
}

type Refused = Omit<Settled, "problem"> & { error: unknown }

/** Stores what GitHub will not have, to be told; the same is tried again after an hour. */
async function refused(stop: Stop, { error, ...wanted }: Refused): Promise<void> {
  const { deps, repository } = stop
  const failure = gitHubFailure(error)
  if (failure !== "refused" && failure !== "gone") throw error
  const problem = error instanceof Error ? gitHubWords(error) : "no reason given"
  deps.log.warn({ repositoryId: repository.id, err: error }, "GitHub refused the hard stop")
  await settle(stop, { ...wanted, problem })
  await lookAgain(deps, { repositoryId: repository.id, atMs: deps.clock.now().getTime() + retryMs })
}

/** Makes it stand as it must, and gives its id. */
async function make(stop: Stop, refs: readonly string[]): Promise<number> {
  const { client, row } = stop
  const place = placeOf(stop)
  const known = row?.rulesetId == null ? null : await readHardStop(client, place, Number(row.rulesetId))
  const there = known ?? (row === null ? null : await findHardStop(client, place))
  if (there !== null) {
    if (there.refs?.join() === refs.join()) return there.id
    if (await updateHardStop(client, place, { id: there.id, refs })) return there.id
  }
  await settle(stop, { rulesetId: null, refs: [...refs], problem: null }, "begun")
  return createHardStop(client, place, refs)
}

type Settled = { rulesetId: bigint | null; refs: string[]; problem: string | null }

/** Stores how it stands. Whoever is told of it is looked at when that changed: the receipts, and the gates by a problem. */
async function settle({ deps, repository, row }: Stop, now: Settled, how: "begun" | "done" = "done"): Promise<void> {
  const repositoryId = repository.id
  const data = { ...now, triedAt: deps.clock.now() }
  await deps.prisma.$transaction(async (tx) => {
    const key = { repositoryId: BigInt(repositoryId) }
    await tx.hardStop.upsert({ where: key, create: { ...key, ...data }, update: data })
    if (how === "begun") return
    const told = (row?.problem ?? null) !== now.problem
    await deps.queue.mark(tx, [receiptsOf(repositoryId), ...(told ? await gatesOf(tx, repositoryId) : [])])
  })
}

async function gatesOf(tx: Prisma.TransactionClient, repositoryId: number): Promise<Subject[]> {
  const numbers = await promotionsUnderWay(tx, repositoryId)
  return numbers.map((number) => ({ kind: "pull-request", repositoryId, number }))
}

async function lookAgain(
  deps: ReconcileDeps,
  { repositoryId, atMs }: { repositoryId: number; atMs: number | null },
): Promise<void> {
  const subject = subjectKey({ kind: "hard-stop", repositoryId })
  if (atMs === null) {
    await deps.prisma.lookAgain.deleteMany({ where: { subject } })
    return
  }
  const dueAt = new Date(atMs)
  await deps.prisma.lookAgain.upsert({ where: { subject }, create: { subject, dueAt }, update: { dueAt } })
}
