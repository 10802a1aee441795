import type { Actor, EntryDraft } from "../../src/ledger/entry.ts"
import type { HealthVerdict } from "../../src/promotion/health/judge-health.ts"
import { decideLane } from "../../src/promotion/lane/decide-lane.ts"
import { landingEntries, overwrittenEntries } from "../../src/promotion/lane/landing-entry.ts"
import { openKey, type LaneDeed, type LaneEffectDraft, type LaneOutcome } from "../../src/promotion/lane/lane-deed.ts"
import type { LanePlan, LaneSnapshot } from "../../src/promotion/lane/lane-plan.ts"
import { beginRollback } from "../../src/promotion/rollback/begin-rollback.ts"
import { planRollback, type LandedRun, type RollbackRequest } from "../../src/promotion/rollback/plan-rollback.ts"
import { replay, type FoldableEntry, type RepositoryState } from "../../src/promotion/state.ts"
import { answered, brokenBy, type LaneAnswers } from "./lane-laws.ts"
import { automatic, laneNowMs, verdictOf } from "./lane-world.ts"

/**
 * The life of one promotion branch, told by its ledger alone: what the next decision knows is what replaying gives, so
 * that every pass is the first one after a crash.
 */

/** The world, as far as a branch is concerned. */
export type LaneLife = {
  nowMs: number
  /** Ids and commits given out so far. */
  given: number
  ledger: FoldableEntry[]
  /** What was intended, and what came of it. */
  deeds: Map<string, { deed: LaneDeed; outcome: LaneOutcome | null }>
  /** Where GitHub has the tag. */
  tagAt: string | null
  /** How the windows are judged. */
  verdicts: Map<string, HealthVerdict>
  /** Rollbacks whose pull request was closed. */
  closed: Set<string>
  enforced: boolean
  paths: readonly string[] | null
  /** What GitHub says to the next move or pull request. */
  next: LaneOutcome
}

/** Before anything came. */
export function beginLife(): LaneLife {
  const nothing = { ledger: [], deeds: new Map(), tagAt: null, verdicts: new Map(), closed: new Set<string>() }
  return { nowMs: laneNowMs, given: 0, ...nothing, enforced: true, paths: ["src/a.ts"], next: { how: "done" } }
}

const branch = "main"
const olga: Actor = { kind: "user", login: "olga", id: 1 }

function newId(life: LaneLife): string {
  life.given += 1
  return `01930000-0000-7000-8000-${life.given.toString(16).padStart(12, "0")}`
}

function newSha(life: LaneLife): string {
  life.given += 1
  return life.given.toString(16).padStart(40, "0")
}

/** Writes down what is new, as the ledger does. */
function write(life: LaneLife, drafts: readonly EntryDraft[]): number {
  const known = new Set(life.ledger.map(({ key }) => key))
  const fresh = drafts.filter(({ key }) => !known.has(key))
  life.ledger.push(...fresh.map((draft) => ({ ...draft, occurredAtMs: life.nowMs })))
  return fresh.length
}

function intend(life: LaneLife, effects: readonly LaneEffectDraft[]): void {
  for (const { key, deed } of effects) if (!life.deeds.has(key)) life.deeds.set(key, { deed, outcome: null })
}

/** Everything that landed, in order. */
export function landed({ promotions }: RepositoryState): LandedRun[] {
  const isLanded = (run: unknown): run is LandedRun => (run as LandedRun).after?.landing != null
  return [...promotions.values()]
    .filter(isLanded)
    .toSorted((a, b) => a.after.landing.position - b.after.landing.position)
}

/** Something comes on the branch: a change, the pull request of a rollback, or a push. */
export function lands(life: LaneLife, { number, restores = null }: { number: number; restores?: string | null }): void {
  const runs = landed(replay(life.ledger))
  const [runId, sha, headSha] = [newId(life), newSha(life), newSha(life)]
  const before = runs.at(-1)?.after.landing.sha ?? null
  const about = { runId, actor: olga, pullRequest: number, branch, cause: null }
  if (number > 0) {
    const carries = restores === null ? {} : { rollback_id: restores }
    write(life, [
      {
        ...about,
        sha: headSha,
        key: `${runId}:1`,
        type: "proposed",
        payload: { why: "opened", author: "max", from: "topic" },
      },
      {
        ...about,
        sha: headSha,
        key: `${runId}:2`,
        type: "promoted",
        payload: { merge_commit: sha, merged_by: "max", ...carries },
      },
    ])
  }
  const run = number > 0 ? { runId, number, headSha, mergeCommit: sha } : null
  const landing = { before, sha, commits: 1, run, integrity: "clean", mismatch: null } as const
  const position = (runs.at(-1)?.after.landing.position ?? 0) + 1
  const context = { branch, position, enforced: life.enforced, watched: true, newRunId: () => newId(life) }
  write(life, landingEntries([landing], context))
}

/** Somebody moves the branch by force: what came after a place of it is gone. */
export function isMovedBack(life: LaneLife, keep: number): void {
  const runs = landed(replay(life.ledger)).filter(({ state }) => state !== "aborted")
  const from = runs.at(-1)?.after.landing.sha
  const to = runs[keep]?.after.landing.sha
  if (from === undefined || to === undefined || from === to) return
  const lost = runs.slice(keep + 1).filter(({ state }) => state === "promoted_pending_health")
  write(life, overwrittenEntries(lost, { branch, from, to, enforced: life.enforced }))
}

/** Somebody asks for a rollback; whether it begins. */
export function asksToRollBack(life: LaneLife, how: RollbackRequest["how"], place: number): boolean {
  const lane = observe(life)
  const culprit = lane.runs.at(place % Math.max(1, lane.runs.length))
  if (culprit === undefined) return false
  const decision = planRollback(lane, { culprit, how, by: olga })
  if (decision.kind === "refuse") return false
  const into: Pick<LanePlan, "entries" | "effects"> = { entries: [], effects: [] }
  beginRollback(lane, into, { plan: decision.plan, by: olga, reason: null })
  write(life, into.entries)
  intend(life, into.effects)
  return true
}

/** GitHub does what was intended; `crash`: the process dies before it learns of it. */
export function isDone(life: LaneLife, { crash }: { crash: boolean }): void {
  for (const one of life.deeds.values()) {
    if (one.outcome !== null) continue
    if (one.deed.kind === "move-tag" && life.next.how === "done") life.tagAt = one.deed.commit
    if (!crash) one.outcome = life.next
  }
}

/** What a decision knows, when nothing was read of GitHub yet but the tag. */
function observe(life: LaneLife): LaneSnapshot {
  const { promotions, lanes } = replay(life.ledger)
  const runs = landed({ promotions } as RepositoryState)
  life.given += 1
  return {
    nowMs: life.nowMs,
    branch,
    enforced: life.enforced,
    noData: "ask",
    rules: { ...automatic, max_attempts: 2 },
    tag: "known-good/main",
    keepEach: false,
    tagAt: life.tagAt,
    runs,
    knownGood: lanes.knownGood.get(branch) ?? null,
    rollbacks: [...lanes.rollbacks.values()],
    told: new Set(life.ledger.flatMap(({ type, key }) => (type === "known_good_tampered" ? [key] : []))),
    windows: new Map(runs.map(({ runId }) => [runId, life.verdicts.get(runId) ?? verdictOf("inconclusive", false)])),
    inputs: new Map(),
    deeds: new Map([...life.deeds].map(([key, { outcome }]) => [key, outcome])),
    seen: new Set(),
    closed: life.closed,
    paths: new Map(),
    mayWriteWorkflows: null,
    ledgerHead: { size: life.ledger.length, hash: "2".repeat(64) },
    newRollbackId: `01930000-0000-7000-9000-${life.given.toString(16).padStart(12, "0")}`,
  }
}

/** Rounds of one pass, as the shell has them. */
const limitRounds = 12

/** One pass of the app: decides, looks and writes until nothing more follows. Gives the law that was broken. */
export function passes(life: LaneLife): string | null {
  const answers: LaneAnswers = { paths: life.paths, mayWriteWorkflows: true, deed: life.next }
  let seen: Pick<LaneSnapshot, "seen" | "paths"> = { seen: new Set(), paths: new Map() }
  for (let round = 0; round < limitRounds; round += 1) {
    const snapshot = { ...observe(life), ...seen }
    const plan = decideLane(snapshot)
    const broken = brokenBy(snapshot, plan)
    if (broken !== null) return broken
    if (plan.needs.length + plan.entries.length + plan.effects.length === 0) return null
    const { seen: read, paths } = answered(snapshot, { needs: plan.needs, answers })
    seen = { seen: read, paths }
    const fresh = write(life, plan.entries)
    intend(life, plan.effects)
    if (fresh < plan.entries.length)
      return `what is on the ledger is not written again: ${plan.entries.map(({ key }) => key).join(", ")}`
  }
  return "a pass comes to an end"
}

/** The pull request of the open rollback, if it is there. */
export function openedRollback(life: LaneLife): string | null {
  const open = [...replay(life.ledger).lanes.rollbacks.values()].find(({ state }) => state === "open")
  return open !== undefined && life.deeds.get(openKey(open.id))?.outcome?.how === "done" ? open.id : null
}
