import { randomUUID } from "node:crypto"
import type { Prisma } from "../generated/client.ts"
import { mergeTimeoutMs } from "../github/merge.ts"
import { parseSubject, subjectKey, type Subject } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import type { ReconcileDeps } from "./deps.ts"

/**
 * The right to merge in a repository: while one holds it, no pause is recorded there.
 *
 * Named race: *the merge against the pause*. Between the last look at the pauses and GitHub's merge lies a request that
 * cannot be taken back. It is not made inside a transaction (the embedded database has one connection), so the right is
 * a row: taken under the lane's lock when nothing is paused, and whoever wants to record a pause meanwhile is woken as
 * soon as it is given back. So no merge of ours comes after a pause that was recorded. A process that dies leaves the
 * row until its time is over; by then the request it may have sent was answered or cut off.
 */
const leaseMs = mergeTimeoutMs + 10_000

/** Proof that this pass may merge. */
export type MergeLease = { repositoryId: number; token: string }

/** Thrown when a pause is to be recorded while a merge is under way; the work is done again when that is over. */
export class MergeUnderWay extends Error {
  override name = "MergeUnderWay"
}

/** Takes the right to merge; null when somebody else has it, who will wake this subject. */
export async function takeLease(deps: ReconcileDeps, subject: Subject): Promise<MergeLease | null> {
  const { repositoryId } = subject
  return deps.prisma.$transaction(async (tx) => {
    await lockLane(tx, repositoryId)
    if (await isHeld(tx, repositoryId, deps.clock.now())) {
      await waitFor(tx, subject)
      return null
    }
    const token = randomUUID()
    const until = new Date(deps.clock.now().getTime() + leaseMs)
    const lease = { token, until, waiting: [] }
    const id = BigInt(repositoryId)
    await tx.mergeLease.upsert({ where: { repositoryId: id }, create: { repositoryId: id, ...lease }, update: lease })
    return { repositoryId, token }
  })
}

/** Gives it back, and wakes whoever waited. A lease that ran out and was taken by another is left to that one. */
export async function giveBack(deps: ReconcileDeps, { repositoryId, token }: MergeLease): Promise<void> {
  await deps.prisma.$transaction(async (tx) => {
    await lockLane(tx, repositoryId)
    const held = await tx.mergeLease.findUnique({ where: { repositoryId: BigInt(repositoryId) } })
    if (held?.token !== token) return
    await tx.mergeLease.delete({ where: { repositoryId: held.repositoryId } })
    await deps.queue.mark(tx, held.waiting.map(parseSubject))
  })
}

async function isHeld(tx: Prisma.TransactionClient, repositoryId: number, now: Date): Promise<boolean> {
  const held = await tx.mergeLease.findUnique({ where: { repositoryId: BigInt(repositoryId) } })
  return held !== null && held.until > now
}

/**
 * Refuses to go on while a merge is under way. To be called under the lane's lock, before a pause is appended.
 *
 * @throws MergeUnderWay; the transaction must be rolled back, and the work left to {@link awaitMerge}.
 */
export async function assertNoMerge(tx: Prisma.TransactionClient, repositoryId: number, now: Date): Promise<void> {
  if (await isHeld(tx, repositoryId, now)) throw new MergeUnderWay("a merge is under way")
}

/** Has this subject looked at again as soon as the merge under way is over, or its time is. */
export async function awaitMerge(deps: ReconcileDeps, subject: Subject): Promise<void> {
  await deps.prisma.$transaction(async (tx) => {
    await lockLane(tx, subject.repositoryId)
    if (await isHeld(tx, subject.repositoryId, deps.clock.now())) await waitFor(tx, subject)
    else await deps.queue.mark(tx, [subject])
  })
}

async function waitFor(tx: Prisma.TransactionClient, subject: Subject): Promise<void> {
  const key = subjectKey(subject)
  const held = await tx.mergeLease.findUniqueOrThrow({ where: { repositoryId: BigInt(subject.repositoryId) } })
  const waiting = [...new Set([...held.waiting, key])]
  await tx.mergeLease.update({ where: { repositoryId: held.repositoryId }, data: { waiting } })
  // Whoever holds it may die: then its end is the time to look again.
  const dueAt = held.until
  await tx.lookAgain.upsert({ where: { subject: key }, create: { subject: key, dueAt }, update: { dueAt } })
}
