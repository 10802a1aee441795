import type { Subject } from "../inbox/subject.ts"
import { judgeHealth, type HealthInput } from "../promotion/health/judge-health.ts"
import { earlier } from "../promotion/lane/decide-lane.ts"
import { openKey, tagKey } from "../promotion/lane/lane-deed.ts"
import { onwardKey } from "../promotion/lane/onward-deed.ts"
import type { LandedRun } from "../promotion/rollback/plan-rollback.ts"
import { renderAfterMerge } from "../report/after-merge.ts"
import { healthCheckName } from "../report/health.ts"
import { planContent, storedReport, storeIntent, writeGate, type GateWrite } from "./gate.ts"
import { keptInputs } from "./health-input.ts"
import type { LaneContext } from "./lane.ts"
import type { LaneObservation } from "./lane-observe.ts"

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
  let laterMs: number | null = observation.watch?.judged.lookAgainAtMs ?? null
  for (const run of runs) {
    const input = run.after.health === null ? observation.inputs.get(run.runId) : kept.get(run.runId)
    if (input === undefined) continue
    const { write, lookAgainAtMs } = await planOne(context, { observation, run, input })
    laterMs = earlier(laterMs, lookAgainAtMs)
    if (write !== null) await writeGate(deps, repository, write)
  }
  return laterMs
}

/** Those that something may still change of. */
function shownRuns({ snapshot }: LaneObservation): LandedRun[] {
  const isSettled = ({ state }: LandedRun): boolean => state !== "promoted_pending_health" && state !== "rolling_back"
  const settled = snapshot.runs.filter((run) => isSettled(run) && run.state !== "aborted").slice(-limitSettled)
  return snapshot.runs.filter((run) => !isSettled(run) || settled.includes(run))
}

type Shown = { observation: LaneObservation; run: LandedRun; input: HealthInput }

async function planOne(
  { deps, place, rules }: LaneContext,
  { observation, run, input }: Shown,
): Promise<{ write: GateWrite | null; lookAgainAtMs: number | null }> {
  const { snapshot } = observation
  const { landing, takenOutBy } = run.after
  const rollback = snapshot.rollbacks.find(({ id }) => id === takenOutBy) ?? null
  const { content, core } = renderAfterMerge({
    run,
    verdict: judgeHealth(input),
    watch: observation.watch?.runId === run.runId ? observation.watch.judged : null,
    nowMs: snapshot.nowMs,
    tag: snapshot.tag,
    knownGood: snapshot.knownGood,
    tagOutcome: snapshot.deeds.get(tagKey(run.runId)) ?? null,
    rollback,
    rollbackOutcome: rollback === null ? null : (snapshot.deeds.get(openKey(rollback.id)) ?? null),
    enforced: snapshot.enforced,
    laneBusy: snapshot.rollbacks.some(({ state }) => state === "open"),
    onward: onwardOf(rules.promote_to, { snapshot, sha: landing.sha }),
  })
  const shown = { name: healthCheckName, runId: run.runId, number: run.number, sha: landing.sha }
  const subject: Subject = { kind: "lane", ...place }
  return deps.prisma.$transaction(async (tx) => {
    const report = await storedReport(tx, { repositoryId: place.repositoryId, ...shown })
    const plan = planContent({ place: shown, subject, content, core, report, nowMs: snapshot.nowMs })
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
