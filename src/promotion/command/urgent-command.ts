import type { PullRequestFact } from "../fact.ts"
import type { ReplyPart } from "./reply.ts"
import type { Run } from "./run.ts"

/**
 * Why an urgent ask is not of this head and base; null: it is. Named race: *the push behind the comment*. What may be
 * passed over is only what its author saw, so a head or base that is as new as the comment, or newer, is refused.
 */
export function whyNotUrgent({ snapshot, comment }: Run, { headSha, baseRef }: PullRequestFact): ReplyPart | null {
  const not = (why: Extract<ReplyPart, { kind: "not-urgently" }>["why"]) =>
    ({ kind: "not-urgently", why, headSha, baseRef }) as const
  if (comment.commentId !== null && snapshot.voided.has(comment.commentId)) return not("comment-changed")
  const pushedAtMs = snapshot.head?.sha === headSha ? snapshot.head.atMs : Number.POSITIVE_INFINITY
  if (pushedAtMs >= comment.atMs) return not("pushed-since")
  return (snapshot.retargetedAtMs ?? 0) >= comment.atMs ? not("retargeted-since") : null
}
