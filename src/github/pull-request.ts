import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { configAnswer, configField, configRead, type ConfigRead } from "./config.ts"
import { pullRequestAnswer, pullRequestFields, sightOf, type PullRequestSight } from "./sight.ts"

/** Everything one look at a pull request tells. */
export type Sight = {
  config: ConfigRead
  /** Null when there is no such pull request. */
  pullRequest: Pick<
    PullRequestSight,
    "fact" | "checks" | "reviews" | "labels" | "configFile" | "retargetedAtMs" | "queued"
  > | null
  /** Whether everything was told: every page read, head and checks of one commit. */
  complete: boolean
}

const answerSchema = z.object({
  repository: configAnswer.extend({ pullRequest: pullRequestAnswer.nullable() }),
})

const query = `
  query Sight($owner: String!, $name: String!, $number: Int!, $after: String) {
    repository(owner: $owner, name: $name) { ${configField} pullRequest(number: $number) { ...PullRequestFields } }
  }
  ${pullRequestFields}`

/** Most pages of 100 checks that are read of one head. */
const limitPages = 10

/**
 * Reads a pull request, its checks and labels, and the config on the default branch, in one GraphQL request (one more
 * for every further hundred checks).
 *
 * @throws what Octokit throws: a `GraphqlResponseError`, an `HttpError`, or a zod error for an answer of another shape.
 */
export async function readPullRequest(
  client: GitHubClient,
  address: RepositoryAddress,
  number: number,
): Promise<Sight> {
  const first = await ask(client, { address, number, after: null })
  if (first.sight === null) return { config: first.config, pullRequest: null, complete: true }
  const checks = [...first.sight.checks]
  let { coherent, nextChecks } = first.sight
  for (let page = 1; nextChecks !== null && page < limitPages; page += 1) {
    const { sight } = await ask(client, { address, number, after: nextChecks })
    coherent &&= sight?.coherent === true && sight.fact.headSha === first.sight.fact.headSha
    checks.push(...(sight?.checks ?? []))
    nextChecks = sight?.nextChecks ?? null
  }
  const { fact, reviews, labels, configFile, retargetedAtMs, queued } = first.sight
  return {
    config: first.config,
    pullRequest: { fact, checks, reviews, labels, configFile, retargetedAtMs, queued },
    complete: coherent && nextChecks === null,
  }
}

type Page = { address: RepositoryAddress; number: number; after: string | null }

async function ask(
  client: GitHubClient,
  { address, number, after }: Page,
): Promise<{ config: ConfigRead; sight: PullRequestSight | null }> {
  const answer = await client.graphql(query, { owner: address.owner, name: address.name, number, after })
  const { repository } = answerSchema.parse(answer)
  const { pullRequest } = repository
  return { config: configRead(repository), sight: pullRequest === null ? null : sightOf(pullRequest) }
}
