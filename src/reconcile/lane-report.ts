import type { Subject } from "../inbox/subject.ts"
import { judgeHealth, type HealthInput } from "../promotion/health/judge-health.ts"
import type { Watch } from "../promotion/health/watch.ts"
import { earlier } from "../promotion/lane/decide-lane.ts"
import { openKey, tagKey } from "../promotion/lane/lane-deed.ts"
import { onwardKey } from "../promotion/lane/onward-deed.ts"
import type { LandedRun } from "../promotion/rollback/plan-rollback.ts"
import { taintOf } from "../promotion/rollback/taint.ts"
import type { LandingJudgement } from "../promotion/landing/judgement.ts"
import { renderAfterMerge, type AfterMergeContent } from "../report/after-merge.ts"
import { healthCheckName } from "../report/health.ts"
import { renderUnwatched } from "../report/unwatched.ts"
import { planContent, storedReport, storeIntent, writeGate, type GateWrite } from "./gate.ts"
import { keptInputs } from "./health-input.ts"
import { keptLandingDetails } from "./landing-detail.ts"
import type { LaneContext } from "./lane.ts"
import { readEndedWatches, type LaneObservation } from "./lane-observe.ts"

/** Check runs of settled promotions that are kept up to date, the newest: nothing changes on older ones. */
const limitSettled = 5

/**
 * Shows on each landed commit how its health stands: intended first, written after it, acknowledged in the end, as the
 * gate is. Gives the moment when progress that was held back is to be shown; null: never.
 */
export async function showHealth(context: LaneContext, observation: LaneObservation): Promise<number | null> {
  const { deps, repository } = context
  const runs = shownRuns(observation)
  const kept = await keptInputs(
    deps.prisma,
    runs.filter(({ after }) => after.health !== null).map(({ runId }) => runId),
  )
  const details = await keptLandingDetails(
    deps.prisma,
    runs.filter(({ after }) => after.landing.integrity !== "clean").map(({ runId }) => runId),
  )
  const { nowMs, runs: all } = observation.snapshot
  const ended = await deps.prisma.$transaction((tx) => readEndedWatches(tx, context, { of: runs, runs: all, nowMs }))
  let laterMs: number | null = observation.watch?.judged.lookAgainAtMs ?? null
  for (const run of runs) {
    const input = run.after.health === null ? observation.inputs.get(run.runId) : kept.get(run.runId)
    const landed = details.get(run.runId) ?? null
    const live = observation.watch?.runId === run.runId ? observation.watch.judged : null
    const told = tell(context, { observation, run, landed, input, watch: live ?? ended.get(run.runId) ?? null })
    if (told === null) continue
    const { write, lookAgainAtMs } = await planOne(context, { observation, run, told })
    laterMs = earlier(laterMs, lookAgainAtMs)
    if (write !== null) await writeGate(deps, repository, write)
  }
  return laterMs
}

/** Those that something may still change of. */
function shownRuns({ snapshot }: LaneObservation): LandedRun[] {
  const isSettled = ({ state, stages }: LandedRun): boolean =>
    (state !== "promoted_pending_health" || stages.health === "skipped") && state !== "rolling_back"
  const settled = snapshot.runs.filter((run) => isSettled(run) && run.state !== "aborted").slice(-limitSettled)
  return snapshot.runs.filter((run) => !isSettled(run) || settled.includes(run))
}

type Known = { observation: LaneObservation; run: LandedRun; landed: LandingJudgement | null }

/** What is shown of a landing; null: nothing. */
function tell(
  { rules }: LaneContext,
  { observation, run, landed, input, watch }: Known & { input: HealthInput | undefined; watch: Watch | null },
): AfterMergeContent | null {
  const { snapshot } = observation
  const { enforced } = snapshot
  if (input === undefined) return run.stages.health === "skipped" ? renderUnwatched({ run, landed, enforced }) : null
  const { landing, takenOutBy } = run.after
  const rollback = snapshot.rollbacks.find(({ id }) => id === takenOutBy) ?? null
  return renderAfterMerge({
    run,
    landed,
    verdict: judgeHealth(input),
    watch,
    nowMs: snapshot.nowMs,
    tag: snapshot.tag,
    knownGood: snapshot.knownGood,
    tagOutcome: snapshot.deeds.get(tagKey(run.runId)) ?? null,
    rollback,
    taint: taintOf(run, snapshot.runs, snapshot.rollbacks),
    rollbackOutcome: rollback === null ? null : (snapshot.deeds.get(openKey(rollback.id)) ?? null),
    enforced,
    laneBusy: snapshot.rollbacks.some(({ state }) => state === "open"),
    onward: onwardOf(rules.promote_to, { snapshot, sha: landing.sha }),
  })
}

type Shown = { observation: LaneObservation; run: LandedRun; told: AfterMergeContent }

async function planOne(
  { deps, place }: LaneContext,
  { observation, run, told: { content, core } }: Shown,
): Promise<{ write: GateWrite | null; lookAgainAtMs: number | null }> {
  const { nowMs } = observation.snapshot
  const shown = { name: healthCheckName, runId: run.runId, number: run.number, sha: run.after.landing.sha }
  const subject: Subject = { kind: "lane", ...place }
  return deps.prisma.$transaction(async (tx) => {
    const report = await storedReport(tx, { repositoryId: place.repositoryId, ...shown })
    const plan = planContent({ place: shown, subject, content, core, report, nowMs })
    await storeIntent(tx, place.repositoryId, plan)
    return plan
  })
}

/** What came of promoting a commit into the next branch; null: nothing yet, or it goes nowhere. */
function onwardOf(
  to: LaneContext["rules"]["promote_to"],
  { snapshot, sha }: { snapshot: LaneObservation["snapshot"]; sha: string },
): Parameters<typeof renderAfterMerge>[0]["onward"] {
  const outcome = to === null ? null : (snapshot.deeds.get(onwardKey({ target: to.branch, commit: sha })) ?? null)
  return to === null || outcome === null ? null : { target: to.branch, outcome }
}
