/** A file, link or submodule of a tree: what stands at a path. `mode` is git's, `sha` names the content. */
export type TreeEntry = { path: string; mode: string; sha: string }

/** What is to stand at a path; null: nothing. */
export type TreeEdit = { path: string; entry: Omit<TreeEntry, "path"> | null }

/** How a tree is brought back: by edits to it, none if it needs none, or not without a person. `paths` are sorted. */
export type TreeRevert = { kind: "edits"; edits: TreeEdit[] } | { kind: "conflict"; paths: string[] }

type Entries = readonly TreeEntry[]
type ByPath = ReadonlyMap<string, TreeEntry>

/**
 * Takes back what led from `before` to `after` in a tree that has gone on since. Each path that differs between the two is
 * set back as `before` has it, if it still is as `after` has it. If it is as `before` has it again, it is left alone;
 * anything else is a conflict, also a file where a folder is by now, or the other way round. Contents are never merged.
 */
export function revertTree(trees: { before: Entries; after: Entries; head: Entries }): TreeRevert {
  const [before, after, head] = [byPath(trees.before), byPath(trees.after), byPath(trees.head)]
  const edits: TreeEdit[] = []
  const conflicts = new Set<string>()
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [old, landed, now] = [before.get(path), after.get(path), head.get(path)]
    if (isSame(old, landed) || isSame(now, old)) continue
    if (isSame(now, landed)) edits.push({ path, entry: old === undefined ? null : { mode: old.mode, sha: old.sha } })
    else conflicts.add(path)
  }
  for (const path of blocked(head, edits)) conflicts.add(path)
  if (conflicts.size > 0) return { kind: "conflict", paths: [...conflicts].toSorted() }
  return { kind: "edits", edits: withoutImplied(edits) }
}

function byPath(entries: Entries): ByPath {
  return new Map(entries.map((entry) => [entry.path, entry]))
}

function isSame(a: TreeEntry | undefined, b: TreeEntry | undefined): boolean {
  return a?.mode === b?.mode && a?.sha === b?.sha
}

/** Paths that cannot be set, because after all edits a file and a folder would have the same name. */
function blocked(head: ByPath, edits: readonly TreeEdit[]): string[] {
  const paths = new Set(head.keys())
  for (const { path, entry } of edits) if (entry === null) paths.delete(path)
  const wanted = wantedIn(edits)
  for (const path of wanted) paths.add(path)
  const root = plant(paths)
  return wanted.filter((path) => clashes(root, path))
}

/** Without the removals that another edit brings about: of what is in the way of a folder, or in a folder that is no more. */
function withoutImplied(edits: TreeEdit[]): TreeEdit[] {
  const root = plant(wantedIn(edits))
  return edits.filter(({ path, entry }) => entry !== null || !clashes(root, path))
}

function wantedIn(edits: readonly TreeEdit[]): string[] {
  return edits.filter(({ entry }) => entry !== null).map(({ path }) => path)
}

/** A name in a folder: a file, a folder with others inside, or, which git cannot hold, both. */
type Name = { isFile: boolean; inside: Map<string, Name> }

/** Names by folders; time and space grow with the length of all paths together, however deep they are. */
function plant(paths: Iterable<string>): Name {
  const root: Name = { isFile: false, inside: new Map() }
  for (const path of paths) {
    let at = root
    for (const part of path.split("/")) {
      const next = at.inside.get(part) ?? { isFile: false, inside: new Map<string, Name>() }
      at.inside.set(part, next)
      at = next
    }
    at.isFile = true
  }
  return root
}

/** Whether there is a folder where the path is a file, or a file where it needs a folder. */
function clashes(root: Name, path: string): boolean {
  const parts = path.split("/")
  let at: Name | undefined = root
  for (const [index, part] of parts.entries()) {
    at = at.inside.get(part)
    if (at === undefined) return false
    if (index === parts.length - 1) return at.inside.size > 0
    if (at.isFile) return true
  }
  return false
}
