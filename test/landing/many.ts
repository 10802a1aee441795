import { runGit, type GitStore } from "../github/git.ts"
import { lotOf, changedLines, someLines, type Lot } from "./lot.ts"

/**
 * Many small repositories as folders of one large repository, so that git merges all of them at once: a landing of one
 * of them is a folder before and after.
 */

/** A landing that git made: the tree ids of its four sides, and how it came about. */
export type MadeLanding = {
  place: number
  how: "merge" | "rebase" | "group"
  ancestor: string
  ours: string
  theirs: string
  landed: string
}

type File = { mode: "100644" | "100755" | "120000"; content: string }
type Files = ReadonlyMap<string, File>

const ends = ["\n", "\n", "\n", ""]

/** One small repository: where everything began, what the branch had before, and two pull requests, one in two steps. */
type Small = { origin: Files; branch: Files; step: Files; head: Files; other: Files }

function smallOne(lot: Lot, mark: string): Small {
  const origin = new Map<string, File>([["logo.bin", { mode: "100644", content: `\0${mark}` }]])
  for (let index = 0; index < 7; index += 1) {
    const folder = lot.of(["", "src/", "src/core/", "docs/", "src/core/deep/"])
    const text = someLines(lot, 25 + lot.below(50), mark).join("\n") + lot.of(ends)
    origin.set(`${folder}file-${index}.ts`, { mode: "100644", content: text })
  }
  const branch = lot.below(6) === 0 ? origin : changed(lot, changed(lot, origin, mark), mark)
  const step = changed(lot, origin, mark)
  const head = lot.below(2) === 0 ? step : changed(lot, step, mark)
  return { origin, branch, step, head, other: changed(lot, origin, mark) }
}

function changed(lot: Lot, files: Files, mark: string): Files {
  const after = new Map(files)
  for (let count = 1 + lot.below(3); count > 0; count -= 1) change(lot, after, mark)
  return after
}

function change(lot: Lot, files: Map<string, File>, mark: string): void {
  const path = lot.of([...files.keys()].filter((one) => one.endsWith(".ts")))
  const file = files.get(path) ?? { mode: "100644", content: "" }
  const end = file.content.endsWith("\n") ? "\n" : ""
  const lines = file.content.slice(0, file.content.length - end.length).split("\n")
  const edited = { ...file, content: changedLines(lot, lines, mark).join("\n") + lot.of([end, end, end, "\n"]) }
  const how = lot.below(16)
  if (how === 0) files.set(`src/new-${lot.below(1e6)}.ts`, { ...file, content: someLines(lot, 20, mark).join("\n") })
  else if (how === 1 && files.size > 5) files.delete(path)
  else if (how === 2) files.set(path, { ...file, mode: file.mode === "100755" ? "100644" : "100755" })
  else if (how === 3) files.set("logo.bin", { mode: "100644", content: `\0${mark}${lot.below(1e6)}` })
  else if (how === 4) files.set(`docs/link-${lot.below(1e6)}`, { mode: "120000", content: `${mark}${lot.below(1e6)}` })
  else if (how <= 7) {
    files.delete(path)
    files.set(`${lot.of(["", "moved/", "src/"])}m-${lot.below(1e6)}.ts`, lot.below(2) === 0 ? file : edited)
  } else files.set(path, edited)
}

const ident = "max <max@example.com> 1776945600 +0000"

/** A commit as `git fast-import` reads it: all files of all places. */
function commitText(name: string, places: readonly Files[], parent: string | null): string {
  const head = `commit refs/heads/${name}\ncommitter ${ident}\ndata 0\n${parent === null ? "" : `from refs/heads/${parent}\n`}deleteall\n`
  const files = places.flatMap((place, index) =>
    [...place].map(
      ([path, { mode, content }]) =>
        `M ${mode} inline ${index}/${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`,
    ),
  )
  return head + files.join("")
}

/** Lands pull requests in so many small repositories, by merge (or squash), by rebase, and as a group of two. */
export async function landMany(store: GitStore, places: number, seed: number): Promise<MadeLanding[]> {
  const lot = lotOf(seed)
  const all = Array.from({ length: places }, (_, index) => smallOne(lot, `p${index}q`))
  const commits = [
    commitText(
      "origin",
      all.map(({ origin }) => origin),
      null,
    ),
    commitText(
      "branch",
      all.map(({ branch }) => branch),
      "origin",
    ),
    commitText(
      "step",
      all.map(({ step }) => step),
      "origin",
    ),
    commitText(
      "head",
      all.map(({ head }) => head),
      "step",
    ),
    commitText(
      "other",
      all.map(({ other }) => other),
      "origin",
    ),
  ]
  await git(store, ["fast-import", "--quiet"], commits.join(""))
  const merged = await merge(store, "branch", "head")
  const landed = await commit(store, merged.tree, ["branch"])
  const second = await merge(store, landed, "other")
  const rebased = await rebase(store)
  const sides = { ancestor: "origin", ours: "branch", theirs: "head" }
  const once = await landings(store, { how: "merge", ...sides, landed: merged.tree, merges: [merged] })
  const group = { ...sides, ours: landed, theirs: "other", landed: second.tree }
  const again = await landings(store, { how: "group", ...group, merges: [merged, second] })
  const replayed = await landings(store, { how: "rebase", ...sides, landed: rebased.tree, merges: [merged, rebased] })
  // Commit by commit a rebase may undo what the branch did alike meanwhile; then it is no merge of the two.
  const asMerged = new Map(once.map((one) => [one.place, one.landed]))
  return [...once, ...again, ...replayed.filter((one) => one.landed === asMerged.get(one.place))]
}

type Merged = { tree: string; conflicts: ReadonlySet<number> }

async function merge(store: GitStore, ours: string, theirs: string): Promise<Merged> {
  const options = ["--write-tree", "-z", "--name-only", "--no-messages"]
  const { stdout, code, stderr } = await runGit(store, ["merge-tree", ...options, ours, theirs])
  if (code > 1) throw new Error(stderr)
  const [tree = "", ...paths] = stdout.toString().split("\0")
  return { tree, conflicts: new Set(paths.filter((path) => path !== "").map((path) => Number.parseInt(path, 10))) }
}

/** Replays the steps `step` and `head` upon `branch`. */
async function rebase(store: GitStore): Promise<Merged> {
  const first = await merge(store, "branch", "step")
  const root = await commit(store, "step^{tree}", [])
  const ours = await commit(store, first.tree, [root])
  const theirs = await commit(store, "head^{tree}", [root])
  const second = await merge(store, ours, theirs)
  return { tree: second.tree, conflicts: new Set([...first.conflicts, ...second.conflicts]) }
}

async function commit(store: GitStore, tree: string, parents: readonly string[]): Promise<string> {
  const options = parents.flatMap((parent) => ["-p", parent])
  return (await git(store, ["commit-tree", ...options, tree], "")).trim()
}

type Landed = Omit<MadeLanding, "place"> & { merges: readonly Merged[] }

async function landings(store: GitStore, { how, merges, ...sides }: Landed): Promise<MadeLanding[]> {
  const roots = {
    ancestor: await treesOf(store, sides.ancestor),
    ours: await treesOf(store, sides.ours),
    theirs: await treesOf(store, sides.theirs),
    landed: await treesOf(store, sides.landed),
  }
  return [...roots.ancestor].flatMap(([place, ancestor]) => {
    if (merges.some(({ conflicts }) => conflicts.has(place))) return []
    const at = (of: ReadonlyMap<number, string>): string => of.get(place) ?? ""
    return [{ place, how, ancestor, ours: at(roots.ours), theirs: at(roots.theirs), landed: at(roots.landed) }]
  })
}

async function treesOf(store: GitStore, treeish: string): Promise<Map<number, string>> {
  const listed = (await git(store, ["ls-tree", treeish])).trim().split("\n")
  return new Map(listed.map((line) => [Number(line.split("\t")[1]), line.split(/\s/)[2] ?? ""]))
}

async function git(store: GitStore, args: readonly string[], input?: string): Promise<string> {
  const { stdout, stderr, code } = await runGit(store, args, input)
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`)
  return stdout.toString()
}

/** All trees and files of the store, by one look. */
export async function readAll(store: GitStore): Promise<Map<string, { type: string; body: Buffer }>> {
  const listed = await git(store, ["cat-file", "--batch-all-objects", "--batch-check", "--unordered"])
  const ids = listed.split("\n").flatMap((line) => /^[0-9a-f]{40}/.exec(line)?.[0] ?? [])
  const { stdout } = await runGit(store, ["cat-file", "--batch"], `${ids.join("\n")}\n`)
  const objects = new Map<string, { type: string; body: Buffer }>()
  for (let at = 0; at < stdout.length;) {
    const end = stdout.indexOf(10, at)
    const [id = "", type = "", size = ""] = stdout.subarray(at, end).toString().split(" ")
    objects.set(id, { type, body: stdout.subarray(end + 1, end + 1 + Number(size)) })
    at = end + 2 + Number(size)
  }
  return objects
}
