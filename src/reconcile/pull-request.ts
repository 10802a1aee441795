import type { Prisma } from "../generated/client.ts"
import { buttonKey, openPullRequestsAt } from "../inbox/facts.ts"
import { subjectKey, type Subject } from "../inbox/subject.ts"
import type { LedgerEntry } from "../ledger/entry.ts"
import { lockLane } from "../ledger/ledger.ts"
import type { ConfigInForce } from "../promotion/config/config.ts"
import { decide, type Plan } from "../promotion/gate/decide.ts"
import type { MergePlan } from "../promotion/merge/merge.ts"
import { promoteAnswer } from "../promotion/command/promote-answer.ts"
import type { Need } from "../promotion/gate/snapshot.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { planConfigCheck, writeConfigCheck } from "./config-check.ts"
import type { ReconcileDeps } from "./deps.ts"
import { wakeDeployments } from "./deployment-rule-wake.ts"
import { runEffects, storeEffects } from "./effect.ts"
import { planGate, storeIntent, writeGate, type GatePlan } from "./gate.ts"
import { followNew, isFollowed } from "./lane-row.ts"
import { look, nothingSeen, type Seen } from "./look.ts"
import { mergeNow } from "./merge.ts"
import { askPool, askWithin, observe, type Ask, type Observation, type PullRequestPlace } from "./observe.ts"
import { followPauses } from "./pause-change.ts"
import { record } from "./record.ts"
import type { KnownRepository } from "./repository-row.ts"
import { standingGroups } from "./standing-groups.ts"

/** Rounds of deciding and looking in one pass; each round answers what the one before needed. */
const limitRounds = 8

/** What is to be done, as far as it was decided. */
type Considered = {
  observation: Observation
  plan: Plan
  gate: GatePlan
  configCheck: GatePlan
  lookAgainAtMs: number | null
}

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
    if (first === null) return
    if (isIdle(first)) return doIntended(deps, place, first)
    const done = first.plan.needs.length > 0 ? first : await doUnderLock(deps, place, seen)
    if (done === null || seen.gone) return
    if (done.plan.needs.length === 0) {
      await apply(deps, place, done)
      return doIntended(deps, place, done)
    }
    const { repository } = done.observation
    await look(deps, { repository, number: place.number }, { needs: done.plan.needs, seen })
  }
  throw new Error(`pull request ${place.number} of repository ${place.repositoryId} did not settle`)
}

/** Shows the gate first, which holds the merge, and then what its config would become. */
async function show(deps: ReconcileDeps, { observation, plan, gate, configCheck }: Considered): Promise<void> {
  if (gate.write !== null) await writeGate(deps, observation.repository, gate.write)
  if (configCheck.write !== null) {
    await writeConfigCheck(deps, observation, { verdict: plan.verdict, write: configCheck.write })
  }
}

/** Shows the gate, and then merges through it if that follows. */
async function apply(deps: ReconcileDeps, place: PullRequestPlace, considered: Considered): Promise<void> {
  const { observation, plan } = considered
  const { repository } = observation
  await show(deps, considered)
  if (plan.merge === null) return
  const decideAgain = async (seen: Seen): Promise<MergePlan | null> => {
    for (let count = 0; count < limitRounds && !seen.gone; count += 1) {
      const again = await doUnderLock(deps, place, seen)
      if (again === null) return null
      if (again.plan.needs.length === 0) return showAgain(deps, again)
      await look(deps, { repository, number: place.number }, { needs: again.plan.needs, seen })
    }
    return null
  }
  await mergeNow(deps, { repository, place, decideAgain })
}

/** Shows what was decided meanwhile; nothing is merged through a gate that is not shown open. */
async function showAgain(deps: ReconcileDeps, considered: Considered): Promise<MergePlan | null> {
  const { plan, gate } = considered
  await show(deps, considered)
  return gate.write === null || gate.write.content.conclusion === "success" ? plan.merge : null
}

/** What was intended comes after the gate, so that a rejected change is red before it is closed. */
async function doIntended(
  deps: ReconcileDeps,
  place: PullRequestPlace,
  { observation, plan }: Considered,
): Promise<void> {
  if (!observation.undone && plan.effects.length === 0) return
  await runEffects(deps, observation.repository, place.number)
  await deps.prisma.$transaction((tx) => deps.queue.mark(tx, [{ ...place, kind: "conversation" }]))
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
  const configCheck = planConfigCheck(observation, decided)
  // A green that was decided in an earlier pass, and never reached GitHub, is not shown on what was seen back then. And
  // whoever asked for the gate again, although nothing was heard, may know of something that was not.
  const opens = gate.write?.content.conclusion === "success"
  const asked = gate.write !== null && observation.report?.intendedDigest === ""
  const unseen = (opens || asked) && observation.snapshot.sight === "none"
  const plan: Plan = unseen ? { ...decided, needs: [{ kind: "sight" }] } : decided
  return { observation, plan, gate, configCheck, lookAgainAtMs: earlier(plan.lookAgainAtMs, gate.lookAgainAtMs) }
}

/**
 * Judges a pull request on a look of this very moment, for a decision about something else, and writes nothing. Null when
 * it has no gate, or could not be judged.
 */
export async function judgeSeen(
  deps: ReconcileDeps,
  repository: KnownRepository,
  place: PullRequestPlace,
): Promise<Verdict | null> {
  const seen = nothingSeen()
  let needs: readonly Need[] = [{ kind: "sight" }]
  for (let count = 0; count < limitRounds; count += 1) {
    await look(deps, { repository, number: place.number }, { needs, seen })
    if (seen.gone) return null
    const considered = await consider(askPool(deps.pool), place, { deps, seen })
    if (considered === null) return null
    if (considered.plan.needs.length === 0) return considered.plan.verdict
    ;({ needs } = considered.plan)
  }
  return null
}

function earlier(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other
  return Math.min(one, other)
}

function isIdle({ observation, plan, gate, configCheck, lookAgainAtMs }: Considered): boolean {
  const nothingToSay =
    plan.needs.length === 0 && plan.entries.length === 0 && plan.answers.length === 0 && plan.effects.length === 0
  const nothingToShow = [gate, configCheck].every(({ write, intent }) => write === null && intent === null)
  return nothingToSay && plan.merge === null && nothingToShow && lookAgainAtMs === observation.lookAgainAtMs
}

async function doUnderLock(deps: ReconcileDeps, place: PullRequestPlace, seen: Seen): Promise<Considered | null> {
  return deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, place.repositoryId)
    const considered = await consider(askWithin(tx), place, { deps, seen })
    if (considered === null || considered.plan.needs.length > 0) return considered
    const { observation, plan, gate, configCheck, lookAgainAtMs } = considered
    const cause = `job:${subjectKey({ kind: "pull-request", ...place })}`
    const recorded = await record(tx, lock, { drafts: plan.entries, cause, nowMs: observation.snapshot.nowMs })
    await followPauses(deps, tx, recorded)
    await answerAsks(deps, tx, { place, plan })
    await answerPromote(deps, tx, { place, plan, config: observation.snapshot.config })
    await storeEffects(tx, place, { effects: plan.effects, at: deps.clock.now() })
    await storeIntent(tx, place.repositoryId, gate)
    await storeIntent(tx, place.repositoryId, configCheck)
    if (plan.entries.length > 0) {
      await wakeDeployments(deps, tx, place.repositoryId)
      await wakeLane(deps, tx, { repository: observation.repository, entries: recorded })
      await wakeBeside(deps, tx, observation)
      await deps.queue.mark(tx, await standingGroups(tx, place.repositoryId))
    }
    if (plan.denied !== null) await deps.queue.mark(tx, [{ ...place, kind: "conversation" }])
    if (lookAgainAtMs !== observation.lookAgainAtMs) await lookAgain(tx, place, lookAgainAtMs)
    return considered
  })
}

/** A merge is followed on its branch, which is followed since the first promotion into it. */
async function wakeLane(
  deps: ReconcileDeps,
  tx: Prisma.TransactionClient,
  { repository, entries }: { repository: KnownRepository; entries: readonly LedgerEntry[] },
): Promise<void> {
  const { id: repositoryId, config, defaultBranch } = repository
  for (const { type, branch } of entries) {
    if (branch === null || config === null || !isFollowed(config, { name: branch, defaultBranch })) continue
    const place = { repositoryId, branch }
    if (type === "proposed") await deps.queue.mark(tx, await followNew(tx, place))
    if (type === "promoted" || type === "aborted" || type === "rejected") {
      await deps.queue.mark(tx, [{ kind: "lane", ...place }])
    }
  }
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

type Answering = { place: PullRequestPlace; plan: Plan }

/** An answer that somebody has to be told is settled only when it was: the conversation sees to it. */
async function answerAsks(
  deps: ReconcileDeps,
  tx: Prisma.TransactionClient,
  { place, plan }: Answering,
): Promise<void> {
  if (plan.answers.length === 0) return
  const { repositoryId } = place
  const settledAt = plan.denied === null ? deps.clock.now() : null
  await tx.ask.updateMany({
    where: { repositoryId: BigInt(repositoryId), key: { in: [...plan.answers] } },
    data: { settledAt, answer: plan.denied ?? {} },
  })
}

/**
 * Whoever asked for the merge is told what came of it, by the conversation. It is an answer of its own, beside the one to
 * the comment or the button, which may be just being told.
 */
async function answerPromote(
  deps: ReconcileDeps,
  tx: Prisma.TransactionClient,
  { place, plan, config }: Answering & { config: ConfigInForce | null },
): Promise<void> {
  const { repositoryId, number } = place
  if (config === null) return
  for (const entry of plan.entries) {
    const told = promoteAnswer(entry, config.config)
    if (told === null) continue
    const whose = { repositoryId: BigInt(repositoryId), key: askKey(told) }
    const asked = await tx.ask.findUnique({ where: { repositoryId_key: whose } })
    if (asked === null) continue
    const key = { ...whose, key: `${whose.key}:${told.answer.mark}` }
    const answer = { answer: told.answer, settledAt: null }
    const create = { ...asked, data: asked.data ?? {}, ...key, ...answer }
    await tx.ask.upsert({ where: { repositoryId_key: key }, create, update: answer })
    await deps.queue.mark(tx, [{ kind: "conversation", repositoryId, number }])
  }
}

function askKey({ commentId, deliveryId }: { commentId: number; deliveryId: string | null }): string {
  return deliveryId === null ? `comment:${commentId}` : buttonKey(deliveryId)
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
