import type { Actor } from "../ledger/entry.ts"

/** A pause that holds now. Several can hold at once; a gate opens when the last one over it is gone. */
export type Pause = {
  /** Unique in the repository: `comment:<comment id>:<place in the comment>` or `label:<pull request>`. */
  id: string
  scope: "repository" | "pull-request"
  /** The pull request, when the scope is one. */
  number: number | null
  reason: string | null
  source: "command" | "label"
  actor: Actor
  atMs: number
}

/** Id of the pause that a label on a pull request makes. */
export function labelPauseId(number: number): string {
  return `label:${number}`
}

/** Whether a pause was asked for in a later comment than this one. GitHub counts comments up, across issues. */
export function isAskedAfter(pause: Pause, commentId: number): boolean {
  const [source, asked] = pause.id.split(":")
  return source === "comment" && Number(asked) > commentId
}

/** The pauses over one pull request, oldest first. */
export function pausesOver(pauses: readonly Pause[], number: number): Pause[] {
  return pauses
    .filter((pause) => pause.scope === "repository" || pause.number === number)
    .toSorted((a, b) => a.atMs - b.atMs || (a.id < b.id ? -1 : 1))
}
