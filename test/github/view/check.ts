/** Check runs, check suites and commit statuses as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import type { Commit } from "../git-object.ts"
import type { CheckConclusion, CheckRun, CheckSuite, CommitStatus, GitHubState, Repository } from "../state.ts"
import { accountView } from "./account.ts"
import { appView, hookAppView } from "./app.ts"
import { simpleCommitView } from "./commit.ts"
import { pullStub } from "./pull.ts"
import { repositoryPage, repositoryUrl } from "./repository.ts"

/** https://docs.github.com/en/rest/checks/runs#get-a-check-run */
export function checkRunView(state: GitHubState, repository: Repository, run: CheckRun) {
  return {
    ...checkRunCore(state, repository, run),
    check_suite: { id: run.suite.id },
    app: appView(state, run.app),
  } satisfies Omit<components["schemas"]["check-run"], "conclusion">
}

/** The form of `check_run` events: with the whole suite inside. */
export function hookCheckRunView(state: GitHubState, repository: Repository, run: CheckRun) {
  return {
    ...checkRunCore(state, repository, run),
    started_at: run.startedAt ?? run.createdAt,
    check_suite: checkSuiteCore(state, repository, run.suite),
    app: hookAppView(state, run.app),
  }
}

function checkRunCore(state: GitHubState, repository: Repository, run: CheckRun) {
  const url = `${repositoryUrl(state, repository)}/check-runs/${run.id}`
  const page = `${repositoryPage(state, repository)}/runs/${run.id}`
  const { annotations, ...output } = run.output
  return {
    id: run.id,
    name: run.name,
    node_id: run.nodeId,
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: page,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: { ...output, annotations_count: annotations.length, annotations_url: `${url}/annotations` },
    pull_requests: pullsWithHead(repository, run.headSha).map((pull) => pullStub(state, repository, pull)),
  }
}

/** Status and conclusion of a suite: both follow from the latest run of each name. */
export function suiteVerdict(
  repository: Repository,
  suite: CheckSuite,
): { status: "queued" | "in_progress" | "completed"; conclusion: CheckConclusion | null } {
  const runs = latestRuns(repository.checkRuns.filter((run) => run.suite === suite))
  if (runs.length === 0) return { status: "queued", conclusion: null }
  if (runs.some((run) => run.status !== "completed")) {
    return { status: runs.every((run) => run.status === "queued") ? "queued" : "in_progress", conclusion: null }
  }
  const worst: CheckConclusion[] = ["failure", "timed_out", "cancelled", "action_required", "stale", "neutral"]
  const found = worst.find((conclusion) => runs.some((run) => run.conclusion === conclusion))
  return { status: "completed", conclusion: found ?? "success" }
}

/** Of runs with equal name and app only the newest. */
export function latestRuns(runs: CheckRun[]): CheckRun[] {
  const newest = new Map(runs.toSorted((a, b) => a.id - b.id).map((run) => [`${run.app.id} ${run.name}`, run]))
  return [...newest.values()]
}

/** The form of `check_suite` events. */
export function hookCheckSuiteView(
  world: { state: GitHubState; repository: Repository },
  suite: CheckSuite,
  commit: Commit,
) {
  const { state, repository } = world
  const runs = repository.checkRuns.filter((run) => run.suite === suite)
  return {
    ...checkSuiteCore(state, repository, suite),
    latest_check_runs_count: latestRuns(runs).length,
    check_runs_url: `${repositoryUrl(state, repository)}/check-suites/${suite.id}/check-runs`,
    rerequestable: true,
    runs_rerequestable: true,
    head_commit: simpleCommitView(commit),
  }
}

/** https://docs.github.com/en/rest/checks/suites#get-a-check-suite */
export function checkSuiteView(
  world: { state: GitHubState; repository: Repository },
  suite: CheckSuite,
  commit: Commit,
) {
  return { ...hookCheckSuiteView(world, suite, commit), app: appView(world.state, suite.app) }
}

function checkSuiteCore(state: GitHubState, repository: Repository, suite: CheckSuite) {
  return {
    id: suite.id,
    node_id: suite.nodeId,
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    ...suiteVerdict(repository, suite),
    url: `${repositoryUrl(state, repository)}/check-suites/${suite.id}`,
    before: suite.before,
    after: suite.after,
    pull_requests: pullsWithHead(repository, suite.headSha).map((pull) => pullStub(state, repository, pull)),
    app: hookAppView(state, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
  }
}

/** Open pull requests of the same repository whose head this is; those of forks are not listed by GitHub. */
function pullsWithHead(repository: Repository, sha: string) {
  return [...repository.pulls.values()].filter(
    (pull) => pull.headSha === sha && pull.headRepository === repository && pull.issue.state === "open",
  )
}

/** https://docs.github.com/en/rest/commits/statuses#list-commit-statuses-for-a-reference */
export function statusView(state: GitHubState, repository: Repository, status: CommitStatus) {
  return {
    url: `${repositoryUrl(state, repository)}/statuses/${status.sha}`,
    avatar_url: `${state.urls.html}/avatars/${status.creator.id}?v=4`,
    id: status.id,
    node_id: status.nodeId,
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.updatedAt,
    creator: accountView(state, status.creator),
  } satisfies components["schemas"]["status"]
}
