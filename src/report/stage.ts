import type { PolicyStage } from "../promotion/policy/policy.ts"
import type { ReviewStage } from "../promotion/review/review.ts"
import type { ChecksStage, JudgedCheck, JudgedRequirement, StageResult, StageStatus } from "../promotion/gate/stage.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { deploymentDetail } from "./deployment.ts"
import { code, mention, plain, table, upTo } from "./markdown.ts"
import { names } from "./review.ts"
import { skippedDetail } from "./urgent.ts"

const statusWords: Readonly<Record<StageStatus, string>> = {
  pending: "⏳ pending",
  running: "⏳ running",
  passed: "✅ passed",
  failed: "❌ failed",
  skipped: "➖ skipped",
}

/** The table of stages: where each stands, and on what that rests. */
export function stagesSection(verdict: Verdict): string {
  if (verdict.stages.length === 0) return ""
  const rows = verdict.stages.map((stage) => [
    stage.kind,
    statusWords[stage.status],
    `${skippedDetail(stage, verdict)}${detail(stage)}`,
  ])
  return table(["stage", "status", "what was reported"], rows)
}

function detail(stage: StageResult): string {
  switch (stage.kind) {
    case "checks":
      return checksDetail(stage)
    case "policy":
      return policyDetail(stage)
    case "review":
      return reviewDetail(stage)
    case "deployment":
      return deploymentDetail(stage)
  }
}

function policyDetail({ status, violations, left }: PolicyStage): string {
  if (violations.length === 0) return status === "pending" ? "the change is not read yet" : "no rule is broken"
  const rules = [...new Set(violations.map(({ rule }) => rule))].join(", ")
  const count = violations.length + left
  return `${count} ${count === 1 ? "violation" : "violations"}: ${rules}`
}

function reviewDetail(stage: ReviewStage): string {
  const counted = stage.approvals.filter(({ not }) => not === null).map(({ approval }) => approval.by.login)
  const given = counted.length === 0 ? "none so far" : names(counted, mention)
  const wanted = stage.needed === 0 ? "no approval needed" : `${counted.length} of ${stage.needed} approvals`
  const asking = stage.changesRequestedBy
  return [
    `${stage.level} risk: ${wanted}${stage.needed === 0 ? "" : ` (${given})`}`,
    ...(asking.length > 0 ? [`changes requested by ${names(asking, mention)}`] : []),
  ].join("<br>")
}

/** Most bytes that the checks may take; GitHub refuses a summary of 65,535 bytes. */
const limitCheckBytes = 24 * 1024

const limitRequirements = 30

/** What was reported for each requirement of a `checks` stage. */
export function checksDetail(stage: ChecksStage): string {
  const { shown } = upTo(stage.requirements.slice(0, limitRequirements).map(requirementDetail), limitCheckBytes)
  const left = stage.requirements.length - shown.length
  return [...shown, ...(left > 0 ? [`and ${left} more`] : [])].join("<br>")
}

function requirementDetail({ requirement, outcome: result, checks }: JudgedRequirement): string {
  const bound = requirement.app === null ? "" : ` from app ${code(requirement.app)}`
  const name = `${requirement.name === "*" ? "every check" : code(requirement.name)}${bound}`
  if (result === "missing") return `${name}: ${requirement.name === "*" ? "none" : "not"} reported for this commit`
  const odd = [
    ...checks.filter((check) => check.meaning === "failed"),
    ...checks.filter((check) => check.meaning === "waiting"),
  ]
  if (odd.length === 0) return `${name}: passed${checks.length > 1 ? ` (${checks.length} checks)` : ""}`
  const listed = odd.slice(0, 5).map((check) => judgedWords(check, requirement.name))
  return `${name}: ${listed.join(", ")}${odd.length > 5 ? ` and ${odd.length - 5} more` : ""}`
}

/** Words for conclusions that people would otherwise take for green, and for those that need an explanation. */
const conclusionWords = new Map(
  Object.entries({
    skipped: "skipped (it tested nothing on this commit)",
    neutral: "neutral (neither passed nor failed, so not passed)",
    stale: "stale (left incomplete for 14 days)",
    timed_out: "timed out",
    action_required: "waits for an action of a person",
    startup_failure: "could not start",
    in_progress: "running",
  }),
)

function judgedWords(check: JudgedCheck, required: string): string {
  const word = conclusionWords.get(check.word) ?? plain(check.word, 40)
  return check.name === required ? word : `${code(check.name, 60)} ${word}`
}
