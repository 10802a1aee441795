import type { DeploymentStage } from "../deployment/deployment-stage.ts"
import type { CheckFact } from "../fact.ts"
import type { PolicyStage } from "../policy/policy.ts"
import type { ReviewStage } from "../review/review.ts"
import type { Requirement } from "../config/config.ts"

/** Kinds of stages a gate can ask for. */
export type StageKind = "checks" | "policy" | "review" | "deployment"

/** Where a stage stands for one head. */
export type StageStatus = "pending" | "running" | "passed" | "failed" | "skipped"

/** What one check's state means for the gate. */
export type CheckMeaning = "passed" | "failed" | "waiting"

/** A check as the stage judged it. */
export type JudgedCheck = {
  name: string
  app: string | null
  /** GitHub's own word: the conclusion, or the status while there is none. */
  word: string
  meaning: CheckMeaning
  url: string | null
}

/** One requirement of the config and the checks found for it; `missing` when none was reported for this head. */
export type JudgedRequirement = {
  requirement: Requirement
  outcome: CheckMeaning | "missing"
  checks: JudgedCheck[]
}

/** Result of the `checks` stage for one head. */
export type ChecksStage = { kind: "checks"; status: StageStatus; requirements: JudgedRequirement[] }

/** Result of any stage. */
export type StageResult = ChecksStage | PolicyStage | ReviewStage | DeploymentStage

/**
 * What each conclusion means. Only `success` proves anything about this commit. GitHub itself lets `neutral` and
 * `skipped` satisfy a required check; here they do not, because a job that did not run has tested nothing, and an
 * author could make it not run. `stale` is GitHub's word for a run left incomplete for 14 days.
 *
 * @see https://docs.github.com/en/rest/checks/runs
 */
const conclusionMeaning = new Map<string, CheckMeaning>(
  Object.entries({
    success: "passed",
    failure: "failed",
    error: "failed",
    timed_out: "failed",
    cancelled: "failed",
    action_required: "failed",
    startup_failure: "failed",
    stale: "failed",
    neutral: "failed",
    skipped: "failed",
    pending: "waiting",
    expected: "waiting",
  }),
)

/** What a check's state means. A conclusion nobody has heard of is waited for: unknown is not green. */
export function meaningOf(check: Pick<CheckFact, "status" | "conclusion">): CheckMeaning {
  if (check.status !== "completed" || check.conclusion === null) return "waiting"
  return conclusionMeaning.get(check.conclusion) ?? "waiting"
}
