/**
 * Refs as files, with git's own lock protocol (`<ref>.lock`, made exclusively, renamed over the ref), so that a real
 * `git push` into the same store and this process never overwrite each other. Compare and set is one synchronous
 * step: within the process nothing can come between.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { GitStore } from "./git.ts"
import { readObject } from "./git-object.ts"
import { isAncestor } from "./git-history.ts"

/**
 * A move of a ref. `expectedOld`: the id it must have now, null when it must not exist, left out when anything goes.
 * Without `force` only a fast-forward (or a new ref) is let through, so tags and pull request refs want `force`.
 */
export type RefUpdate = { ref: string; to: string; expectedOld?: string | null; force?: boolean }

/** How a move ended: `moved` when the ref was not what the caller expected. */
export type RefOutcome = "ok" | "moved" | "not-fast-forward"

/** The id a full ref name (`refs/…`) or HEAD points at; undefined when it does not exist. */
export async function readRef(store: GitStore, ref: string): Promise<string | undefined> {
  return readRefNow(store, ref)
}

/** Moves or makes a ref. Throws when the name is not allowed, blocked by another ref, or the object is missing. */
export async function updateRef(store: GitStore, update: RefUpdate): Promise<RefOutcome> {
  const { ref, to, expectedOld, force = false } = update
  if (!isValidRefName(ref)) throw new Error(`not a ref name: ${JSON.stringify(ref)}`)
  if (!(await readObject(store, to))) throw new Error(`no object ${to} in ${store.dir}`)
  for (;;) {
    const old = readRefNow(store, ref)
    if (expectedOld !== undefined && (old ?? null) !== expectedOld) return "moved"
    if (!force && old !== undefined && !(await isAncestor(store, old, to))) return "not-fast-forward"
    if (replaceRef(store, ref, { from: old, to })) return "ok"
  }
}

/** Points a ref at an object whatever it was before. Throws as `updateRef` does, but does not look for the object. */
export function setRef(store: GitStore, ref: string, to: string): void {
  if (!isValidRefName(ref)) throw new Error(`not a ref name: ${JSON.stringify(ref)}`)
  replaceRef(store, ref, { from: readRefNow(store, ref), to })
}

/** Removes a ref; false when it did not exist. */
export async function deleteRef(store: GitStore, ref: string): Promise<boolean> {
  const old = readRefNow(store, ref)
  if (old === undefined) return false
  withLock(join(store.dir, "packed-refs"), (lock) => {
    const kept = packedLines(store).filter((line) => !line.endsWith(` ${ref}`))
    writeFileSync(lock, kept.map((line) => `${line}\n`).join(""))
    renameSync(lock, join(store.dir, "packed-refs"))
  })
  rmSync(join(store.dir, ref), { force: true })
  removeEmptyFolders(store, dirname(ref))
  return true
}

/** Refs whose full name starts with `prefix` (e.g. `refs/heads/`), sorted by name. */
export async function listRefs(store: GitStore, prefix: string): Promise<{ ref: string; sha: string }[]> {
  const names = new Set(looseNames(store, "refs"))
  for (const line of packedLines(store)) {
    const [, name] = line.split(" ")
    if (name !== undefined && !line.startsWith("#") && !line.startsWith("^")) names.add(name)
  }
  return [...names]
    .filter((ref) => ref.startsWith(prefix))
    .toSorted()
    .flatMap((ref) => {
      const sha = readRefNow(store, ref)
      return sha === undefined ? [] : [{ ref, sha }]
    })
}

/** Whether a full name may be given to a ref (git-check-ref-format, with `refs/` and two parts required). */
export function isValidRefName(ref: string): boolean {
  const parts = ref.split("/")
  if (parts[0] !== "refs" || parts.length < 3) return false
  // oxlint-disable-next-line no-control-regex -- control characters are what git forbids
  if (/[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\.$/.test(ref)) return false
  return parts.every((part) => part !== "" && !part.startsWith(".") && !part.endsWith(".lock"))
}

function readRefNow(store: GitStore, ref: string): string | undefined {
  const text = readText(join(store.dir, ref))
  if (text?.startsWith("ref: ")) return readRefNow(store, text.slice("ref: ".length).trim())
  if (text !== undefined && text !== "") return text.trim()
  const packed = packedLines(store).find((line) => line.endsWith(` ${ref}`))
  return packed?.slice(0, packed.indexOf(" "))
}

/** False when the ref is no longer what it was; then nothing is changed. */
function replaceRef(store: GitStore, ref: string, move: { from: string | undefined; to: string }): boolean {
  const path = join(store.dir, ref)
  return withLock(path, (lock) => {
    if (readRefNow(store, ref) !== move.from) {
      rmSync(lock)
      return false
    }
    writeFileSync(lock, `${move.to}\n`)
    removeEmptyFolders(store, ref)
    renameSync(lock, path)
    return true
  })
}

/** Holds `<path>.lock` while `work` runs; throws at once when another git process holds it. */
function withLock<T>(path: string, work: (lock: string) => T): T {
  const lock = `${path}.lock`
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(lock, "", { flag: "wx" })
  try {
    return work(lock)
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Removes a folder that deleted refs left empty, and the ones above it; what is not an empty folder stays. */
function removeEmptyFolders(store: GitStore, folder: string): void {
  for (let at = folder; at.split("/").length > 2; at = dirname(at)) {
    try {
      rmdirSync(join(store.dir, at))
    } catch {
      return
    }
  }
}

function looseNames(store: GitStore, folder: string): string[] {
  return readdirSync(join(store.dir, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`
    if (entry.isDirectory()) return looseNames(store, name)
    return name.endsWith(".lock") ? [] : [name]
  })
}

function packedLines(store: GitStore): string[] {
  return (
    readText(join(store.dir, "packed-refs"))
      ?.split("\n")
      .filter((line) => line !== "") ?? []
  )
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if (error instanceof Error && "code" in error && ["ENOENT", "EISDIR", "ENOTDIR"].includes(String(error.code))) {
      return undefined
    }
    throw error
  }
}
