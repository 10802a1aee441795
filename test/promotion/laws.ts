import { emptyChainHash, seal } from "../../src/ledger/chain.ts"
import { parseEntryBody, type EntryDraft } from "../../src/ledger/entry.ts"
import { rulesForBranch, type Requirement } from "../../src/promotion/config/config.ts"
import { decide, type Plan } from "../../src/promotion/gate/decide.ts"
import type { CheckFact } from "../../src/promotion/fact.ts"
import { nameMatches } from "../../src/promotion/change/glob.ts"
import type { Pause } from "../../src/promotion/pause/pause.ts"
import { atLeast } from "../../src/promotion/permission.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { foldPauses, foldPromotion, type PromotionState } from "../../src/promotion/state.ts"
import { modeOf } from "../../src/promotion/gate/verdict.ts"
import { deployedWell } from "./deployment-laws.ts"
import { isLetPast, skippedOnlyUrgently, urgentInVainIsAnswered, urgentIsTold } from "./urgent-laws.ts"
import { pauseKey, type Withdrawal } from "../../src/promotion/pause/withdraw.ts"
import { configs, pulls, unchangedFile } from "./world.ts"

/** Whether a plan's gate stands open. */
export function isOpen(plan: Plan): boolean {
  return plan.verdict?.open === true
}

/** A law: what it says, when a decision about a snapshot breaks it. */
export type Law = (snapshot: Snapshot, plan: Plan) => string | null

/** What is decided about the snapshot, and the first law that this breaks, in words; null when it keeps them all. */
export function judged(snapshot: Snapshot): { plan: Plan | null; law: string | null } {
  let plan: Plan | null = null
  try {
    plan = decide(snapshot)
    for (const law of laws) {
      const broken = law(snapshot, plan)
      if (broken !== null) return { plan, law: broken }
    }
    return { plan, law: settles(snapshot, plan) }
  } catch (error) {
    return { plan, law: `a decision never throws: ${String(error)}` }
  }
}

/** The law alone. */
export function brokenLaw(snapshot: Snapshot): string | null {
  return judged(snapshot).law
}

/** Laws of every gate, whatever its stages. */
export const lawsOfAll: readonly Law[] = [
  needsStandAlone,
  unknownBlocks,
  pausedHolds,
  greenOnlyOnSight,
  everyRequiredCheckSucceeded,
  deployedWell,
  draftsFit,
  promotionIsFolded,
  bypassIsTold,
  skippedOnlyUrgently,
  urgentIsTold,
  urgentInVainIsAnswered,
  whatLandsByItselfIsStopped,
]

const laws: readonly Law[] = [...lawsOfAll, ownChecksNeverCount, pauseIsChangedByRight]

function needsStandAlone(_: Snapshot, plan: Plan): string | null {
  if (plan.needs.length === 0) return null
  const more = plan.verdict !== null || plan.entries.length > 0 || plan.answers.length > 0
  return more ? "a plan that asks holds nothing else" : null
}

function unknownBlocks(snapshot: Snapshot, plan: Plan): string | null {
  const unknown = snapshot.config === null || snapshot.pullRequest === null
  if (unknown && plan.verdict !== null) return "without config or pull request there is no verdict"
  if (unknown && plan.entries.length > 0) return "without config or pull request nothing is written down"
  return snapshot.sight === "partial" && isOpen(plan) ? "what GitHub did not tell whole opens nothing" : null
}

function pausedHolds(snapshot: Snapshot, plan: Plan): string | null {
  const { pauses } = after(snapshot, plan)
  const { number, baseRef } = snapshot.pullRequest ?? { number: 0, baseRef: "" }
  const over = pauses.filter(
    ({ scope, ...of }) => scope === "repository" || of.number === number || of.branch === baseRef,
  )
  if (isOpen(plan) && over.length > 0) return "a paused gate is shut"
  const gone = snapshot.pauses.filter((pause) => !pauses.some(({ id }) => id === pause.id))
  return gone.some((pause) => pause.source === "command") ? "a label lifts no pause but its own" : null
}

function greenOnlyOnSight({ sight, promotion, pullRequest }: Snapshot, plan: Plan): string | null {
  const known = promotion?.headSha === pullRequest?.headSha && promotion?.baseRef === pullRequest?.baseRef
  const wasReady = promotion?.state === "ready" && known
  if (!plan.entries.some(({ type }) => type === "promotion_ready") && !(isOpen(plan) && !wasReady)) return null
  return sight === "complete" || wasReady ? null : "green is only said on sight"
}

/** Says in its own way what the rules demand: the newest report of each name and app, for this very head. */
function everyRequiredCheckSucceeded(snapshot: Snapshot, plan: Plan): string | null {
  const { config, pullRequest, repository } = snapshot
  if (!isOpen(plan) || config === null || pullRequest === null) return null
  if (isLetPast("checks", snapshot, plan)) return null
  const rules = rulesForBranch(config.config, { name: pullRequest.baseRef, defaultBranch: repository.defaultBranch })
  const here = snapshot.checks.filter((check) => check.appId !== snapshot.ownAppId && check.sha === pullRequest.headSha)
  const required = (rules?.stages ?? []).flatMap((stage) => (stage.kind === "checks" ? stage.require : []))
  return required.every((one) => succeeded(one, here))
    ? null
    : "green needs success of every required check, or somebody's word that it cannot wait"
}

function succeeded(requirement: Requirement, checks: readonly CheckFact[]): boolean {
  const named = checks.filter(
    ({ name, app }) => nameMatches(requirement.name, name) && (requirement.app === null || requirement.app === app),
  )
  const counting = named.filter(
    (check) =>
      !named.some(
        (later) =>
          later.name === check.name && later.app === check.app && later.source === check.source && later.id > check.id,
      ),
  )
  return counting.length > 0 && counting.every((one) => one.status === "completed" && one.conclusion === "success")
}

function ownChecksNeverCount(snapshot: Snapshot, plan: Plan): string | null {
  const foreign = snapshot.checks.filter((check) => check.appId !== snapshot.ownAppId)
  if (foreign.length === snapshot.checks.length) return null
  return same(decide({ ...snapshot, checks: foreign }), plan) ? null : "our own check runs change nothing"
}

/** Whether deciding twice says the same twice. */
export function isSamePlan(snapshot: Snapshot): boolean {
  return same(decide(snapshot), decide(snapshot))
}

/** Whether two values of plain data say the same. */
export function same(one: unknown, two: unknown): boolean {
  if (Object.is(one, two)) return true
  if (typeof one !== "object" || typeof two !== "object" || one === null || two === null) return false
  const values = two as Record<string, unknown>
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(two).length) return false
  for (const key of keys) if (!same((one as Record<string, unknown>)[key], values[key])) return false
  return true
}

const fitting = new Set<string>()

function draftsFit(_: Snapshot, plan: Plan): string | null {
  const keys = plan.entries.map(({ key }) => key)
  if (new Set(keys).size < keys.length) return "no two entries of a plan have the same key"
  for (const draft of plan.entries) {
    const text = JSON.stringify(draft)
    if (!fitting.has(text)) assertFits(draft)
    fitting.add(text)
  }
  return null
}

/**
 * Puts a draft on a chain and reads it back.
 *
 * @throws when it does not fit the ledger.
 */
export function assertFits(draft: EntryDraft): void {
  const context = { repositoryId: 1, cause: "job:test", occurredAtMs: 0, recordedAtMs: 0 }
  parseEntryBody(seal(draft, { size: 0, hash: emptyChainHash }, context).body)
}

type After = { promotion: PromotionState | null; pauses: readonly Pause[] }

let asked: { snapshot: Snapshot; plan: Plan; is: After } | undefined

/** What the ledger tells once the plan's entries are on it. Several laws ask one after the other, so it is kept. */
export function after(snapshot: Snapshot, plan: Plan): After {
  if (asked?.snapshot !== snapshot || asked.plan !== plan) asked = { snapshot, plan, is: fold(snapshot, plan) }
  return asked.is
}

function fold(snapshot: Snapshot, plan: Plan): After {
  let { pauses } = snapshot
  const runs = new Map<string, PromotionState | undefined>()
  if (snapshot.promotion !== null) runs.set(snapshot.promotion.runId, snapshot.promotion)
  let newest = snapshot.promotion
  for (const draft of plan.entries) {
    const entry = { ...draft, occurredAtMs: snapshot.nowMs }
    pauses = foldPauses(pauses, entry)
    if (entry.runId === null) continue
    const next = foldPromotion(runs.get(entry.runId), entry)
    runs.set(entry.runId, next)
    newest = next ?? newest
  }
  return { promotion: newest, pauses }
}

function promotionIsFolded(snapshot: Snapshot, plan: Plan): string | null {
  if (plan.verdict === null) return null
  const { promotion } = after(snapshot, plan)
  if (!same(promotion, plan.promotion)) return "the plan's promotion is what its entries tell"
  return (promotion?.state === "ready") === isOpen(plan) ? null : "ready is what stands open"
}

function bypassIsTold({ config, pullRequest, promotion }: Snapshot, plan: Plan): string | null {
  const types = new Set(plan.entries.map(({ type }) => type))
  if (config === null || !types.has("promoted"))
    return types.has("promotion_bypassed") ? "only a merge is a bypass" : null
  const open =
    promotion?.state === "ready" &&
    promotion.headSha === pullRequest?.headSha &&
    promotion.baseRef === pullRequest.baseRef
  const due = modeOf(config) === "enforce" && !open
  return types.has("promotion_bypassed") === due ? null : "a merge through a shut gate, and no other, is a bypass"
}

/** Whoever would land by itself is stopped, once for each time it is put on its way; what GitHub refused is let be. */
function whatLandsByItselfIsStopped(snapshot: Snapshot, plan: Plan): string | null {
  const kinds = plan.effects.map(({ deed }) => deed.kind)
  const { verdict } = plan
  const [oldest] = verdict?.mode === "enforce" ? verdict.pauses : []
  if (oldest === undefined) return kinds.length > 0 ? "only an enforced pause takes anything off its way" : null
  const earlier = snapshot.landing.withdrawals.filter(({ pause }) => pause === pauseKey(oldest))
  const lands = { dequeue: snapshot.landing.queued, "disable-auto-merge": snapshot.pullRequest?.autoMerge === true }
  for (const kind of ["dequeue", "disable-auto-merge"] as const) {
    const known = earlier.filter((one) => one.kind === kind).map(({ outcome }) => outcome?.how)
    const tried = known.length >= 5 || known.includes("refused") || known.includes(undefined)
    if (kinds.includes(kind) !== (lands[kind] && !tried)) return "what lands by itself is stopped, and once"
  }
  const stored = plan.effects.map(({ deed }) => ({ ...deed, outcome: null }) as Withdrawal)
  const landing = { ...snapshot.landing, withdrawals: [...snapshot.landing.withdrawals, ...stored] }
  const again = decide({ ...worldAfter(snapshot, plan), landing }).effects
  return again.length > 0 ? "what is under way is not asked for again" : null
}

function pauseIsChangedByRight({ config, roles, sight }: Snapshot, plan: Plan): string | null {
  const needs = config?.config.commands["pause-promotion"] ?? "admin"
  for (const { type, actor, payload } of plan.entries) {
    if (type !== "promotion_pause_changed") continue
    const may = atLeast(roles.get(actor.login) ?? "none", needs)
    if (payload.change === "resumed" && !(may && actor.kind === "user")) return "only people who may, lift a pause"
    if (payload.change === "paused" && !may && actor.kind !== "system") return "only who may, pauses"
    if (actor.kind === "system" && sight === "none") return "a label that nobody told of must have been seen"
  }
  return null
}

/** Rounds in which everything must have been asked; the shell gives up after four decisions. */
const limitLooks = 3

function settles(first: Snapshot, firstPlan: Plan): string | null {
  let snapshot = first
  let plan = firstPlan
  for (let looks = 0; plan.needs.length > 0; looks += 1) {
    if (looks === limitLooks) return "what is asked is asked at once"
    snapshot = answered(snapshot, plan)
    plan = decide(snapshot)
  }
  const world = worldAfter(snapshot, plan)
  const again = decide(world)
  if (again.needs.length > 0) return "what was settled asks nothing"
  if (again.entries.length > 0) return `what was settled stays so, without another ${again.entries[0]?.type}`
  if (!same(again.verdict, plan.verdict)) return "what was settled keeps its verdict"
  return plan.verdict === null || same(again.promotion, plan.promotion) ? null : "what was settled keeps its promotion"
}

function answered(snapshot: Snapshot, { needs }: Plan): Snapshot {
  const told = needs.flatMap((need) => (need.kind === "role" ? [[need.login, "write"] as const] : []))
  const roles = new Map([...snapshot.roles, ...told])
  if (!needs.some(({ kind }) => kind === "sight")) return { ...snapshot, roles }
  const pullRequest = snapshot.pullRequest ?? pulls["open into main"] ?? null
  const config = snapshot.config ?? configs["enforce"] ?? null
  return { ...snapshot, roles, sight: "complete", config, headConfig: unchangedFile(config), pullRequest }
}

/** The world once the plan is carried out, a moment later. */
export function worldAfter(snapshot: Snapshot, plan: Plan): Snapshot {
  const labelAsks = snapshot.labelAsks.map((ask) => (plan.answers.includes(ask.key) ? { ...ask, answered: true } : ask))
  const newRunId = `${snapshot.newRunId.slice(0, -1)}f`
  return { ...snapshot, ...after(snapshot, plan), labelAsks, nowMs: snapshot.nowMs + 1, newRunId }
}
