import type { Actor } from "../../ledger/entry.ts"
import { barred, entitled, everyApprover, newestOpinions, type ApproverInput, type NotCounted } from "./approval.ts"
import type { Approver, ReviewRules, RiskLevel } from "../config/config-rules.ts"
import type { ReviewFact } from "../fact.ts"
import type { Risk } from "../policy/risk.ts"
import type { Need } from "../gate/snapshot.ts"
import type { StageStatus } from "../gate/stage.ts"
import type { Approval } from "../state.ts"

/** An approval of this change, and why it does not count; null: it counts. */
export type JudgedApproval = { approval: Approval; not: NotCounted | null }

/** Result of the `review` stage for one head. */
export type ReviewStage = {
  kind: "review"
  status: StageStatus
  level: RiskLevel
  /** Approvals that the level asks for, by different people. */
  needed: number
  from: readonly Approver[]
  approvals: readonly JudgedApproval[]
  /** Whose newest review asks for changes. */
  changesRequestedBy: readonly string[]
  /** Whose approval went stale by a push. */
  staleApprovers: readonly string[]
  /** When waiting will do instead of an approval, milliseconds since 1970; null: never. */
  autoApproveAtMs: number | null
}

/** What the stage is judged by. */
export type ReviewInput = ApproverInput & {
  nowMs: number
  rules: ReviewRules
  risk: Risk
  /** Whether the change is an agent's work. */
  agent: boolean
  /** Approvals of this change that stand. */
  approvals: readonly Approval[]
  reviews: readonly ReviewFact[]
  staleApprovers: readonly string[]
  proposedAtMs: number
}

/** Answer to a question that GitHub may have to be asked for first. */
export type Judged<Result> = { needs: readonly Need[]; result: null } | { needs: null; result: Result }

/**
 * Judges the `review` stage: enough approvals, by different people who may give them and had no hand in the change,
 * and nobody who may asks for changes. Roles and teams are GitHub's of now, so whoever lost a role does not count.
 */
export function judgeReview(input: ReviewInput): Judged<ReviewStage> {
  const { rules, risk } = input
  const demand = rules[risk.level]
  const needs: Need[] = []
  const may = (who: Actor): NotCounted | null => {
    const bar = barred(who, input)
    if (bar !== null) return bar
    const answer = entitled(who.login, demand.from, input)
    if (typeof answer === "object") needs.push(...answer)
    return answer === true ? null : "not-entitled"
  }
  const approvals = oneOfEach(input.approvals).map((approval) => ({ approval, not: may(approval.by) }))
  const asking = newestOpinions(input.reviews).filter((review) => review.state === "changes_requested")
  const changesRequestedBy = asking
    .map(({ reviewer }) => reviewer.login)
    .filter((login) => {
      const answer = entitled(login, objectors(rules), input)
      if (typeof answer === "object") needs.push(...answer)
      return answer === true
    })
  if (needs.length > 0) return { needs, result: null }
  const twoHumans = input.agent && rules.agents === "two-humans"
  // Waiting is no human, so it does not do where two are wanted.
  const wait = risk.level === "low" && !twoHumans ? rules.low.auto_approve_after : undefined
  const autoApproveAtMs = wait === undefined ? null : input.proposedAtMs + wait
  const asked = twoHumans ? Math.max(2, demand.approvals) : demand.approvals
  const needed = wait === undefined ? asked : Math.max(1, asked)
  const stage: Omit<ReviewStage, "status"> = {
    kind: "review",
    level: risk.level,
    needed,
    from: demand.from,
    approvals,
    changesRequestedBy,
    staleApprovers: input.staleApprovers,
    autoApproveAtMs,
  }
  return { needs: null, result: { ...stage, status: statusOf(stage, input) } }
}

/**
 * Who may ask for changes: whoever may write, as with GitHub itself, and whoever may approve at any level. A level that
 * listens to fewer people must not let pass what others object to, and a hand in the change is no reason to be unheard.
 */
function objectors(rules: ReviewRules): readonly Approver[] {
  return [{ kind: "role", role: "write" }, ...everyApprover(rules)]
}

function statusOf(stage: Omit<ReviewStage, "status">, { nowMs, change }: ReviewInput): StageStatus {
  if (stage.changesRequestedBy.length > 0) return "failed"
  // Without the change its committers are unknown, and any approval may be one of theirs.
  if (change === null || !change.commits.complete) return stage.needed === 0 ? "passed" : "pending"
  const counted = stage.approvals.filter(({ not }) => not === null).length
  if (counted >= stage.needed) return "passed"
  if (stage.autoApproveAtMs !== null && stage.autoApproveAtMs <= nowMs) return "passed"
  return counted > 0 ? "running" : "pending"
}

function oneOfEach(approvals: readonly Approval[]): Approval[] {
  const byLogin = new Map(approvals.map((approval) => [approval.by.login.toLowerCase(), approval]))
  return [...byLogin.values()]
}
