import { instantText, systemActor, type Actor, type EntryDraft } from "../../ledger/entry.ts"

/** A pause that holds now. Several can hold at once; a gate opens when the last one over it is gone. */
export type Pause = {
  /**
   * Unique in the repository: `comment:<comment id>:<place in it>`, `button:<delivery id>`, `label:<pull request>` or
   * `issue:<issue>`, `rollback:<rollback id>` or `landing:<run id>`.
   */
  id: string
  scope: "repository" | "branch" | "pull-request"
  /** The branch, when the scope is one. */
  branch: string | null
  /** The pull request, when the scope is one. */
  number: number | null
  reason: string | null
  source: "command" | "label" | "rollback" | "landing"
  actor: Actor
  atMs: number
  /** When it ends by itself, milliseconds since 1970; null: never. It holds until its end is written down. */
  untilMs: number | null
}

/** Id of the pause that a label on a pull request makes. */
export function labelPauseId(number: number): string {
  return `label:${number}`
}

/** Id of the pause that a label on an issue makes. */
export function issuePauseId(number: number): string {
  return `issue:${number}`
}

/** The issue whose label made a pause; null where it was made otherwise. */
export function issueOfPause({ id }: Pick<Pause, "id">): number | null {
  const match = /^issue:(\d+)$/.exec(id)
  return match === null ? null : Number(match[1])
}

/** Something asked for: in a comment, made at a time that GitHub tells to the second, or by a button of a moment. */
type AskedFor = { commentId: number | null; atMs: number; press?: { ofMs: number | null } }

/**
 * Whether a pause was asked for later than this. GitHub counts comments up, across issues. Of a button it tells no time,
 * so a comment is held against the time at which a button's pause was written down, and a button tells its moment itself.
 */
export function isAskedAfter(pause: Pause, { commentId, atMs, press }: AskedFor): boolean {
  if (press !== undefined) return pause.atMs > (press.ofMs ?? 0)
  const [source, asked] = pause.id.split(":")
  if (source === "button") return Math.floor(pause.atMs / 1000) > Math.floor(atMs / 1000)
  return source === "comment" && commentId !== null && Number(asked) > commentId
}

/** A pull request, as far as a pause may be over it. */
export type PausedPlace = { number: number; baseRef: string }

/** Whether a pause is over a pull request. */
export function isOver(pause: Pick<Pause, "scope" | "branch" | "number">, { number, baseRef }: PausedPlace): boolean {
  switch (pause.scope) {
    case "repository":
      return true
    case "branch":
      return pause.branch === baseRef
    case "pull-request":
      return pause.number === number
  }
}

/** The pauses over one pull request, oldest first. */
export function pausesOver(pauses: readonly Pause[], place: PausedPlace): Pause[] {
  return pauses.filter((pause) => isOver(pause, place)).toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))
}

/** What a change of a pause says on the ledger. */
export function pausePayload(
  pause: Pick<Pause, "id" | "scope" | "source" | "branch" | "untilMs">,
  { change, reason }: { change: "paused" | "resumed" | "expired"; reason: string | null },
): Extract<EntryDraft, { type: "promotion_pause_changed" }>["payload"] {
  const { id, scope, source, branch, untilMs } = pause
  const until = change === "paused" && untilMs !== null ? { until: instantText(untilMs) } : {}
  return { change, pause_id: id, scope, source, reason, ...(branch === null ? {} : { branch }), ...until }
}

/** The ends of the pauses whose time is over. */
export function expirePauses(pauses: readonly Pause[], nowMs: number): EntryDraft[] {
  return pauses
    .filter(({ untilMs }) => untilMs !== null && untilMs <= nowMs)
    .map((pause) => ({
      key: `expired:${pause.id}`,
      type: "promotion_pause_changed",
      runId: null,
      actor: systemActor,
      pullRequest: pause.number,
      sha: null,
      branch: pause.branch,
      cause: null,
      payload: pausePayload(pause, { change: "expired", reason: null }),
    }))
}
