/** Git's four kinds of object, read and written as loose files (gitformat-loose), with a cache: they never change. */
import { createHash } from "node:crypto"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { deflateSync, inflateSync } from "node:zlib"
import { type GitStore, runGit } from "./git.ts"

/** The kinds of git object. */
export type ObjectType = "blob" | "tree" | "commit" | "tag"

/** Who did something and when; git keeps whole seconds, in UTC here. */
export type Person = { name: string; email: string; date: Date }

/** A commit; `message` without the newlines at its end, as GitHub shows it. `parents` is empty for a root commit. */
export type Commit = {
  sha: string
  tree: string
  parents: readonly string[]
  message: string
  author: Person
  committer: Person
}

/** What a new commit is made of; without `committer` the author is also the committer. */
export type CommitDraft = {
  tree: string
  parents: readonly string[]
  message: string
  author: Person
  committer?: Person
}

/** An annotated tag; `object` is what it points at. */
export type Tag = { sha: string; object: string; type: ObjectType; tag: string; message: string; tagger: Person }

type RawObject = { type: ObjectType; body: Buffer }
type ObjectCache = { raw: Map<string, RawObject>; commits: Map<string, Commit> }

const cachedObjectLimit = 5_000
const cachedObjectBytes = 65_536
const caches = new WeakMap<GitStore, ObjectCache>()

/** Any object of the store, or undefined when it has none of that id. Throws on a corrupt object. */
export async function readObject(store: GitStore, sha: string): Promise<RawObject | undefined> {
  if (!isObjectId(sha)) return undefined
  const cached = cacheOf(store).raw.get(sha)
  if (cached) return cached
  const object = readLoose(store, sha) ?? (await readPacked(store, sha))
  if (object) remember(cacheOf(store).raw, sha, object)
  return object
}

/** Stores an object and returns its id; an object that is there already is left alone. */
export function writeObject(store: GitStore, type: ObjectType, body: Buffer): string {
  const bytes = Buffer.concat([Buffer.from(`${type} ${body.length}\0`), body])
  const sha = createHash("sha1").update(bytes).digest("hex")
  const cache = cacheOf(store).raw
  if (cache.has(sha)) return sha
  writeOnce(loosePath(store, sha), deflateSync(bytes, { level: 1 }))
  remember(cache, sha, { type, body })
  return sha
}

/** Stores file content; returns the blob's id. */
export async function writeBlob(store: GitStore, content: string | Buffer): Promise<string> {
  return writeObject(store, "blob", typeof content === "string" ? Buffer.from(content) : content)
}

/** Content of a blob; undefined when the store has no blob of that id. */
export async function readBlob(store: GitStore, sha: string): Promise<Buffer | undefined> {
  const object = await readObject(store, sha)
  return object?.type === "blob" ? object.body : undefined
}

/** A commit by its full id; undefined when the store has no commit of that id. */
export async function readCommit(store: GitStore, sha: string): Promise<Commit | undefined> {
  const { commits } = cacheOf(store)
  const cached = commits.get(sha)
  if (cached) return cached
  const object = await readObject(store, sha)
  if (object?.type !== "commit") return undefined
  const commit = parseCommit(sha, object.body.toString())
  remember(commits, sha, commit)
  return commit
}

/** Stores a commit, moving no ref; returns its id. Throws when its tree or a parent is not in the store. */
export async function writeCommit(store: GitStore, draft: CommitDraft): Promise<string> {
  await requireObject(store, draft.tree, "tree")
  for (const parent of draft.parents) await requireObject(store, parent, "commit")
  const headers = [
    `tree ${draft.tree}`,
    ...draft.parents.map((parent) => `parent ${parent}`),
    `author ${formatPerson(draft.author)}`,
    `committer ${formatPerson(draft.committer ?? draft.author)}`,
  ]
  return writeObject(store, "commit", Buffer.from(`${headers.join("\n")}\n\n${draft.message}`))
}

/** Stores an annotated tag, making no ref; returns its id. Throws when the object is missing or of another type. */
export async function writeTag(store: GitStore, tag: Omit<Tag, "sha">): Promise<string> {
  await requireObject(store, tag.object, tag.type)
  const headers = [`object ${tag.object}`, `type ${tag.type}`, `tag ${tag.tag}`, `tagger ${formatPerson(tag.tagger)}`]
  return writeObject(store, "tag", Buffer.from(`${headers.join("\n")}\n\n${tag.message}`))
}

/** An annotated tag by its full id; undefined when the store has no tag object of that id. */
export async function readTag(store: GitStore, sha: string): Promise<Tag | undefined> {
  const object = await readObject(store, sha)
  if (object?.type !== "tag") return undefined
  const { headers, message } = splitHeaders(object.body.toString())
  return {
    sha,
    object: header(headers, "object"),
    type: header(headers, "type") as ObjectType,
    tag: header(headers, "tag"),
    message,
    tagger: parsePerson(header(headers, "tagger")),
  }
}

/** Whether the text has the form of a full object id (SHA-1). */
export function isObjectId(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text)
}

async function requireObject(store: GitStore, sha: string, type: ObjectType): Promise<void> {
  const object = await readObject(store, sha)
  if (object?.type !== type) throw new Error(`no ${type} ${sha} in ${store.dir}`)
}

function cacheOf(store: GitStore): ObjectCache {
  const known = caches.get(store)
  if (known) return known
  const cache: ObjectCache = { raw: new Map(), commits: new Map() }
  caches.set(store, cache)
  return cache
}

function remember<T extends object>(cache: Map<string, T>, sha: string, value: T): void {
  if ("body" in value && value.body instanceof Buffer && value.body.length > cachedObjectBytes) return
  cache.set(sha, value)
  if (cache.size <= cachedObjectLimit) return
  const oldest = cache.keys().next().value
  if (oldest !== undefined) cache.delete(oldest)
}

function loosePath(store: GitStore, sha: string): string {
  return join(store.dir, "objects", sha.slice(0, 2), sha.slice(2))
}

function readLoose(store: GitStore, sha: string): RawObject | undefined {
  let compressed: Buffer
  try {
    compressed = readFileSync(loosePath(store, sha))
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined
    throw error
  }
  const bytes = inflateSync(compressed)
  const end = bytes.indexOf(0)
  const type = bytes.subarray(0, bytes.indexOf(32)).toString() as ObjectType
  return { type, body: bytes.subarray(end + 1) }
}

async function readPacked(store: GitStore, sha: string): Promise<RawObject | undefined> {
  if (!readdirSync(join(store.dir, "objects/pack")).some((name) => name.endsWith(".pack"))) return undefined
  const { stdout } = await runGit(store, ["cat-file", "--batch"], `${sha}\n`)
  const end = stdout.indexOf(10)
  const [, type, size] = stdout.subarray(0, end).toString().split(" ")
  if (size === undefined) return undefined
  return { type: type as ObjectType, body: stdout.subarray(end + 1, end + 1 + Number(size)) }
}

function writeOnce(path: string, bytes: Buffer): void {
  const write = (): void => writeFileSync(path, bytes, { flag: "wx", mode: 0o444 })
  try {
    write()
  } catch (error) {
    if (hasCode(error, "EEXIST")) return
    if (!hasCode(error, "ENOENT")) throw error
    mkdirSync(dirname(path), { recursive: true })
    write()
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}

function parseCommit(sha: string, text: string): Commit {
  const { headers, message } = splitHeaders(text)
  return {
    sha,
    tree: header(headers, "tree"),
    parents: headers.filter((line) => line.startsWith("parent ")).map((line) => line.slice("parent ".length)),
    message,
    author: parsePerson(header(headers, "author")),
    committer: parsePerson(header(headers, "committer")),
  }
}

function splitHeaders(text: string): { headers: string[]; message: string } {
  const end = text.indexOf("\n\n")
  const headers = (end === -1 ? text : text.slice(0, end)).split("\n")
  return { headers, message: end === -1 ? "" : text.slice(end + 2).replace(/\n+$/, "") }
}

function header(headers: readonly string[], name: string): string {
  const line = headers.find((candidate) => candidate.startsWith(`${name} `))
  if (line === undefined) throw new Error(`git object without ${name}`)
  return line.slice(name.length + 1)
}

function formatPerson({ name, email, date }: Person): string {
  const clean = (text: string): string => text.replaceAll(/[<>\n\0]/g, "").trim()
  return `${clean(name)} <${clean(email)}> ${Math.floor(date.getTime() / 1000)} +0000`
}

function parsePerson(line: string): Person {
  const [, name = "", email = "", seconds = "0"] = /^(.*?) ?<(.*)> (\d+) [+-]\d{4}$/.exec(line) ?? []
  return { name, email, date: new Date(Number(seconds) * 1000) }
}
