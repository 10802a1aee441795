import { barred, entitled, everyApprover, newestOpinions, type ApproverInput, type NotCounted } from "./approval.ts"
import type { Approver, ReviewRules, RiskLevel } from "../config/config-rules.ts"
import type { ReviewFact } from "../fact.ts"
import type { Risk } from "../policy/risk.ts"
import type { Need } from "../gate/snapshot.ts"
import type { StageStatus } from "../gate/stage.ts"
import type { Approval } from "../state.ts"
import type { Relanding } from "./taken-back.ts"

/** Why an approval does not count: for who gave it, or because the change was taken out of the branch since. */
export type UncountedApproval = NotCounted | "before-taken-back"

/** An approval of this change, and why it does not count; null: it counts. */
export type JudgedApproval = { approval: Approval; not: UncountedApproval | null }

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
  /** That it was taken out of the branch before, so that only fresh approvals count; null: it was not. */
  relanding: Relanding | null
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
  relanding: Relanding | null
}

/** Answer to a question that GitHub may have to be asked for first. */
export type Judged<Result> = { needs: readonly Need[]; result: null } | { needs: null; result: Result }

/**
 * Judges the `review` stage: enough approvals, by different people who may give them and had no hand in the change,
 * and nobody who may asks for changes. Roles and teams are GitHub's of now, so whoever lost a role does not count.
 */
export function judgeReview(input: ReviewInput): Judged<ReviewStage> {
  const { rules, risk, relanding } = input
  const demand = demandOf(input)
  const needs: Need[] = []
  const may = ({ by, atMs }: Approval): UncountedApproval | null => {
    const bar = barred(by, input)
    if (bar !== null) return bar
    if (relanding !== null && atMs <= relanding.of.atMs) return "before-taken-back"
    const answer = entitled(by.login, demand.from, input)
    if (typeof answer === "object") needs.push(...answer)
    return answer === true ? null : "not-entitled"
  }
  const approvals = oneOfEach(input.approvals).map((approval) => ({ approval, not: may(approval) }))
  const asking = newestOpinions(input.reviews).filter((review) => review.state === "changes_requested")
  const changesRequestedBy = asking
    .map(({ reviewer }) => reviewer.login)
    .filter((login) => {
      const answer = entitled(login, objectors(rules), input)
      if (typeof answer === "object") needs.push(...answer)
      return answer === true
    })
  if (needs.length > 0) return { needs, result: null }
  const stage: Omit<ReviewStage, "status"> = {
    kind: "review",
    level: risk.level,
    ...demand,
    approvals,
    changesRequestedBy,
    staleApprovers: input.staleApprovers,
    relanding,
  }
  return { needs: null, result: { ...stage, status: statusOf(stage, input) } }
}

/** How many have to approve, who may, and whether waiting will do as well. */
function demandOf({
  rules,
  risk,
  agent,
  proposedAtMs,
  relanding,
}: ReviewInput): Pick<ReviewStage, "needed" | "from" | "autoApproveAtMs"> {
  const { approvals, from } = rules[risk.level]
  const twoHumans = agent && rules.agents === "two-humans"
  const asked = twoHumans ? Math.max(2, approvals) : approvals
  // What hurt once is looked at by a person, and by one who may approve something, where its own level asks for nobody.
  if (relanding !== null) {
    return { needed: Math.max(1, asked), from: approvals === 0 ? everyApprover(rules) : from, autoApproveAtMs: null }
  }
  // Waiting is no human, so it does not do where two are wanted.
  const wait = risk.level === "low" && !twoHumans ? rules.low.auto_approve_after : undefined
  const needed = wait === undefined ? asked : Math.max(1, asked)
  return { needed, from, autoApproveAtMs: wait === undefined ? null : proposedAtMs + wait }
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
