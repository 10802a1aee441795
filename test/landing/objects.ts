import { createHash } from "node:crypto"
import type { FlatTree, TreeEntry } from "../../src/promotion/landing/tree.ts"

/** Git objects by their ids. */
export type Objects = ReadonlyMap<string, { type: string; body: Buffer }>

/** The same, to be added to. */
export type Store = Map<string, { type: string; body: Buffer }>

/** A tree as git stores it. */
export function folderOf(body: Buffer): Map<string, TreeEntry> {
  const folder = new Map<string, TreeEntry>()
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(32, at)
    const end = body.indexOf(0, space)
    const mode = body.subarray(at, space).toString().padStart(6, "0")
    const type = mode === "040000" ? "tree" : mode === "160000" ? "commit" : "blob"
    const sha = body.subarray(end + 1, end + 21).toString("hex")
    folder.set(body.subarray(space + 1, end).toString(), { mode, type, sha })
    at = end + 21
  }
  return folder
}

/** Stores the folders of files by their paths; returns the id of their root. */
export function writeTree(objects: Store, files: FlatTree, prefix = ""): string {
  const folder = new Map<string, TreeEntry>()
  for (const [path, entry] of files) {
    if (!path.startsWith(prefix)) continue
    const [name = "", inner] = path.slice(prefix.length).split("/")
    if (inner === undefined) folder.set(name, entry)
    else if (!folder.has(name)) {
      folder.set(name, { mode: "040000", type: "tree", sha: writeTree(objects, files, `${prefix}${name}/`) })
    }
  }
  const key = ([name, { type }]: [string, TreeEntry]): string => (type === "tree" ? `${name}/` : name)
  const sorted = [...folder].toSorted((one, other) => Buffer.compare(Buffer.from(key(one)), Buffer.from(key(other))))
  const lines = sorted.flatMap(([name, { mode, sha }]) => [
    Buffer.from(`${mode.replace(/^0/, "")} ${name}\0`),
    Buffer.from(sha, "hex"),
  ])
  return write(objects, "tree", Buffer.concat(lines))
}

/** Stores an object; returns its id. */
export function write(objects: Store, type: string, body: Buffer): string {
  const sha = createHash("sha1").update(`${type} ${body.length}\0`).update(body).digest("hex")
  objects.set(sha, { type, body })
  return sha
}
