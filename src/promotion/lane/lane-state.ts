import type { Actor } from "../../ledger/entry.ts"
import type { FoldableEntry } from "../state.ts"

/** The last commit of a branch that proved itself, as the ledger has it. */
export type KnownGood = { branch: string; sha: string; tag: string; runId: string; atMs: number }

/** A rollback as its ledger entries tell it. */
export type Rollback = {
  id: string
  branch: string
  /** `revert`: of one change. `restore`: of the whole tree of an earlier commit. */
  kind: "revert" | "restore"
  /** The commit whose tree is restored; null: a revert. */
  target: string | null
  /** The branch's head when it was decided. */
  from: string
  /** The promotion that is the reason. */
  culprit: string
  /** Promotions that are taken out along with it, in the order of their entries. */
  along: readonly string[]
  automatic: boolean
  attempt: number
  reason: string | null
  by: Actor
  /** Pull request or issue where it was asked for, or the culprit's; null: neither. */
  thread: number | null
  startedAtMs: number
  state: "open" | "done" | "failed"
  /** Null while it is open. */
  endedAtMs: number | null
}

/** What the ledger tells of the promotion branches of a repository, beside its promotions. */
export type Lanes = { knownGood: ReadonlyMap<string, KnownGood>; rollbacks: ReadonlyMap<string, Rollback> }

/** Nothing yet. */
export const noLanes: Lanes = { knownGood: new Map(), rollbacks: new Map() }

/** The lanes after one more entry. */
export function foldLanes(lanes: Lanes, entry: FoldableEntry): Lanes {
  switch (entry.type) {
    case "known_good_advanced":
      return { ...lanes, knownGood: foldKnownGood(lanes.knownGood, entry) }
    case "rollback_started":
    case "rolled_back":
    case "failed":
      return { ...lanes, rollbacks: foldRollbacks(lanes.rollbacks, entry) }
    default:
      return lanes
  }
}

/** Known-good after one more advance. */
export function foldKnownGood(
  known: ReadonlyMap<string, KnownGood>,
  { branch, sha, runId, payload, occurredAtMs: atMs }: Extract<FoldableEntry, { type: "known_good_advanced" }>,
): ReadonlyMap<string, KnownGood> {
  if (branch === null || sha === null || runId === null) {
    throw new Error("a `known_good_advanced` entry names its branch, commit and run")
  }
  return new Map(known).set(branch, { branch, sha, tag: payload.tag, runId, atMs })
}

type RollbackEntry = Extract<FoldableEntry, { type: "rollback_started" | "rolled_back" | "failed" }>

function foldRollbacks(known: ReadonlyMap<string, Rollback>, entry: RollbackEntry): ReadonlyMap<string, Rollback> {
  const id = entry.payload.rollback_id
  if (id === null) return known
  const next = foldRollback(known.get(id), entry)
  return next === undefined ? known : new Map(known).set(id, next)
}

/** A rollback after one more entry that names it. Its first one begins it. */
export function foldRollback(state: Rollback | undefined, entry: RollbackEntry): Rollback | undefined {
  if (entry.type === "rollback_started") return foldStarted(state, entry)
  if (state?.state !== "open") return state
  return { ...state, state: entry.type === "rolled_back" ? "done" : "failed", endedAtMs: entry.occurredAtMs }
}

function foldStarted(
  state: Rollback | undefined,
  { branch, runId, payload, actor, pullRequest, occurredAtMs }: Extract<RollbackEntry, { type: "rollback_started" }>,
): Rollback {
  if (branch === null || runId === null) throw new Error("a `rollback_started` entry names its branch and run")
  if (state !== undefined) return { ...state, along: [...state.along, runId] }
  const { rollback_id: id, kind, target, from, automatic, attempt, reason } = payload
  const begun = { branch, kind, target, from, automatic, attempt, reason, by: actor, thread: pullRequest }
  return { id, ...begun, culprit: runId, along: [], startedAtMs: occurredAtMs, state: "open", endedAtMs: null }
}
