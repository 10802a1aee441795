import { subjectKey, type Subject } from "../inbox/subject.ts"
import type { LedgerEntry } from "../ledger/entry.ts"
import { lockLane } from "../ledger/ledger.ts"
import { rulesForBranch, type BranchRules } from "../promotion/config/config.ts"
import { knownGoodTag } from "../promotion/config/config-rollback.ts"
import { decideLane, earlier } from "../promotion/lane/decide-lane.ts"
import type { ReconcileDeps } from "./deps.ts"
import { wakeDeployments } from "./deployment-rule-wake.ts"
import { storeInputs } from "./health-input.ts"
import { runLaneDeeds, storeLaneEffects } from "./lane-deed.ts"
import { gatherEvidence } from "./lane-evidence.ts"
import { followBranch } from "./lane-follow.ts"
import { lookAtLane, nothingSeenOfLane, type LaneSeen } from "./lane-look.ts"
import { observeLane, type LaneObservation } from "./lane-observe.ts"
import { showHealth } from "./lane-report.ts"
import type { LanePlace } from "./lane-row.ts"
import { wakeGatesInto } from "./lane-wake.ts"
import { carryOnward } from "./onward.ts"
import { followPauses } from "./pause-change.ts"
import { record } from "./record.ts"
import { readRepository, type KnownRepository } from "./repository-row.ts"

/** Rounds of deciding and looking in one pass; each round answers what the one before needed. */
const limitRounds = 12

/** A promotion branch whose rules are known. */
export type LaneContext = { deps: ReconcileDeps; repository: KnownRepository; place: LanePlace; rules: BranchRules }

/**
 * Brings one promotion branch up to date: follows what came on it, judges the health windows, moves known-good, and
 * carries rollbacks on. Nothing is asked of GitHub while the lane's lock is held.
 *
 * What is to be done is stored with the entries of the decision and done after the health is shown; what came of it is
 * decided about in the same pass, or by the next one after a crash.
 */
export async function reconcileLane(deps: ReconcileDeps, place: LanePlace): Promise<void> {
  const context = await contextOf(deps, place)
  if (context === null) return
  const seen = nothingSeenOfLane()
  const sight = await followBranch({ ...context, tag: knownGoodTag(context.rules, place.branch) })
  if (sight !== null) seen.tagAt = sight.tagAt
  for (let count = 0; count < limitRounds; count += 1) {
    const { observation, lookAgainAtMs } = await settle(context, seen)
    if (await gatherEvidence(context, observation)) continue
    const laterMs = await showHealth(context, observation)
    if (await runLaneDeeds(context)) {
      // Where the tag was found to be before it was moved proves nothing any more.
      seen.tagAt = undefined
      continue
    }
    if (await carryOnward(context, { snapshot: observation.snapshot, seen, looked: sight !== null })) continue
    return lookAgain(context, earlier(lookAgainAtMs, laterMs))
  }
  throw new Error(`the branch ${place.branch} of repository ${place.repositoryId} did not settle`)
}

async function contextOf(deps: ReconcileDeps, place: LanePlace): Promise<LaneContext | null> {
  const repository = await readRepository(deps.prisma, place.repositoryId)
  if (repository?.config == null) return null
  const { config, defaultBranch } = repository
  const rules = rulesForBranch(config.config, { name: place.branch, defaultBranch })
  return rules === undefined ? null : { deps, repository, place, rules }
}

type Settled = { observation: LaneObservation; lookAgainAtMs: number | null }

/** Decides until nothing more follows, and gives the world as it is then. */
async function settle(context: LaneContext, seen: LaneSeen): Promise<Settled> {
  for (let count = 0; count < limitRounds; count += 1) {
    const observation = await context.deps.prisma.$transaction((tx) => observeLane(tx, context, seen))
    const { needs, entries, effects, lookAgainAtMs } = decideLane(observation.snapshot)
    if (needs.length > 0) await lookAtLane(context, { needs, seen })
    else if (entries.length === 0 && effects.length === 0) return { observation, lookAgainAtMs }
    else await decideUnderLock(context, seen)
  }
  throw new Error(`the branch ${context.place.branch} of repository ${context.place.repositoryId} did not settle`)
}

/** Decides on the very head of the ledger that the decision is appended to. */
async function decideUnderLock(context: LaneContext, seen: LaneSeen): Promise<void> {
  const { deps, place } = context
  await deps.prisma.$transaction(async (tx) => {
    const lock = await lockLane(tx, place.repositoryId)
    const { snapshot, inputs } = await observeLane(tx, context, seen)
    const plan = decideLane(snapshot)
    if (plan.needs.length > 0) return
    const cause = `job:${subjectKey({ kind: "lane", ...place })}`.slice(0, 200)
    const recorded = await record(tx, lock, { drafts: plan.entries, cause, nowMs: snapshot.nowMs })
    await storeInputs(tx, place.repositoryId, { recorded, inputs })
    await storeLaneEffects(tx, place.repositoryId, { effects: plan.effects, at: deps.clock.now() })
    await followPauses(deps, tx, recorded)
    if (recorded.length > 0) await wakeDeployments(deps, tx, place.repositoryId)
    if (recorded.some(({ type }) => ofRollbacks.has(type))) await wakeGatesInto(deps, tx, place)
  })
}

const ofRollbacks: ReadonlySet<LedgerEntry["type"]> = new Set(["rollback_started", "rolled_back", "failed"])

async function lookAgain({ deps, place }: LaneContext, atMs: number | null): Promise<void> {
  const subject = subjectKey({ kind: "lane", ...place } satisfies Subject)
  if (atMs === null) {
    await deps.prisma.lookAgain.deleteMany({ where: { subject } })
    return
  }
  const dueAt = new Date(atMs)
  await deps.prisma.lookAgain.upsert({ where: { subject }, create: { subject, dueAt }, update: { dueAt } })
}
