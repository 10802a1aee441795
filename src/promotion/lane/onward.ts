import type { PromoteToRules } from "../config/config-promote.ts"
import type { LandedRun } from "../rollback/plan-rollback.ts"
import type { LaneEffectDraft, LaneOutcome } from "./lane-deed.ts"
import type { KnownGood } from "./lane-state.ts"
import { onwardBranch, onwardCloseKey, onwardKey, type OnwardPlace } from "./onward-deed.ts"
import { onwardBody, onwardEndBody, onwardTitle } from "./onward-text.ts"

/** A promotion pull request that the app opened from the branch into the target. */
export type CarriedPull = {
  number: number
  /** The commit that it was last brought to by the app. */
  commit: string
  /** As in the deed that brought it there. */
  since: number
  state: "open" | "merged" | "closed"
}

/** What the target was seen to have of a commit; `base`: the newest commit that both have, null: there is none. */
export type TargetSight = OnwardPlace & { contained: boolean; base: string | null }

/** Everything that decides about promoting the known-good commit of a branch into another one. */
export type OnwardGround = {
  branch: string
  enforced: boolean
  /** Null: it goes nowhere. */
  to: PromoteToRules | null
  /** What landed on the branch, in order. */
  runs: readonly LandedRun[]
  knownGood: KnownGood | null
  /** Into the target; any order. */
  carried: readonly CarriedPull[]
  /** What came of what was to be done, by key; null: not done yet. */
  deeds: ReadonlyMap<string, LaneOutcome | null>
  /** Null: not looked at in this pass. */
  target: TargetSight | null
  /** Whether the target is to be looked at again, although nothing is new on the branch. */
  again: boolean
  /** Sections that the config demands of a description. */
  sections: readonly string[]
}

/** What follows: first of all a look at the target, or what is to be done. */
export type OnwardPlan = { look: OnwardPlace | null; effect: LaneEffectDraft | null }

const nothing: OnwardPlan = { look: null, effect: null }

/** A known-good commit that is to go on. */
type Going = { ground: OnwardGround; place: OnwardPlace; knownGood: KnownGood; run: LandedRun }

/**
 * Decides whether the known-good commit of a branch is promoted into another branch: one pull request at a time, whose
 * head is exactly that commit, brought forward as known-good advances. It is closed when the target has everything, and
 * as soon as something that it carries is being taken out of the branch. Whether it is merged is for its own gate.
 *
 * Each commit is decided about once: what a person closed is not opened again before something newer is known-good.
 */
export function decideOnward(ground: OnwardGround): OnwardPlan {
  const { enforced, to, knownGood, deeds, carried } = ground
  if (!enforced || to === null || knownGood === null) return nothing
  const place = { target: to.branch, commit: knownGood.sha }
  const run = ground.runs.find(({ runId }) => runId === knownGood.runId)
  // What is older than all that is looked back at was decided about long ago.
  if (run === undefined || deeds.has(onwardCloseKey(place))) return nothing
  const going = { ground, place, knownGood, run }
  const isOpen = carried.some(({ state }) => state === "open")
  if (isTakenBack(going)) return isOpen ? close(going, "taken-back") : nothing
  const isNew = !deeds.has(onwardKey(place))
  if (!isNew && !(isOpen && ground.again)) return nothing
  const target = sightOf(going)
  if (target === null) return { look: place, effect: null }
  if (target.contained) return close(going, "contained")
  return isNew ? open(going) : nothing
}

/** Of this very commit and target. */
function sightOf({ ground: { target }, place }: Going): TargetSight | null {
  return target?.commit === place.commit && target.target === place.target ? target : null
}

/** Up to where the target has everything, as far as is known: what was merged, and what both branches have. */
function sinceOf({ ground, place }: Going): number {
  const has = new Set(ground.carried.filter(({ state }) => state === "merged").map(({ commit }) => commit))
  const base = ground.target?.target === place.target ? ground.target.base : null
  if (base !== null) has.add(base)
  const places = ground.runs
    .filter(({ after }) => has.has(after.landing.sha))
    .map(({ after }) => after.landing.position)
  const before = ground.carried.filter(({ state }) => state === "open").map(({ since }) => since)
  return Math.max(0, ...places, ...before)
}

/** What came on the branch up to the commit and is not in the target, in order. */
function carriedRuns(going: Going): LandedRun[] {
  const since = sinceOf(going)
  const upTo = going.run.after.landing.position
  return going.ground.runs.filter(({ after: { landing } }) => landing.position > since && landing.position <= upTo)
}

/**
 * Whether something that it carries is being taken out of the branch, or was by what it does not carry; or the branch was
 * moved by force since, and may not have the commit any more.
 */
function isTakenBack(going: Going): boolean {
  const { run, ground } = going
  if (run.state !== "known_good") return true
  const upTo = run.after.landing.position
  if (ground.runs.some(({ after: { landing } }) => landing.position > upTo && landing.before === null)) return true
  return carriedRuns(going).some(({ state, after }) => {
    if (state === "rolling_back") return true
    if (state !== "rolled_back") return false
    const carrier = ground.runs.find((one) => one.after.restores !== null && one.after.restores === after.takenOutBy)
    return carrier === undefined || carrier.after.landing.position > upTo
  })
}

function open(going: Going): OnwardPlan {
  const { ground, place, knownGood } = going
  const { branch } = ground
  const told = { branch, ...place, tag: knownGood.tag, runId: knownGood.runId, sections: ground.sections }
  const carries = carriedRuns(going)
  const deed = {
    kind: "open-onward",
    branch,
    ...place,
    since: sinceOf(going),
    head: onwardBranch(branch),
    title: onwardTitle(told, carries),
    body: onwardBody(told, carries),
  } as const
  return { look: null, effect: { key: onwardKey(place), runId: knownGood.runId, deed } }
}

function close({ ground, place, knownGood }: Going, why: "contained" | "taken-back"): OnwardPlan {
  const { branch } = ground
  const { target } = place
  const body = onwardEndBody({ branch, target, why })
  const deed = { kind: "close-onward", branch, target, head: onwardBranch(branch), why, body } as const
  return { look: null, effect: { key: onwardCloseKey(place), runId: knownGood.runId, deed } }
}
