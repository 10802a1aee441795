/** The roots of GraphQL queries, and looking things up by their node ids. */
import { canSee, demand, findRepository, fullNameOf } from "./access.ts"
import type { Need } from "./api.ts"
import { callerName } from "./auth.ts"
import { viewerNode } from "./graphql-account.ts"
import { readDeployments } from "./graphql-deployment.ts"
import {
  type Asked,
  type FieldCall,
  type Fields,
  graphRefusal,
  optionalListArg,
  properties,
  textArg,
  unimplemented,
} from "./graphql-field.ts"
import {
  accountNode,
  type AnyNode,
  pullNode,
  type PullRequestNode,
  queueEntryNode,
  repositoryNode,
  type RepositoryNode,
} from "./graphql-node.ts"
import { readIssues, readPulls } from "./graphql-repository.ts"
import { isoOf, type Caller, type GitHubState, type Repository } from "./state.ts"

/** Points an hour. https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api */
const hourlyLimit = 5000
const hourMs = 3_600_000

/** A caller's budget after the running query. */
export type RateLimitNode = {
  cost: number
  nodeCount: number
  limit: number
  used: number
  remaining: number
  resetAt: string
}

/** Takes the cost of a query off the caller's hour, which begins at its first query. */
export function spend(state: GitHubState, caller: Caller, cost: number): void {
  const rate = rateOf(state, caller)
  state.rates.set(rateKey(caller), { ...rate, used: rate.used + cost })
}

/** What is left of the caller's hour. */
export function rateLimit({ state, caller, cost, nodeCount }: Asked): RateLimitNode {
  const { used, resetMs } = rateOf(state, caller)
  const remaining = Math.max(0, hourlyLimit - used)
  return { cost, nodeCount, limit: hourlyLimit, used, remaining, resetAt: isoOf(new Date(resetMs)) }
}

function rateOf(state: GitHubState, caller: Caller): { used: number; resetMs: number } {
  const nowMs = state.clock.now().getTime()
  const known = state.rates.get(rateKey(caller))
  return known && known.resetMs > nowMs ? known : { used: 0, resetMs: nowMs + hourMs }
}

function rateKey(caller: Caller): string {
  return `graphql ${callerName(caller)}`
}

function repositoryByName(call: FieldCall): RepositoryNode {
  const name = `${textArg(call, "owner")}/${textArg(call, "name")}`
  const repository = findRepository(call.asked.state, name)
  const isOldName = repository !== undefined && fullNameOf(repository).toLowerCase() !== name.toLowerCase()
  const isFound =
    repository && canSee(call.asked.caller, repository) && !(isOldName && call.args["followRenames"] === false)
  if (isFound) return repositoryNode(repository)
  throw graphRefusal("NOT_FOUND", `Could not resolve to a Repository with the name '${name}'.`)
}

/** A pull request by its node id, which a mutation is about. */
export function pullById(call: FieldCall, id: string): PullRequestNode {
  const node = nodeById(call, id)
  if (node.kind === "PullRequest") return node
  throw graphRefusal("NOT_FOUND", `Could not resolve to PullRequest node with the global id of '${id}'`)
}

/** A repository by its node id, which a mutation is about. */
export function repositoryById(call: FieldCall, id: string): RepositoryNode {
  const node = nodeById(call, id)
  if (node.kind === "Repository") return node
  throw graphRefusal("NOT_FOUND", `Could not resolve to Repository node with the global id of '${id}'`)
}

function nodeById(call: FieldCall, id: string): AnyNode {
  const { state, caller } = call.asked
  for (const repository of state.repositories.values()) {
    const found = nodeIn(repository, id)
    if (!found || !canSee(caller, repository)) continue
    if (found.needs) demand([...found.needs], caller, repository)
    return found.node
  }
  const account = [...state.accounts.values()].find((one) => one.nodeId === id)
  if (account) return accountNode(account)
  const app = [...state.apps.values()].find((one) => one.nodeId === id)
  if (app) return { kind: "App", app }
  if (/^(C|T|B|REF|SCR|S)_/.test(id)) throw unimplemented(`a git object or rollup by its node id ${id}`)
  throw graphRefusal("NOT_FOUND", `Could not resolve to a node with the global id of '${id}'`)
}

type Found = { node: AnyNode; needs?: readonly Need[] }

const readChecks: readonly Need[] = [{ permission: "checks", level: "read" }]
const readStatuses: readonly Need[] = [{ permission: "statuses", level: "read" }]

function nodeIn(repository: Repository, id: string): Found | undefined {
  if (repository.nodeId === id) return { node: repositoryNode(repository) }
  return talkIn(repository, id) ?? reportIn(repository, id)
}

/** What people make: pull requests, issues, reviews, comments, labels. */
function talkIn(repository: Repository, id: string): Found | undefined {
  const isIt = (one: { nodeId: string }): boolean => one.nodeId === id
  const pull = [...repository.pulls.values()].find((one) => isIt(one) || isIt(one.issue))
  if (pull) return { node: pullNode(repository, pull), needs: readPulls }
  const issue = [...repository.issues.values()].find(isIt)
  if (issue) return { node: { kind: "Issue", repository, issue }, needs: readIssues }
  const entry = repository.queueEntries.find(isIt)
  if (entry) return { node: queueEntryNode(repository, entry), needs: readPulls }
  const review = repository.reviews.find(isIt)
  if (review) return { node: { kind: "PullRequestReview", repository, review }, needs: readPulls }
  const comment = repository.comments.find(isIt)
  if (comment)
    return {
      node: { kind: "IssueComment", repository, comment },
      needs: [...readIssues, ...readPulls],
    }
  const label = repository.labels.find(isIt)
  return label && { node: { kind: "Label", repository, label } }
}

/** What apps report about commits. */
function reportIn(repository: Repository, id: string): Found | undefined {
  const isIt = (one: { nodeId: string }): boolean => one.nodeId === id
  const run = repository.checkRuns.find(isIt)
  if (run) return { node: { kind: "CheckRun", repository, run }, needs: readChecks }
  const suite = repository.checkSuites.find(isIt)
  if (suite) return { node: { kind: "CheckSuite", repository, suite }, needs: readChecks }
  const status = repository.statuses.find(isIt)
  if (status) return { node: { kind: "StatusContext", repository, status }, needs: readStatuses }
  return deploymentIn(repository, isIt)
}

function deploymentIn(repository: Repository, isIt: (one: { nodeId: string }) => boolean): Found | undefined {
  for (const deployment of repository.deployments) {
    if (isIt(deployment)) return { node: { kind: "Deployment", repository, deployment }, needs: readDeployments }
    const status = deployment.statuses.find(isIt)
    if (status) return { node: { kind: "DeploymentStatus", repository, deployment, status }, needs: readDeployments }
  }
  return undefined
}

/** A list of nodes in which those that cannot be had are errors of their own, as null in their place. */
function nodesById(call: FieldCall): (AnyNode | Error)[] {
  return (optionalListArg(call, "ids") ?? []).map((id) => {
    try {
      return nodeById(call, id)
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  })
}

/** Types of this file by name. */
export const queryTypes = {
  Query: {
    repository: { args: ["owner", "name", "followRenames"], resolve: (_root, call) => repositoryByName(call) },
    node: { args: ["id"], resolve: (_root, call) => nodeById(call, textArg(call, "id")) },
    nodes: { args: ["ids"], resolve: (_root, call) => nodesById(call) },
    viewer: (_root, call) => viewerNode(call),
    user: {
      args: ["login"],
      resolve: (_root, call) => {
        const login = textArg(call, "login")
        const account = call.asked.state.accounts.get(login.toLowerCase())
        if (account?.type === "User") return accountNode(account)
        throw graphRefusal("NOT_FOUND", `Could not resolve to a User with the login of '${login}'.`)
      },
    },
    rateLimit: (_root, call) => rateLimit(call.asked),
  } satisfies Fields<undefined>,
  RateLimit: properties<RateLimitNode>("cost", "nodeCount", "limit", "used", "remaining", "resetAt"),
}
