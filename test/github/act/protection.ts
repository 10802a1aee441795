/** Branch protection: why a commit may not land on a branch yet. */
import { contains } from "../comparison.ts"
import { isAdmin, isAtLeast, roleOf } from "../access.ts"
import type { Actor, BranchProtection, CheckConclusion, PullRequest, Repository, Review } from "../state.ts"
import { latestRuns } from "../view/check.ts"

const passing = new Set<CheckConclusion | null>(["success", "neutral", "skipped"])

/** Protection with nothing required: force pushes and deletion are what it forbids. */
export function plainProtection(branch: string): BranchProtection {
  return {
    branch,
    strict: false,
    requiredChecks: [],
    requiredApprovals: 0,
    enforceAdmins: false,
    allowForcePushes: false,
    allowDeletions: false,
  }
}

/** A landing to judge: `sha` onto `branch` by `actor`; `pull` when it is a merge. */
export type Landing = { branch: string; sha: string; actor: Actor; pull?: PullRequest }

/**
 * The sentences GitHub refuses a landing with; empty when it may land. A check binds to the SHA: `neutral` and
 * `skipped` satisfy, a missing one is "expected". https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
 */
export function protectionProblems(repository: Repository, landing: Landing): string[] {
  const protection = repository.protections.get(landing.branch)
  if (!protection) return []
  if (!protection.enforceAdmins && isAdmin(repository, landing.actor)) return []
  return [
    ...checkProblems(repository, protection, landing.sha),
    ...approvalProblems(repository, protection, landing.pull),
  ]
}

/** True when the branch wants an up-to-date head and this one lacks commits of the base. */
export async function isBehind(repository: Repository, pull: PullRequest, baseTip: string): Promise<boolean> {
  const strict = repository.protections.get(pull.baseRef)?.strict ?? false
  return strict && !(await contains(repository.store, pull.headSha, baseTip))
}

function checkProblems(repository: Repository, protection: BranchProtection, sha: string): string[] {
  return protection.requiredChecks.flatMap(({ context, appId }) => {
    const states = statesOf(repository, { sha, context, appId })
    if (states.length === 0 || states.includes("pending")) return [`Required status check "${context}" is expected.`]
    return states.includes("failed") ? [`Required status check "${context}" is failing.`] : []
  })
}

/** What the check runs and commit statuses of one name say about a commit, from the expected app only. */
function statesOf(
  repository: Repository,
  wanted: { sha: string; context: string; appId: number | undefined },
): ("passed" | "failed" | "pending")[] {
  const fromApp = (id: number | undefined) => wanted.appId === undefined || id === wanted.appId
  const runs = latestRuns(
    repository.checkRuns.filter((run) => run.headSha === wanted.sha && run.name === wanted.context),
  )
  const ofRuns = runs
    .filter((run) => fromApp(run.app.id))
    .map((run) => (run.status !== "completed" ? "pending" : passing.has(run.conclusion) ? "passed" : "failed"))
  const status = repository.statuses.findLast(
    (one) => one.sha === wanted.sha && one.context === wanted.context && fromApp(one.app?.id),
  )
  if (!status) return ofRuns
  return [...ofRuns, status.state === "success" ? "passed" : status.state === "pending" ? "pending" : "failed"]
}

function approvalProblems(
  repository: Repository,
  protection: BranchProtection,
  pull: PullRequest | undefined,
): string[] {
  if (protection.requiredApprovals === 0) return []
  if (!pull) return ["Changes must be made through a pull request."]
  const verdicts = [...latestReviews(repository, pull).values()].filter((review) =>
    isAtLeast(roleOf(repository, review.author), "write"),
  )
  if (verdicts.some((review) => review.state === "CHANGES_REQUESTED")) {
    return ["Changes were requested by a reviewer with write access."]
  }
  const missing = protection.requiredApprovals - verdicts.filter((review) => review.state === "APPROVED").length
  if (missing <= 0) return []
  return [`At least ${protection.requiredApprovals} approving review is required by reviewers with write access.`]
}

/** The last review of each person that approves, requests changes, or was dismissed. */
export function latestReviews(repository: Repository, pull: PullRequest): Map<number, Review> {
  const latest = new Map<number, Review>()
  for (const review of repository.reviews) {
    if (review.pullNumber === pull.number && review.state !== "COMMENTED") latest.set(review.author.id, review)
  }
  return latest
}
