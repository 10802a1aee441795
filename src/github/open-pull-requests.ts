import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { configAnswer, configField, configRead, type ConfigRead } from "./config.ts"
import { issueAnswer, issueFields, issueSightOf, type IssueSight } from "./issue.ts"
import { pullRequestAnswer, pullRequestFields, sightOf, type PullRequestSight } from "./sight.ts"

/** One page of a repository's open pull requests, each as fully as one request tells, and its open issues with a label. */
export type OpenPage = {
  config: ConfigRead
  pullRequests: PullRequestSight[]
  issues: IssueSight[]
  next: string | null
}

const answerSchema = z.object({
  repository: configAnswer.extend({
    issues: z.object({ nodes: z.array(issueAnswer) }),
    pullRequests: z.object({
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
      nodes: z.array(pullRequestAnswer),
    }),
  }),
})

const query = `
  query OpenPullRequests($owner: String!, $name: String!, $page: String, $label: String!, $after: String) {
    repository(owner: $owner, name: $name) {
      ${configField}
      issues(states: OPEN, labels: [$label], first: 20) { nodes { ...IssueFields } }
      pullRequests(states: OPEN, first: 20, after: $page, orderBy: { field: CREATED_AT, direction: ASC }) {
        pageInfo { hasNextPage endCursor }
        nodes { ...PullRequestFields }
      }
    }
  }
  ${pullRequestFields}
  ${issueFields}`

/** Reads twenty open pull requests in one request, so that a sweep over many costs little. Throws what Octokit throws. */
export async function readOpenPullRequests(
  client: GitHubClient,
  address: RepositoryAddress,
  { page, label }: { page: string | null; label: string },
): Promise<OpenPage> {
  const answer = await client.graphql(query, { owner: address.owner, name: address.name, page, label, after: null })
  const { repository } = answerSchema.parse(answer)
  const { pageInfo, nodes } = repository.pullRequests
  return {
    config: configRead(repository),
    pullRequests: nodes.map(sightOf),
    issues: repository.issues.nodes.map(issueSightOf),
    next: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  }
}
