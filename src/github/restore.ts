import type { Sha } from "../lib/brand.ts"
import type { GitHubClient } from "./client.ts"
import { readTreesOf } from "./tree.ts"
import { proposeTree, type TreeProposal, type TreeProposed } from "./tree-pull-request.ts"

/** A branch to be brought back to the content of the commit `target`. */
export type RestoreWish = TreeProposal & { target: Sha }

/**
 * What came of it, beside what can come of any proposed tree. `nothing`: the branch has that content already.
 * `commit-gone`: GitHub has no such commit.
 */
export type Restored = TreeProposed | { how: "nothing" } | { how: "commit-gone" }

/**
 * Opens a pull request of one commit on top of a branch whose tree is exactly that of an earlier commit: nothing can
 * conflict, and nothing is lost from the history. It is right only while the branch is at `headSha`: what lands later
 * would be kept by the merge, so it is `outdated` then. Safe to repeat, see {@link proposeTree}.
 */
export async function restoreTree(client: GitHubClient, wish: RestoreWish): Promise<Restored> {
  return proposeTree(client, wish, async ({ into }) => {
    const [tree] = await readTreesOf(client, wish.address, [wish.target])
    if (tree == null) return { how: "commit-gone" as const }
    return tree === into?.tree ? { how: "nothing" as const } : { how: "tree" as const, tree }
  })
}
