import { mergeWord } from "./merge-trees.ts"
import type { Folder, FourSides, TreeEntry } from "./tree.ts"

/** Four trees as far as they have to be looked at; or the folders that must be read first, by their ids. */
export type Descent =
  | { kind: "read"; trees: FourSides<ReadonlyMap<string, TreeEntry>> }
  | { kind: "needs"; folders: readonly string[] }
  | { kind: "too-deep" }

/** What is known of four trees: their ids, and the folders that were read so far. */
export type Ground = {
  roots: FourSides<string>
  folders: ReadonlyMap<string, Folder>
  /** Whether every folder that a side changed is gone through: a file that was moved may be in any of them. */
  thorough: boolean
}

/** Most folders within each other that are gone into. */
const limitDepth = 100

const sides = ["ancestor", "ours", "theirs", "landed"] as const

type Four = FourSides<TreeEntry | null>

/**
 * Goes down into four trees at once, and only into folders in which there is something to find: where one side alone has
 * changed a folder, and it landed just so, nothing below can differ. In a large repository that leaves a handful.
 */
export function descend(ground: Ground): Descent {
  const trees = { ancestor: new Map(), ours: new Map(), theirs: new Map(), landed: new Map() }
  const needs = new Set<string>()
  const open: { prefix: string; depth: number; four: Four }[] = [{ prefix: "", depth: 0, four: rootsOf(ground.roots) }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { prefix, depth, four } = next
    if (isSettled(four, ground.thorough)) continue
    if (depth > limitDepth) return { kind: "too-deep" }
    const unread = foldersOf(four).filter((id) => !ground.folders.has(id))
    for (const id of unread) needs.add(id)
    if (unread.length > 0) continue
    for (const [name, inner] of entriesOf(four, ground.folders)) {
      const path = prefix + name
      for (const side of sides) if (inner[side] !== null && !isFolder(inner[side])) trees[side].set(path, inner[side])
      if (foldersOf(inner).length > 0) open.push({ prefix: `${path}/`, depth: depth + 1, four: inner })
    }
  }
  return needs.size > 0 ? { kind: "needs", folders: [...needs] } : { kind: "read", trees }
}

function rootsOf(roots: FourSides<string>): Four {
  const root = (sha: string): TreeEntry => ({ mode: "040000", type: "tree", sha })
  return {
    ancestor: root(roots.ancestor),
    ours: root(roots.ours),
    theirs: root(roots.theirs),
    landed: root(roots.landed),
  }
}

function isFolder(entry: TreeEntry | null): entry is TreeEntry {
  return entry?.type === "tree"
}

/** What is no folder counts as none here: it was noted by its own path. */
function folderId(entry: TreeEntry | null): string {
  return isFolder(entry) ? entry.sha : ""
}

function isSettled({ ancestor, ours, theirs, landed }: Four, thorough: boolean): boolean {
  const ids = { ancestor: folderId(ancestor), ours: folderId(ours), theirs: folderId(theirs) }
  if (thorough && (ids.ours !== ids.ancestor || ids.theirs !== ids.ancestor)) return false
  return mergeWord(ids) === folderId(landed)
}

function foldersOf(four: Four): string[] {
  const ids = sides.map((side) => folderId(four[side]))
  return [...new Set(ids)].filter((id) => id !== "")
}

function entriesOf(four: Four, folders: ReadonlyMap<string, Folder>): Map<string, Four> {
  const listed = sides.map((side) => [side, folders.get(folderId(four[side]))] as const)
  const entries = new Map<string, Four>()
  for (const [side, folder] of listed) {
    for (const [name, entry] of folder ?? []) {
      const known = entries.get(name) ?? { ancestor: null, ours: null, theirs: null, landed: null }
      entries.set(name, { ...known, [side]: entry })
    }
  }
  return entries
}
