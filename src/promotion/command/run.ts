import type { EntryDraft } from "../../ledger/entry.ts"
import type { Command } from "./command-arguments.ts"
import type { PromotionConfig } from "../config/config.ts"
import type { CommentAsk, ConversationSnapshot } from "./conversation.ts"
import type { LaneEffectDraft } from "../lane/lane-deed.ts"
import type { EffectDraft } from "../merge/effect.ts"
import type { Pause } from "../pause/pause.ts"
import type { ReplyPart } from "./reply.ts"
import type { LaneGround } from "./rollback-command.ts"
import type { Need } from "../gate/snapshot.ts"
import type { PromotionState } from "../state.ts"

/** One command of a comment, and the world as the commands before it left it. */
export type Run = {
  snapshot: ConversationSnapshot
  comment: CommentAsk
  config: PromotionConfig
  /** Of this command: the comment's key and its place in it, or the key of the pressed button. */
  key: string
  pauses: readonly Pause[]
  promotion: PromotionState | null
  /** The branch that a rollback would be of; null: it is no promotion branch. */
  lane: LaneGround | null
}

/** What a command leads to. With `needs` nothing else in it counts. */
export type Step = {
  needs?: readonly Need[]
  entries: readonly EntryDraft[]
  reply: readonly ReplyPart[]
  effects?: readonly EffectDraft[]
  laneEffects?: readonly LaneEffectDraft[]
  /** Everything is to be read from GitHub again. */
  recheck?: boolean
}

/** Nothing. */
export const noStep: Step = { entries: [], reply: [] }

/** That a command was given, by someone who may. */
export function receivedEntry(run: Run, command: Command): EntryDraft {
  const { name, text } = command
  const urgent = command.name === "promote" && command.urgent !== null ? { urgent: command.urgent } : {}
  const asked = { command: name, comment_id: run.comment.commentId, arguments: text }
  const payload = { ...asked, ...urgent, ...source(run) }
  return { ...common(run), key: `${run.key}:received`, type: "command_received", payload }
}

/** That a command was given by someone who may not. */
export function deniedEntry(run: Run, { name }: Command, told: { needs: string; has: string }): EntryDraft {
  const payload = { command: name, comment_id: run.comment.commentId, ...told, ...source(run) }
  return { ...common(run), key: `${run.key}:denied`, type: "command_denied", payload }
}

function source({ comment }: Run): { source?: "button" } {
  return comment.press === undefined ? {} : { source: "button" }
}

function common({ comment }: Run) {
  const { actor, cause, number: pullRequest } = comment
  return { runId: null, actor, pullRequest, sha: null, branch: null, cause }
}
