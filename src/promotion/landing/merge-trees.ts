import { isFile, isSame, type FlatTree, type Sides, type TreeEntry } from "./tree.ts"

/** A path that both sides changed, each in its own way; null where a side has nothing there. */
export type Contested = { path: string } & Sides<TreeEntry | null>

/** What a merge gives, but for the paths that are contested. */
export type MergedTrees = { tree: FlatTree; contested: readonly Contested[] }

/**
 * Merges two trees as git does, path by path and without looking into a file: what one side alone changed is taken, what
 * both changed alike too. A file's mode and its content are two things, so one side may change each.
 */
export function mergeTrees({ ancestor, ours, theirs }: Sides<FlatTree>): MergedTrees {
  const tree = new Map<string, TreeEntry>()
  const contested: Contested[] = []
  for (const path of new Set([...ancestor.keys(), ...ours.keys(), ...theirs.keys()])) {
    const sides = {
      ancestor: ancestor.get(path) ?? null,
      ours: ours.get(path) ?? null,
      theirs: theirs.get(path) ?? null,
    }
    const merged = mergeEntry(sides)
    if (merged === undefined) contested.push({ path, ...sides })
    else if (merged !== null) tree.set(path, merged)
  }
  return { tree, contested }
}

/** What a merge leaves at one path, null for nothing; undefined if that is contested. */
export function mergeEntry({ ancestor, ours, theirs }: Sides<TreeEntry | null>): TreeEntry | null | undefined {
  if (isSame(ours, theirs) || isSame(ancestor, theirs)) return ours
  if (isSame(ancestor, ours)) return theirs
  if (!isFile(ancestor) || !isFile(ours) || !isFile(theirs)) return undefined
  const mode = mergeWord({ ancestor: ancestor.mode, ours: ours.mode, theirs: theirs.mode })
  const sha = mergeWord({ ancestor: ancestor.sha, ours: ours.sha, theirs: theirs.sha })
  return mode === undefined || sha === undefined ? undefined : { mode, type: "blob", sha }
}

/** The same for a word; undefined if each side has another one. */
export function mergeWord({ ancestor, ours, theirs }: Sides<string>): string | undefined {
  if (ours === theirs || ancestor === theirs) return ours
  return ancestor === ours ? theirs : undefined
}
