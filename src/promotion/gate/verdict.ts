import { isAgentLabelled } from "../policy/agent-label.ts"
import { judgeAgent, type AgentJudgement } from "../policy/agent.ts"
import { isApprovedByOperator, isOfThisChange, type ApproverInput } from "../review/approval.ts"
import { judgeChecks } from "./checks.ts"
import type { BranchRules, ConfigInForce } from "../config/config.ts"
import { judgeDeployment, type DeploymentReason } from "../deployment/deployment-stage.ts"
import type { PullRequestFact } from "../fact.ts"
import { isLabelled } from "../pause/label.ts"
import { pausesOver, type Pause } from "../pause/pause.ts"
import { judgePolicyOnce } from "../policy/judge-once.ts"
import type { PolicyStage } from "../policy/policy.ts"
import { judgeProposal, proposalReason, type ConfigProposal } from "../config/proposal.ts"
import { relandingOf } from "../review/taken-back.ts"
import { judgeReview, type Judged, type ReviewStage } from "../review/review.ts"
import { judgeRisk, type Risk } from "../policy/risk.ts"
import type { Snapshot } from "./snapshot.ts"
import type { StageKind, StageResult } from "./stage.ts"
import type { Ending, PromotionState } from "../state.ts"
import { fromItsSource, onwardWay } from "../merge/onward-way.ts"
import type { UrgentWay } from "../merge/urgent-ask.ts"

/** Machine-readable word for why a gate is shut. */
export type BlockReason =
  | "promotion-paused"
  | "rollback-in-progress"
  | "config-invalid"
  | "rejected"
  | "expired"
  | "aborted"
  | "draft"
  | "merge-conflict"
  | "wrong-source-branch"
  | "checks-failed"
  | "protected-path"
  | "diff-too-large"
  | "policy-violation"
  | "changes-requested"
  | "approval-stale"
  | "approval-required"
  | "checks-pending"
  | DeploymentReason

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
  /** Null where no stage asks for it. */
  risk: Risk | null
  /** Null where no stage asks for it. */
  agent: AgentJudgement | null
  /** The pauses over this pull request, oldest first. */
  pauses: readonly Pause[]
  /** Whether the pause label is on it now. Its pause may hold all the same: who took it off may not have been allowed to. */
  labelled: boolean
  config: ConfigInForce
  /** What it would make of the gate's own config; null: it does not change that, or it is not known yet. */
  proposal: ConfigProposal | null
  headSha: string
  baseRef: string
  /** GitHub did not tell everything about this head, so the gate cannot open. */
  partialSight: boolean
  /** How it came to stand open past stages that have not passed; null: it is shut, or every stage passed. */
  urgent: UrgentWay | null
  /** Who ended the promotion, and why; null: it is under way. */
  ending: Ending | null
}

/** What is judged: a pull request into a promotion branch whose rules are known. */
export type GateInput = {
  pullRequest: PullRequestFact
  config: ConfigInForce
  rules: BranchRules
  pauses: readonly Pause[]
  /** The promotion as it is now, approvals included. */
  promotion: PromotionState
  snapshot: Snapshot
  /** Whether it changes the gate's own config. */
  changesConfig: boolean
}

/**
 * Judges the gate. Every stage is judged even when an earlier one is shut, so that people see all that is missing.
 * Roles and teams that are not known must be asked first.
 */
export function judgeGate(input: GateInput): Judged<Verdict> {
  const { pullRequest, config, snapshot, promotion } = input
  const judged = judgeStages(input)
  if (judged.needs !== null) return judged
  const { stages, risk, agent } = judged.result
  const proposed = proposalOf(input)
  if (proposed.needs !== null) return proposed
  const proposal = proposed.result
  const pauses = isRollback(input) ? [] : pausesOver(input.pauses, pullRequest)
  const partialSight = snapshot.sight === "partial"
  const rollback = snapshot.rollbackUnderWay && !isRollback(input)
  const found = { pauses, config, pullRequest, stages, partialSight, promotion, proposal, rollback }
  const reasons = blockReasons(found)
  const verdict: Verdict = {
    mode: modeOf(config),
    open: reasons.length === 0,
    reasons,
    stages,
    risk,
    agent,
    pauses,
    labelled: isLabelled(pullRequest.labels, config.config.pause.label),
    config,
    proposal,
    headSha: pullRequest.headSha,
    baseRef: pullRequest.baseRef,
    partialSight,
    urgent: null,
    ending: promotion.ending,
  }
  return { needs: null, result: verdict }
}

/** Whether it carries out a rollback, exactly as the app made it: that goes through a pause, and by stages of its own. */
export function isRollback({ snapshot, pullRequest }: Pick<GateInput, "snapshot" | "pullRequest">): boolean {
  return snapshot.rollback !== null && snapshot.rollback.headSha === pullRequest.headSha
}

function proposalOf(input: GateInput): Judged<ConfigProposal | null> {
  if (!input.changesConfig) return { needs: null, result: null }
  const { pullRequest, config, snapshot, promotion } = input
  const { headConfig, repository } = snapshot
  return judgeProposal({
    headConfig,
    config,
    defaultBranch: repository.defaultBranch,
    pullRequest,
    approvals: promotion.approvals,
    approver: approverInput(pullRequest, input),
  })
}

/** What a pull request is judged by as soon as its branch has a `policy` or a `review` stage. */
export function needsChange(rules: BranchRules): boolean {
  return rules.stages.some(({ kind }) => kind === "policy" || kind === "review")
}

/** What decides whose approval counts. */
export function approverInput(
  pullRequest: PullRequestFact,
  { snapshot, config }: Pick<GateInput, "snapshot" | "config">,
): ApproverInput {
  const { change, head } = snapshot
  const known = change?.headSha === pullRequest.headSha && change.baseRef === pullRequest.baseRef ? change : null
  const pusher = head?.sha === pullRequest.headSha ? head.pusher : null
  return { pullRequest, pusher, change: known, agents: config.config.agents, ...snapshot.lately }
}

type JudgedStages = { stages: StageResult[]; risk: Risk | null; agent: AgentJudgement | null }

function judgeStages(input: GateInput): Judged<JudgedStages> {
  const { pullRequest, rules, snapshot } = input
  const checks = snapshot.checks.filter((check) => check.sha === pullRequest.headSha)
  const shared = needsChange(rules) ? judgeShared(input) : null
  if (shared !== null && shared.needs !== null) return shared
  const stages: StageResult[] = []
  for (const stage of rules.stages) {
    if (stage.kind === "checks") {
      stages.push(judgeChecks({ require: stage.require, checks, ownAppId: snapshot.ownAppId }))
    } else if (stage.kind === "deployment") {
      const { deployments, nowMs } = snapshot
      stages.push(judgeDeployment({ rules: stage, deployments, sha: pullRequest.headSha, nowMs }))
    } else if (shared !== null) {
      stages.push(stage.kind === "policy" ? shared.result.policy : shared.result.review)
    }
  }
  const { risk = null, agent = null } = shared?.result ?? {}
  return { needs: null, result: { stages, risk, agent } }
}

type Shared = { policy: PolicyStage; review: ReviewStage; risk: Risk; agent: AgentJudgement }

/** Policy and review look at the same diff, and each at what the other found. */
function judgeShared(input: GateInput): Judged<Shared> {
  const { pullRequest, snapshot, promotion } = input
  const { config } = input.config
  const approver = approverInput(pullRequest, input)
  const { change } = approver
  const labelled = isAgentLabelled(snapshot.agentLabelAsks, { approver, label: config.agents.label })
  if (typeof labelled === "object") return { needs: labelled, result: null }
  const { author } = pullRequest
  const agent = judgeAgent({ author, labelled, commits: change?.commits ?? null, rules: config.agents })
  const approvals = promotion.approvals.filter((one) => isOfThisChange(one, pullRequest, change))
  const asked = fromItsSource(onwardWay(input), pullRequest)
  const question = { rules: config.policy, from: input.rules.from, pullRequest: asked, change, agent: agent.agent }
  let policy = judgePolicyOnce({ ...question, operatorApproved: false })
  if (policy.violations.some((violation) => violation.needs === "operator")) {
    const operatorApproved = isApprovedByOperator(approvals, approver)
    if (typeof operatorApproved === "object") return { needs: operatorApproved, result: null }
    if (operatorApproved) policy = judgePolicyOnce({ ...question, operatorApproved })
  }
  const risk = judgeRisk({ rules: config.risk, change, agent: agent.agent, raised: policy.raisesRisk })
  const review = judgeReview({
    ...approver,
    relanding: isRollback(input) ? null : relandingOf(change, snapshot.takenBack),
    nowMs: snapshot.nowMs,
    rules: config.review,
    risk,
    agent: agent.agent,
    approvals,
    reviews: snapshot.reviews,
    staleApprovers: promotion.staleApprovers,
    proposedAtMs: promotion.proposedAtMs,
  })
  if (review.needs !== null) return review
  return { needs: null, result: { policy, review: review.result, risk, agent } }
}

/** The mode in force. A file that was never valid is taken as `enforce`: its writer wanted a gate. */
export function modeOf(config: ConfigInForce): "advisory" | "enforce" {
  return config.status === "invalid" && !config.lastValid ? "enforce" : config.config.mode
}

type Found = {
  pauses: readonly Pause[]
  config: ConfigInForce
  pullRequest: PullRequestFact
  stages: readonly StageResult[]
  partialSight: boolean
  promotion: PromotionState
  proposal: ConfigProposal | null
  /** Whether another change is being taken out of the branch. */
  rollback: boolean
}

function blockReasons(found: Found): BlockReason[] {
  const { config, pullRequest, promotion } = found
  const reasons: BlockReason[] = []
  const ofProposal = proposalReason(found.proposal)
  if (found.pauses.length > 0) reasons.push("promotion-paused")
  if (found.rollback) reasons.push("rollback-in-progress")
  if ((config.status === "invalid" && !config.lastValid) || ofProposal === "config-invalid") {
    reasons.push("config-invalid")
  }
  const { state } = promotion
  if (state === "rejected" || state === "expired" || state === "aborted") reasons.push(state)
  if (pullRequest.draft) reasons.push("draft")
  // What GitHub has not computed yet shuts no gate: GitHub itself merges no conflict. The app merges on a plain yes only.
  if (pullRequest.mergeable === "no") reasons.push("merge-conflict")
  return [...reasons, ...reasonsOfStages(found.stages, found)]
}

/** What would shut the gate still if these kinds of stages did not. */
export function reasonsBeside(verdict: Verdict, passedOver: (kind: StageKind) => boolean): BlockReason[] {
  const others = verdict.stages.filter(({ kind }) => !passedOver(kind))
  return [...verdict.reasons.filter((reason) => !stageOrder.includes(reason)), ...reasonsOfStages(others, verdict)]
}

/** Of the stages, and of what is as pressing as they are: a look that did not tell all, and a change of the config. */
function reasonsOfStages(
  stages: readonly StageResult[],
  { partialSight, proposal }: Pick<Verdict, "partialSight" | "proposal">,
): BlockReason[] {
  const ofStages = new Set(stages.flatMap(stageReasons))
  if (partialSight) ofStages.add("checks-pending")
  const ofProposal = proposalReason(proposal)
  if (ofProposal !== null) ofStages.add(ofProposal)
  return stageOrder.filter((reason) => ofStages.has(reason))
}

/** Whether a reason is of a stage, or as pressing as one. */
export function isOfStage(reason: BlockReason): boolean {
  return stageOrder.includes(reason)
}

const stageOrder: readonly BlockReason[] = [
  "wrong-source-branch",
  "checks-failed",
  "deployment-failed",
  "protected-path",
  "diff-too-large",
  "policy-violation",
  "changes-requested",
  "approval-stale",
  "approval-required",
  "checks-pending",
  "deployment-pending",
  "observation-running",
]

function stageReasons(stage: StageResult): BlockReason[] {
  if (stage.status === "passed" || stage.status === "skipped") return []
  switch (stage.kind) {
    case "checks":
      return [stage.status === "failed" ? "checks-failed" : "checks-pending"]
    case "policy":
      return stage.violations.length === 0 ? ["checks-pending"] : stage.violations.map(({ reason }) => reason)
    case "review":
      if (stage.status === "failed") return ["changes-requested"]
      return [stage.staleApprovers.length > 0 ? "approval-stale" : "approval-required"]
    case "deployment":
      return [stage.reason ?? "deployment-pending"]
  }
}
