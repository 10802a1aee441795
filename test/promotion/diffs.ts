import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect } from "vitest"
import { parseDiff, type DiffFile } from "../../src/promotion/change/patch.ts"
import { createStore, runGit } from "../github/git.ts"
import { writeBlob, writeObject } from "../github/git-object.ts"
import { emptyTree, writeTree, type FileMode } from "../github/git-tree.ts"

const store = await createStore(join(mkdtempSync(join(tmpdir(), "portcullis-patch-")), "store"))
// Every git has it; our own writing of trees makes it only where it is needed.
writeObject(store, "tree", Buffer.alloc(0))

/** What stands at a path; a submodule's content is the commit it stands at. */
export type Entry = { mode: Exclude<FileMode, "040000">; content: string | Buffer }
/** All files of a tree, by path. */
export type Files = Readonly<Record<string, Entry>>

/** A file, executable or not, or a symlink or submodule by its mode. */
export function file(content: string | Buffer, mode: Entry["mode"] = "100644"): Entry {
  return { mode, content }
}

/** Writes a tree and gives its id. */
export async function treeOf(files: Files): Promise<string> {
  const entries = []
  for (const [path, { mode, content }] of Object.entries(files)) {
    entries.push({ path, mode, sha: mode === "160000" ? String(content) : await writeBlob(store, content) })
  }
  return writeTree(store, { baseTree: emptyTree, entries })
}

/** Runs git in a store of these tests alone; it may complain of nothing. */
export async function git(...args: string[]): Promise<Buffer> {
  const exit = await runGit(store, args)
  expect(exit.stderr).toBe("")
  return exit.stdout
}

/** The diff as git prints it. */
export async function diffOf(before: Files, after: Files, ...options: string[]): Promise<string> {
  return (await git("diff", "-M", ...options, await treeOf(before), await treeOf(after))).toString()
}

/** The files of a diff that can be read. */
export function filesOf(diff: string): DiffFile[] {
  const reading = parseDiff(diff)
  if ("unreadable" in reading) throw new Error(`${reading.unreadable}\n${diff}`)
  return reading.files
}

/** The files that differ, as they are read from git's diff. */
export async function changed(before: Files, after: Files, ...options: string[]): Promise<DiffFile[]> {
  return filesOf(await diffOf(before, after, ...options))
}
