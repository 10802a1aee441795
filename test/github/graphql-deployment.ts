/** Deployments in GraphQL. https://docs.github.com/en/graphql/reference/objects#deployment */
import type { Need } from "./api.ts"
import type { Deployment } from "./deployment.ts"
import { readRef } from "./git-ref.ts"
import { connection } from "./graphql-connection.ts"
import { type FieldCall, type Fields, optionalListArg } from "./graphql-field.ts"
import {
  accountNode,
  type CommitNode,
  commitNode,
  type DeploymentNode,
  type DeploymentStatusNode,
  type RefNode,
  refNode,
  repositoryNode,
  type RepositoryNode,
} from "./graphql-node.ts"

/** What reading deployments takes. */
export const readDeployments: readonly Need[] = [{ permission: "deployments", level: "read" }]

/** A pending deployment that nobody said anything about for so long is abandoned. */
const patienceMs = 30 * 60_000

/** `deployments` of a repository, or of a commit: by environment, oldest first unless ordered otherwise. */
export const deploymentsField: Fields<RepositoryNode | CommitNode> = {
  deployments: connection<RepositoryNode | CommitNode, DeploymentNode>({
    needs: readDeployments,
    args: ["environments", "orderBy"],
    list: listed,
    key: ({ deployment }) => deployment.id,
  }),
}

function listed(source: RepositoryNode | CommitNode, call: FieldCall): DeploymentNode[] {
  const { repository } = source
  const environments = optionalListArg(call, "environments")
  const order = call.args["orderBy"]
  const isNewestFirst =
    typeof order === "object" && order !== null && "direction" in order && order.direction === "DESC"
  const found = repository.deployments
    .filter((one) => source.kind === "Repository" || one.sha === source.sha)
    .filter((one) => environments === undefined || environments.includes(one.environment))
    .map((deployment) => deploymentNode(repository, deployment))
  return isNewestFirst ? found.toReversed() : found
}

/** A success is `ACTIVE`, as GitHub has it, and what a transient environment leaves behind is `DESTROYED`. */
function deploymentState({ deployment }: DeploymentNode, { asked }: FieldCall): string {
  const state = deployment.statuses.at(-1)?.state ?? "pending"
  if (state === "success") return "ACTIVE"
  if (state === "inactive") return deployment.transientEnvironment ? "DESTROYED" : "INACTIVE"
  const isOld = Date.parse(deployment.updatedAt) + patienceMs <= asked.state.clock.now().getTime()
  return state === "pending" && isOld ? "ABANDONED" : state.toUpperCase()
}

/** The branch or tag a deployment was made by; null for a commit, and for a ref that is gone. */
async function refOf({ repository, deployment }: DeploymentNode): Promise<RefNode | null> {
  const { ref } = deployment
  for (const name of [ref, `refs/heads/${ref}`, `refs/tags/${ref}`]) {
    if (name.startsWith("refs/") && (await readRef(repository.store, name))) return refNode(repository, name)
  }
  return null
}

function statusesOf({ repository, deployment }: DeploymentNode): DeploymentStatusNode[] {
  const nodes = deployment.statuses.map((status): DeploymentStatusNode => ({
    kind: "DeploymentStatus",
    repository,
    deployment,
    status,
  }))
  return nodes.toReversed()
}

const deploymentFields: Fields<DeploymentNode> = {
  id: ({ deployment }) => deployment.nodeId,
  databaseId: ({ deployment }) => deployment.id,
  state: deploymentState,
  environment: ({ deployment }) => deployment.environment,
  latestEnvironment: ({ deployment }) => deployment.environment,
  originalEnvironment: ({ deployment }) => deployment.originalEnvironment,
  task: ({ deployment }) => deployment.task,
  description: ({ deployment }) => deployment.description,
  commitOid: ({ deployment }) => deployment.sha,
  commit: ({ repository, deployment }) => commitNode(repository, deployment.sha),
  ref: refOf,
  creator: ({ deployment }) => accountNode(deployment.creator),
  createdAt: ({ deployment }) => deployment.createdAt,
  updatedAt: ({ deployment }) => deployment.updatedAt,
  repository: ({ repository }) => repositoryNode(repository),
  latestStatus: (node) => statusesOf(node)[0] ?? null,
  statuses: connection<DeploymentNode, DeploymentStatusNode>({ list: statusesOf, key: ({ status }) => status.id }),
}

const blankToNull = (text: string): string | null => (text === "" ? null : text)

/** Types of this file by name. */
export const deploymentTypes = {
  Deployment: deploymentFields,
  DeploymentStatus: {
    id: ({ status }) => status.nodeId,
    state: ({ status }) => status.state.toUpperCase(),
    description: ({ status }) => status.description,
    environment: ({ status }) => status.environment,
    environmentUrl: ({ status }) => blankToNull(status.environmentUrl),
    logUrl: ({ status }) => blankToNull(status.logUrl),
    creator: ({ status }) => accountNode(status.creator),
    deployment: ({ repository, deployment }) => deploymentNode(repository, deployment),
    createdAt: ({ status }) => status.createdAt,
    updatedAt: ({ status }) => status.updatedAt,
  } satisfies Fields<DeploymentStatusNode>,
}

function deploymentNode(repository: DeploymentNode["repository"], deployment: Deployment): DeploymentNode {
  return { kind: "Deployment", repository, deployment }
}
