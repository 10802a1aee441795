import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const answer = z.object({
  repository: z.object({
    object: z.object({ isTruncated: z.boolean().optional(), text: z.string().nullish() }).nullable(),
  }),
})

const query = `query ConfigBlob($owner: String!, $name: String!, $blob: GitObjectID!) {
  repository(owner: $owner, name: $name) { object(oid: $blob) { ... on Blob { isTruncated text } } }
}`

/**
 * Reads a config file by its blob id, as some commit has it that need not be on the default branch. Null when it is no
 * text that GitHub gives whole. Throws what Octokit throws.
 */
export async function readConfigBlob(
  client: GitHubClient,
  address: RepositoryAddress,
  blob: string,
): Promise<string | null> {
  const { object } = answer.parse(await client.graphql(query, { ...address, blob })).repository
  return object?.isTruncated === false ? (object.text ?? null) : null
}
