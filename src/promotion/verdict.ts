import { judgeChecks } from "./checks.ts"
import type { BranchRules, ConfigInForce } from "./config.ts"
import type { PullRequestFact } from "./fact.ts"
import { pausesOver, type Pause } from "./pause.ts"
import type { Snapshot } from "./snapshot.ts"
import type { StageResult } from "./stage.ts"

/** Machine-readable word for why a gate is shut. */
export type BlockReason = "promotion-paused" | "config-invalid" | "draft" | "checks-failed" | "checks-pending"

/**
 * The gate's answer for one head.
 *
 * `open` is what the rules say; in `advisory` mode it is said and recorded, and holds nothing.
 */
export type Verdict = {
  mode: "advisory" | "enforce"
  open: boolean
  /** Most pressing first; empty exactly when the gate is open. */
  reasons: readonly BlockReason[]
  stages: readonly StageResult[]
  /** The pauses over this pull request, oldest first. */
  pauses: readonly Pause[]
  config: ConfigInForce
  headSha: string
  baseRef: string
  /** GitHub did not tell everything about this head, so the gate cannot open. */
  partialSight: boolean
}

/** What is judged: a pull request into a promotion branch whose rules are known. */
export type GateInput = {
  pullRequest: PullRequestFact
  config: ConfigInForce
  rules: BranchRules
  pauses: readonly Pause[]
  snapshot: Pick<Snapshot, "checks" | "ownAppId" | "sight">
}

/** Judges the gate. Every stage is judged even when an earlier one is shut, so that people see all that is missing. */
export function judgeGate(input: GateInput): Verdict {
  const { pullRequest, config, rules, snapshot } = input
  const checks = snapshot.checks.filter((check) => check.sha === pullRequest.headSha)
  const stages = rules.stages.map((stage) =>
    judgeChecks({ require: stage.checks.require, checks, ownAppId: snapshot.ownAppId }),
  )
  const pauses = pausesOver(input.pauses, pullRequest.number)
  const partialSight = snapshot.sight === "partial"
  const reasons = blockReasons({ pauses, config, draft: pullRequest.draft, stages, partialSight })
  return {
    mode: modeOf(config),
    open: reasons.length === 0,
    reasons,
    stages,
    pauses,
    config,
    headSha: pullRequest.headSha,
    baseRef: pullRequest.baseRef,
    partialSight,
  }
}

/** The mode in force. A file that was never valid is taken as `enforce`: its writer wanted a gate. */
export function modeOf(config: ConfigInForce): "advisory" | "enforce" {
  return config.status === "invalid" && !config.lastValid ? "enforce" : config.config.mode
}

function blockReasons(found: {
  pauses: readonly Pause[]
  config: ConfigInForce
  draft: boolean
  stages: readonly StageResult[]
  partialSight: boolean
}): BlockReason[] {
  const reasons: BlockReason[] = []
  if (found.pauses.length > 0) reasons.push("promotion-paused")
  if (found.config.status === "invalid" && !found.config.lastValid) reasons.push("config-invalid")
  if (found.draft) reasons.push("draft")
  const statuses = found.stages.map((stage) => stage.status)
  if (statuses.includes("failed")) reasons.push("checks-failed")
  if (statuses.includes("pending") || statuses.includes("running") || found.partialSight) reasons.push("checks-pending")
  return reasons
}
