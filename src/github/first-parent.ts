import { z } from "zod"
import { parseSha, type Sha } from "../lib/brand.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

const answer = z.object({ parents: z.array(z.object({ sha: z.string() })) })

/**
 * Reads what stood on a branch before a commit of it: its first parent. Null: it has none, or GitHub does not know it.
 *
 * @see https://docs.github.com/en/rest/git/commits#get-a-commit-object
 */
export async function readFirstParent(
  client: GitHubClient,
  address: RepositoryAddress,
  commit: Sha,
): Promise<Sha | null> {
  const place = { owner: address.owner, repo: address.name, commit_sha: commit }
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/git/commits/{commit_sha}", place)
    return parseSha(answer.parse(data).parents[0]?.sha ?? "") ?? null
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return null
  }
}
