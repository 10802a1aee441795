import type { Actor, EntryDraft } from "../../ledger/entry.ts"
import type { StageKind, StageStatus } from "../gate/stage.ts"

/** What makes a wish to merge an urgent one. It is of one head, and of one base. */
export type Urgency = {
  reason: string
  baseRef: string
  atMs: number
  /** The stages that it was written down to pass over; null: none yet. No others are passed over later on. */
  passedOver: readonly StageKind[] | null
}

/** A wish of a person to have a head merged, by `/promote` or by a button. */
export type MergeAsk = {
  by: Actor
  sha: string
  atMs: number
  commentId: number | null
  /** The delivery of the button; absent: it was a comment. */
  deliveryId?: string
  /** Absent: it can wait for every stage. */
  urgent?: Urgency
}

/** A stage that was passed over, and where it stood. */
export type PassedOver = { stage: StageKind; status: StageStatus }

/** How a gate came to stand open although not every stage passed: who asked, why, and past what. */
export type UrgentWay = Pick<MergeAsk, "by" | "commentId"> &
  Pick<Urgency, "reason" | "atMs"> & { passedOver: readonly PassedOver[] }

type Received = Extract<EntryDraft, { type: "command_received" }> & { occurredAtMs: number }

/**
 * The wish that stands after one more command. Who asks again for what was asked for urgently asks for no less than that:
 * the urgent wish stands, and is as new as theirs.
 */
export function askAfter(standing: MergeAsk | null, entry: Received): MergeAsk | null {
  const { command, comment_id: commentId, urgent: reason, source } = entry.payload
  if (command !== "promote" || entry.sha === null) return standing
  const { actor: by, sha, branch, occurredAtMs: atMs } = entry
  if (reason != null && branch !== null) {
    return { by, sha, atMs, commentId, urgent: { reason, baseRef: branch, atMs, passedOver: null } }
  }
  if (standing?.urgent !== undefined && standing.sha === sha) return { ...standing, atMs }
  const deliveryId = source === "button" ? entry.cause?.replace(/^delivery:/, "") : undefined
  return { by, sha, atMs, commentId, ...(deliveryId === undefined ? {} : { deliveryId }) }
}

/** The wish once it stands on the ledger what was passed over for it. */
export function askPassedOver(
  standing: MergeAsk | null,
  { passed_over: stages }: Extract<EntryDraft, { type: "promotion_urgent" }>["payload"],
): MergeAsk | null {
  if (standing?.urgent === undefined) return standing
  return { ...standing, urgent: { ...standing.urgent, passedOver: stages.map(({ stage }) => stage) } }
}
