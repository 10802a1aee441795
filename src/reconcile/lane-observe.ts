import type { Prisma } from "../generated/client.ts"
import type { BranchRules } from "../promotion/config/config.ts"
import { knownGoodTag } from "../promotion/config/config-rollback.ts"
import { modeOf } from "../promotion/gate/verdict.ts"
import type { LaneGround } from "../promotion/command/rollback-command.ts"
import type { CheckFact, DeploymentFact } from "../promotion/fact.ts"
import { isObserved } from "../promotion/lane/decide-lane.ts"
import { openKey, tamperedKey, type LaneOutcome } from "../promotion/lane/lane-deed.ts"
import type { KnownGood, Rollback } from "../promotion/lane/lane-state.ts"
import type { LaneSnapshot } from "../promotion/lane/lane-plan.ts"
import { judgeHealth, type HealthInput, type HealthVerdict } from "../promotion/health/judge-health.ts"
import type { LandedRun } from "../promotion/rollback/plan-rollback.ts"
import { sha as shaOf } from "../lib/brand.ts"
import { judgeWatch, watchMs, type Watch } from "../promotion/health/watch.ts"
import { healthWindow } from "../promotion/health/window.ts"
import { readOutside } from "./outside-evidence.ts"
import { digestOfInputs, healthRules } from "./health-input.ts"
import type { LaneContext } from "./lane.ts"
import type { LaneSeen } from "./lane-look.ts"
import { checkLimit } from "../promotion/fact.ts"
import { landedRuns, type LanePlace } from "./lane-row.ts"
import { readKnownGood, readRollbacks } from "./record-lane.ts"

/** Everything a decision about one promotion branch stands on, and what its health windows were judged by. */
export type LaneObservation = {
  snapshot: LaneSnapshot
  /** By run id. */
  inputs: ReadonlyMap<string, HealthInput>
  /** How the watch of the day after stands for what is known-good; null: it is over, or there is none. */
  watch: { runId: string; sha: string; judged: Watch } | null
}

/** Deployments looked back at. */
const limitDeployments = 200

/** What a rollback of the branch would go by. */
export async function readLaneGround(
  tx: Prisma.TransactionClient,
  { deps, place, rules }: Pick<LaneContext, "deps" | "place" | "rules">,
): Promise<LaneGround> {
  const { repositoryId, branch } = place
  return {
    nowMs: deps.clock.now().getTime(),
    branch,
    rules: rules.rollback,
    runs: await landedRuns(tx, place),
    knownGood: await readKnownGood(tx, repositoryId, branch),
    rollbacks: await readRollbacks(tx, repositoryId, branch),
    paths: new Map(),
    mayWriteWorkflows: null,
    newRollbackId: deps.newRunId(),
  }
}

/** Reads all of it. What was seen in this pass comes with it. */
export async function observeLane(
  tx: Prisma.TransactionClient,
  context: LaneContext,
  seen: LaneSeen,
): Promise<LaneObservation> {
  const { repository, place, rules } = context
  const ground = await readLaneGround(tx, context)
  const inputs = await readInputs(tx, context, ground)
  const windows = new Map<string, HealthVerdict>()
  for (const [runId, input] of inputs) windows.set(runId, judgeHealth(input))
  const snapshot: LaneSnapshot = {
    ...ground,
    paths: seen.paths,
    mayWriteWorkflows: seen.mayWriteWorkflows,
    enforced: repository.config !== null && modeOf(repository.config) === "enforce",
    noData: rules.health?.no_data ?? "ask",
    tag: knownGoodTag(rules, place.branch),
    keepEach: rules.known_good.keep_each,
    tagAt: seen.tagAt,
    told: await readTold(tx, place, { knownGood: ground.knownGood, tagAt: seen.tagAt }),
    windows,
    inputs: new Map([...inputs].map(([runId, input]) => [runId, digestOfInputs(input)])),
    seen: seen.evidence,
    deeds: await readDeeds(tx, place),
    closed: await readClosed(tx, place, ground.rollbacks),
    ledgerHead: await readHead(tx, place.repositoryId),
  }
  return { snapshot, inputs, watch: await readWatch(tx, context, ground) }
}

/** What is known-good is watched for a day after its window, for alerts alone. */
async function readWatch(
  tx: Prisma.TransactionClient,
  context: LaneContext,
  { runs, nowMs, knownGood }: LaneGround,
): Promise<LaneObservation["watch"]> {
  const run = runs.find(({ runId, state }) => runId === knownGood?.runId && state === "known_good")
  const fromMs = run?.after.health?.atMs
  if (run === undefined || fromMs === undefined || nowMs >= fromMs + watchMs) return null
  const judged = await judgeDayAfter(tx, context, { run, runs, nowMs, fromMs, supersededAtMs: null })
  return judged === null ? null : { runId: run.runId, sha: run.after.landing.sha, judged }
}

/** How long it is told what turned bad in the day after; what that stands on is forgotten some time later. */
const keepAlertsMs = 7 * 24 * 3600 * 1000

/**
 * How the watches stand that are over, by run id: because the day is over, or a later commit has proven itself. Of one
 * that was over before it began, or is over for long, nothing is told.
 */
export async function readEndedWatches(
  tx: Prisma.TransactionClient,
  context: LaneContext,
  { of, runs, nowMs }: { of: readonly LandedRun[]; runs: readonly LandedRun[]; nowMs: number },
): Promise<Map<string, Watch>> {
  const ended = new Map<string, Watch>()
  for (const run of of) {
    const fromMs = run.after.health?.atMs
    if (run.state !== "known_good" || fromMs === undefined) continue
    const supersededAtMs = runs.find((later) => isAfter(later, run) && wasKnownGood(later))?.after.health?.atMs ?? null
    const untilMs = Math.min(fromMs + watchMs, supersededAtMs ?? Infinity)
    if (untilMs <= fromMs || nowMs < untilMs || nowMs >= untilMs + keepAlertsMs) continue
    const judged = await judgeDayAfter(tx, context, { run, runs, nowMs, fromMs, supersededAtMs })
    if (judged !== null) ended.set(run.runId, judged)
  }
  return ended
}

function isAfter(one: LandedRun, other: LandedRun): boolean {
  return one.after.landing.position > other.after.landing.position
}

/** What is taken out of known-good afterwards has been there. */
function wasKnownGood({ state, after }: LandedRun): boolean {
  return after.health?.verdict === "healthy" && state !== "promoted_pending_health"
}

type DayAfter = {
  run: LandedRun
  runs: readonly LandedRun[]
  nowMs: number
  fromMs: number
  /** When a later commit took its place; null: none did. */
  supersededAtMs: number | null
}

/** Null: the config names nothing to watch by. */
async function judgeDayAfter(
  tx: Prisma.TransactionClient,
  { deps, place, rules: { health } }: LaneContext,
  { run, runs, nowMs, fromMs, supersededAtMs }: DayAfter,
): Promise<Watch | null> {
  if (health === null) return null
  const deployments = await readDeployments(tx, place.repositoryId, health.deployments)
  const { sha, laterShas, rules } = watchedBy({ run, runs, health, deployments, nowMs })
  const deadlineMs = Math.min(fromMs + watchMs, supersededAtMs ?? Infinity)
  const window = { sinceMs: fromMs, startMs: fromMs, deadlineMs }
  return judgeWatch({
    rules,
    sha,
    laterShas,
    fromMs,
    supersededAtMs,
    nowMs,
    deployments,
    checks: await readChecks(tx, place.repositoryId, sha),
    ownAppId: deps.ownAppId,
    ...(await readOutside(tx, { deps, place, sha, window, environments: health.deployments })),
  })
}

/** Whether the ledger tells already of a tag that is not where it should be. */
async function readTold(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  { repositoryId }: LanePlace,
  { knownGood, tagAt }: { knownGood: KnownGood | null; tagAt: LaneSeen["tagAt"] },
): Promise<Set<string>> {
  if (knownGood === null || tagAt === undefined || tagAt === knownGood.sha) return new Set()
  const rows = await tx.$queryRaw<{ key: string }[]>`
    SELECT key FROM ledger_entry WHERE repository_id = ${BigInt(repositoryId)}
      AND key = ${tamperedKey(knownGood.sha, tagAt)}`
  return new Set(rows.map(({ key }) => key))
}

/** What the windows under way are judged by. */
async function readInputs(
  tx: Prisma.TransactionClient,
  { deps, place, rules }: LaneContext,
  { runs, nowMs }: LaneGround,
): Promise<Map<string, HealthInput>> {
  const observed = runs.filter(isObserved)
  const found = new Map<string, HealthInput>()
  const { health } = rules
  if (observed.length === 0 || health === null) return found
  const deployments = await readDeployments(tx, place.repositoryId, health.deployments)
  const environments = health.deployments
  for (const run of observed) {
    const watched = watchedBy({ run, runs, health, deployments, nowMs })
    const window = healthWindow({ ...watched, deployments })
    const facts = {
      deployments,
      checks: await readChecks(tx, place.repositoryId, run.after.landing.sha),
      ownAppId: deps.ownAppId,
      ...(await readOutside(tx, { deps, place, sha: watched.sha, window, environments })),
    }
    found.set(run.runId, { ...watched, ...facts })
  }
  return found
}

type Watched = {
  run: LandedRun
  runs: readonly LandedRun[]
  health: NonNullable<BranchRules["health"]>
  deployments: readonly DeploymentFact[]
  nowMs: number
}

/** What is watched, by what, and since when. */
function watchedBy({ run, runs, health, nowMs }: Watched) {
  const { sha, position, atMs } = run.after.landing
  const later = runs.filter((one) => one.after.landing.position > position).map((one) => one.after.landing.sha)
  return {
    rules: healthRules(health),
    sha: shaOf(sha),
    laterShas: later.map(shaOf),
    mergedAtMs: run.after.promotedAtMs,
    startedAtMs: atMs,
    nowMs,
  }
}

async function readDeployments(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  repositoryId: number,
  environments: readonly string[],
): Promise<DeploymentFact[]> {
  if (environments.length === 0) return []
  const rows = await tx.$queryRaw<{ data: DeploymentFact }[]>`
    SELECT data FROM fact
    WHERE repository_id = ${BigInt(repositoryId)} AND kind = 'deployment'
      AND lower(data ->> 'environment') = ANY(${environments.map((name) => name.toLowerCase())})
    ORDER BY (data ->> 'createdAtMs')::bigint DESC, (data ->> 'id')::bigint DESC LIMIT ${limitDeployments}`
  return rows.map(({ data }) => data)
}

async function readChecks(
  tx: Pick<Prisma.TransactionClient, "fact">,
  repositoryId: number,
  sha: string,
): Promise<CheckFact[]> {
  const rows = await tx.fact.findMany({
    where: { repositoryId: BigInt(repositoryId), kind: "check", sha },
    orderBy: { key: "asc" },
    take: checkLimit + 1,
  })
  return rows.map((row) => row.data as unknown as CheckFact)
}

async function readDeeds(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  { repositoryId, branch }: LanePlace,
): Promise<Map<string, LaneOutcome | null>> {
  const rows = await tx.$queryRaw<{ key: string; outcome: LaneOutcome | null }[]>`
    SELECT key, outcome FROM effect
    WHERE repository_id = ${BigInt(repositoryId)} AND number = 0 AND deed ->> 'branch' = ${branch}
    ORDER BY intended_at DESC LIMIT 500`
  return new Map(rows.map(({ key, outcome }) => [key, outcome]))
}

/** Open rollbacks whose pull request ended unmerged. */
async function readClosed(
  tx: Pick<Prisma.TransactionClient, "$queryRaw">,
  { repositoryId }: LanePlace,
  rollbacks: readonly Rollback[],
): Promise<Set<string>> {
  const open = rollbacks.filter(({ state }) => state === "open")
  if (open.length === 0) return new Set()
  const rows = await tx.$queryRaw<{ key: string }[]>`
    SELECT e.key FROM effect e
    WHERE e.repository_id = ${BigInt(repositoryId)} AND e.key = ANY(${open.map(({ id }) => openKey(id))})
      AND (SELECT p.state FROM promotion p
        WHERE p.repository_id = e.repository_id AND p.number = (e.outcome ->> 'number')::int
        ORDER BY p.id DESC LIMIT 1) IN ('aborted', 'rejected', 'expired')`
  const keys = new Set(rows.map(({ key }) => key))
  return new Set(open.filter(({ id }) => keys.has(openKey(id))).map(({ id }) => id))
}

async function readHead(
  tx: Pick<Prisma.TransactionClient, "ledgerChain">,
  repositoryId: number,
): Promise<LaneSnapshot["ledgerHead"]> {
  const row = await tx.ledgerChain.findUnique({ where: { repositoryId: BigInt(repositoryId) } })
  return { size: Number(row?.size ?? 0), hash: row?.headHash ?? "" }
}
