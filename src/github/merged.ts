import { z } from "zod"
import type { MergeThere } from "../promotion/pause/receipt.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))

const answerSchema = z.object({
  repository: z.object({
    pullRequests: z.object({
      nodes: z.array(
        z.object({
          number: z.int(),
          baseRefName: z.string(),
          mergedAt: instant.nullable(),
          mergedBy: z.object({ login: z.string() }).nullable(),
        }),
      ),
    }),
  }),
})

const query = `
  query RecentlyMerged($owner: String!, $name: String!) {
    repository(owner: $owner, name: $name) {
      pullRequests(states: MERGED, first: 100, orderBy: { field: UPDATED_AT, direction: DESC }) {
        nodes { number baseRefName mergedAt mergedBy { login } }
      }
    }
  }`

/** The hundred merged pull requests that changed last: every merge of the last minutes is among them. */
export async function readRecentlyMerged(client: GitHubClient, address: RepositoryAddress): Promise<MergeThere[]> {
  const answer = await client.graphql(query, { owner: address.owner, name: address.name })
  return answerSchema.parse(answer).repository.pullRequests.nodes.flatMap((node): MergeThere[] => {
    if (node.mergedAt === null) return []
    const { number, baseRefName: baseRef, mergedAt: atMs, mergedBy } = node
    return [{ number, baseRef, atMs, by: mergedBy?.login ?? null }]
  })
}
