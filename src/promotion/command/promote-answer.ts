import type { EntryDraft } from "../../ledger/entry.ts"
import type { PromotionConfig } from "../config/config.ts"
import { answerOf, type Answer } from "./reply.ts"

/**
 * What whoever gave a `/promote` is told about it later: under which comment, or for which delivery of a button. Its mark
 * tells it from what they were told at first.
 */
type PromoteAnswer = { commentId: number; deliveryId: string | null; answer: Answer & { mark: string } }

/** The answer that an entry of the gate gives to a `/promote`; null: it gives none. */
export function promoteAnswer(entry: EntryDraft, { urgent }: PromotionConfig): PromoteAnswer | null {
  if (entry.type === "promotion_urgent") {
    const { comment_id: commentId, passed_over: passedOver } = entry.payload
    if (commentId === null || entry.sha === null) return null
    const answer = answerOf([{ kind: "urgent", passedOver, headSha: entry.sha }])
    return { commentId, deliveryId: null, answer: { ...answer, mark: "urgent" } }
  }
  if (entry.type !== "promotion_blocked" || entry.payload.answers == null) return null
  const { answers: commentId, answers_button: button, block_reasons: reasons, held } = entry.payload
  const part = held == null ? {} : { urgent: { held, maySkip: urgent.may_skip } }
  const answer = answerOf([{ kind: "not-promoted", reasons, ...part }])
  return { commentId, deliveryId: button ?? null, answer: { ...answer, mark: "not-promoted" } }
}
