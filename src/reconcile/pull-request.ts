import type { Prisma } from "../generated/client.ts"
import { checkLimit, readChecks, readPullRequest } from "../inbox/facts.ts"
import type { HeardLabel } from "../promotion/hearsay.ts"
import { subjectKey } from "../inbox/subject.ts"
import { lockLane } from "../ledger/ledger.ts"
import { decide, type Plan } from "../promotion/decide.ts"
import type { LabelAsk, Need, Snapshot } from "../promotion/snapshot.ts"
import type { ReconcileDeps } from "./deps.ts"
import { intendGate, writeGate, type GateIntent } from "./gate.ts"
import { look, nothingSeen, type Seen } from "./look.ts"
import { readPauses, readPromotion, record } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** The pull request to look at. */
export type PullRequestPlace = { repositoryId: number; number: number }

/** Rounds of deciding and looking in one pass; each round answers what the one before needed. */
const limitRounds = 4

type Round =
  | { kind: "done" }
  | { kind: "needs"; repository: KnownRepository; needs: readonly Need[] }
  | { kind: "decided"; repository: KnownRepository; intent: GateIntent }

/**
 * Brings one pull request's ledger and gate up to date: observe, decide, append, apply, report.
 *
 * Nothing is asked of GitHub while the lane's lock is held. What the lock protects is read under it, so the decision
 * stands on the ledger's head it is appended to.
 */
export async function reconcilePullRequest(deps: ReconcileDeps, place: PullRequestPlace): Promise<void> {
  const seen = nothingSeen()
  for (let count = 0; count < limitRounds; count += 1) {
    const round = await deps.prisma.$transaction((tx) => decideUnderLock({ deps, tx, place, seen }))
    if (round.kind === "done" || seen.gone) return
    if (round.kind === "needs") {
      await look(deps, { repository: round.repository, number: place.number }, { needs: round.needs, seen })
      continue
    }
    if (round.intent.write !== null) await writeGate(deps, round.repository, round.intent.write)
    return
  }
  throw new Error(`pull request ${place.number} of repository ${place.repositoryId} did not settle`)
}

type Pass = { deps: ReconcileDeps; tx: Prisma.TransactionClient; place: PullRequestPlace; seen: Seen }

async function decideUnderLock(pass: Pass): Promise<Round> {
  const { tx, place, seen } = pass
  const repository = await readRepository(tx, place.repositoryId)
  if (repository === null) return { kind: "done" }
  const lock = await lockLane(tx, place.repositoryId)
  const snapshot = await observe(pass, repository)
  const plan = decide(snapshot)
  if (plan.needs.length > 0) return { kind: "needs", repository, needs: plan.needs }
  const cause = `job:${subjectKey({ kind: "pull-request", ...place })}`
  await record(tx, lock, { drafts: plan.entries, cause, nowMs: snapshot.nowMs })
  await settleAsks(pass, plan.answers)
  if (seen.gone) return { kind: "done" }
  const intent = await intend(pass, { plan, nowMs: snapshot.nowMs })
  await lookAgain(pass, intent.lookAgainAtMs)
  return { kind: "decided", repository, intent }
}

async function intend({ tx, place }: Pass, decided: { plan: Plan; nowMs: number }): Promise<GateIntent> {
  const { plan, nowMs } = decided
  if (plan.verdict === null || plan.promotion === null) return { write: null, lookAgainAtMs: null }
  const where = { repositoryId: place.repositoryId, promotion: plan.promotion }
  return intendGate(tx, where, { verdict: plan.verdict, nowMs })
}

async function observe({ deps, tx, place, seen }: Pass, repository: KnownRepository): Promise<Snapshot> {
  const pullRequest = await readPullRequest(tx, place)
  const checks =
    pullRequest === null ? [] : await readChecks(tx, { repositoryId: place.repositoryId, sha: pullRequest.headSha })
  const label = repository.config?.config.pause.label ?? null
  return {
    nowMs: deps.clock.now().getTime(),
    ownAppId: deps.ownAppId,
    repository: { id: repository.id, ...repository.address, defaultBranch: repository.defaultBranch },
    config: repository.config,
    pullRequest,
    checks,
    sight: checks.length > checkLimit ? "partial" : seen.sight,
    promotion: await readPromotion(tx, place),
    pauses: await readPauses(tx, place.repositoryId),
    labelAsks: label === null ? [] : await readLabelAsks(tx, place, label),
    roles: seen.roles,
    newRunId: deps.newRunId(),
  }
}

/** Changes of the label that are looked back at. */
const limitLabelAsks = 20

async function readLabelAsks(
  tx: Prisma.TransactionClient,
  place: PullRequestPlace,
  label: string,
): Promise<LabelAsk[]> {
  const rows = await tx.ask.findMany({
    where: {
      repositoryId: BigInt(place.repositoryId),
      number: place.number,
      kind: "label",
      data: { path: ["label"], equals: label },
    },
    orderBy: [{ at: "desc" }, { key: "desc" }],
    take: limitLabelAsks,
  })
  return rows.map((row) => {
    const { on, actor, actorIsBot, cause } = row.data as HeardLabel
    return { key: row.key, atMs: row.at.getTime(), on, actor, actorIsBot, cause, answered: row.settledAt !== null }
  })
}

async function settleAsks({ deps, tx, place }: Pass, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  await tx.ask.updateMany({
    where: { repositoryId: BigInt(place.repositoryId), key: { in: [...keys] } },
    data: { settledAt: deps.clock.now(), answer: {} },
  })
}

async function lookAgain({ tx, place }: Pass, atMs: number | null): Promise<void> {
  const subject = subjectKey({ kind: "pull-request", ...place })
  if (atMs === null) {
    await tx.lookAgain.deleteMany({ where: { subject } })
    return
  }
  const dueAt = new Date(atMs)
  await tx.lookAgain.upsert({ where: { subject }, create: { subject, dueAt }, update: { dueAt } })
}
