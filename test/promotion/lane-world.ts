import { evidence } from "../../src/promotion/health/evidence.ts"
import { nothingWanted } from "../../src/promotion/health/judge-evidence.ts"
import type { Health, HealthVerdict } from "../../src/promotion/health/judge-health.ts"
import type { AfterMerge } from "../../src/promotion/lane/after-merge.ts"
import type { Rollback } from "../../src/promotion/lane/lane-state.ts"
import type { LaneSnapshot } from "../../src/promotion/lane/lane-plan.ts"
import type { LandedRun } from "../../src/promotion/rollback/plan-rollback.ts"
import type { RollbackRules } from "../../src/promotion/rollback/rollback-rules.ts"
import type { PromotionState } from "../../src/promotion/state.ts"

/** A promotion branch as the laws of it are tried on: some promotions one after the other, each in some condition. */

/** The moment of every snapshot, and the time between two landings. */
export const laneNowMs = Date.parse("2026-11-20T12:00:00Z")
const minute = 60_000
const hour = 60 * minute

/** The landed commit at a place of the branch, from 1; 0: what was there before. */
export function shaAt(position: number): string {
  return (position + 0xa0).toString(16).padStart(40, "0")
}

/** The run at that place. */
export function runAt(position: number): string {
  return `01930000-0000-7000-8000-${position.toString(16).padStart(12, "0")}`
}

/** The rollback that takes out what is at that place. */
export function rollbackAt(position: number): string {
  return `01930000-0000-7000-a000-${position.toString(16).padStart(12, "0")}`
}

/** A verdict, final unless the window runs on. */
export function verdictOf(verdict: Health, final = true): HealthVerdict {
  const state = { healthy: "good", unhealthy: "bad", inconclusive: "inconclusive", no_data: "missing" } as const
  const item = evidence({ kind: "deployment", name: "production", state: state[verdict], reason: "deployed" })
  const window = { sinceMs: laneNowMs - hour, startMs: laneNowMs - hour, deadlineMs: laneNowMs, windowMs: hour }
  const lookAgainAtMs = final ? null : laneNowMs + minute
  return { ...window, verdict, final, items: [item], wanted: nothingWanted, lookAgainAtMs }
}

/** A promotion of a small branch, how its window is judged if it is under way, and the rollback that it is about. */
export type Placed = { run: LandedRun; judged: HealthVerdict | null; rollback: Rollback | null }

type Made = Partial<Pick<PromotionState, "state" | "stages">> & {
  after?: Partial<AfterMerge>
  judged?: HealthVerdict
  rollback?: Partial<Rollback>
}

const bad = { verdict: "unhealthy", follows: "ask", why: "not-automatic" } as const
const good = { verdict: "healthy", follows: null, why: null } as const

/** A moment in the life of a promotion, by its place on the branch: it landed so many minutes before now. */
type At = { position: number; landedMs: number }

const passed = (at: At): Made => ({
  stages: { health: "passed" },
  after: { health: { ...good, atMs: at.landedMs + minute } },
})
const failed = (at: At, minutes: number): Made => ({
  stages: { health: "failed" },
  after: { health: { ...bad, atMs: at.landedMs + minutes * minute } },
})

/** What has become of a promotion. The one after it is there when its health was known, unless told. */
export const conditions: Readonly<Record<string, (at: At) => Made>> = {
  watched: () => ({ judged: verdictOf("inconclusive", false) }),
  "watched, and well": () => ({ judged: verdictOf("healthy") }),
  "watched, and ill": () => ({ judged: verdictOf("unhealthy") }),
  "watched in vain": () => ({ judged: verdictOf("no_data") }),
  "not watched": () => ({ stages: { health: "skipped" } }),
  "watched no more": () => ({}),
  passed: passed,
  ill: (at) => failed(at, 5),
  "ill, known after the next came": (at) => failed(at, 15),
  "known-good": (at) => ({ ...passed(at), state: "known_good" }),
  overwritten: () => ({ state: "aborted" }),
  "being taken out": (at) => takenOut(at, "open"),
  "being taken out, though well": (at) => join(passed(at), takenOut(at, "open")),
  "taken out": (at) => takenOut(at, "done"),
  "taken out in vain": (at) => takenOut(at, "failed"),
  "taken out in vain, and ill": (at) => join(failed(at, 5), takenOut(at, "failed")),
  "takes out the one before": (at) => restores(at, { judged: verdictOf("inconclusive", false) }),
  "takes out the one before, and well": (at) => restores(at, passed(at)),
  "takes out the one before, and ill": (at) => restores(at, failed(at, 5)),
  "takes out the one before, overwritten": (at) => restores(at, { state: "aborted" }),
}

function takenOut({ position, landedMs }: At, state: Rollback["state"]): Made {
  const to = { open: "rolling_back", done: "rolled_back", failed: "failed" } as const
  const startedAtMs = landedMs + 6 * minute
  const endedAtMs = state === "open" ? null : startedAtMs + minute
  const rollback = { state, startedAtMs, endedAtMs, automatic: position % 2 === 0 }
  return { state: to[state], after: { takenOutBy: rollbackAt(position) }, rollback }
}

function restores({ position }: At, made: Made): Made {
  return { ...made, after: { ...made.after, restores: rollbackAt(position - 1) } }
}

function join(one: Made, other: Made): Made {
  return { ...one, ...other, after: { ...one.after, ...other.after } }
}

const nobody = { kind: "system", login: "portcullis", id: null } as const

/** The promotion at a place of the branch, of so many, in a condition. */
export function place(condition: string, { position, count }: { position: number; count: number }): Placed {
  const landedMs = laneNowMs - (count - position + 1) * 10 * minute
  const make = conditions[condition]
  if (make === undefined) throw new Error(`no condition ${condition}`)
  const {
    state = "promoted_pending_health",
    stages = { health: "running" },
    after,
    judged = null,
    rollback,
  } = make({ position, landedMs })
  const landing = {
    sha: shaAt(position),
    before: shaAt(position - 1),
    position,
    commits: 1,
    integrity: "clean",
    atMs: landedMs,
  } as const
  const merged = {
    mergeCommit: landing.sha,
    promotedAtMs: landedMs,
    restores: null,
    mismatch: null,
    health: null,
    takenOutBy: null,
  }
  const run: LandedRun = {
    runId: runAt(position),
    number: position,
    state,
    headSha: shaAt(position + 500),
    baseRef: "main",
    stages,
    blockReasons: [],
    evaluated: null,
    approvals: [],
    staleApprovers: [],
    asked: null,
    voided: [],
    proposedAtMs: landedMs - minute,
    version: 5,
    endedAtMs: null,
    endedBy: null,
    ending: null,
    after: { ...merged, ...after, landing },
  }
  const id = rollbackAt(position)
  const common = { id, branch: "main", kind: "revert", target: null, from: landing.sha, culprit: run.runId } as const
  const begun = {
    along: [],
    automatic: false,
    attempt: 1,
    reason: null,
    by: nobody,
    thread: position,
    startedAtMs: landedMs,
  }
  const whole: Rollback = { ...common, ...begun, state: "open", endedAtMs: null, ...rollback }
  return { run, judged, rollback: rollback === undefined ? null : whole }
}

/** Rules that roll back by themselves. */
export const automatic: RollbackRules = {
  automatic: true,
  merge: "auto",
  max_attempts: 1,
  cooldown: hour,
  pause_after: true,
  ask_for: ["migrations/**"],
}

/** The lane of such promotions; what is not told is as on a branch that rolls back by itself. */
export function laneOf(placed: readonly Placed[], told: Partial<LaneSnapshot> = {}): LaneSnapshot {
  const runs = placed.map(({ run }) => run)
  const known = runs.findLast(({ state }) => state === "known_good")
  const at = known?.after.landing
  const judged = placed.flatMap(({ run, judged: verdict }) => (verdict === null ? [] : [[run.runId, verdict] as const]))
  return {
    nowMs: laneNowMs,
    branch: "main",
    enforced: true,
    rules: automatic,
    noData: "ask",
    runs,
    knownGood:
      known === undefined || at === undefined
        ? null
        : { branch: "main", sha: at.sha, tag: "known-good/main", runId: known.runId, atMs: at.atMs },
    rollbacks: placed.flatMap(({ rollback }) => (rollback === null ? [] : [rollback])),
    tag: "known-good/main",
    keepEach: false,
    tagAt: undefined,
    told: new Set(),
    windows: new Map(judged),
    inputs: new Map(judged.map(([runId]) => [runId, "1".repeat(64)])),
    seen: new Set(),
    deeds: new Map(),
    closed: new Set(),
    paths: new Map(),
    mayWriteWorkflows: null,
    ledgerHead: { size: 9, hash: "2".repeat(64) },
    newRollbackId: "01930000-0000-7000-b000-000000000001",
    ...told,
  }
}
