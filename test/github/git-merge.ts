/** Merging as GitHub's merge button does it: without a work tree, by git's own `merge-tree` (the `ort` strategy). */
import { type GitStore, runGit } from "./git.ts"
import { isAncestor, log } from "./git-history.ts"
import { type Commit, type Person, readCommit, writeCommit, writeObject } from "./git-object.ts"
import { emptyTree } from "./git-tree.ts"

/** Two commits whose changes could not be put together; `paths` are the files in conflict, sorted. */
export type Conflict = { conflict: true; paths: string[] }

/** The three ways GitHub lands a pull request. */
export type MergeMethod = "merge" | "squash" | "rebase"

/**
 * A pull request to land: `message` and `author` are those of the merge or squash commit, made by `committer` (GitHub
 * itself when not given). A rebase keeps messages and authors; there `author` becomes the committer. `treeBase`: the
 * commit that a merge or squash takes its tree from instead of `base`, which is wrong (`act/wrong-landing.ts`).
 */
export type PullRequestMerge = {
  base: string
  treeBase?: string
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

/** GitHub's own name on commits it makes from its web pages and its API. */
const githubCommitter = { name: "GitHub", email: "noreply@github.com" }

/** The tree `git merge head` would leave on `base`, or the conflict. Unrelated histories are a conflict. */
export async function tryMerge(
  store: GitStore,
  { base, head }: { base: string; head: string },
): Promise<{ tree: string } | Conflict> {
  if (await isAncestor(store, base, head)) return { tree: await treeOf(store, head) }
  if (await isAncestor(store, head, base)) return { tree: await treeOf(store, base) }
  return mergeTree(store, base, head)
}

/** Makes the commits that landing a pull request takes and returns the last one, which `base` is to be moved to. */
export async function mergePullRequest(store: GitStore, merge: PullRequestMerge): Promise<{ sha: string } | Conflict> {
  if (merge.method === "rebase") return rebase(store, merge)
  const { base, head, message, author } = merge
  const merged = await tryMerge(store, { base: merge.treeBase ?? base, head })
  if ("conflict" in merged) return merged
  const parents = merge.method === "merge" ? [base, head] : [base]
  const committer = merge.committer ?? { ...githubCommitter, date: author.date }
  return { sha: await writeCommit(store, { tree: merged.tree, parents, message, author, committer }) }
}

/** Makes the commit `git revert` would make, moving no ref. Throws when a merge commit comes without `mainline`. */
export async function revertCommit(store: GitStore, revert: Revert): Promise<{ sha: string } | Conflict> {
  const reverted = await requireCommit(store, revert.commit)
  if (reverted.parents.length > 1 && revert.mainline === undefined) {
    throw new Error(`${revert.commit} is a merge: say which parent is the main line`)
  }
  const parent = reverted.parents[(revert.mainline ?? 1) - 1]
  const merged = await mergeThreeTrees(store, {
    base: reverted.tree,
    ours: await treeOf(store, revert.onto),
    theirs: parent === undefined ? emptyTree : await treeOf(store, parent),
  })
  if ("conflict" in merged) return merged
  const { onto, message, author } = revert
  const committer = revert.committer ?? { ...githubCommitter, date: author.date }
  return { sha: await writeCommit(store, { tree: merged.tree, parents: [onto], message, author, committer }) }
}

/**
 * Replays the commits of `head` that `base` lacks, oldest first; merges among them are left out and commits that have
 * become empty are dropped, as `git rebase` does. GitHub makes new commits even where a fast-forward would do.
 * https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/about-pull-request-merges
 */
async function rebase(store: GitStore, merge: PullRequestMerge): Promise<{ sha: string } | Conflict> {
  const commits = (await log(store, { from: merge.head, notIn: merge.base })).toReversed()
  const committer = merge.committer ?? merge.author
  let tip = merge.base
  for (const commit of commits.filter(({ parents }) => parents.length < 2)) {
    const replayed = await replay(store, commit, { tip, committer })
    if (typeof replayed !== "string") return replayed
    tip = replayed
  }
  return { sha: tip }
}

async function replay(
  store: GitStore,
  commit: Commit,
  onto: { tip: string; committer: Person },
): Promise<string | Conflict> {
  const [parent] = commit.parents
  const base = parent === undefined ? emptyTree : await treeOf(store, parent)
  const ours = await treeOf(store, onto.tip)
  const merged = await mergeThreeTrees(store, { base, ours, theirs: commit.tree })
  if ("conflict" in merged) return merged
  if (merged.tree === ours && commit.tree !== base) return onto.tip
  const { message, author } = commit
  return writeCommit(store, { tree: merged.tree, parents: [onto.tip], message, author, committer: onto.committer })
}

type ThreeTrees = { base: string; ours: string; theirs: string }

/** A three-way merge of trees. git 2.39 takes its base only from history, so three throw-away commits make one. */
async function mergeThreeTrees(store: GitStore, trees: ThreeTrees): Promise<{ tree: string } | Conflict> {
  const { base, ours, theirs } = trees
  if (base === ours || ours === theirs) return { tree: theirs }
  if (base === theirs) return { tree: ours }
  for (const tree of [base, ours, theirs]) if (tree === emptyTree) writeObject(store, "tree", Buffer.alloc(0))
  const author = { name: "nobody", email: "nobody@example.com", date: new Date(0) }
  const root = await writeCommit(store, { tree: base, parents: [], message: "base", author })
  const left = await writeCommit(store, { tree: ours, parents: [root], message: "ours", author })
  const right = await writeCommit(store, { tree: theirs, parents: [root], message: "theirs", author })
  return mergeTree(store, left, right)
}

async function mergeTree(store: GitStore, ours: string, theirs: string): Promise<{ tree: string } | Conflict> {
  const options = ["--write-tree", "-z", "--name-only", "--no-messages"]
  const exit = await runGit(store, ["merge-tree", ...options, ours, theirs])
  const [tree = "", ...paths] = exit.stdout.toString().split("\0")
  if (exit.code === 0) return { tree }
  if (exit.code === 1) return { conflict: true, paths: [...new Set(paths.filter((path) => path !== ""))].toSorted() }
  if (exit.stderr.includes("unrelated histories")) return { conflict: true, paths: [] }
  throw new Error(`git merge-tree: ${exit.stderr}`)
}

async function treeOf(store: GitStore, sha: string): Promise<string> {
  return (await requireCommit(store, sha)).tree
}

async function requireCommit(store: GitStore, sha: string): Promise<Commit> {
  const commit = await readCommit(store, sha)
  if (!commit) throw new Error(`no commit ${sha} in ${store.dir}`)
  return commit
}
