import type { Contested } from "./merge-trees.ts"
import { isFile, isSame, type FlatTree, type FourSides, type TreeEntry } from "./tree.ts"

/**
 * Where moved files are looked for: the four trees, what a merge without moves gives, and the paths that some file was
 * already found to have been moved from or to.
 */
export type MoveGround = { trees: FourSides<FlatTree>; merged: FlatTree; taken: ReadonlySet<string> }

/**
 * How a file may have been moved: where it was, where it is now, and what is to be put together there. `moved` is what
 * must be like the file of old: on the side, or sides, that moved it.
 */
export type PossibleMove = { from: string; to: string; moved: readonly TreeEntry[] } & FourSides<TreeEntry | null>

/** Most moves that are tried for one file. */
const limitTries = 5

/**
 * Where one side moved a file that the other one changed, the merge has the change at the new path. Which new file is
 * the old one is not written down anywhere: these are the new files that it could be, likeliest first. Which of them it
 * is, if any, only their texts tell.
 */
export function movesOf(contested: Contested, ground: MoveGround): PossibleMove[] {
  const { path, ancestor, ours, theirs } = contested
  const { trees, taken } = ground
  if (ancestor === null) return movesTo(contested, ground)
  if (!isFile(ancestor) || (ours === null) === (theirs === null) || trees.landed.has(path)) return []
  const mover = ours === null ? "ours" : "theirs"
  const other = mover === "ours" ? "theirs" : "ours"
  const candidates = [...trees[mover]].filter(
    ([to, entry]) =>
      isFile(entry) &&
      !trees.ancestor.has(to) &&
      !trees[other].has(to) &&
      isFile(trees.landed.get(to)) &&
      !taken.has(to),
  )
  const unexplained = (to: string): boolean => !isSame(trees.landed.get(to) ?? null, ground.merged.get(to) ?? null)
  return likeliest(candidates, { path, sha: ancestor.sha, unexplained }).map(([to, entry]) => ({
    from: path,
    to,
    moved: [entry],
    ancestor,
    ours: mover === "ours" ? entry : ours,
    theirs: mover === "theirs" ? entry : theirs,
    landed: trees.landed.get(to) ?? null,
  }))
}

/** Both sides have a file here that the ancestor has not: perhaps both moved the same one, and changed it further. */
function movesTo({ path, ours, theirs }: Contested, { trees, taken }: MoveGround): PossibleMove[] {
  const landed = trees.landed.get(path) ?? null
  if (!isFile(ours) || !isFile(theirs) || !isFile(landed)) return []
  const isGone = (from: string): boolean => ![trees.ours, trees.theirs, trees.landed].some((tree) => tree.has(from))
  const candidates = [...trees.ancestor].filter(([from, entry]) => isFile(entry) && isGone(from) && !taken.has(from))
  const byOurs = likeliest(candidates, { path, sha: ours.sha, unexplained: () => true })
  const byTheirs = likeliest(candidates, { path, sha: theirs.sha, unexplained: () => true })
  const both = new Map([...byTheirs, ...byOurs])
  return [...both].map(([from, ancestor]) => ({
    from,
    to: path,
    moved: [ours, theirs],
    ancestor,
    ours,
    theirs,
    landed,
  }))
}

type Candidate = [path: string, entry: TreeEntry]

type Sought = { path: string; sha: string; unexplained(path: string): boolean }

/**
 * Same content first, then where something landed that is not explained otherwise, then the same name in another folder,
 * then the same ending, then the rest.
 */
function likeliest(candidates: readonly Candidate[], { path: sought, sha: same, unexplained }: Sought): Candidate[] {
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)
  const endOf = (path: string): string => nameOf(path).slice(nameOf(path).lastIndexOf("."))
  const rank = ([path, { sha }]: Candidate): number => {
    const likeness = nameOf(path) === nameOf(sought) ? 0 : endOf(path) === endOf(sought) ? 1 : 2
    return (sha === same ? 0 : 6) + (unexplained(path) ? 0 : 3) + likeness
  }
  return candidates.toSorted((one, other) => rank(one) - rank(other)).slice(0, limitTries)
}
