import type { PromotionConfig } from "../config/config.ts"
import type { Journal, PayloadOf } from "../gate/journal.ts"
import { isAgentAccount } from "../permission.ts"
import type { StageKind, StageResult } from "../gate/stage.ts"
import type { PromotionState } from "../state.ts"
import type { MergeAsk, Urgency } from "./urgent-ask.ts"
import { reasonsBeside, type BlockReason, type Verdict } from "../gate/verdict.ts"

/**
 * The urgent way through the gate: `/promote --urgent <reason>` lets a change past the stages that the config names under
 * `urgent.may_skip`, and past nothing else. A pause, an end, a draft, a conflict, the policy and what GitHub did not tell
 * hold it as they hold everything.
 *
 * The ask is of one head and one base; a push, another base, closing, a day and every no end it. What it passes over is written
 * down once, before the gate opens, and it passes over nothing more after that.
 */

/** How long an urgent ask stands: what could not be merged within a day can wait for its stages, or be asked for again. */
const urgentForMs = 24 * 3600 * 1000

/** When the gate that an urgent ask holds open is to be judged without it, milliseconds since 1970; null: none does. */
export function urgentUntilMs({ urgent }: Verdict): number | null {
  return urgent === null ? null : urgent.atMs + urgentForMs
}

/** The verdict as a standing urgent ask leaves it: open with the stages `skipped`, or what it was if that opens nothing. */
export function passOver(verdict: Verdict, promotion: PromotionState, nowMs: number): Verdict {
  const ask = urgentAsk(verdict, promotion)
  if (ask === null || verdict.open || heldBeside(verdict, ask).length > 0) return verdict
  if (nowMs >= ask.urgent.atMs + urgentForMs) return verdict
  const passedOver = verdict.stages
    .filter((stage) => stage.status !== "passed" && isPassable(stage.kind, { verdict, ask }))
    .map(({ kind, status }) => ({ stage: kind, status }))
  const stages = verdict.stages.map((stage): StageResult => {
    const isSkipped = stage.kind !== "policy" && passedOver.some((one) => one.stage === stage.kind)
    return isSkipped ? { ...stage, status: "skipped" } : stage
  })
  const { by, commentId } = ask
  const { reason, atMs } = ask.urgent
  return { ...verdict, open: true, reasons: [], stages, urgent: { by, reason, atMs, commentId, passedOver } }
}

/**
 * What holds a gate that somebody urgently wants through, besides what they may pass over; null: nobody does, or nothing
 * holds it but that their ask is over.
 */
export function heldAgainst(verdict: Verdict, promotion: PromotionState): readonly BlockReason[] | null {
  const ask = urgentAsk(verdict, promotion)
  const held = ask === null ? [] : heldBeside(verdict, ask)
  return held.length === 0 ? null : held
}

/** Whether a gate stands open by an urgent ask, and it is not written down yet past what. */
export function isPassedOverAnew({ urgent }: Verdict, promotion: PromotionState | null): boolean {
  return urgent !== null && promotion?.asked?.urgent?.passedOver === null
}

/** Writes down, once for each ask, what it passes over. */
export function recordUrgent(journal: Journal, verdict: Verdict): void {
  const { urgent } = verdict
  if (urgent === null || !isPassedOverAnew(verdict, journal.promotion())) return
  const passedOver: PayloadOf<"promotion_urgent">["passed_over"] = urgent.passedOver.map((one) => ({ ...one }))
  const { by, reason, commentId } = urgent
  journal.write("promotion_urgent", { reason, comment_id: commentId, passed_over: passedOver }, by)
}

type UrgentAsk = MergeAsk & { urgent: Urgency }

/** The ask that stands for exactly this head and base. Of an agent's nothing comes, whoever let it in. */
function urgentAsk({ headSha, baseRef, config, mode }: Verdict, { asked }: PromotionState): UrgentAsk | null {
  if (asked?.urgent === undefined || mode !== "enforce") return null
  if (asked.sha !== headSha || asked.urgent.baseRef !== baseRef) return null
  const { by } = asked
  if (isAgentAccount({ login: by.login, bot: by.kind !== "user" }, config.config.agents.logins)) return null
  return { ...asked, urgent: asked.urgent }
}

function heldBeside(verdict: Verdict, ask: UrgentAsk): BlockReason[] {
  return reasonsBeside(verdict, (kind) => isPassable(kind, { verdict, ask }))
}

function isPassable(kind: StageKind, { verdict, ask }: { verdict: Verdict; ask: UrgentAsk }): boolean {
  const { passedOver } = ask.urgent
  return maySkip(verdict.config.config, kind) && (passedOver === null || passedOver.includes(kind))
}

function maySkip({ urgent }: PromotionConfig, kind: StageKind): boolean {
  return kind !== "policy" && urgent.may_skip.includes(kind)
}
