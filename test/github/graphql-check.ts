/** What is reported about a commit in GraphQL: check suites, check runs, commit statuses and their rollup. */
import { demand } from "./access.ts"
import { requiredChecksOf } from "./act/rules.ts"
import type { Need } from "./api.ts"
import { connection } from "./graphql-connection.ts"
import {
  type Field,
  type FieldCall,
  type Fields,
  graphRefusal,
  optionalListArg,
  optionalNumberArg,
  optionalTextArg,
  textArg,
} from "./graphql-field.ts"
import {
  accountNode,
  type CheckRunNode,
  type CheckSuiteNode,
  type CommitNode,
  commitNode,
  repositoryNode,
  type StatusContextNode,
} from "./graphql-node.ts"
import type { CheckRun, CheckSuite, PullRequest, Repository } from "./state.ts"
import { checkRunView, latestRuns, suiteVerdict } from "./view/check.ts"

type CommitVerdictNode = { kind: "StatusCheckRollup" | "Status"; repository: Repository; sha: string }

const readChecks: readonly Need[] = [{ permission: "checks", level: "read" }]
const readStatuses: readonly Need[] = [{ permission: "statuses", level: "read" }]

/**
 * The latest run of every name in every suite of a commit. Runs of one name in two suites (GitHub Actions makes a suite
 * for each workflow run) are both there, on GitHub too: https://github.com/lewagon/wait-on-check-action/pull/156
 */
function currentRuns(repository: Repository, sha: string): CheckRunNode[] {
  const suites = repository.checkSuites.filter((suite) => suite.headSha === sha)
  const runs = suites.flatMap((suite) => latestRuns(runsOf(repository, suite)))
  return runs.toSorted((a, b) => a.id - b.id).map((run) => ({ kind: "CheckRun", repository, run }))
}

/** The newest status of every context of a commit. */
function currentStatuses(repository: Repository, sha: string): StatusContextNode[] {
  const ofCommit = repository.statuses.filter((status) => status.sha === sha)
  const newest = new Map(ofCommit.map((status) => [status.context, status]))
  return [...newest.values()].map((status) => ({ kind: "StatusContext", repository, status }))
}

type Verdict = "ERROR" | "EXPECTED" | "FAILURE" | "PENDING" | "SUCCESS"

/** What the worst one says; undefined when there is nothing. https://docs.github.com/en/graphql/reference/enums#statusstate */
function worstOf(verdicts: readonly Verdict[]): Verdict | undefined {
  const order: Verdict[] = ["FAILURE", "ERROR", "PENDING", "EXPECTED", "SUCCESS"]
  return order.find((verdict) => verdicts.includes(verdict))
}

function runVerdict({ run }: CheckRunNode): Verdict {
  if (run.status !== "completed" || run.conclusion === "stale") return "PENDING"
  return ["success", "neutral", "skipped"].includes(run.conclusion ?? "") ? "SUCCESS" : "FAILURE"
}

function statusVerdict({ status }: StatusContextNode): Verdict {
  return status.state.toUpperCase() as Verdict
}

function rollupVerdict({ repository, sha }: { repository: Repository; sha: string }): Verdict | undefined {
  return worstOf([
    ...currentRuns(repository, sha).map(runVerdict),
    ...currentStatuses(repository, sha).map(statusVerdict),
  ])
}

/** `statusCheckRollup` of a commit or pull request head; null when nothing was ever reported. */
export function rollupField<Source extends { repository: Repository }>(
  shaOf: (source: Source) => string,
): Field<Source> {
  return {
    needs: readChecks,
    resolve: (source): CommitVerdictNode | null => {
      const { repository } = source
      const sha = shaOf(source)
      return rollupVerdict({ repository, sha }) ? { kind: "StatusCheckRollup", repository, sha } : null
    },
  }
}

/** The fields of a commit that tell what was reported about it. */
export const commitStatusFields: Fields<CommitNode> = {
  statusCheckRollup: rollupField(({ sha }: CommitNode) => sha),
  status: {
    needs: readStatuses,
    resolve: ({ repository, sha }): CommitVerdictNode | null =>
      currentStatuses(repository, sha).length > 0 ? { kind: "Status", repository, sha } : null,
  },
  checkSuites: connection<CommitNode, CheckSuiteNode>({
    needs: readChecks,
    args: ["filterBy"],
    list: ({ repository, sha }, call) => {
      const { appId, checkName } = filterOf(call)
      return repository.checkSuites
        .filter((suite) => suite.headSha === sha && (appId === undefined || suite.app.id === appId))
        .filter((suite) => checkName === undefined || runsOf(repository, suite).some((run) => run.name === checkName))
        .map((suite) => ({ kind: "CheckSuite", repository, suite }))
    },
    key: ({ suite }) => suite.id,
  }),
}

type RunFilter = { appId?: number; checkName?: string; checkType?: string; statuses?: string[]; conclusions?: string[] }

/** A `filterBy` argument with its enums and lists; what is not given does not filter. */
function filterOf(call: FieldCall): RunFilter {
  const given = call.args["filterBy"]
  if (typeof given !== "object" || given === null) return {}
  const inner: FieldCall = { ...call, args: { ...given } }
  const appId = optionalNumberArg(inner, "appId")
  const checkName = optionalTextArg(inner, "checkName")
  const checkType = optionalTextArg(inner, "checkType")
  const one = optionalTextArg(inner, "status")
  const statuses = optionalListArg(inner, "statuses") ?? (one === undefined ? undefined : [one])
  const conclusions = optionalListArg(inner, "conclusions")
  return {
    ...(appId !== undefined && { appId }),
    ...(checkName !== undefined && { checkName }),
    ...(checkType !== undefined && { checkType }),
    ...(statuses && { statuses }),
    ...(conclusions && { conclusions }),
  }
}

function runsOf(repository: Repository, suite: CheckSuite): CheckRun[] {
  return repository.checkRuns.filter((run) => run.suite === suite)
}

/** Runs of a suite under a filter; GitHub lists only the latest of each name unless asked for ALL. */
function filteredRuns({ repository, suite }: CheckSuiteNode, call: FieldCall): CheckRunNode[] {
  const { appId, checkName, checkType, statuses, conclusions } = filterOf(call)
  const all = runsOf(repository, suite)
  return (checkType === "ALL" ? all : latestRuns(all))
    .filter((run) => appId === undefined || run.app.id === appId)
    .filter((run) => checkName === undefined || run.name === checkName)
    .filter((run) => statuses === undefined || statuses.includes(run.status.toUpperCase()))
    .filter((run) => conclusions === undefined || conclusions.includes(run.conclusion?.toUpperCase() ?? ""))
    .map((run) => ({ kind: "CheckRun", repository, run }))
}

/** Whether branch protection of the named pull request's base wants a check of this name (from this app). */
function isRequired(
  node: { repository: Repository; name: string; appId: number | undefined },
  call: FieldCall,
): boolean {
  const pull = namedPull(node.repository, call)
  return requiredChecksOf(node.repository, pull.baseRef).some(
    ({ context, appId }) => context === node.name && (appId === undefined || appId === node.appId),
  )
}

function namedPull(repository: Repository, call: FieldCall): PullRequest {
  const number = optionalNumberArg(call, "pullRequestNumber")
  const id = optionalTextArg(call, "pullRequestId")
  const pull = [...repository.pulls.values()].find((one) => one.number === number || one.nodeId === id)
  if (!pull) throw graphRefusal("NOT_FOUND", "A pull request ID or pull request number is required.")
  return pull
}

const requirableArgs = ["pullRequestId", "pullRequestNumber"]

const checkRunFields: Fields<CheckRunNode> = {
  id: ({ run }) => run.nodeId,
  databaseId: ({ run }) => run.id,
  name: ({ run }) => run.name,
  status: ({ run }) => run.status.toUpperCase(),
  conclusion: ({ run }) => run.conclusion?.toUpperCase() ?? null,
  startedAt: ({ run }) => run.startedAt,
  completedAt: ({ run }) => run.completedAt,
  externalId: ({ run }) => run.externalId,
  title: ({ run }) => run.output.title,
  summary: ({ run }) => run.output.summary,
  text: ({ run }) => run.output.text,
  detailsUrl: ({ run }) => run.detailsUrl,
  url: ({ repository, run }, { asked }) => checkRunView(asked.state, repository, run).html_url,
  permalink: ({ repository, run }, { asked }) => checkRunView(asked.state, repository, run).html_url,
  repository: ({ repository }) => repositoryNode(repository),
  checkSuite: ({ repository, run }) => ({ kind: "CheckSuite", repository, suite: run.suite }) satisfies CheckSuiteNode,
  isRequired: {
    args: requirableArgs,
    resolve: ({ repository, run }, call) => isRequired({ repository, name: run.name, appId: run.app.id }, call),
  },
}

const checkSuiteFields: Fields<CheckSuiteNode> = {
  id: ({ suite }) => suite.nodeId,
  databaseId: ({ suite }) => suite.id,
  app: ({ suite }) => ({ kind: "App", app: suite.app }),
  status: ({ repository, suite }) => suiteVerdict(repository, suite).status.toUpperCase(),
  conclusion: ({ repository, suite }) => suiteVerdict(repository, suite).conclusion?.toUpperCase() ?? null,
  createdAt: ({ suite }) => suite.createdAt,
  updatedAt: ({ suite }) => suite.updatedAt,
  repository: ({ repository }) => repositoryNode(repository),
  commit: ({ repository, suite }) => commitNode(repository, suite.headSha),
  checkRuns: connection<CheckSuiteNode, CheckRunNode>({
    args: ["filterBy"],
    list: filteredRuns,
    key: ({ run }) => run.id,
  }),
}

const statusContextFields: Fields<StatusContextNode> = {
  id: ({ status }) => status.nodeId,
  context: ({ status }) => status.context,
  state: statusVerdict,
  description: ({ status }) => status.description,
  targetUrl: ({ status }) => status.targetUrl,
  createdAt: ({ status }) => status.createdAt,
  creator: ({ status }) => accountNode(status.creator),
  commit: ({ repository, status }) => commitNode(repository, status.sha),
  isRequired: {
    args: requirableArgs,
    resolve: ({ repository, status }, call) =>
      isRequired({ repository, name: status.context, appId: status.app?.id }, call),
  },
}

const verdictFields: Fields<CommitVerdictNode> = {
  id: ({ kind, sha }) => `${kind === "Status" ? "S" : "SCR"}_${sha.slice(0, 12)}`,
  commit: ({ repository, sha }) => commitNode(repository, sha),
}

/** Types of this file by name. */
export const checkTypes = {
  CheckRun: checkRunFields,
  CheckSuite: checkSuiteFields,
  StatusContext: statusContextFields,
  StatusCheckRollup: {
    ...verdictFields,
    state: rollupVerdict,
    contexts: connection<CommitVerdictNode, CheckRunNode | StatusContextNode>({
      list: ({ repository, sha }) => [...currentRuns(repository, sha), ...currentStatuses(repository, sha)],
      key: (node) => (node.kind === "CheckRun" ? node.run.id : node.status.id),
      refuse: (node, { asked }) => {
        if (node.kind === "StatusContext") demand([...readStatuses], asked.caller, node.repository)
      },
    }),
  } satisfies Fields<CommitVerdictNode>,
  Status: {
    ...verdictFields,
    state: ({ repository, sha }) => worstOf(currentStatuses(repository, sha).map(statusVerdict)),
    contexts: ({ repository, sha }) => currentStatuses(repository, sha),
    context: {
      args: ["name"],
      resolve: ({ repository, sha }, call) =>
        currentStatuses(repository, sha).find(({ status }) => status.context === textArg(call, "name")) ?? null,
    },
  } satisfies Fields<CommitVerdictNode>,
}
