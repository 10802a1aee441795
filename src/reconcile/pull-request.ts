import type { Prisma } from "../generated/client.ts"
import { openPullRequestsAt } from "../inbox/facts.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import { decide, type Plan } from "../promotion/decide.ts"
import type { ReconcileDeps } from "./deps.ts"
import { planGate, storeIntent, writeGate, type GatePlan } from "./gate.ts"
import { look, nothingSeen, type Seen } from "./look.ts"
import { askPool, askWithin, observe, type Ask, type Observation, type PullRequestPlace } from "./observe.ts"
import { record } from "./record.ts"

/** Rounds of deciding and looking in one pass; each round answers what the one before needed. */
const limitRounds = 4

/** What is to be done, as far as it was decided. */
type Considered = { observation: Observation; plan: Plan; gate: GatePlan }

/**
 * Brings one pull request's ledger and gate up to date: observe, decide, append, apply, report.
 *
 * It is considered without the lock first, which costs one statement and is all for the many wakes that change
 * nothing. If there is something to do, it is considered once more under the lane's lock, so that the decision stands
 * on the very head of the ledger it is appended to. Nothing is asked of GitHub while the lock is held.
 */
export async function reconcilePullRequest(deps: ReconcileDeps, place: PullRequestPlace): Promise<void> {
  const seen = nothingSeen()
  for (let count = 0; count < limitRounds; count += 1) {
    const first = await consider(askPool(deps.pool), place, { deps, seen })
    if (first === null || isIdle(first)) return
    const done = first.plan.needs.length > 0 ? first : await doUnderLock(deps, place, seen)
    if (done === null || seen.gone) return
    if (done.plan.needs.length === 0) {
      if (done.gate.write !== null) await writeGate(deps, done.observation.repository, done.gate.write)
      return
    }
    const { repository } = done.observation
    await look(deps, { repository, number: place.number }, { needs: done.plan.needs, seen })
  }
  throw new Error(`pull request ${place.number} of repository ${place.repositoryId} did not settle`)
}

async function consider(
  ask: Ask,
  place: PullRequestPlace,
  pass: { deps: ReconcileDeps; seen: Seen },
): Promise<Considered | null> {
  const observation = await observe(ask, place, pass)
  if (observation === null) return null
  const decided = decide(observation.snapshot)
  const gate = planGate(observation, decided)
  // A green that was decided in an earlier pass, and never reached GitHub, is not shown on what was seen back then.
  const unseen = gate.write?.content.conclusion === "success" && observation.snapshot.sight === "none"
  const plan: Plan = unseen ? { ...decided, needs: [{ kind: "sight" }] } : decided
  return { observation, plan, gate }
}

function isIdle({ observation, plan, gate }: Considered): boolean {
  const nothingToSay = plan.needs.length === 0 && plan.entries.length === 0 && plan.answers.length === 0
  return nothingToSay && gate.write === null && gate.intent === null && gate.lookAgainAtMs === observation.lookAgainAtMs
}

async function doUnderLock(deps: ReconcileDeps, place: PullRequestPlace, seen: Seen): Promise<Considered | null> {
  return deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, place.repositoryId)
    const considered = await consider(askWithin(tx), place, { deps, seen })
    if (considered === null || considered.plan.needs.length > 0) return considered
    const { observation, plan, gate } = considered
    const cause = `job:${subjectKey({ kind: "pull-request", ...place })}`
    await record(tx, lock, { drafts: plan.entries, cause, nowMs: observation.snapshot.nowMs })
    await settleAsks(tx, place, { keys: plan.answers, at: deps.clock.now() })
    await storeIntent(tx, place.repositoryId, gate)
    if (plan.entries.length > 0) await wakeBeside(deps, tx, observation)
    if (gate.lookAgainAtMs !== observation.lookAgainAtMs) await lookAgain(tx, place, gate.lookAgainAtMs)
    return considered
  })
}

/** What was decided here may open or shut the gates of others that have, or had, the same head. */
async function wakeBeside(deps: ReconcileDeps, tx: Prisma.TransactionClient, observation: Observation): Promise<void> {
  const { repository, snapshot } = observation
  const heads = [snapshot.pullRequest?.headSha, snapshot.promotion?.headSha].filter((sha) => sha !== undefined)
  const beside = await openPullRequestsAt(
    tx,
    heads.map((sha) => ({ repositoryId: repository.id, sha })),
  )
  const others = beside.filter(({ number }) => number !== snapshot.pullRequest?.number)
  await deps.queue.mark(
    tx,
    others.map((other): Subject => ({ kind: "pull-request", ...other })),
  )
}

async function settleAsks(
  tx: Prisma.TransactionClient,
  place: PullRequestPlace,
  { keys, at }: { keys: readonly string[]; at: Date },
): Promise<void> {
  if (keys.length === 0) return
  await tx.ask.updateMany({
    where: { repositoryId: BigInt(place.repositoryId), key: { in: [...keys] } },
    data: { settledAt: at, answer: {} },
  })
}

async function lookAgain(tx: Prisma.TransactionClient, place: PullRequestPlace, atMs: number | null): Promise<void> {
  const subject = subjectKey({ kind: "pull-request", ...place })
  if (atMs === null) {
    await tx.lookAgain.deleteMany({ where: { subject } })
    return
  }
  const dueAt = new Date(atMs)
  await tx.lookAgain.upsert({ where: { subject }, create: { subject, dueAt }, update: { dueAt } })
}
