/** Workflow runs as GitHub shows them. */
import type { components } from "@octokit/openapi-types"
import type { WorkflowRun } from "../environment.ts"
import type { World } from "../state.ts"
import { accountView } from "./account.ts"
import { pullStub } from "./pull.ts"
import { repositoryPage, repositoryUrl, repositoryView } from "./repository.ts"

/** Page of a run. */
export function workflowRunPage({ state, repository }: World, run: WorkflowRun): string {
  return `${repositoryPage(state, repository)}/actions/runs/${run.id}`
}

/** The form in `deployment` and `deployment_status` events, whose published schema knows no `waiting`. */
export function hookWorkflowRunView(world: World, run: WorkflowRun) {
  const { state, repository } = world
  const actor = accountView(state, run.actor)
  const pulls = [...repository.pulls.values()].filter((pull) => pull.headSha === run.headSha)
  return {
    id: run.id,
    name: run.workflow.name,
    node_id: run.nodeId,
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.workflow.path,
    display_title: run.workflow.name,
    run_number: run.runNumber,
    event: run.event,
    status: run.status === "waiting" ? "queued" : run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflow.id,
    check_suite_id: run.suite.id,
    check_suite_node_id: run.suite.nodeId,
    url: `${repositoryUrl(state, repository)}/actions/runs/${run.id}`,
    html_url: workflowRunPage(world, run),
    pull_requests: pulls.map((pull) => pullStub(state, repository, pull)),
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor,
    triggering_actor: actor,
    run_attempt: 1,
    run_started_at: run.createdAt,
  }
}

/** https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run */
export function workflowRunView(world: World, run: WorkflowRun) {
  const { state, repository } = world
  const view = hookWorkflowRunView(world, run)
  const shownRepository = repositoryView(state, repository)
  return {
    ...view,
    status: run.status,
    jobs_url: `${view.url}/jobs`,
    logs_url: `${view.url}/logs`,
    check_suite_url: `${repositoryUrl(state, repository)}/check-suites/${run.suite.id}`,
    artifacts_url: `${view.url}/artifacts`,
    cancel_url: `${view.url}/cancel`,
    rerun_url: `${view.url}/rerun`,
    previous_attempt_url: null,
    workflow_url: workflowUrl(world, run),
    head_commit: null,
    repository: shownRepository,
    head_repository: shownRepository,
  } satisfies components["schemas"]["workflow-run"]
}

/** The workflow of a run, as events carry it beside the run. */
export function hookWorkflowView(world: World, run: WorkflowRun) {
  const { workflow } = run
  const page = repositoryPage(world.state, world.repository)
  return {
    id: workflow.id,
    node_id: workflow.nodeId,
    name: workflow.name,
    path: workflow.path,
    state: "active",
    created_at: workflow.createdAt,
    updated_at: workflow.createdAt,
    url: workflowUrl(world, run),
    html_url: `${page}/blob/${world.repository.defaultBranch}/${workflow.path}`,
    badge_url: `${page}/workflows/${encodeURIComponent(workflow.name)}/badge.svg`,
  }
}

function workflowUrl({ state, repository }: World, run: WorkflowRun): string {
  return `${repositoryUrl(state, repository)}/actions/workflows/${run.workflow.id}`
}
