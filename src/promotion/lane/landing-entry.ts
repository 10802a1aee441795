import { systemActor, type Actor, type EntryDraft } from "../../ledger/entry.ts"
import type { PayloadOf } from "../gate/journal.ts"
import { pausePayload } from "../pause/pause.ts"
import type { Integrity, Mismatch } from "./after-merge.ts"
import type { FoundLanding } from "./follow.ts"

/** A landing that was compared with what was approved. */
export type JudgedLanding = FoundLanding & { integrity: Integrity; mismatch: Mismatch | null }

/** Where and among what it is written down. */
export type LandingContext = {
  branch: string
  /** Place of the first of them on the branch. */
  position: number
  enforced: boolean
  /** Whether the config watches what landed. */
  watched: boolean
  /** One UUIDv7 for each that was pushed. */
  newRunId(): string
}

/** Id of the pause that a mismatch leaves. */
function landingPauseId(runId: string): string {
  return `landing:${runId}`
}

/**
 * What the ledger says of landings: that the health window begins; of what was pushed past all pull requests, that it
 * was; and of what is not what was approved, how it differs, with a pause of the branch.
 */
export function landingEntries(landings: readonly JudgedLanding[], context: LandingContext): EntryDraft[] {
  return landings.flatMap((landing, index) => {
    const place = { ...context, position: context.position + index }
    return landing.run === null ? pushed(landing, place) : merged(landing, place, landing.run)
  })
}

type About = { runId: string; number: number; actor?: Actor }

function aboutRun(landing: JudgedLanding, branch: string, { runId, number, actor = systemActor }: About) {
  const pullRequest = number === 0 ? null : number
  return { runId, actor, pullRequest, sha: landing.sha, branch, cause: null }
}

function merged(landing: JudgedLanding, context: LandingContext, run: NonNullable<FoundLanding["run"]>): EntryDraft[] {
  const common = aboutRun(landing, context.branch, run)
  return [began(landing, context, common), ...mismatchEntries(landing, context, { ...common, approved: run.headSha })]
}

type CommonOf = ReturnType<typeof aboutRun>

function began(landing: JudgedLanding, { position, watched }: LandingContext, common: CommonOf): EntryDraft {
  const { before, commits, integrity } = landing
  const status = watched ? "running" : "skipped"
  const payload = { stage: "health", status, landing: { before, position, commits, integrity } } as const
  return { ...common, key: `${common.runId}:landed`, type: "stage_changed", payload }
}

function pushed(landing: JudgedLanding, context: LandingContext): EntryDraft[] {
  const runId = context.newRunId()
  const common = aboutRun(landing, context.branch, { runId, number: 0 })
  const { before, commits, sha } = landing
  const bypass: EntryDraft = {
    ...common,
    key: `pushed:${context.branch}:${sha}`,
    type: "promotion_bypassed",
    payload: { merged_by: null, block_reasons: [], how: "push", before, commits },
  }
  const promoted: EntryDraft = {
    ...common,
    key: `${runId}:promoted`,
    type: "promoted",
    payload: { merge_commit: null, merged_by: null },
  }
  // What was moved there by force has an entry of its own.
  return [...(context.enforced && before !== null ? [bypass] : []), promoted, began(landing, context, common)]
}

function mismatchEntries(
  landing: JudgedLanding,
  { branch, enforced }: LandingContext,
  { approved, ...common }: CommonOf & { approved: string },
): EntryDraft[] {
  const { mismatch, before } = landing
  if (mismatch === null) return []
  const { lost, added, altered } = mismatch
  const some = (paths: readonly string[]): string[] => paths.slice(0, 10).map((path) => path.slice(0, 300))
  const named = { lost: some(lost), added: some(added), altered: some(altered) }
  const left = lost.length + added.length + altered.length - Object.values(named).flat().length
  const more = left + mismatch.more
  const payload = { approved, before, ...named, more }
  const key = `${common.runId}:mismatch`
  const found: EntryDraft = { ...common, key, type: "landing_mismatch", payload }
  if (!enforced) return [found]
  const id = landingPauseId(common.runId)
  const held = { id, scope: "branch", source: "landing", branch, untilMs: null } as const
  const where = `Promotion health on ${landing.sha.slice(0, 12)} says what is wrong and how to put it right`
  const reason = `what landed with #${common.pullRequest ?? 0} is not what was approved; ${where}`
  const paused: EntryDraft = {
    ...common,
    runId: null,
    key: `${id}:pause`,
    type: "promotion_pause_changed",
    payload: pausePayload(held, { change: "paused", reason }),
  }
  return [found, paused]
}

/** What the ledger says when a branch was moved by force, or deleted: what it was is on it no more. */
export function overwrittenEntries(
  runs: readonly { runId: string; number: number }[],
  { branch, from, to, enforced }: { branch: string; from: string; to: string | null; enforced: boolean },
): EntryDraft[] {
  const common = { runId: null, actor: systemActor, pullRequest: null, sha: to, branch, cause: null } as const
  const how: "deletion" | "force-push" = to === null ? "deletion" : "force-push"
  const payload = { merged_by: null, block_reasons: [], how, before: from } satisfies PayloadOf<"promotion_bypassed">
  const key = `${how}:${branch}:${from}:${to ?? "none"}`
  const found: EntryDraft = { ...common, key, type: "promotion_bypassed", payload }
  const lost = runs.map(({ runId, number }): EntryDraft => ({
    ...common,
    runId,
    pullRequest: number === 0 ? null : number,
    key: `${runId}:overwritten`,
    type: "aborted",
    payload: { why: "overwritten", reason: null },
  }))
  return [...(enforced ? [found] : []), ...lost]
}
