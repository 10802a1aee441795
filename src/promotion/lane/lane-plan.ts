import { systemActor, type Actor, type EntryDraft } from "../../ledger/entry.ts"
import type { HealthVerdict } from "../health/judge-health.ts"
import type { PayloadOf } from "../gate/journal.ts"
import type { LandedRun, RollbackGround } from "../rollback/plan-rollback.ts"
import type { LaneEffectDraft, LaneOutcome } from "./lane-deed.ts"

/** Everything a decision about one promotion branch may use. Pure data; the clock is in it. */
export type LaneSnapshot = RollbackGround & {
  branch: string
  /** Whether the config is enforced: else everything is judged and recorded, and nothing is done. */
  enforced: boolean
  /** Of a window that ended without the evidence it needed. */
  noData: "ask" | "roll-back"
  /** The known-good tag, and the pattern of one more for each advance; null: none. */
  tag: string
  keepEach: boolean
  /** Where the tag is on GitHub; undefined: not read in this pass; null: nowhere. */
  tagAt: string | null | undefined
  /** Keys of the entries that tell of the tag where it was found instead. */
  told: ReadonlySet<string>
  /** How each window under way is judged now, by run id; those that nothing is watched for any more are not in it. */
  windows: ReadonlyMap<string, HealthVerdict>
  /** Digest of what each of them stands on. */
  inputs: ReadonlyMap<string, string>
  /** Runs whose evidence was read from GitHub in this pass. */
  seen: ReadonlySet<string>
  /** What came of what was to be done, by key; null: not done yet. */
  deeds: ReadonlyMap<string, LaneOutcome | null>
  /** Rollbacks whose pull request was closed unmerged, or ended by a decision. */
  closed: ReadonlySet<string>
  /** Head of the ledger's chain, for the tag's message. */
  ledgerHead: { size: number; hash: string }
  /** UUIDv7 to be used if a rollback begins. */
  newRollbackId: string
}

/** Something that must be read from GitHub first. */
export type LaneNeed =
  | { kind: "evidence"; runId: string; sha: string }
  | { kind: "tag" }
  /** Which paths a landing changed. */
  | { kind: "paths"; runId: string; before: string | null; sha: string }
  /** What the app may do in the repository. */
  | { kind: "permissions" }

/** What is to be done about a branch. With `needs` there is nothing else in it. */
export type LanePlan = {
  needs: LaneNeed[]
  entries: EntryDraft[]
  effects: LaneEffectDraft[]
  /** When time alone may change the decision, milliseconds since 1970; null: never. */
  lookAgainAtMs: number | null
}

/** An entry about a promotion on the branch, by Portcullis itself unless told. */
export function laneEntry<T extends EntryDraft["type"]>(
  run: LandedRun,
  entry: { key: string; type: T; payload: PayloadOf<T>; actor?: Actor; sha?: string },
): EntryDraft {
  const { key, type, payload, actor = systemActor } = entry
  const sha = entry.sha ?? run.after.landing.sha
  const pullRequest = run.number === 0 ? null : run.number
  return {
    key,
    type,
    runId: run.runId,
    actor,
    pullRequest,
    sha,
    branch: run.baseRef,
    cause: null,
    payload,
  } as EntryDraft
}
