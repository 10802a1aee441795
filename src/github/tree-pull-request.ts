import { z } from "zod"
import { type Sha, sha } from "../lib/brand.ts"
import { type BranchPairThere, type OwnPullRequest, readBranchPair } from "./branch-pull-request.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { orRefused, type Refused, writeRefusal } from "./error.ts"

/**
 * A pull request to open: one commit on top of `branch`, which must be at `headSha`, on the branch `newBranch`. The name is
 * the caller's, the same for the same purpose: it is how a second attempt finds what the first one made.
 */
export type TreeProposal = {
  address: RepositoryAddress
  branch: string
  headSha: Sha
  newBranch: string
  message: string
  title: string
  body: string
}

/** The pull request of it alone: from a branch that is there already. */
export type PullRequestProposal = Omit<TreeProposal, "headSha" | "message">

/**
 * What came of it.
 *
 * - `done`: there is such a pull request, made now or before; it may be merged by now
 * - `closed`: it was opened before, and closed without merging
 * - `outdated`: it is open, but not one commit with the wanted tree on top of `headSha` (any more)
 * - `moved`: the branch is at another commit than `headSha` (null: it is gone), and nothing was made
 * - `taken`: there is a branch of that name, at `sha`, or a pull request of somebody else's from it
 */
export type TreeProposed =
  | { how: "done" | "closed" | "outdated"; pullRequest: OwnPullRequest }
  | { how: "moved"; headSha: Sha | null }
  | { how: "taken"; sha: Sha }
  | Refused

/** A tree to propose, or why there is none. */
type Wanted<Other> = { how: "tree"; tree: Sha } | Other

/**
 * Opens a pull request whose commit has exactly the tree that `wish` gives. Safe to repeat: what is there already is
 * found, by its name, before anything is made, and a branch of that name is never moved. `wish` is not asked where the
 * tree makes no difference.
 */
export async function proposeTree<Other extends { how: string }>(
  client: GitHubClient,
  proposal: TreeProposal,
  wish: (seen: BranchPairThere) => Promise<Wanted<Other>>,
): Promise<TreeProposed | Other> {
  const { headSha } = proposal
  const seen = await look(client, proposal)
  const { own, from, into } = seen
  if (own !== null && own.state !== "open") return { how: own.state === "merged" ? "done" : "closed", pullRequest: own }
  if (into?.sha !== headSha) {
    return own === null ? { how: "moved", headSha: into?.sha ?? null } : { how: "outdated", pullRequest: own }
  }
  const wanted = await wish(seen)
  if (!isTree(wanted)) return wanted
  if (own !== null) return { how: isMade(from, { tree: wanted.tree, headSha }) ? "done" : "outdated", pullRequest: own }
  const start = from ?? (await makeBranch(client, proposal, wanted.tree))
  if ("how" in start) return start
  if (!isMade(start, { tree: wanted.tree, headSha })) return { how: "taken", sha: start.sha }
  return openPullRequest(client, proposal, start.sha)
}

function isTree<Other extends { how: string }>(wanted: Wanted<Other>): wanted is { how: "tree"; tree: Sha } {
  return wanted.how === "tree"
}

type End = NonNullable<BranchPairThere["from"]>

function isMade(end: End | null, { tree, headSha }: { tree: Sha; headSha: Sha }): boolean {
  return end?.tree === tree && end.parents.length === 1 && end.parents[0] === headSha
}

function look(client: GitHubClient, { address, newBranch, branch }: PullRequestProposal): Promise<BranchPairThere> {
  return readBranchPair(client, { address, from: newBranch, into: branch })
}

const madeSchema = z.object({ sha: z.string().transform(sha) })

/** Makes the commit and the branch; if somebody was quicker, what they made. */
async function makeBranch(client: GitHubClient, proposal: TreeProposal, tree: Sha): Promise<End | Refused> {
  const { address, newBranch, message, headSha } = proposal
  const place = { owner: address.owner, repo: address.name }
  const commit = await orRefused(async () => {
    const draft = { message, tree, parents: [headSha] }
    return madeSchema.parse(
      (await client.request("POST /repos/{owner}/{repo}/git/commits", { ...place, ...draft })).data,
    )
  })
  if ("how" in commit) return commit
  try {
    const ref = `refs/heads/${newBranch}`
    await client.request("POST /repos/{owner}/{repo}/git/refs", { ...place, ref, sha: commit.sha })
    return { sha: commit.sha, tree, parents: [headSha] }
  } catch (error) {
    const refusal = writeRefusal(error)
    if (refusal === undefined) throw error
    return (await look(client, proposal)).from ?? { how: "refused", ...refusal }
  }
}

/** Opens the pull request; if somebody was quicker, theirs if that was the app itself. */
export async function openPullRequest(
  client: GitHubClient,
  proposal: PullRequestProposal,
  headSha: Sha,
): Promise<TreeProposed> {
  const { address, newBranch, branch, title, body } = proposal
  const place = { owner: address.owner, repo: address.name }
  try {
    const draft = { title, body, head: newBranch, base: branch }
    const { data } = await client.request("POST /repos/{owner}/{repo}/pulls", { ...place, ...draft })
    const { number, node_id: id } = z.object({ number: z.int(), node_id: z.string() }).parse(data)
    return { how: "done", pullRequest: { id, number, state: "open", headSha, branch: newBranch } }
  } catch (error) {
    const refusal = writeRefusal(error)
    if (refusal === undefined) throw error
    const { own } = await look(client, proposal)
    if (own?.headSha === headSha) return { how: own.state === "closed" ? "closed" : "done", pullRequest: own }
    return /already exists/i.test(refusal.words) ? { how: "taken", sha: headSha } : { how: "refused", ...refusal }
  }
}
