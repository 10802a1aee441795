/** Merging as GitHub's merge button does it: without a work tree, by git's own `merge-tree` (the `ort` strategy). */
import { type GitStore } from "./git.ts"
import { type Person } from "./git-object.ts"

/** Two commits whose changes could not be put together; `paths` are the files in conflict, sorted. */
export type Conflict = { conflict: true; paths: string[] }

/** The three ways GitHub lands a pull request. */
export type MergeMethod = "merge" | "squash" | "rebase"

/**
 * A pull request to land: `message` and `author` are those of the merge or squash commit, made by `committer` (GitHub
 * itself when not given). A rebase keeps messages and authors; there `author` becomes the committer.
 */
export type PullRequestMerge = {
  base: string
  head: string
  method: MergeMethod
  message: string
  author: Person
  committer?: Person
}

/** A revert to make on top of `onto`; `mainline` (1 = first parent) is required for a merge commit. */
export type Revert = {
  commit: string
  onto: string
  mainline?: number
  author: Person
  message: string
  committer?: Person
}

/** The tree `git merge head` would leave on `base`, or the conflict. Unrelated histories are a conflict. */
export async function tryMerge(
  store: GitStore,
  sides: { base: string; head: string },
): Promise<{ tree: string } | Conflict> {
  throw new Error(`not done: ${store.dir} ${sides.base}`)
}

/** Makes the commits that landing a pull request takes and returns the last one, which `base` is to be moved to. */
export async function mergePullRequest(store: GitStore, merge: PullRequestMerge): Promise<{ sha: string } | Conflict> {
  throw new Error(`not done: ${store.dir} ${merge.base}`)
}

/** Makes the commit `git revert` would make, moving no ref. Throws when a merge commit comes without `mainline`. */
export async function revertCommit(store: GitStore, revert: Revert): Promise<{ sha: string } | Conflict> {
  throw new Error(`not done: ${store.dir} ${revert.commit}`)
}
