import type { EntryDraft } from "../../src/ledger/entry.ts"
import { decideLane } from "../../src/promotion/lane/decide-lane.ts"
import type { LaneOutcome } from "../../src/promotion/lane/lane-deed.ts"
import { foldLanes } from "../../src/promotion/lane/lane-state.ts"
import type { LaneNeed, LanePlan, LaneSnapshot } from "../../src/promotion/lane/lane-plan.ts"
import type { LandedRun } from "../../src/promotion/rollback/plan-rollback.ts"
import { foldPromotion } from "../../src/promotion/state.ts"
import { assertFits, same } from "./laws.ts"

/**
 * What must hold of every decision about a promotion branch, said without the code that decides it: no function of `src/`
 * but `decideLane` and the folds is used to say it.
 */

/** A law: what it says, when a decision about a snapshot breaks it. */
type LaneLaw = (snapshot: LaneSnapshot, plan: LanePlan) => string | null

/** What GitHub would answer to what a decision asks. */
export type LaneAnswers = { paths: readonly string[] | null; mayWriteWorkflows: boolean; deed: LaneOutcome }

/** The first law that the decisions about a snapshot break, until nothing more follows; null when they keep them all. */
export function brokenLaneLaw(snapshot: LaneSnapshot, answers: LaneAnswers): string | null {
  try {
    const { broken } = settleLane(snapshot, answers)
    return broken
  } catch (error) {
    return `a decision never throws: ${String(error)}`
  }
}

/** Rounds of deciding and looking, as the shell has them. */
const limitRounds = 12

/** Decides, answers and does, until nothing more follows; each decision is held to each law. */
function settleLane(first: LaneSnapshot, answers: LaneAnswers): { last: LaneSnapshot; broken: string | null } {
  let last = first
  for (let round = 0; round < limitRounds; round += 1) {
    const plan = decideLane(last)
    const broken = brokenBy(last, plan)
    if (broken !== null) return { last, broken }
    const isIdle = plan.needs.length + plan.entries.length + plan.effects.length === 0
    if (isIdle && [...last.deeds.values()].every((outcome) => outcome !== null))
      return { last, broken: restsWell(last) }
    last =
      plan.needs.length > 0 ? answered(last, { needs: plan.needs, answers }) : worldAfterPlan(last, { plan, answers })
  }
  return { last, broken: "deciding about a branch settles" }
}

/** The first law that one decision breaks. */
export function brokenBy(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  for (const law of laws) {
    const broken = law(snapshot, plan)
    if (broken !== null) return broken
  }
  return null
}

const laws: readonly LaneLaw[] = [
  needsStandAlone,
  draftsFit,
  windowsEndOnSight,
  tagGoesToProof,
  knownGoodIsWhatWasSeen,
  oneRollbackAtATime,
  automaticIsHeld,
  automaticSparesWhatItMust,
  onlyWhatIsThereIsTakenOut,
  intentBeforeDeed,
  advisoryDoesNothing,
  rollbacksEndByProof,
]

function needsStandAlone(_: LaneSnapshot, { needs, entries, effects }: LanePlan): string | null {
  return needs.length > 0 && entries.length + effects.length > 0 ? "a plan that asks holds nothing else" : null
}

const fitting = new Set<string>()

function draftsFit(_: LaneSnapshot, { entries, effects }: LanePlan): string | null {
  if (new Set(entries.map(({ key }) => key)).size < entries.length) return "no two entries of a plan have the same key"
  if (new Set(effects.map(({ key }) => key)).size < effects.length) return "no two deeds of a plan have the same key"
  for (const draft of entries) {
    const text = JSON.stringify(draft)
    if (!fitting.has(text)) assertFits(draft)
    fitting.add(text)
  }
  return null
}

function ofType<T extends EntryDraft["type"]>(plan: LanePlan, type: T): Extract<EntryDraft, { type: T }>[] {
  return plan.entries.filter((entry): entry is Extract<EntryDraft, { type: T }> => entry.type === type)
}

function runOf({ runs }: LaneSnapshot, runId: string | null): LandedRun | undefined {
  return runs.find((run) => run.runId === runId)
}

/** A window ends once, by what was read of GitHub in this very pass, and as it was judged. */
function windowsEndOnSight(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  for (const { type, runId, payload } of [...ofType(plan, "health_passed"), ...ofType(plan, "health_failed")]) {
    const [run, judged] = [runOf(snapshot, runId), snapshot.windows.get(runId ?? "")]
    if (run === undefined || run.after.health !== null) return "a window ends once"
    if (run.stages.health !== "running" || run.state === "aborted") return "only a window that is under way ends"
    if (judged?.final !== true || !snapshot.seen.has(run.runId))
      return "a window ends on sight, when nothing can change it"
    if ((judged.verdict === "healthy") !== (type === "health_passed")) return "it ends as it was judged"
    if ("verdict" in payload && payload.verdict !== judged.verdict) return "it ends as it was judged"
  }
  return null
}

/** Whether an earlier promotion stands in nobody's way, when the commit at `position` is to be known-good. */
function isOutOfTheWay(earlier: LandedRun, proven: LandedRun, { runs }: LaneSnapshot): boolean {
  const { state, stages, after } = earlier
  const { health } = after
  if (state === "aborted" || state === "known_good") return true
  if (state === "rolling_back") return false
  if (state === "rolled_back") {
    const by = runs.filter((run) => run.after.restores === after.takenOutBy)
    return by.some((run) => run.after.landing.position <= proven.after.landing.position)
  }
  if (health === null) return stages.health === "skipped"
  return health.verdict === "healthy" || health.atMs < proven.after.landing.atMs
}

/** The tag goes forward, to a commit whose own window passed, and past nothing that is ill or watched. */
function tagGoesToProof(snapshot: LaneSnapshot, { effects }: LanePlan): string | null {
  const known = snapshot.runs.find(({ after }) => after.landing.sha === snapshot.knownGood?.sha)
  for (const { deed } of effects) {
    if (deed.kind !== "move-tag") continue
    const run = snapshot.runs.find(({ after }) => after.landing.sha === deed.commit)
    if (run === undefined || run.after.health?.verdict !== "healthy") return "known-good is what passed its own window"
    if (run.state !== "promoted_pending_health") return "known-good is nothing that is taken out, or gone"
    const { position } = run.after.landing
    if (known !== undefined && known.after.landing.position >= position) return "known-good moves forward only"
    const earlier = snapshot.runs.filter(({ after }) => after.landing.position < position)
    if (!earlier.every((one) => isOutOfTheWay(one, run, snapshot)))
      return "known-good passes nothing that is not settled"
  }
  return null
}

/** Of known-good is written down what GitHub took, and no other move. */
function knownGoodIsWhatWasSeen(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  const advanced = ofType(plan, "known_good_advanced").map(({ runId }) => runOf(snapshot, runId))
  const newest = advanced.at(-1)
  if (newest === undefined) return null
  const known = snapshot.runs.find(({ after }) => after.landing.sha === snapshot.knownGood?.sha)
  if (advanced.some((run) => run?.after.health?.verdict !== "healthy"))
    return "known-good is what passed its own window"
  if ((known?.after.landing.position ?? 0) >= newest.after.landing.position) return "known-good moves forward only"
  const moved = [...snapshot.deeds].some(([key, outcome]) => key.endsWith(newest.runId) && outcome?.how === "done")
  return moved ? null : "known-good is on the ledger when GitHub was seen to take it"
}

function oneRollbackAtATime(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  const { rollbacks } = worldAfterPlan(snapshot, { plan, answers: null })
  const open = rollbacks.filter(({ state }) => state === "open")
  if (open.length > Math.max(1, snapshot.rollbacks.filter(({ state }) => state === "open").length)) {
    return "one rollback of a branch is under way at a time"
  }
  const begun = ofType(plan, "rollback_started").some(({ payload }) => payload.role === "culprit")
  return begun && open.length > 1 ? "no rollback begins while another one is under way" : null
}

type Started = Extract<EntryDraft, { type: "rollback_started" }>

/** Rollbacks that nobody asked for follow from a window, and are held by what is known of those before. */
function automaticIsHeld(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  const [first, ...more] = ofType(plan, "rollback_started")
  if (first === undefined) return null
  const { rules, rollbacks, nowMs } = snapshot
  const { payload, runId } = first
  const isByNobody = ({ actor, payload: told }: Started): boolean => told.automatic && actor.kind === "system"
  if (![first, ...more].every(isByNobody)) return "by itself is by nobody"
  if (rules?.automatic !== true) return "it rolls back by itself only where it may"
  const verdict = ofType(plan, "health_failed").find((one) => one.runId === runId)?.payload
  if (verdict?.follows !== "roll-back") return "a rollback follows from the window of its culprit"
  const isWanting = verdict.verdict !== "unhealthy"
  if (isWanting && snapshot.noData !== "roll-back") return "without evidence it asks, unless told otherwise"
  const before = rollbacks.filter(({ culprit }) => culprit === runId).length
  if (before >= rules.max_attempts || payload.attempt !== before + 1) return "attempts are counted, and bounded"
  const isLate = rollbacks.some(({ automatic, startedAtMs }) => automatic && nowMs - startedAtMs < rules.cooldown)
  return isLate ? "a cooldown is kept" : null
}

/** Nor do they take out what a person must decide about, or go back to what did not prove itself. */
function automaticSparesWhatItMust(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  const { runs, knownGood } = snapshot
  const begun = ofType(plan, "rollback_started")
  const target = begun[0]?.payload.target ?? null
  const out = begun.map(({ runId }) => runOf(snapshot, runId))
  if (out.some((run) => run?.after.restores !== null)) return "no rollback is rolled back by itself"
  if (target !== null && target !== knownGood?.sha) return "it returns to what is known-good"
  const back = runs.find(({ after }) => after.landing.sha === target)
  const hasFailed = back !== undefined && (back.after.health?.verdict !== "healthy" || back.state === "rolled_back")
  if (hasFailed) return "it never returns to what failed"
  return begun.length === 0 ? null : peopleDecideAbout(snapshot, out)
}

function peopleDecideAbout({ rules, paths }: LaneSnapshot, out: readonly (LandedRun | undefined)[]): string | null {
  if (rules === null || rules.ask_for.length === 0) return null
  const touched = out.map((run) => paths.get(run?.runId ?? "") ?? null)
  if (touched.some((some) => some === null)) return "what it takes out must be known"
  const isForPeople = touched.some((some) => some?.some((path) => path.startsWith("migrations/")))
  return isForPeople ? "what code cannot take back is a person's to decide" : null
}

function onlyWhatIsThereIsTakenOut(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  const out = ofType(plan, "rollback_started").map(({ runId }) => runOf(snapshot, runId)?.state)
  return out.some((state) => state === "rolled_back" || state === "aborted")
    ? "what is on the branch no more is not taken out"
    : null
}

/** Every deed follows from an entry: of the same plan, or, for the tag, from the window that passed. */
function intentBeforeDeed(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  const culprits = ofType(plan, "rollback_started").filter(({ payload }) => payload.role === "culprit")
  const opened = plan.effects.flatMap(({ deed }) => (deed.kind === "open-rollback" ? [deed.rollbackId] : []))
  if (
    !same(
      culprits.map(({ payload }) => payload.rollback_id),
      opened,
    )
  )
    return "a rollback is opened as it is written down"
  const pauses = ofType(plan, "promotion_pause_changed")
  const due = culprits.length > 0 && snapshot.rules?.pause_after === true ? 1 : 0
  if (pauses.length !== due) return "an automatic rollback pauses, where it is to, and nothing else does"
  for (const { key, runId, deed } of plan.effects) {
    if (snapshot.deeds.has(key)) return "what was intended is not intended again"
    if (deed.branch !== snapshot.branch) return "what is done is done on the branch"
    if (deed.kind === "move-tag" && runOf(snapshot, runId)?.stages.health !== "passed")
      return "the tag follows a window"
  }
  return null
}

function advisoryDoesNothing({ enforced }: LaneSnapshot, plan: LanePlan): string | null {
  if (enforced) return null
  const does = ["rollback_started", "promotion_pause_changed"]
  const done = plan.effects.length > 0 || plan.entries.some(({ type }) => does.includes(type))
  return done ? "where nothing is enforced nothing is done" : null
}

/** A rollback is well when what carried it out is; each promotion that it takes out ends with it. */
function rollbacksEndByProof(snapshot: LaneSnapshot, plan: LanePlan): string | null {
  const ended = new Set(
    [...ofType(plan, "rolled_back"), ...ofType(plan, "failed")].map(({ payload }) => payload.rollback_id),
  )
  for (const id of ended) {
    const rollback = snapshot.rollbacks.find((one) => one.id === id)
    if (rollback?.state !== "open") return "a rollback ends once"
    const told = plan.entries.filter(
      ({ type, payload }) => (type === "rolled_back" || type === "failed") && payload.rollback_id === id,
    )
    const out = [rollback.culprit, ...rollback.along].filter((runId) => runOf(snapshot, runId) !== undefined)
    const isTold = told.length === out.length && out.every((runId) => told.some((one) => one.runId === runId))
    if (!isTold) return "what it takes out ends with it"
    if (new Set(told.map(({ type }) => type)).size > 1) return "a rollback ends in one way"
    const carriers = snapshot.runs.filter(({ after }) => after.restores === id)
    const proved = carriers.some(
      ({ after, stages }) =>
        after.health?.verdict === "healthy" || (after.health === null && stages.health === "skipped"),
    )
    if (told.some(({ type }) => type === "rolled_back") && !proved) return "what proved nothing has taken nothing out"
  }
  return null
}

/** What must be when nothing more follows. */
function restsWell(snapshot: LaneSnapshot): string | null {
  return noRollbackHangs(snapshot) ?? newestIsKnownGood(snapshot)
}

/** No rollback waits for what cannot come. */
function noRollbackHangs({ runs, rollbacks, closed }: LaneSnapshot): string | null {
  for (const { id } of rollbacks.filter(({ state }) => state === "open")) {
    const carrier = runs.findLast(({ after }) => after.restores === id)
    const isOver = carrier === undefined ? closed.has(id) : carrier.after.health !== null || carrier.state === "aborted"
    if (isOver) return "a rollback that is over ends"
  }
  return null
}

/** The newest promotion is known-good if it passed, and came after all that was known to be ill. */
function newestIsKnownGood(snapshot: LaneSnapshot): string | null {
  const { runs, knownGood, enforced, deeds } = snapshot
  const newest = runs.at(-1)
  if (!enforced || newest?.state !== "promoted_pending_health") return null
  if (newest.after.health?.verdict !== "healthy" || newest.after.landing.sha === knownGood?.sha) return null
  const refused = [...deeds].some(([key, outcome]) => key.endsWith(newest.runId) && outcome?.how === "refused")
  if (refused || runs.some((run) => isWaitedFor(run, newest, snapshot))) return null
  return "known-good comes to the newest commit that proved itself"
}

/** Whether something may still be heard of a promotion, or was heard too late, so that the newest one has to wait. */
function isWaitedFor({ runId, state, after }: LandedRun, newest: LandedRun, snapshot: LaneSnapshot): boolean {
  const { health, takenOutBy } = after
  if (state === "rolling_back") return true
  if (state === "rolled_back") return !snapshot.runs.some((run) => run.after.restores === takenOutBy)
  if (state === "known_good" || state === "aborted" || health?.verdict === "healthy") return false
  if (health === null) return snapshot.windows.get(runId)?.final === false
  return health.atMs >= newest.after.landing.atMs
}

/** The snapshot with the answers to what was asked. */
export function answered(
  snapshot: LaneSnapshot,
  { needs, answers }: { needs: readonly LaneNeed[]; answers: LaneAnswers },
): LaneSnapshot {
  const [seen, paths] = [new Set(snapshot.seen), new Map(snapshot.paths)]
  let { mayWriteWorkflows, tagAt } = snapshot
  for (const need of needs) {
    if (need.kind === "evidence") seen.add(need.runId)
    if (need.kind === "paths") paths.set(need.runId, answers.paths)
    if (need.kind === "permissions") mayWriteWorkflows = answers.mayWriteWorkflows
    if (need.kind === "tag") tagAt = snapshot.knownGood?.sha ?? null
  }
  return { ...snapshot, seen, paths, mayWriteWorkflows, tagAt }
}

/** The world once the plan is written down and, with answers, carried out, a moment later. */
function worldAfterPlan(
  snapshot: LaneSnapshot,
  { plan, answers }: { plan: LanePlan; answers: LaneAnswers | null },
): LaneSnapshot {
  let { runs } = snapshot
  let lanes = {
    knownGood: new Map(snapshot.knownGood === null ? [] : [[snapshot.branch, snapshot.knownGood] as const]),
    rollbacks: new Map(snapshot.rollbacks.map((one) => [one.id, one] as const)),
  } as Parameters<typeof foldLanes>[0]
  for (const draft of plan.entries) {
    const entry = { ...draft, occurredAtMs: snapshot.nowMs }
    lanes = foldLanes(lanes, entry)
    runs = runs.map((run) => (run.runId === draft.runId ? (foldPromotion(run, entry) as LandedRun) : run))
  }
  const deeds = new Map(snapshot.deeds)
  for (const { key } of plan.effects) deeds.set(key, null)
  if (answers !== null) for (const [key, outcome] of deeds) deeds.set(key, outcome ?? answers.deed)
  const told = new Set([...snapshot.told, ...ofType(plan, "known_good_tampered").map(({ key }) => key)])
  return {
    ...snapshot,
    runs,
    deeds,
    told,
    nowMs: snapshot.nowMs + 1,
    knownGood: lanes.knownGood.get(snapshot.branch) ?? null,
    rollbacks: [...lanes.rollbacks.values()],
    newRollbackId: `${snapshot.newRollbackId.slice(0, -2)}${((plan.entries.length + snapshot.nowMs) % 90) + 10}`,
  }
}
