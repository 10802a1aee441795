import type { Plan } from "../../src/promotion/gate/decide.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import type { StageKind } from "../../src/promotion/gate/stage.ts"
import { modeOf } from "../../src/promotion/gate/verdict.ts"

/** What must hold of the urgent way, said without the code that decides it. */

/**
 * Whether it stands on the ledger that a person had this head, into this base, let past a kind of stage, and the config
 * allows it still.
 */
export function isLetPast(kind: StageKind, { pullRequest, config }: Snapshot, { promotion }: Plan): boolean {
  const asked = promotion?.asked
  if (asked?.urgent === undefined || pullRequest === null || config === null) return false
  const { by, sha, urgent } = asked
  const isOfThis = sha === pullRequest.headSha && urgent.baseRef === pullRequest.baseRef
  const isPerson = by.kind === "user" && !config.config.agents.logins.includes(by.login)
  const isAllowed = config.config.urgent.may_skip.some((one) => one === kind) && kind !== "policy"
  return isOfThis && isPerson && isAllowed && modeOf(config) === "enforce" && urgent.passedOver?.includes(kind) === true
}

/** A stage is skipped only with a word on the ledger, only in an open gate, and the report tells every one. */
export function skippedOnlyUrgently(snapshot: Snapshot, plan: Plan): string | null {
  const { verdict } = plan
  if (verdict === null) return null
  const skipped = verdict.stages.filter(({ status }) => status === "skipped").map(({ kind }) => kind)
  if (skipped.length > 0 && !verdict.open) return "what is shut skips nothing"
  if (!skipped.every((kind) => isLetPast(kind, snapshot, plan))) return "skipped is only what stands on the ledger"
  const told = verdict.urgent?.passedOver.map(({ stage }) => stage) ?? []
  if (told.join() !== skipped.join()) return "what is skipped is told"
  const passed = verdict.stages.every(({ status }) => status === "passed" || status === "skipped")
  return verdict.open && !passed ? "open is what passed, or was skipped" : null
}

/** What is passed over is written down once, by whoever asked, on sight, before the gate opens, and bounds what follows. */
export function urgentIsTold({ sight, promotion }: Snapshot, { entries, verdict }: Plan): string | null {
  const told = entries.filter(({ type }) => type === "promotion_urgent")
  const [first] = told
  if (first === undefined) return null
  if (told.length > 1) return "what is passed over is written down once"
  if (verdict?.open !== true || sight !== "complete") return "it is written down when the gate opens, on sight"
  if (first.actor.kind !== "user") return "only people have something let past"
  const of = promotion?.asked
  if (of?.urgent?.passedOver !== null || of.by.login !== first.actor.login) return "once for each who asked"
  const types = entries.map(({ type }) => type)
  const opens = types.indexOf("promotion_ready")
  return opens !== -1 && opens < types.indexOf("promotion_urgent") ? "it is written down before the gate opens" : null
}

/** Whoever asked urgently and in vain is answered, and told what holds it against that. */
export function urgentInVainIsAnswered({ promotion }: Snapshot, plan: Plan): string | null {
  const stands = plan.promotion?.asked?.urgent !== undefined
  if (plan.verdict !== null && !plan.verdict.open && stands) return "a shut gate leaves nobody waiting"
  for (const { type, payload } of plan.entries) {
    if (type !== "promotion_blocked" || payload.held == null) continue
    if (payload.answers == null || promotion?.asked?.urgent === undefined) return "only who asked is told what holds it"
    if (!payload.held.every((one) => payload.block_reasons.includes(one))) return "what holds it is among the reasons"
  }
  return null
}
