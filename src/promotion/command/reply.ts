import type { NotCounted } from "../review/approval.ts"
import type { Misuse } from "./command-arguments.ts"
import type { CommandName } from "./command-table.ts"
import type { CommandRoles } from "../config/config-rules.ts"
import type { Pause } from "../pause/pause.ts"
import type { Role } from "../permission.ts"
import type { RollbackRefusal } from "../rollback/plan-rollback.ts"
import type { NoRollback } from "./rollback-command.ts"
import type { PassedOver } from "../merge/urgent-ask.ts"

/** Why there is no promotion under way: closed, of no promotion branch, or ended by a decision. */
export type NoPromotion = "closed" | "no-promotion-branch" | "rejected" | "expired" | "aborted"

/** One thing a reply has to say; the words are made in `report/`. */
export type ReplyPart =
  | { kind: "denied"; command: CommandName | "promote --urgent"; needs: Role; has: Role; why: "role" | "bot" }
  | Misuse
  | { kind: "near-miss"; said: string; name: CommandName }
  /** `takesOut`: what it takes out, by pull request; 0: what was pushed. */
  | { kind: "rollback-begun"; branch: string; target: string | null; takesOut: readonly number[] }
  | { kind: "no-rollback"; why: RollbackRefusal | NoRollback }
  | { kind: "help"; roles: CommandRoles }
  /** What holds the gate, or the repository, at the time of telling. */
  | { kind: "status" }
  /** There is no promotion under way that the command could be about. */
  | { kind: "no-promotion"; command: CommandName; why: NoPromotion }
  | { kind: "may-not-judge"; command: CommandName; why: NotCounted }
  | { kind: "nothing-to-approve"; baseRef: string }
  /** A bare approval, given no later than the newest push. */
  | { kind: "push-is-newer"; headSha: string }
  /** It was made to go into another branch after the comment, or in the same second. */
  | { kind: "base-is-newer"; baseRef: string }
  | { kind: "not-the-head"; said: string; headSha: string }
  | { kind: "comment-changed" }
  /** The button was of another head, or of another base branch, than those that are there now. */
  | { kind: "button-outdated"; headSha: string }
  /** The gate was shut when the merge was asked for; `urgent`: what holds it against what may be passed over. */
  | {
      kind: "not-promoted"
      reasons: readonly string[]
      urgent?: { held: readonly string[]; maySkip: readonly string[] }
    }
  /** It stands open past these stages. */
  | { kind: "urgent"; passedOver: readonly PassedOver[]; headSha: string }
  /** An urgent ask that is not of what its author saw. */
  | {
      kind: "not-urgently"
      why: "pushed-since" | "retargeted-since" | "comment-changed"
      headSha: string
      baseRef: string
    }
  | { kind: "advisory" }
  | { kind: "nothing-to-resume" }
  | { kind: "still-paused"; pauses: readonly Pause[] }
  /** The command was overtaken by pauses that were asked for after it. */
  | { kind: "paused-since"; pauses: readonly Pause[]; lifted: number }

/**
 * The answer to one comment: a reaction always, a reply only when there is something to say. `mark` tells replies under
 * one comment apart that are made at different times; absent: the first.
 */
export type Answer = { reaction: "+1" | "-1" | "confused"; reply: readonly ReplyPart[]; mark?: string }

const refusals: ReadonlySet<ReplyPart["kind"]> = new Set(["denied", "may-not-judge"])

const inVain: ReadonlySet<ReplyPart["kind"]> = new Set([
  "misuse",
  "near-miss",
  "no-rollback",
  "nothing-to-resume",
  "no-promotion",
  "nothing-to-approve",
  "push-is-newer",
  "base-is-newer",
  "not-the-head",
  "comment-changed",
  "button-outdated",
  "not-promoted",
  "not-urgently",
  "advisory",
])

/** The answer that says all this: thumbs down where somebody may not, a frown where something could not be done. */
export function answerOf(reply: readonly ReplyPart[]): Answer {
  const denied = reply.some((part) => refusals.has(part.kind))
  const vain = reply.some((part) => inVain.has(part.kind) || (part.kind === "paused-since" && part.lifted === 0))
  return { reaction: denied ? "-1" : vain ? "confused" : "+1", reply }
}
