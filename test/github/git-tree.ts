/** Trees and files: reading them at a revision, and making new ones from old ones by editing paths. */
import type { GitStore } from "./git.ts"
import {
  isObjectId,
  type Person,
  readBlob,
  readCommit,
  readObject,
  readTag,
  writeBlob,
  writeCommit,
  writeObject,
} from "./git-object.ts"
import { readRef, setRef } from "./git-ref.ts"

/** File modes git knows: file, executable, symbolic link, submodule, folder. */
export type FileMode = "100644" | "100755" | "120000" | "160000" | "040000"

/** One line of a tree; `path` is relative to the tree that was asked for. */
export type TreeEntry = { path: string; mode: FileMode; type: "blob" | "tree" | "commit"; sha: string }

/** One edit to a tree: what stands at `path` afterwards; `sha: null` removes it. */
export type TreeEdit = { path: string; mode: FileMode; sha: string | null }

/** New content of one file: text (an executable stays one), null to delete, or content with its mode. */
export type FileContent = string | null | { mode: FileMode; content: string | Buffer }

/** A commit to make on a branch: on top of its head, or on `parents` (empty list: a root commit) when given. */
export type FilesCommit = {
  branch: string
  parents?: readonly string[]
  files: Readonly<Record<string, FileContent>>
  message: string
  author: Person
  committer?: Person
}

/** A file at a revision. */
export type StoredFile = { blobSha: string; mode: FileMode; bytes: Buffer }

type Line = { mode: FileMode; sha: string }
type Folder = Map<string, Line>
type EditFolder = Map<string, TreeEdit | EditFolder>

/** The tree without entries; it exists in every repository. */
export const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

/**
 * Commits files on a branch and moves (or makes) the branch; returns the commit's id. A string keeps the executable
 * bit the file had. Deleting what is not there changes nothing. Throws when a parent is not in the store.
 */
export async function commitFiles(store: GitStore, commit: FilesCommit): Promise<string> {
  const ref = `refs/heads/${commit.branch}`
  const head = await readRef(store, ref)
  const parents = commit.parents ?? (head === undefined ? [] : [head])
  const baseTree = parents[0] === undefined ? emptyTree : await requireTree(store, parents[0])
  const entries: TreeEdit[] = []
  for (const file of Object.entries(commit.files)) entries.push(await fileEdit(store, baseTree, file))
  const tree = await writeTree(store, { baseTree, entries })
  const { message, author, committer } = commit
  const sha = await writeCommit(store, { tree, parents, message, author, ...(committer && { committer }) })
  setRef(store, ref, sha)
  return sha
}

/** The file at a path of a commit, tree, tag or ref; undefined when there is none or it is no blob. */
export async function readFile(store: GitStore, treeish: string, path: string): Promise<StoredFile | undefined> {
  const tree = await resolveTree(store, treeish)
  const line = tree && (await lineAt(store, tree, path))
  if (!line) return undefined
  const bytes = await readBlob(store, line.sha)
  return bytes && { blobSha: line.sha, mode: line.mode, bytes }
}

/** Mode and id of what stands at a path of a commit, as one text; undefined when there is nothing. */
export async function standsAt(store: GitStore, commit: string, path: string): Promise<string | undefined> {
  const line = await lineAt(store, await requireTree(store, commit), path)
  return line && `${line.mode} ${line.sha}`
}

/**
 * Entries of a commit, tree, tag or ref in git's order; `recursive` goes into folders and lists them too, as GitHub's
 * `recursive=1` does. Undefined when the revision does not exist.
 */
export async function readTree(
  store: GitStore,
  treeish: string,
  options: { recursive?: boolean } = {},
): Promise<TreeEntry[] | undefined> {
  const tree = await resolveTree(store, treeish)
  if (tree === undefined) return undefined
  const entries: TreeEntry[] = []
  await listInto(store, tree, { prefix: "", recursive: options.recursive === true, entries })
  return entries
}

/** Stores the tree that results from edits to `baseTree` (empty when not given); returns its id. */
export async function writeTree(
  store: GitStore,
  { baseTree = emptyTree, entries }: { baseTree?: string; entries: readonly TreeEdit[] },
): Promise<string> {
  const edits: EditFolder = new Map()
  for (const entry of entries) {
    const names = entry.path.split("/")
    if (names.some(isForbiddenName)) throw new Error(`not a path git stores: ${JSON.stringify(entry.path)}`)
    placeEdit(edits, names, entry)
  }
  return (await editFolder(store, baseTree, edits)) ?? writeObject(store, "tree", Buffer.alloc(0))
}

/** The tree of a commit, tree, annotated tag, full ref name, branch, tag or HEAD; undefined when there is none. */
export async function resolveTree(store: GitStore, treeish: string): Promise<string | undefined> {
  const sha = await resolveRevision(store, treeish)
  if (sha === undefined) return undefined
  if (sha === emptyTree) return sha
  const object = await readObject(store, sha)
  if (object?.type === "tree") return sha
  if (object?.type === "commit") return (await readCommit(store, sha))?.tree
  const tag = object?.type === "tag" ? await readTag(store, sha) : undefined
  return tag && resolveTree(store, tag.object)
}

/** The object id a revision names: an id itself, HEAD, a full ref name, a branch or a tag (in this order). */
export async function resolveRevision(store: GitStore, revision: string): Promise<string | undefined> {
  if (isObjectId(revision)) return revision
  for (const ref of [revision, `refs/heads/${revision}`, `refs/tags/${revision}`, `refs/${revision}`]) {
    const sha = ref === "HEAD" || ref.startsWith("refs/") ? await readRef(store, ref) : undefined
    if (sha !== undefined) return sha
  }
  return undefined
}

async function requireTree(store: GitStore, commit: string): Promise<string> {
  const tree = await resolveTree(store, commit)
  if (tree === undefined) throw new Error(`no commit ${commit} in ${store.dir}`)
  return tree
}

async function fileEdit(
  store: GitStore,
  baseTree: string,
  [path, content]: [path: string, content: FileContent],
): Promise<TreeEdit> {
  if (content === null) return { path, mode: "100644", sha: null }
  if (typeof content !== "string") return { path, mode: content.mode, sha: await writeBlob(store, content.content) }
  const before = await lineAt(store, baseTree, path)
  const mode = before?.mode === "100755" ? "100755" : "100644"
  return { path, mode, sha: await writeBlob(store, content) }
}

function isForbiddenName(name: string): boolean {
  return name === "" || name === "." || name === ".." || name.toLowerCase() === ".git" || name.includes("\0")
}

function placeEdit(folder: EditFolder, names: readonly string[], entry: TreeEdit): void {
  const [name = "", ...rest] = names
  if (rest.length === 0) {
    folder.set(name, entry)
    return
  }
  const known = folder.get(name)
  const inner: EditFolder = known instanceof Map ? known : new Map()
  if (known !== inner) folder.set(name, inner)
  placeEdit(inner, rest, entry)
}

/** The edited tree, or undefined when nothing is left of it: git keeps no empty folders. */
async function editFolder(store: GitStore, tree: string | undefined, edits: EditFolder): Promise<string | undefined> {
  const folder: Folder = new Map(tree === undefined ? [] : await readFolder(store, tree))
  for (const [name, edit] of edits) {
    const line = edit instanceof Map ? await editInner(store, folder.get(name), edit) : editedLine(edit)
    if (line === undefined) folder.delete(name)
    else folder.set(name, line)
  }
  return folder.size === 0 ? undefined : writeObject(store, "tree", formatFolder(folder))
}

async function editInner(store: GitStore, before: Line | undefined, edits: EditFolder): Promise<Line | undefined> {
  const isFolder = before?.mode === "040000"
  const sha = await editFolder(store, isFolder ? before.sha : undefined, edits)
  if (sha !== undefined) return { mode: "040000", sha }
  return isFolder ? undefined : before
}

function editedLine({ mode, sha }: TreeEdit): Line | undefined {
  return sha === null ? undefined : { mode, sha }
}

async function lineAt(store: GitStore, tree: string, path: string): Promise<Line | undefined> {
  let line: Line | undefined = { mode: "040000", sha: tree }
  for (const name of path.split("/")) {
    if (line?.mode !== "040000") return undefined
    line = (await readFolder(store, line.sha)).get(name)
  }
  return line
}

type Listing = { prefix: string; recursive: boolean; entries: TreeEntry[] }

async function listInto(store: GitStore, tree: string, listing: Listing): Promise<void> {
  for (const [name, { mode, sha }] of await readFolder(store, tree)) {
    const path = listing.prefix + name
    listing.entries.push({ path, mode, type: entryType(mode), sha })
    if (listing.recursive && mode === "040000") await listInto(store, sha, { ...listing, prefix: `${path}/` })
  }
}

function entryType(mode: FileMode): TreeEntry["type"] {
  if (mode === "040000") return "tree"
  return mode === "160000" ? "commit" : "blob"
}

async function readFolder(store: GitStore, tree: string): Promise<Folder> {
  const folder: Folder = new Map()
  if (tree === emptyTree) return folder
  const object = await readObject(store, tree)
  if (object?.type !== "tree") throw new Error(`no tree ${tree} in ${store.dir}`)
  const { body } = object
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(32, at)
    const end = body.indexOf(0, space)
    const mode = body.subarray(at, space).toString().padStart(6, "0") as FileMode
    folder.set(body.subarray(space + 1, end).toString(), {
      mode,
      sha: body.subarray(end + 1, end + 21).toString("hex"),
    })
    at = end + 21
  }
  return folder
}

function formatFolder(folder: Folder): Buffer {
  const sortKey = ([name, line]: [string, Line]): Buffer => Buffer.from(line.mode === "040000" ? `${name}/` : name)
  const lines = [...folder].toSorted((a, b) => Buffer.compare(sortKey(a), sortKey(b)))
  return Buffer.concat(
    lines.flatMap(([name, { mode, sha }]) => [
      Buffer.from(`${mode.replace(/^0/, "")} ${name}\0`),
      Buffer.from(sha, "hex"),
    ]),
  )
}
