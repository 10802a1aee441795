import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** Where a change is to be made: a pull request. */
export type PullRequestThere = { address: RepositoryAddress; number: number }

const pullAnswer = z.object({ state: z.string() })

/** Closes a pull request. Says `not-needed` where it is closed already, or gone. */
export async function closePullRequest(
  client: GitHubClient,
  { address, number }: PullRequestThere,
): Promise<"done" | "not-needed"> {
  const place = { owner: address.owner, repo: address.name, pull_number: number }
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", place)
    if (pullAnswer.parse(data).state === "closed") return "not-needed"
    await client.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", { ...place, state: "closed" })
    return "done"
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return "not-needed"
  }
}

const refAnswer = z.object({ object: z.object({ sha: z.string() }) })

/** A branch, and the commit it must still be at. */
export type BranchAt = { address: RepositoryAddress; branch: string; sha: string }

/**
 * Deletes a branch that is still at a commit. Says `not-needed` where there is none of that name, and `moved` where it is
 * at another commit. (REST takes no condition: a push between the look and the deletion is lost with the branch, and
 * GitHub keeps it restorable at its pull request.)
 */
export async function deleteBranch(
  client: GitHubClient,
  { address, branch, sha }: BranchAt,
): Promise<"done" | "not-needed" | "moved"> {
  const place = { owner: address.owner, repo: address.name, ref: `heads/${branch}` }
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/git/ref/{ref}", place)
    if (refAnswer.parse(data).object.sha !== sha) return "moved"
    await client.request("DELETE /repos/{owner}/{repo}/git/refs/{ref}", place)
    return "done"
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return "not-needed"
  }
}
