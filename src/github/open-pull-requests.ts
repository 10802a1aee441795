import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { configAnswer, configField, configRead, type ConfigRead } from "./config.ts"
import { pullRequestAnswer, pullRequestFields, sightOf, type PullRequestSight } from "./sight.ts"

/** One page of a repository's open pull requests, each as fully as one request tells. */
export type OpenPage = { config: ConfigRead; pullRequests: PullRequestSight[]; next: string | null }

const answerSchema = z.object({
  repository: configAnswer.extend({
    pullRequests: z.object({
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      nodes: z.array(pullRequestAnswer),
    }),
  }),
})

const query = `
  query OpenPullRequests($owner: String!, $name: String!, $page: String, $after: String) {
    repository(owner: $owner, name: $name) {
      ${configField}
      pullRequests(states: OPEN, first: 20, after: $page, orderBy: { field: CREATED_AT, direction: ASC }) {
        pageInfo { hasNextPage endCursor }
        nodes { ...PullRequestFields }
      }
    }
  }
  ${pullRequestFields}`

/** Reads twenty open pull requests in one request, so that a sweep over many costs little. Throws what Octokit throws. */
export async function readOpenPullRequests(
  client: GitHubClient,
  address: RepositoryAddress,
  page: string | null,
): Promise<OpenPage> {
  const answer = await client.graphql(query, { owner: address.owner, name: address.name, page, after: null })
  const { repository } = answerSchema.parse(answer)
  const { pageInfo, nodes } = repository.pullRequests
  return {
    config: configRead(repository),
    pullRequests: nodes.map(sightOf),
    next: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  }
}
