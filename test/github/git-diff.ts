/** What changed between two revisions, as GitHub lists the files of a comparison. */
import { type GitStore, runGit } from "./git.ts"
import { resolveTree } from "./git-tree.ts"

/** GitHub's words for what happened to a file; `changed` is a change of mode or type only. */
export type FileStatus = "added" | "modified" | "removed" | "renamed" | "copied" | "changed"

/**
 * One changed file. `additions` and `deletions` count lines and are 0 for a binary file. `blobSha` is the content after
 * the change, before it for a removed file. `patch` starts at the first `@@`; binary files and pure renames have none.
 */
export type FileDiff = {
  path: string
  previousPath?: string
  blobSha: string
  status: FileStatus
  additions: number
  deletions: number
  binary: boolean
  patch?: string
}

/**
 * Files that differ between two revisions, by path, with renames found as git does by default (half the content the
 * same). It compares exactly these two: for a pull request's files give the merge base as `base`. Throws when a
 * revision does not exist.
 */
export async function diffFiles(store: GitStore, base: string, head: string): Promise<FileDiff[]> {
  throw new Error(`not done: ${store.dir} ${base} ${head} ${String(runGit)} ${String(resolveTree)}`)
}
