/** Branch protection: why a commit may not land on a branch yet. */
import { isAdmin, isAtLeast, roleOf } from "../access.ts"
import type { BranchProtection, RequiredCheck } from "../rules.ts"
import type { Actor, CheckConclusion, CheckRun, CommitStatus, PullRequest, Repository, Review } from "../state.ts"
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

/**
 * A landing to judge: `sha` onto `branch` by `actor`; `pull` when it is a merge. `waits`: checks and reviews
 * hold it up even if the actor might pass them by.
 */
export type Landing = { branch: string; sha: string; actor: Actor; pull?: PullRequest; waits?: boolean }

/**
 * The sentences GitHub refuses a landing with; empty when it may land. A check binds to the SHA: `neutral` and
 * `skipped` satisfy. https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
 */
export function protectionProblems(repository: Repository, landing: Landing): string[] {
  const protection = repository.protections.get(landing.branch)
  if (!protection) return []
  if (!landing.waits && !protection.enforceAdmins && isAdmin(repository, landing.actor)) return []
  return [
    ...checkProblems(repository, protection.requiredChecks, landing.sha),
    ...approvalProblems(repository, protection, landing.pull),
  ]
}

/** What one required check says about a commit; `expected`: nobody has reported it. */
export type CheckState = "passed" | "failing" | "expected" | "pending" | "queued" | "in progress"

/**
 * The sentence about required checks that a commit lacks: one alone by its name, several only by their number. Running
 * ones are counted in the number and not told of, so that the parts need not add up: as measured on GitHub.
 */
export function checkProblems(repository: Repository, required: readonly RequiredCheck[], sha: string): string[] {
  const lacking = required
    .map((check) => ({ context: check.context, state: checkState(repository, check, sha) }))
    .filter(({ state }) => state !== "passed")
  const [first] = lacking
  if (!first) return []
  if (lacking.length === 1) return [`Required status check "${first.context}" is ${first.state}.`]
  const count = `${lacking.length} of ${required.length} required status checks`
  if (lacking.every(({ state }) => state === first.state)) return [`${count} are ${first.state}.`]
  const told = (["expected", "failing", "pending"] as const)
    .map((state) => ({ state, number: lacking.filter((one) => one.state === state).length }))
    .filter(({ number }) => number > 0)
    .map(({ state, number }) => `${number} ${state}`)
  return [`${count} have not succeeded${told.length > 0 ? `: ${new Intl.ListFormat("en").format(told)}` : ""}.`]
}

/** What one required check says about a commit, from the expected app only: the worst of its runs and its status. */
export function checkState(repository: Repository, check: RequiredCheck, sha: string): CheckState {
  const isFrom = (id: number | undefined) => check.appId === undefined || id === check.appId
  const runs = latestRuns(repository.checkRuns.filter((run) => run.headSha === sha && run.name === check.context))
  const status = repository.statuses.findLast(
    (one) => one.sha === sha && one.context === check.context && isFrom(one.app?.id),
  )
  const states = [...runs.filter((run) => isFrom(run.app.id)).map(runState), ...(status ? [statusState(status)] : [])]
  const order: CheckState[] = ["in progress", "queued", "pending", "failing", "passed"]
  return order.find((state) => states.includes(state)) ?? "expected"
}

function runState(run: CheckRun): CheckState {
  if (run.status === "completed") return passing.has(run.conclusion) ? "passed" : "failing"
  return run.status === "in_progress" ? "in progress" : run.status === "queued" ? "queued" : "pending"
}

function statusState(status: CommitStatus): CheckState {
  return status.state === "success" ? "passed" : status.state === "pending" ? "pending" : "failing"
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
