import type { FlatTree, TreeEntry } from "../../src/promotion/landing/tree.ts"
import { folderOf, write, writeTree, type Objects, type Store } from "./objects.ts"
import type { Lot } from "./lot.ts"
import type { MadeLanding } from "./many.ts"

/** A landing gone wrong: what went wrong, where (null: in many places), and the tree that landed instead. */
export type Spoilt = { what: string; path: string | null; landed: string }

/** All files below a tree. */
function flatTree(objects: Objects, id: string, prefix = ""): Map<string, TreeEntry> {
  const files = new Map<string, TreeEntry>()
  for (const [name, entry] of folderOf(objects.get(id)?.body ?? Buffer.alloc(0))) {
    if (entry.type !== "tree") files.set(prefix + name, entry)
    else for (const [path, inner] of flatTree(objects, entry.sha, `${prefix}${name}/`)) files.set(path, inner)
  }
  return files
}

/** Does something wrong to what landed, in one of nine ways; undefined where that would make no difference. */
export function spoil(objects: Store, landing: MadeLanding, lot: Lot): Spoilt | undefined {
  const [ours, theirs, landed] = [landing.ours, landing.theirs, landing.landed].map((id) => flatTree(objects, id))
  if (ours === undefined || theirs === undefined || landed === undefined) return undefined
  const how = lot.below(9)
  if (how === 0) return whole("a stale tree", landing, landing.theirs)
  if (how === 1) return whole("nothing", landing, landing.ours)
  if (how === 2) return back(objects, lot, { what: "a file without the change", landed, from: ours })
  if (how === 3) return back(objects, lot, { what: "a file without the branch's change", landed, from: theirs })
  return spoilFile(objects, landed, { how, lot })
}

function spoilFile(objects: Store, landed: FlatTree, { how, lot }: { how: number; lot: Lot }): Spoilt | undefined {
  const path = lot.of([...landed.keys()].filter((one) => one.endsWith(".ts")))
  const entry = landed.get(path)
  if (entry === undefined) return undefined
  const put = (what: string, at: string, now: TreeEntry | null): Spoilt => {
    const files = new Map(landed)
    if (now === null) files.delete(at)
    else files.set(at, now)
    return { what, path: at, landed: writeTree(objects, files) }
  }
  if (how === 4) return put("a file less", path, null)
  if (how === 5) return put("a file more", "src/stowaway.ts", entry)
  if (how === 6) return put("another mode", path, { ...entry, mode: entry.mode === "100755" ? "100644" : "100755" })
  const lines = (objects.get(entry.sha)?.body.toString("latin1") ?? "").split(/(?<=\n)/)
  const at = lot.below(lines.length)
  const text = lines.toSpliced(at, 1, ...(how === 7 ? [] : ["something else\n"])).join("")
  const sha = write(objects, "blob", Buffer.from(text, "latin1"))
  return put(how === 7 ? "a line less" : "another line", path, { ...entry, sha })
}

function whole(what: string, landing: MadeLanding, instead: string): Spoilt | undefined {
  return instead === landing.landed ? undefined : { what, path: null, landed: instead }
}

/** One of the files that differ is as it was on one side. */
function back(
  objects: Store,
  lot: Lot,
  { what, landed, from }: { what: string; landed: FlatTree; from: FlatTree },
): Spoilt | undefined {
  const different = [...landed.keys()].filter((path) => {
    const [now, then] = [landed.get(path), from.get(path)]
    return then !== undefined && now !== undefined && (now.sha !== then.sha || now.mode !== then.mode)
  })
  if (different.length === 0) return undefined
  const path = lot.of(different)
  const entry = from.get(path)
  const files = new Map(landed)
  if (entry !== undefined) files.set(path, entry)
  return { what, path, landed: writeTree(objects, files) }
}
