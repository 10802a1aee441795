import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/**
 * Asks for a check run to be run once more on the same commit: whoever reported it hears of it. False: GitHub would not.
 *
 * @see https://docs.github.com/en/rest/checks/runs#rerequest-a-check-run
 */
export async function rerequestCheck(
  client: GitHubClient,
  address: RepositoryAddress,
  checkRunId: number,
): Promise<boolean> {
  try {
    await client.request("POST /repos/{owner}/{repo}/check-runs/{check_run_id}/rerequest", {
      owner: address.owner,
      repo: address.name,
      check_run_id: checkRunId,
    })
    return true
  } catch (error) {
    const failure = gitHubFailure(error)
    const isUnprocessable = error instanceof Error && "status" in error && error.status === 422
    if (failure !== "refused" && failure !== "gone" && !isUnprocessable) throw error
    return false
  }
}
