import type { Integrity } from "../lane/after-merge.ts"
import type { Taint } from "../rollback/taint.ts"
import type { LifecycleState } from "../state.ts"

/** A workflow run that waits at an environment which the app guards. */
export type WaitingDeployment = { workflowRun: number; environment: string; sha: string }

/** A promotion that the commit to be deployed belongs to: its head, or what landed with it. */
export type PromotionThere = {
  number: number
  state: LifecycleState
  blockReasons: readonly string[]
  /** Whether the commit is what landed; else it is the head. */
  landed: boolean
  integrity: Integrity | null
  /** Whether it carries out a rollback: that goes through a pause. */
  restores: boolean
  /** Whether a pause is over it. */
  paused: boolean
  /** A change in what landed that was taken out of the branch behind it; null: none. */
  taint: Taint | null
}

/** Why a deployment waits, or is refused. */
export type DeploymentReason =
  /** No promotion that is known has this commit. */
  | "unknown-commit"
  | "promotion-paused"
  | "landing-mismatch"
  | "rollback-in-progress"
  | "rolled-back"
  /** It contains a change that was taken back later. */
  | "contains-taken-back"
  | "rejected"
  | "expired"
  | "aborted"
  | "failed"
  /** Its gate is shut, for the reasons that stand beside this. */
  | "gate-shut"

/** The answer to GitHub, or that it has to wait; `held` is decided again when anything about the commit changes. */
export type DeploymentDecision = {
  decision: "approved" | "rejected" | "held"
  reasons: readonly DeploymentReason[]
  /** Of a shut gate. */
  blockReasons: readonly string[]
}

/**
 * Decides whether a commit may be deployed, by the same evidence as its promotion. Unknown is not green: a commit that
 * belongs to no promotion waits. What was rejected or taken back is refused for good.
 */
export function decideDeployment(
  promotions: readonly PromotionThere[],
  { enforced }: { enforced: boolean },
): DeploymentDecision {
  if (!enforced) return { decision: "approved", reasons: [], blockReasons: [] }
  const judged = promotions.map(judge)
  const approved = judged.find(({ decision }) => decision === "approved")
  if (approved !== undefined) return approved
  const held = judged.find(({ decision }) => decision === "held")
  return held ?? judged[0] ?? { decision: "held", reasons: ["unknown-commit"], blockReasons: [] }
}

function judge(there: PromotionThere): DeploymentDecision {
  const { state, blockReasons } = there
  const say = (decision: DeploymentDecision["decision"], ...reasons: DeploymentReason[]): DeploymentDecision => {
    return { decision, reasons, blockReasons: reasons.includes("gate-shut") ? blockReasons : [] }
  }
  switch (state) {
    case "rejected":
    case "expired":
    case "aborted":
      return say("rejected", state)
    case "rolled_back":
      return say("rejected", "rolled-back")
    case "failed":
      return say("held", "failed")
    case "rolling_back":
      return say("held", "rollback-in-progress")
    case "proposed":
      if (!waitsForItself(blockReasons)) return say("held", "gate-shut")
      return there.paused ? say("held", "promotion-paused") : say("approved")
    case "ready":
      return there.paused ? say("held", "promotion-paused") : say("approved")
    case "promoted_pending_health":
    case "known_good":
      return judgeLanded(there)
  }
}

/** A gate that waits for nothing but a deployment would wait for ever if that waited for the gate. */
function waitsForItself(blockReasons: readonly string[]): boolean {
  return blockReasons.length > 0 && blockReasons.every((reason) => ofDeployment.has(reason))
}

const ofDeployment: ReadonlySet<string> = new Set(["deployment-pending", "deployment-failed", "observation-running"])

function judgeLanded({ landed, integrity, restores, paused, taint }: PromotionThere): DeploymentDecision {
  const held = (reason: DeploymentReason): DeploymentDecision => ({
    decision: "held",
    reasons: [reason],
    blockReasons: [],
  })
  // The head of what was squashed is on no branch.
  if (!landed) return held("unknown-commit")
  if (taint?.underWay === false) return { decision: "rejected", reasons: ["contains-taken-back"], blockReasons: [] }
  if (taint !== null) return held("rollback-in-progress")
  if (integrity === "mismatch") return held("landing-mismatch")
  if (paused && !restores) return held("promotion-paused")
  return { decision: "approved", reasons: [], blockReasons: [] }
}
