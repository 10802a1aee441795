import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

const commitAnswer = z.object({ sha: z.string() })
const compareAnswer = z.object({ status: z.string() })

/** A commit that a name stands for, and whether a branch contains it. */
export type NamedCommitThere = { sha: string; onBranch: boolean }

/**
 * Finds the commit that a tag, a branch or the beginning of a commit's id stands for; null: there is none, or more than
 * one.
 *
 * @see https://docs.github.com/en/rest/commits/commits#get-a-commit
 */
export async function readNamedCommit(
  client: GitHubClient,
  address: RepositoryAddress,
  { name, branch }: { name: string; branch: string },
): Promise<NamedCommitThere | null> {
  const place = { owner: address.owner, repo: address.name }
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/commits/{ref}", {
      ...place,
      ref: name,
      per_page: 1,
    })
    const { sha } = commitAnswer.parse(data)
    const basehead = `${sha}...${branch}`
    const compared = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
      ...place,
      basehead,
      per_page: 1,
    })
    const { status } = compareAnswer.parse(compared.data)
    return { sha, onBranch: status === "ahead" || status === "identical" }
  } catch (error) {
    if (gitHubFailure(error) === "gone" || isUnknownName(error)) return null
    throw error
  }
}

/** GitHub answers so to what could be the beginning of a commit's id, and is none. */
function isUnknownName(error: unknown): boolean {
  return error instanceof Error && "status" in error && error.status === 422
}
