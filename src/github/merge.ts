import { z } from "zod"
import type { MergeMethod } from "../promotion/config/config.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure, gitHubWords } from "./error.ts"

/** What became of a merge. `unanswered`: it may have come about; only a look at the pull request tells. */
export type MergeAnswer =
  | { kind: "merged"; sha: string }
  | { kind: "refused"; status: number; message: string }
  | { kind: "unanswered"; error: unknown }

/** How long GitHub is given to answer, waiting for our own limits included; what was not sent by then is never sent. */
export const mergeTimeoutMs = 20_000

const answerSchema = z.object({ merged: z.boolean(), sha: z.string() })

/**
 * Merges exactly this head, once: it is never repeated by the client, since a 5xx may come after the merge.
 *
 * @see https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
 */
export async function mergePullRequest(
  client: GitHubClient,
  address: RepositoryAddress,
  merge: { number: number; headSha: string; method: MergeMethod },
): Promise<MergeAnswer> {
  try {
    const { data } = await client.request("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", {
      owner: address.owner,
      repo: address.name,
      pull_number: merge.number,
      sha: merge.headSha,
      merge_method: merge.method,
      request: { retries: 0, signal: AbortSignal.timeout(mergeTimeoutMs) },
    })
    const { merged, sha } = answerSchema.parse(data)
    return merged ? { kind: "merged", sha } : { kind: "refused", status: 200, message: "GitHub did not merge it" }
  } catch (error) {
    const failure = gitHubFailure(error)
    if ((failure === "refused" || failure === "gone") && error instanceof Error && "status" in error) {
      return { kind: "refused", status: Number(error.status), message: gitHubWords(error) }
    }
    return { kind: "unanswered", error }
  }
}
