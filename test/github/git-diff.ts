/** What changed between two revisions, as GitHub lists the files of a comparison. */
import { type GitStore, runGit } from "./git.ts"
import { writeObject } from "./git-object.ts"
import { emptyTree, resolveTree } from "./git-tree.ts"

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

/** Results by the two trees they compare: trees never change, so neither does their difference. */
const caches = new WeakMap<GitStore, Map<string, FileDiff[]>>()
const cachedDiffLimit = 200

/**
 * Files that differ between two revisions, by path, with renames found as git does by default (half the content the
 * same). It compares exactly these two: for a pull request's files give the merge base as `base`. Throws when a
 * revision does not exist.
 */
export async function diffFiles(store: GitStore, base: string, head: string): Promise<readonly FileDiff[]> {
  const before = await resolveTree(store, base)
  const after = await resolveTree(store, head)
  if (before === undefined || after === undefined) throw new Error(`no ${base} or ${head} in ${store.dir}`)
  if (before === after) return []
  const cache = cacheOf(store)
  const key = `${before}..${after}`
  const known = cache.get(key)
  if (known) return known
  const files = await compareTrees(store, before, after)
  if (cache.size >= cachedDiffLimit) cache.clear()
  cache.set(key, files)
  return files
}

/**
 * The difference of two revisions as `git diff` writes it, byte for byte: names quoted as git quotes them, renames found
 * as `diffFiles` finds them, binary files as a notice. Throws when a revision does not exist.
 */
export async function diffText(store: GitStore, base: string, head: string): Promise<Buffer> {
  const before = await resolveTree(store, base)
  const after = await resolveTree(store, head)
  if (before === undefined || after === undefined) throw new Error(`no ${base} or ${head} in ${store.dir}`)
  if (before === emptyTree || after === emptyTree) writeObject(store, "tree", Buffer.alloc(0))
  const exit = await runGit(store, ["diff", "--no-color", "--no-ext-diff", "--no-textconv", "-M", before, after])
  if (exit.code !== 0) throw new Error(`git diff: ${exit.stderr}`)
  return exit.stdout
}

function cacheOf(store: GitStore): Map<string, FileDiff[]> {
  const known = caches.get(store) ?? new Map<string, FileDiff[]>()
  caches.set(store, known)
  return known
}

async function compareTrees(store: GitStore, before: string, after: string): Promise<FileDiff[]> {
  if (before === emptyTree || after === emptyTree) writeObject(store, "tree", Buffer.alloc(0))
  const options = ["-r", "-M", "--raw", "--numstat", "--patch", "-z", "--full-index", "--no-abbrev"]
  const exit = await runGit(store, ["diff-tree", ...options, before, after])
  if (exit.code !== 0) throw new Error(`git diff-tree: ${exit.stderr}`)
  return parseDiff(exit.stdout)
}

type RawRecord = { letter: string; beforeSha: string; afterSha: string; from: string; to: string }

/** The output is: raw records, line counts, an empty field, then one patch per record; fields end with NUL. */
function parseDiff(output: Buffer): FileDiff[] {
  let at = 0
  const field = (): string => {
    const end = output.indexOf(0, at)
    const text = output.subarray(at, end).toString()
    at = end + 1
    return text
  }
  const records: RawRecord[] = []
  while (output[at] === colon) records.push(readRecord(field))
  const counts = records.map(() => readCounts(field))
  field()
  const sections = splitSections(output.subarray(at).toString())
  return records.map((record, index) => {
    const patches = sections.splice(0, record.letter === "T" ? 2 : 1)
    return fileDiff(record, counts[index] ?? { additions: "-", deletions: "-" }, patches)
  })
}

const colon = 58

function readRecord(field: () => string): RawRecord {
  const [, , beforeSha = "", afterSha = "", letters = ""] = field().split(" ")
  const letter = letters.charAt(0)
  const from = field()
  return { letter, beforeSha, afterSha, from, to: letter === "R" || letter === "C" ? field() : from }
}

type Counts = { additions: string; deletions: string }

function readCounts(field: () => string): Counts {
  const [additions = "-", deletions = "-", path] = field().split("\t")
  if (path === "") {
    field()
    field()
  }
  return { additions, deletions }
}

function splitSections(patch: string): string[] {
  return patch === "" ? [] : patch.split(/^(?=diff --git )/m)
}

function fileDiff(record: RawRecord, counts: Counts, sections: readonly string[]): FileDiff {
  const patch = sections
    .map(hunks)
    .filter((text) => text !== "")
    .join("\n")
  const binary = counts.additions === "-"
  return {
    path: record.to,
    ...(record.from !== record.to && { previousPath: record.from }),
    blobSha: record.letter === "D" ? record.beforeSha : record.afterSha,
    status: statusOf(record),
    additions: binary ? 0 : Number(counts.additions),
    deletions: binary ? 0 : Number(counts.deletions),
    binary,
    ...(patch !== "" && { patch }),
  }
}

function hunks(section: string): string {
  const start = section.search(/^@@ /m)
  return start === -1 ? "" : section.slice(start).replace(/\n$/, "")
}

function statusOf({ letter, beforeSha, afterSha }: RawRecord): FileStatus {
  const statuses: Record<string, FileStatus> = { A: "added", D: "removed", R: "renamed", C: "copied", T: "changed" }
  return statuses[letter] ?? (beforeSha === afterSha ? "changed" : "modified")
}
