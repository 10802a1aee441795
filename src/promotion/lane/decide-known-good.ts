import type { LandedRun } from "../rollback/plan-rollback.ts"
import { tagKey, tamperedKey, type MoveTag } from "./lane-deed.ts"
import { laneEntry, type LanePlan, type LaneSnapshot } from "./lane-plan.ts"

/**
 * Decides how far known-good goes: to the newest commit whose own window passed, if no earlier promotion in it is
 * unhealthy or still being observed. The tag is moved first; only what GitHub was seen to take is written down, for every
 * promotion that the commit contains and that passed.
 */
export function decideKnownGood(snapshot: LaneSnapshot, plan: LanePlan): void {
  noteTampering(snapshot, plan)
  const moved = snapshot.runs.findLast((one) => isMoved(snapshot, one))
  if (moved !== undefined) {
    writeDown(snapshot, plan, moved)
    return
  }
  const run = snapshot.runs.findLast((one) => isProven(one) && mayAdvance(snapshot, one))
  if (run === undefined || !snapshot.enforced) return
  const key = tagKey(run.runId)
  if (snapshot.deeds.has(key)) return
  plan.effects.push({ key, runId: run.runId, deed: { branch: snapshot.branch, ...moveTag(snapshot, run) } })
}

/**
 * Whether the tag was moved to it, and that is not on the ledger yet. It is so even if somebody asked meanwhile for it to
 * be taken out, or switched the config to advisory.
 */
function isMoved(snapshot: LaneSnapshot, run: LandedRun): boolean {
  const isProof = run.after.health?.verdict === "healthy"
  return isProof && snapshot.deeds.get(tagKey(run.runId))?.how === "done" && isPastKnownGood(snapshot, run)
}

function writeDown({ runs, tag, knownGood }: LaneSnapshot, plan: LanePlan, run: LandedRun): void {
  const { sha } = run.after.landing
  for (const one of runs.filter((other) => other === run || (isProven(other) && !isLater(other, run)))) {
    const payload = { tag, from: knownGood?.sha ?? null }
    plan.entries.push(laneEntry(one, { key: `${one.runId}:known-good`, type: "known_good_advanced", payload, sha }))
  }
}

function isPastKnownGood({ runs, knownGood }: LaneSnapshot, run: LandedRun): boolean {
  const at = runs.find(({ after }) => after.landing.sha === knownGood?.sha)
  return at === undefined || isLater(run, at)
}

/** Its own window passed, and it is in no known-good yet. */
function isProven(run: LandedRun): boolean {
  return run.state === "promoted_pending_health" && run.after.health?.verdict === "healthy"
}

function isLater(one: LandedRun, other: LandedRun): boolean {
  return one.after.landing.position > other.after.landing.position
}

/** Forward only, and past nothing that is not settled. */
function mayAdvance(snapshot: LaneSnapshot, run: LandedRun): boolean {
  const { runs } = snapshot
  if (!isPastKnownGood(snapshot, run)) return false
  return runs.every((earlier) => !isLater(run, earlier) || isSettled(earlier, run, runs))
}

/**
 * Whether an earlier promotion stands in the way of a later one no more: it passed; or it was taken out by a rollback that
 * the later commit contains; or it ended badly, nothing is taking it out, and the later one came after that was known, so
 * that what passed is what mended it.
 */
function isSettled(earlier: LandedRun, later: LandedRun, runs: readonly LandedRun[]): boolean {
  const { state, after } = earlier
  if (state === "known_good" || state === "aborted") return true
  if (state === "rolling_back") return false
  if (state === "rolled_back") {
    const carrier = runs.find((run) => run.after.restores === after.takenOutBy)
    return carrier !== undefined && !isLater(carrier, later)
  }
  // What landed while nothing was watched proves nothing, and stands in nobody's way.
  if (after.health === null) return earlier.stages.health === "skipped"
  return after.health.verdict === "healthy" || later.after.landing.atMs > after.health.atMs
}

function moveTag({ tag, keepEach, ledgerHead: ledger }: LaneSnapshot, run: LandedRun): MoveTag {
  const { sha, position } = run.after.landing
  const each = keepEach ? `${tag}-${position}` : null
  return { kind: "move-tag", tag, commit: sha, ledger, each, runId: run.runId, number: run.number }
}

/** Somebody else moved or deleted the tag: said once for each place where it is found. */
function noteTampering(snapshot: LaneSnapshot, plan: LanePlan): void {
  const { knownGood, tagAt, tag, runs } = snapshot
  if (knownGood === null || tagAt === undefined || tagAt === knownGood.sha || knownGood.tag !== tag) return
  const isOurs = (run: LandedRun): boolean => snapshot.deeds.has(tagKey(run.runId)) && isPastKnownGood(snapshot, run)
  // A move of our own that is not on the ledger yet.
  if (runs.some((run) => run.after.landing.sha === tagAt && isOurs(run))) return
  const run = runs.find(({ runId }) => runId === knownGood.runId)
  const key = tamperedKey(knownGood.sha, tagAt)
  if (run === undefined || snapshot.told.has(key)) return
  const payload = { tag, expected: knownGood.sha, found: tagAt }
  plan.entries.push(laneEntry(run, { key, type: "known_good_tampered", payload }))
}
