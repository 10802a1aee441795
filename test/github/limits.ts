/** Limits of what the test GitHub shows, adjustable so that a test need not make a megabyte to meet one. */

/** https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits#diff-limits */
export type Limits = {
  /** A whole diff with more files, lines or bytes is refused (406). */
  diffFiles: number
  diffLines: number
  diffBytes: number
  /** A file whose own patch has more lines or bytes is listed without it. */
  patchLines: number
  patchBytes: number
  /** A tree read recursively is cut off after this many entries. https://docs.github.com/en/rest/git/trees#get-a-tree */
  treeEntries: number
}

/** The limits of GitHub itself. */
export function githubLimits(): Limits {
  const diff = { diffFiles: 300, diffLines: 20_000, diffBytes: 1_048_576 }
  return { ...diff, patchLines: 20_000, patchBytes: 512_000, treeEntries: 100_000 }
}
