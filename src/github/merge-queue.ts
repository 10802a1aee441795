import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const answerSchema = z.object({
  repository: z.object({
    mergeQueue: z
      .object({
        entries: z
          .object({
            pageInfo: z.object({ hasNextPage: z.boolean() }),
            nodes: z.array(
              z
                .object({
                  position: z.int(),
                  headCommit: z.object({ oid: z.string() }).nullable(),
                  pullRequest: z.object({ number: z.int() }).nullable(),
                })
                .nullable(),
            ),
          })
          .nullable(),
      })
      .nullable(),
  }),
})

const query = `
  query MergeQueue($owner: String!, $name: String!, $branch: String!) {
    repository(owner: $owner, name: $name) { mergeQueue(branch: $branch) { entries(first: 100) {
      pageInfo { hasNextPage } nodes { position headCommit { oid } pullRequest { number } }
    } } }
  }`

/**
 * Numbers of the pull requests whose changes are in a merge group, by its head commit: the entry that was made for it and
 * all that stand before it in the queue. Null when GitHub does not tell all of them, or does not know the group any more.
 *
 * @see https://docs.github.com/en/graphql/reference/objects#mergequeueentry
 */
export async function readGroupMembers(
  client: GitHubClient,
  address: RepositoryAddress,
  group: { branch: string; headSha: string },
): Promise<number[] | null> {
  const answer = await client.graphql(query, { owner: address.owner, name: address.name, branch: group.branch })
  const entries = answerSchema.parse(answer).repository.mergeQueue?.entries ?? null
  if (entries === null) return null
  const own = entries.nodes.find((entry) => entry?.headCommit?.oid === group.headSha)
  if (own == null) return null
  const before = entries.nodes.filter((entry) => entry === null || entry.position <= own.position)
  const numbers = before.map((entry) => entry?.pullRequest?.number)
  return numbers.some((number) => number === undefined) ? null : numbers.filter((number) => number !== undefined)
}
