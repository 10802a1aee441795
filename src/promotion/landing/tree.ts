/** What stands at a path: git's mode in six octal digits, and the id of the object. */
export type TreeEntry = { mode: string; type: "blob" | "tree" | "commit"; sha: string }

/** The entries of one folder by their names. */
export type Folder = ReadonlyMap<string, TreeEntry>

/** Files, links and submodules by their paths; no folders. */
export type FlatTree = ReadonlyMap<string, TreeEntry>

/**
 * What a merge is made of: `ancestor` is where the change left the branch, `ours` the branch right before the landing,
 * `theirs` the head that was approved.
 */
export type Sides<T> = { ancestor: T; ours: T; theirs: T }

/** The same, and what landed. */
export type FourSides<T> = Sides<T> & { landed: T }

/** Whether the same stands on both sides; nothing is the same as nothing. */
export function isSame(one: TreeEntry | null, other: TreeEntry | null): boolean {
  return one?.mode === other?.mode && one?.sha === other?.sha
}

/** Whether it is a file, executable or not: what a merge may put together line by line. */
export function isFile(entry: TreeEntry | null | undefined): entry is TreeEntry {
  return entry?.mode.startsWith("100") === true
}
