import { z } from "zod"
import { sha as shaOf, type Sha } from "../lib/brand.ts"
import type { CheckFact, DeploymentFact } from "../promotion/fact.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { actorOf, actorSchema, checkFact, contextFields, contexts, instant } from "./sight.ts"

const deployment = z.object({
  databaseId: z.int(),
  commitOid: z.string(),
  ref: z.object({ name: z.string() }).nullable(),
  environment: z.string().nullable(),
  state: z.string().nullable(),
  task: z.string().nullable(),
  createdAt: instant,
  creator: actorSchema,
  latestStatus: z.object({ state: z.string(), createdAt: instant, logUrl: z.string().nullish() }).nullable(),
})

const answerSchema = z.object({
  repository: z.object({
    deployments: z.object({ nodes: z.array(deployment.nullable()) }),
    object: z.object({ statusCheckRollup: z.object({ contexts }).nullable() }).nullable(),
  }),
})

/** Deployments looked back at, of all environments asked for. */
const limitDeployments = 50

const deploymentFields = `
  nodes {
    databaseId commitOid ref { name } environment state task createdAt
    creator { __typename login ... on User { databaseId } ... on Bot { databaseId } }
    latestStatus { state createdAt logUrl }
  }`

const newest = `first: ${limitDeployments}, orderBy: { field: CREATED_AT, direction: DESC }`

const query = `
  query Landed($owner: String!, $name: String!, $sha: GitObjectID!, $environments: [String!], $after: String) {
    repository(owner: $owner, name: $name) {
      deployments(environments: $environments, ${newest}) { ${deploymentFields} }
      object(oid: $sha) { ... on Commit { statusCheckRollup { contexts(first: 100, after: $after) { ${contextFields} } } } }
    }
  }`

/** What GitHub tells of a commit that landed. `complete`: all of its checks are among them. */
export type LandedSight = { checks: CheckFact[]; deployments: DeploymentFact[]; complete: boolean }

/** Pages of a hundred checks that are read of one commit. */
const limitPages = 10

/**
 * Reads the checks of a commit and the newest deployments to the environments named: what a health window stands on.
 * GitHub's GraphQL tells no id of a deployment's status.
 */
export async function readLanded(
  client: GitHubClient,
  address: RepositoryAddress,
  { sha, environments }: { sha: string; environments: readonly string[] },
): Promise<LandedSight> {
  const of = shaOf(sha)
  const place = {
    owner: address.owner,
    name: address.name,
    sha,
    environments: environments.length === 0 ? null : [...environments],
  }
  const checks: CheckFact[] = []
  let deployments: DeploymentFact[] = []
  let after: string | null = null
  for (let page = 0; page < limitPages; page += 1) {
    const { repository } = answerSchema.parse(await client.graphql(query, { ...place, after }))
    if (page === 0) deployments = repository.deployments.nodes.flatMap(deploymentFact)
    const found = repository.object?.statusCheckRollup?.contexts
    checks.push(...(found?.nodes ?? []).map((node) => checkFact(node, of)))
    if (found?.pageInfo.hasNextPage !== true) return { checks, deployments, complete: repository.object !== null }
    after = found.pageInfo.endCursor
  }
  return { checks, deployments, complete: false }
}

const deploymentsAnswer = answerSchema.shape.repository.pick({ deployments: true })

const deploymentsQuery = `
  query Deployments($owner: String!, $name: String!, $environments: [String!]) {
    repository(owner: $owner, name: $name) {
      deployments(environments: $environments, ${newest}) { ${deploymentFields} }
    }
  }`

/** Reads the newest deployments to the environments named. */
export async function readDeployments(
  client: GitHubClient,
  address: RepositoryAddress,
  environments: readonly string[],
): Promise<DeploymentFact[]> {
  const place = { owner: address.owner, name: address.name, environments: [...environments] }
  const { repository } = z
    .object({ repository: deploymentsAnswer })
    .parse(await client.graphql(deploymentsQuery, place))
  return repository.deployments.nodes.flatMap(deploymentFact)
}

function deploymentFact(node: z.infer<typeof deployment> | null): DeploymentFact[] {
  if (node === null) return []
  const { databaseId: id, commitOid, ref, environment, task, createdAt: createdAtMs, latestStatus } = node
  const sha: Sha = shaOf(commitOid)
  return [
    {
      id,
      sha,
      ref: ref?.name ?? "",
      environment: environment ?? "",
      production: null,
      state: (latestStatus?.state ?? node.state ?? "pending").toLowerCase(),
      statusId: null,
      createdAtMs,
      atMs: latestStatus?.createdAt ?? createdAtMs,
      url: latestStatus?.logUrl ?? null,
      creator: actorOf(node.creator)?.login ?? null,
      task: task ?? "deploy",
    },
  ]
}
