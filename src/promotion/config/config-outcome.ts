import { approvingComment } from "../review/approval.ts"
import type { ConfigInForce, PromotionConfig } from "./config.ts"
import { decide } from "../gate/decide.ts"
import type { Snapshot } from "../gate/snapshot.ts"
import type { BlockReason, Verdict } from "../gate/verdict.ts"

/** What the gate of a pull request says under some config; `no-gate`: its branch is no promotion branch then. */
export type GateOutcome =
  | { kind: "no-gate" }
  | { kind: "judged"; open: boolean; mode: Verdict["mode"]; reasons: readonly BlockReason[] }

/** A promotion on which two configs do not agree. */
export type VerdictDifference = { number: number; was: GateOutcome; becomes: GateOutcome }

/** What another config would make of the open promotions. */
export type VerdictDifferences = {
  /** By number. */
  different: readonly VerdictDifference[]
  /** How many would be judged as they are now. */
  same: number
  /** Those that cannot be judged on what is known. */
  unknown: readonly number[]
  /** How many were not looked at. */
  left: number
}

/**
 * What the gate of a pull request says now and under another config, on what is known of it, as if that had been seen a
 * moment ago. Null when one of the two asks for what is not known.
 */
export function outcomesUnder(
  snapshot: Snapshot,
  becomes: PromotionConfig,
): { was: GateOutcome; becomes: GateOutcome } | null {
  const { config } = snapshot
  if (config === null) return null
  const was = outcomeUnder(snapshot, config)
  const then = outcomeUnder(snapshot, { status: "valid", blob: "0".repeat(40), config: becomes })
  return was === null || then === null ? null : { was, becomes: then }
}

function outcomeUnder(snapshot: Snapshot, config: ConfigInForce): GateOutcome | null {
  const comments = (snapshot.promotion?.approvals ?? []).map(approvingComment).filter((id) => id !== null)
  const { needs, verdict } = decide({
    ...snapshot,
    config,
    sight: "complete",
    seenComments: new Set([...snapshot.seenComments, ...comments]),
    // What it makes of the config itself is another question.
    headConfig: { blob: config.blob, reading: null },
  })
  if (needs.length > 0) return null
  if (verdict === null) return { kind: "no-gate" }
  const { open, mode, reasons } = verdict
  return { kind: "judged", open, mode, reasons }
}

/**
 * How much work it is to judge a pull request under a config: characters of its diff, times the rules that they are held
 * against. Whoever may open a pull request may propose any number of rules.
 */
export function effortOf({ change }: Pick<Snapshot, "change">, { policy, risk }: PromotionConfig): number {
  const globs = [policy.protected_paths, policy.forbidden_paths, policy.scope, ...risk.map(({ paths }) => paths ?? [])]
  const rules = 1 + policy.content.length + globs.flat().length / 10
  const characters = (change?.files ?? [])
    .flatMap(({ added }) => added ?? [])
    .reduce((sum, { text }) => sum + text.length, 0)
  return (characters + 100 * (change?.files.length ?? 0)) * rules
}

/** Whether two outcomes say the same. */
export function isSameOutcome(one: GateOutcome, other: GateOutcome): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
