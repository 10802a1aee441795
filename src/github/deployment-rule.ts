import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** A workflow run that waits at an environment, and what is said of it; GitHub takes 1,024 characters. */
export type AskedDeployment = { address: RepositoryAddress; workflowRun: number; environment: string; words: string }

/** Longest comment that GitHub takes. */
const limitWords = 1024

/**
 * Approves or rejects a deployment that waits at an environment which the app guards. `gone`: the run is there no more;
 * `settled`: GitHub does not wait for this answer any more.
 *
 * @see https://docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run
 */
export async function answerDeployment(
  client: GitHubClient,
  asked: AskedDeployment & { decision: "approved" | "rejected" },
): Promise<"done" | "gone" | "settled"> {
  return post(client, asked, { state: asked.decision })
}

/** Says why a deployment waits, without deciding. */
export async function reportDeployment(
  client: GitHubClient,
  asked: AskedDeployment,
): Promise<"done" | "gone" | "settled"> {
  return post(client, asked, {})
}

async function post(
  client: GitHubClient,
  { address, workflowRun, environment, words }: AskedDeployment,
  decision: { state?: "approved" | "rejected" },
): Promise<"done" | "gone" | "settled"> {
  try {
    await client.request("POST /repos/{owner}/{repo}/actions/runs/{run_id}/deployment_protection_rule", {
      owner: address.owner,
      repo: address.name,
      run_id: workflowRun,
      environment_name: environment,
      comment: words.slice(0, limitWords),
      ...decision,
    } as never)
    return "done"
  } catch (error) {
    if (gitHubFailure(error) === "gone") return "gone"
    if (error instanceof Error && "status" in error && error.status === 422) return "settled"
    throw error
  }
}
