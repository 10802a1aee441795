import { z } from "zod"
import type { Sha } from "../lib/brand.ts"
import { type BranchEnd, type BranchPair, readBranchPair } from "./branch-pull-request.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure, orRefused, type Refused } from "./error.ts"
import { readTreesOf } from "./tree.ts"
import { openPullRequest } from "./tree-pull-request.ts"

/** A commit of another branch, to be promoted into `target`. */
export type OnwardCommit = { address: RepositoryAddress; target: string; commit: Sha }

const comparison = z.object({ status: z.string(), merge_base_commit: z.object({ sha: z.string() }) })

/**
 * Reads what a branch has of a commit: all of it, because the commit is in its history, or its content is the same; and
 * the newest commit that both have, null where there is none, or no such branch.
 *
 * @see https://docs.github.com/en/rest/commits/commits#compare-two-commits
 */
export async function readContained(
  client: GitHubClient,
  { address, target, commit }: OnwardCommit,
): Promise<{ contained: boolean; base: string | null }> {
  const { into } = await readBranchPair(client, { address, from: target, into: target })
  if (into === null) return { contained: false, base: null }
  const place = { owner: address.owner, repo: address.name, basehead: `${into.sha}...${commit}`, per_page: 1 }
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", place)
    const { status, merge_base_commit: base } = comparison.parse(data)
    if (status === "behind" || status === "identical") return { contained: true, base: base.sha }
    const [tree] = await readTreesOf(client, address, [commit])
    return { contained: tree === into.tree, base: base.sha }
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return { contained: false, base: null }
  }
}

/** The promotion pull request as it is to be: from the branch `head`, kept at `commit`, into `target`. */
export type OnwardWish = OnwardCommit & { head: string; title: string; body: string }

/**
 * What came of it.
 *
 * - `done`: it is open at the commit, or was merged at it
 * - `closed`: it was at the commit, and somebody closed it
 * - `taken`: the branch was pushed to by somebody else, or somebody else opened a pull request from it
 * - `gone`: there is no such target
 */
export type OnwardOpened = { how: "done" | "closed"; number: number } | { how: "taken" } | { how: "gone" } | Refused

/**
 * Opens a promotion pull request, or brings the open one forward. Safe to repeat: what is there already is found, by the
 * name of its branch, before anything is made. The branch is moved forward only, so that no commit of anybody is lost.
 */
export async function bringOnward(client: GitHubClient, wish: OnwardWish): Promise<OnwardOpened> {
  const { address, head, target, commit } = wish
  const { own, from, into } = await readBranchPair(client, pairOf(wish))
  if (into === null) return { how: "gone" }
  if (own !== null && own.state !== "open" && own.headSha === commit) {
    return { how: own.state === "merged" ? "done" : "closed", number: own.number }
  }
  const obstacle = await placeBranch(client, wish, from)
  if (obstacle !== null) return obstacle
  if (own?.state === "open") return describe(client, wish, own.number)
  const opened = await openPullRequest(client, { ...wish, newBranch: head, branch: target, address }, commit)
  switch (opened.how) {
    case "done":
    case "closed":
      return { how: opened.how, number: opened.pullRequest.number }
    case "refused":
      return opened
    default:
      return { how: "taken" }
  }
}

function pairOf({ address, head, target }: Pick<OnwardWish, "address" | "head" | "target">): BranchPair {
  return { address, from: head, into: target }
}

/** Makes the branch, or moves it forward to the commit; null when it is there. */
async function placeBranch(
  client: GitHubClient,
  wish: OnwardWish,
  at: BranchEnd | null,
): Promise<{ how: "taken" } | Refused | null> {
  const { address, head, commit } = wish
  if (at?.sha === commit) return null
  const place = { owner: address.owner, repo: address.name, sha: commit }
  const refused = await orRefused(async () => {
    if (at === null)
      await client.request("POST /repos/{owner}/{repo}/git/refs", { ...place, ref: `refs/heads/${head}` })
    else
      await client.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", {
        ...place,
        ref: `heads/${head}`,
        force: false,
      })
    return null
  })
  if (refused === null) return null
  const { from } = await readBranchPair(client, pairOf(wish))
  if (from?.sha === commit) return null
  if (from?.sha !== at?.sha) throw new Error(`the branch ${head} was moved by somebody else meanwhile`)
  return /fast.?forward/i.test(refused.words) ? { how: "taken" } : refused
}

const pullSchema = z.object({ state: z.string() })

/** Says what it carries now. What was merged or closed meanwhile was so before the branch was moved: that is tried anew. */
async function describe(client: GitHubClient, wish: OnwardWish, number: number): Promise<OnwardOpened> {
  const { address, title, body } = wish
  const place = { owner: address.owner, repo: address.name, pull_number: number }
  const answer = await orRefused(async () => {
    const { data } = await client.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", { ...place, title, body })
    return pullSchema.parse(data)
  })
  if ("how" in answer) return answer
  if (answer.state !== "open") throw new Error(`pull request ${number} was closed meanwhile`)
  return { how: "done", number }
}

/** Closes the app's promotion pull request and leaves `body` in it; says `not-needed` where none is open. */
export async function endOnward(
  client: GitHubClient,
  wish: Pick<OnwardWish, "address" | "head" | "target" | "body">,
): Promise<"done" | "not-needed"> {
  const { address, body } = wish
  const { own } = await readBranchPair(client, pairOf(wish))
  if (own?.state !== "open") return "not-needed"
  const place = { owner: address.owner, repo: address.name, pull_number: own.number }
  await client.request("PATCH /repos/{owner}/{repo}/pulls/{pull_number}", { ...place, state: "closed", body })
  return "done"
}
