/** Repositories in GraphQL. https://docs.github.com/en/graphql/reference/objects#repository */
import { fullNameOf } from "./access.ts"
import type { Need } from "./api.ts"
import { listRefs } from "./git-ref.ts"
import { connection } from "./graphql-connection.ts"
import {
  type FieldCall,
  type Fields,
  graphRefusal,
  optionalListArg,
  optionalNumberArg,
  optionalTextArg,
  textArg,
  unimplemented,
} from "./graphql-field.ts"
import {
  accountNode,
  expressionNode,
  gitObjectNode,
  type IssueNode,
  type LabelNode,
  pullNode,
  type PullRequestNode,
  type RefNode,
  refNode,
  repositoryNode,
  type RepositoryNode,
} from "./graphql-node.ts"
import { queueNode } from "./graphql-merge-queue.ts"
import { pullState } from "./graphql-pull-request.ts"
import type { Issue } from "./state.ts"
import { repositoryPage } from "./view/repository.ts"

/** What reading pull requests takes. */
export const readPulls: readonly Need[] = [{ permission: "pull_requests", level: "read" }]

/** What reading issues takes. */
export const readIssues: readonly Need[] = [{ permission: "issues", level: "read" }]

const readContents: readonly Need[] = [{ permission: "contents", level: "read" }]

function numberedPull({ repository }: RepositoryNode, call: FieldCall): PullRequestNode {
  const number = optionalNumberArg(call, "number") ?? 0
  const pull = repository.pulls.get(number)
  if (!pull) throw graphRefusal("NOT_FOUND", `Could not resolve to a PullRequest with the number of ${number}.`)
  return pullNode(repository, pull)
}

function numberedIssue({ repository }: RepositoryNode, call: FieldCall): IssueNode {
  const number = optionalNumberArg(call, "number") ?? 0
  const issue = repository.pulls.has(number) ? undefined : repository.issues.get(number)
  if (!issue) throw graphRefusal("NOT_FOUND", `Could not resolve to an Issue with the number of ${number}.`)
  return { kind: "Issue", repository, issue }
}

function either(node: RepositoryNode, call: FieldCall): PullRequestNode | IssueNode {
  const number = optionalNumberArg(call, "number") ?? 0
  if (node.repository.pulls.has(number)) return numberedPull(node, call)
  if (node.repository.issues.has(number)) return numberedIssue(node, call)
  throw graphRefusal("NOT_FOUND", `Could not resolve to an issue or pull request with the number of ${number}.`)
}

function listedPulls({ repository }: RepositoryNode, call: FieldCall): PullRequestNode[] {
  const states = optionalListArg(call, "states")
  const base = optionalTextArg(call, "baseRefName")
  const head = optionalTextArg(call, "headRefName")
  const pulls = [...repository.pulls.values()]
    .filter((pull) => states === undefined || states.includes(pullState(pull)))
    .filter((pull) => base === undefined || pull.baseRef === base)
    .filter((pull) => head === undefined || pull.headRef === head)
    .filter((pull) => hasLabel(pull.issue, optionalListArg(call, "labels")))
  return ordered(call, pulls, (pull) => pull.issue).map((pull) => pullNode(repository, pull))
}

function listedIssues({ repository }: RepositoryNode, call: FieldCall): IssueNode[] {
  const states = optionalListArg(call, "states")
  const issues = [...repository.issues.values()]
    .filter((issue) => !repository.pulls.has(issue.number))
    .filter((issue) => states === undefined || states.includes(issue.state.toUpperCase()))
    .filter((issue) => hasLabel(issue, optionalListArg(call, "labels")))
  return ordered(call, issues, (issue) => issue).map((issue) => ({ kind: "Issue", repository, issue }))
}

function hasLabel(issue: Issue, names: string[] | undefined): boolean {
  return names === undefined || issue.labels.some((label) => names.includes(label.name))
}

/** By `orderBy`, by default oldest first; equal times keep the order of numbers. */
function ordered<Item>(call: FieldCall, items: Item[], issueOf: (item: Item) => Issue): Item[] {
  const order = call.args["orderBy"]
  const { field, direction } = { field: "CREATED_AT", direction: "ASC", ...(typeof order === "object" ? order : {}) }
  if (field === "COMMENTS") throw unimplemented("ordering by comments")
  const stamp = (item: Item): string => (field === "UPDATED_AT" ? issueOf(item).updatedAt : issueOf(item).createdAt)
  const compare = (a: Item, b: Item): number =>
    stamp(a).localeCompare(stamp(b)) || issueOf(a).number - issueOf(b).number
  return items.toSorted((a, b) => (direction === "DESC" ? compare(b, a) : compare(a, b)))
}

async function listedRefs({ repository }: RepositoryNode, call: FieldCall): Promise<RefNode[]> {
  const prefix = textArg(call, "refPrefix")
  const query = optionalTextArg(call, "query") ?? ""
  const refs = await listRefs(repository.store, prefix.endsWith("/") ? prefix : `${prefix}/`)
  return refs
    .filter(({ ref }) => ref.slice(prefix.length).includes(query))
    .map(({ ref, sha }) => ({ kind: "Ref", repository, ref, sha }))
}

async function qualifiedRef({ repository }: RepositoryNode, call: FieldCall): Promise<RefNode | null> {
  const name = textArg(call, "qualifiedName")
  for (const ref of [name, `refs/${name}`, `refs/heads/${name}`, `refs/tags/${name}`]) {
    const found = await refNode(repository, ref)
    if (found) return found
  }
  return null
}

const settingFields: Fields<RepositoryNode> = {
  id: ({ repository }) => repository.nodeId,
  databaseId: ({ repository }) => repository.id,
  name: ({ repository }) => repository.name,
  nameWithOwner: ({ repository }) => fullNameOf(repository),
  owner: ({ repository }) => accountNode(repository.owner),
  description: ({ repository }) => repository.description,
  url: ({ repository }, { asked }) => repositoryPage(asked.state, repository),
  isPrivate: ({ repository }) => repository.isPrivate,
  visibility: ({ repository }) => (repository.isPrivate ? "PRIVATE" : "PUBLIC"),
  isFork: ({ repository }) => repository.forkOf !== undefined,
  isArchived: ({ repository }) => repository.isArchived,
  isDisabled: () => false,
  isLocked: () => false,
  parent: ({ repository }) => (repository.forkOf ? repositoryNode(repository.forkOf) : null),
  mergeCommitAllowed: ({ repository }) => repository.allowedMergeMethods.has("merge"),
  squashMergeAllowed: ({ repository }) => repository.allowedMergeMethods.has("squash"),
  rebaseMergeAllowed: ({ repository }) => repository.allowedMergeMethods.has("rebase"),
  autoMergeAllowed: ({ repository }) => repository.allowAutoMerge,
  deleteBranchOnMerge: ({ repository }) => repository.deleteBranchOnMerge,
  createdAt: ({ repository }) => repository.createdAt,
  updatedAt: ({ repository }) => repository.updatedAt,
  pushedAt: ({ repository }) => repository.pushedAt,
}

const gitFields: Fields<RepositoryNode> = {
  defaultBranchRef: ({ repository }) => refNode(repository, `refs/heads/${repository.defaultBranch}`),
  ref: { needs: readContents, args: ["qualifiedName"], resolve: qualifiedRef },
  refs: connection<RepositoryNode, RefNode>({
    needs: readContents,
    args: ["refPrefix", "query"],
    list: listedRefs,
    key: ({ ref }) => ref,
  }),
  object: {
    needs: readContents,
    args: ["expression", "oid"],
    resolve: ({ repository }, call) => {
      const oid = optionalTextArg(call, "oid")
      return oid === undefined
        ? expressionNode(repository, optionalTextArg(call, "expression") ?? "HEAD")
        : gitObjectNode(repository, oid)
    },
  },
}

/** Types of this file by name. */
export const repositoryTypes = {
  Repository: {
    ...settingFields,
    ...gitFields,
    pullRequest: { needs: readPulls, args: ["number"], resolve: numberedPull },
    issue: { needs: readIssues, args: ["number"], resolve: numberedIssue },
    issueOrPullRequest: { needs: [...readIssues, ...readPulls], args: ["number"], resolve: either },
    pullRequests: connection<RepositoryNode, PullRequestNode>({
      needs: readPulls,
      args: ["states", "baseRefName", "headRefName", "labels", "orderBy"],
      list: listedPulls,
      key: ({ pull }) => pull.id,
    }),
    issues: connection<RepositoryNode, IssueNode>({
      needs: readIssues,
      args: ["states", "labels", "orderBy"],
      list: listedIssues,
      key: ({ issue }) => issue.id,
    }),
    mergeQueue: {
      args: ["branch"],
      resolve: ({ repository }, call) =>
        queueNode(repository, optionalTextArg(call, "branch") ?? repository.defaultBranch),
    },
    label: {
      args: ["name"],
      resolve: ({ repository }, call) => {
        const name = textArg(call, "name").toLowerCase()
        const label = repository.labels.find((one) => one.name.toLowerCase() === name)
        return label ? { kind: "Label", repository, label } : null
      },
    },
    labels: connection<RepositoryNode, LabelNode>({
      list: ({ repository }) => repository.labels.map((label) => ({ kind: "Label", repository, label })),
      key: ({ label }) => label.id,
    }),
  } satisfies Fields<RepositoryNode>,
}
