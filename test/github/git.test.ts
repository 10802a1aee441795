import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { diffFiles } from "./git-diff.ts"
import { isAncestor, log, mergeBase } from "./git-history.ts"
import { mergePullRequest, revertCommit, tryMerge } from "./git-merge.ts"
import { readBlob, readCommit, readTag, writeBlob, writeCommit, writeTag } from "./git-object.ts"
import { deleteRef, isValidRefName, listRefs, readRef, updateRef } from "./git-ref.ts"
import { commitFiles, type FileContent, readFile, readTree, writeTree } from "./git-tree.ts"
import { createStore, fetchFrom, type GitStore, runGit } from "./git.ts"

const root = mkdtempSync(join(tmpdir(), "test-github-git-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let made = 0
const author = { name: "Ada Lovelace", email: "ada@example.com", date: new Date("2026-03-01T12:00:00Z") }
const poem = "roses\nare\nred\nviolets\nare\nblue\nsugar\nis\nsweet\n"

async function newStore(): Promise<GitStore> {
  return createStore(join(root, `store-${(made += 1)}`))
}

type Files = Record<string, FileContent>

function commitOn(
  store: GitStore,
  branch: string,
  ...[files, parents]: [files: Files, parents?: string[]]
): Promise<string> {
  return commitFiles(store, { branch, files, message: `change ${branch}`, author, ...(parents && { parents }) })
}

/** A clone with a work tree, where plain porcelain shows what is right. */
function cloneOf(store: GitStore): (...args: string[]) => string {
  const dir = join(root, `clone-${(made += 1)}`)
  const env = {
    ...process.env,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "p",
    GIT_AUTHOR_EMAIL: "p@example.com",
    GIT_COMMITTER_NAME: "p",
    GIT_COMMITTER_EMAIL: "p@example.com",
  }
  const run = (cwd: string, args: string[]): string =>
    execFileSync("git", args, { cwd, env, stdio: "pipe", encoding: "utf8" }).trim()
  run(root, ["clone", "-q", "--no-local", store.dir, dir])
  return (...args) => run(dir, args)
}

/** Two branches from a common commit: `main` went on, and `topic` has two commits. */
async function divergedStore(
  main: Files,
  topic: [Files, Files],
): Promise<{ store: GitStore; base: string; head: string }> {
  const store = await newStore()
  const start = await commitOn(store, "main", { "poem.txt": poem, "src/a.ts": "a\n", "src/b.ts": "b\n", gone: "x\n" })
  await commitOn(store, "topic", topic[0], [start])
  const head = await commitOn(store, "topic", topic[1])
  const base = await commitOn(store, "main", main)
  return { store, base, head }
}

const cleanCases: Record<string, [main: Files, first: Files, second: Files]> = {
  "edits of different files": [{ "src/a.ts": "A\n" }, { "src/b.ts": "B\n" }, { "src/c.ts": "c\n" }],
  "edits of one file": [
    { "poem.txt": poem.replace("roses", "tulips") },
    { "poem.txt": poem.replace("sweet", "dear") },
    { "src/b.ts": "B\n" },
  ],
  "a rename against an edit": [
    { "poem.txt": poem.replace("roses", "tulips") },
    { "poem.txt": null, "verse/poem.txt": poem },
    { "verse/poem.txt": `${poem}end\n` },
  ],
  "a removal, an executable and a symbolic link": [
    { "README.md": "# read\n" },
    { gone: null, "run.sh": { mode: "100755", content: "#!/bin/sh\n" } },
    { link: { mode: "120000", content: "poem.txt" } },
  ],
  "a binary file": [
    { "src/a.ts": "A\n" },
    { "logo.png": { mode: "100644", content: Buffer.from([0, 1, 2, 255]) } },
    { "logo.png": { mode: "100644", content: Buffer.from([0, 1, 3, 255]) } },
  ],
  "the same edit on both sides": [{ "src/a.ts": "A\n" }, { "src/a.ts": "A\n" }, { "src/b.ts": "B\n" }],
}

describe.each(Object.entries(cleanCases))("landing %s", (_name, [main, first, second]) => {
  test("gives the trees that git's own merge and rebase give", async () => {
    const { store, base, head } = await divergedStore(main, [first, second])
    const clone = cloneOf(store)
    clone("checkout", "-q", "-b", "merged", base)
    clone("merge", "-q", "--no-ff", "-m", "merge", head)
    const expectedTree = clone("rev-parse", "HEAD^{tree}")
    clone("checkout", "-q", "-b", "rebased", head)
    clone("rebase", "-q", base)

    expect(await tryMerge(store, { base, head })).toEqual({ tree: expectedTree })
    for (const method of ["merge", "squash", "rebase"] as const) {
      const landed = await mergePullRequest(store, { base, head, method, message: "Land it (#1)", author })
      if ("conflict" in landed) throw new Error(`conflict in ${landed.paths.join()}`)
      const commit = await readCommit(store, landed.sha)
      expect(commit?.tree).toBe(expectedTree)
      if (method === "merge") expect(commit?.parents).toEqual([base, head])
      if (method === "squash") expect(commit?.parents).toEqual([base])
      if (method !== "rebase") continue
      const replayed = await log(store, { from: landed.sha, notIn: base })
      expect(replayed.map(({ tree }) => tree)).toEqual(clone("log", "--format=%T", `${base}..rebased`).split("\n"))
    }
    await expectSound(store)
  })
})

test("a rebase makes new commits even where a fast-forward would do, and keeps authors and messages", async () => {
  const store = await newStore()
  const base = await commitOn(store, "main", { a: "1\n" })
  const head = await commitOn(store, "topic", { a: "2\n" }, [base])
  const merger = { name: "Merger", email: "m@example.com", date: new Date("2026-03-02T00:00:00Z") }
  const landed = await mergePullRequest(store, { base, head, method: "rebase", message: "unused", author: merger })
  if ("conflict" in landed) throw new Error("conflict")
  expect(landed.sha).not.toBe(head)
  expect(await readCommit(store, landed.sha)).toMatchObject({ message: "change topic", author, committer: merger })
})

test("conflicts are told with their paths and write no commit", async () => {
  const { store, base, head } = await divergedStore({ "src/a.ts": "ours\n", gone: "changed\n" }, [
    { "src/a.ts": "theirs\n" },
    { gone: null },
  ])
  expect(await tryMerge(store, { base, head })).toEqual({ conflict: true, paths: ["gone", "src/a.ts"] })
  for (const method of ["merge", "squash", "rebase"] as const) {
    expect(await mergePullRequest(store, { base, head, method, message: "m", author })).toMatchObject({
      conflict: true,
    })
  }
  const stranger = await commitOn(store, "other", { z: "z\n" }, [])
  expect(await tryMerge(store, { base, head: stranger })).toEqual({ conflict: true, paths: [] })
})

test("reverts of a plain commit, a merge and the first commit equal git's", async () => {
  const { store, base, head } = await divergedStore({ "src/a.ts": "A\n" }, [
    { "src/b.ts": "B\n" },
    { "src/c.ts": "c\n" },
  ])
  const landed = await mergePullRequest(store, { base, head, method: "merge", message: "merge", author })
  if ("conflict" in landed) throw new Error("conflict")
  const onto = await commitOn(store, "main", { later: "later\n" }, [landed.sha])
  const clone = cloneOf(store)
  const revert = { onto, author, message: "Revert" }
  for (const [commit, mainline] of [
    [base, undefined],
    [landed.sha, 1],
    [head, undefined],
  ] as const) {
    clone("checkout", "-q", "--detach", onto)
    clone("revert", "--no-edit", ...(mainline === undefined ? [] : ["-m", String(mainline)]), commit)
    const reverted = await revertCommit(store, { ...revert, commit, ...(mainline && { mainline }) })
    if ("conflict" in reverted) throw new Error("conflict")
    const commitMade = await readCommit(store, reverted.sha)
    expect([commitMade?.tree, commitMade?.parents]).toEqual([clone("rev-parse", "HEAD^{tree}"), [onto]])
  }
  await expect(revertCommit(store, { ...revert, commit: landed.sha })).rejects.toThrow("main line")
  const changed = await commitOn(store, "main", { "src/b.ts": "again\n" })
  const [first] = (await log(store, { from: head, notIn: base })).slice(-1)
  expect(await revertCommit(store, { ...revert, onto: changed, commit: first?.sha ?? "" })).toMatchObject({
    conflict: true,
    paths: ["src/b.ts"],
  })
})

test("a comparison lists every kind of change with counts and patch", async () => {
  const store = await newStore()
  const before = await commitOn(store, "main", {
    "poem.txt": poem,
    "moved.txt": `${poem}${poem}`,
    "run.sh": "echo\n",
    "to-link": "text\n",
    gone: "x\n",
    bin: { mode: "100644", content: Buffer.from([0, 1]) },
    'od"d é\tname': "1\n",
  })
  const after = await commitOn(store, "main", {
    "poem.txt": poem.replace("violets", "lilies"),
    "moved.txt": null,
    "deep/er/moved.txt": `${poem}${poem}end`,
    "run.sh": { mode: "100755", content: "echo\n" },
    "to-link": { mode: "120000", content: "poem.txt" },
    gone: null,
    bin: { mode: "100644", content: Buffer.from([0, 2]) },
    'od"d é\tname': "1\n2\n",
    empty: "",
  })
  const files = await diffFiles(store, before, after)
  const brief = files.map((f) => [f.status, f.path, f.previousPath, f.additions, f.deletions, f.binary])
  expect(brief).toEqual([
    ["modified", "bin", undefined, 0, 0, true],
    ["renamed", "deep/er/moved.txt", "moved.txt", 1, 0, false],
    ["added", "empty", undefined, 0, 0, false],
    ["removed", "gone", undefined, 0, 1, false],
    ["modified", 'od"d é\tname', undefined, 1, 0, false],
    ["modified", "poem.txt", undefined, 1, 1, false],
    ["changed", "run.sh", undefined, 0, 0, false],
    ["changed", "to-link", undefined, 1, 1, false],
  ])
  const patches = new Map(files.map((f) => [f.path, f.patch]))
  expect(patches.get("poem.txt")).toMatch(/^@@ -1,7 \+1,7 @@\n roses\n are\n red\n-violets\n\+lilies\n/)
  expect(patches.get("deep/er/moved.txt")).toMatch(/\n\+end\n\\ No newline at end of file$/)
  expect(patches.get("bin")).toBeUndefined()
  expect(patches.get("gone")).toBe("@@ -1 +0,0 @@\n-x")
  expect(await diffFiles(store, after, after)).toEqual([])
})

test("files and trees are stored as git stores them", async () => {
  const store = await newStore()
  await commitOn(store, "main", {
    "a/b/c.txt": "c",
    "a.txt": "top",
    "a-b": "dash",
    "run.sh": { mode: "100755", content: "1" },
  })
  const sha = await commitOn(store, "main", {
    "run.sh": "2",
    "a/b/c.txt": null,
    "a/é": { mode: "120000", content: "c" },
  })
  const clone = cloneOf(store)
  expect(clone("rev-parse", "HEAD")).toBe(sha)
  expect(readFileSync(join(clone("rev-parse", "--show-toplevel"), "run.sh"), "utf8")).toBe("2")
  const listed = clone("-c", "core.quotePath=off", "ls-tree", "-r", "-t", "HEAD").split("\n")
  const entries = await readTree(store, "main", { recursive: true })
  expect(entries?.map((entry) => `${entry.mode} ${entry.type} ${entry.sha}\t${entry.path}`)).toEqual(listed)
  expect(await readFile(store, "HEAD", "run.sh")).toMatchObject({ mode: "100755", bytes: Buffer.from("2") })
  expect(await readFile(store, sha, "a")).toBeUndefined()
  expect(await readFile(store, sha, "a/b/c.txt")).toBeUndefined()
  expect(await readFile(store, "no-such-branch", "a")).toBeUndefined()
  await expect(commitOn(store, "main", { "../x": "" })).rejects.toThrow("not a path")
  const emptied = await commitOn(store, "main", { "run.sh": null, "a/é": null, "a.txt": null, "a-b": null })
  expect(await readTree(store, emptied)).toEqual([])
  await expectSound(store)
})

test("objects made one by one, and objects in packs, read back", async () => {
  const store = await newStore()
  const blob = await writeBlob(store, "hello\n")
  const tree = await writeTree(store, { entries: [{ path: "x/y", mode: "100644", sha: blob }] })
  const commit = await writeCommit(store, { tree, parents: [], message: "subject\n\nbody\n", author })
  const tag = await writeTag(store, { object: commit, type: "commit", tag: "v1", message: "one", tagger: author })
  await updateRef(store, { ref: "refs/tags/v1", to: tag })
  await updateRef(store, { ref: "refs/heads/main", to: commit })
  expect((await runGit(store, ["gc", "--quiet"])).code).toBe(0)
  const packed: GitStore = { dir: store.dir }
  expect(await listRefs(packed, "refs/")).toEqual([
    { ref: "refs/heads/main", sha: commit },
    { ref: "refs/tags/v1", sha: tag },
  ])
  expect(await readTag(packed, tag)).toMatchObject({ object: commit, type: "commit", tag: "v1", message: "one" })
  expect(await readCommit(packed, commit)).toEqual({
    sha: commit,
    tree,
    parents: [],
    message: "subject\n\nbody",
    author,
    committer: author,
  })
  expect((await readFile(packed, "v1", "x/y"))?.bytes.toString()).toBe("hello\n")
  expect(await readBlob(packed, "0".repeat(40))).toBeUndefined()
  expect(await deleteRef(packed, "refs/heads/main")).toBe(true)
  expect(await readRef(packed, "refs/heads/main")).toBeUndefined()
  await expect(writeCommit(store, { tree: blob, parents: [], message: "", author })).rejects.toThrow("no tree")
})

test("refs move only from where they are expected, and forward unless forced", async () => {
  const store = await newStore()
  const first = await commitOn(store, "main", { a: "1" })
  const second = await commitOn(store, "main", { a: "2" })
  const ref = "refs/heads/lane"
  expect(await updateRef(store, { ref, to: second, expectedOld: first })).toBe("moved")
  expect(await updateRef(store, { ref, to: second, expectedOld: null })).toBe("ok")
  expect(await updateRef(store, { ref, to: second, expectedOld: null })).toBe("moved")
  expect(await updateRef(store, { ref, to: first })).toBe("not-fast-forward")
  expect(await readRef(store, ref)).toBe(second)
  expect(await updateRef(store, { ref, to: first, force: true, expectedOld: second })).toBe("ok")
  const races = await Promise.all([1, 2, 3].map(() => updateRef(store, { ref, to: second, expectedOld: first })))
  expect(races.toSorted()).toEqual(["moved", "moved", "ok"])
  await expect(updateRef(store, { ref: `${ref}/inner`, to: first })).rejects.toThrow()
  await expect(updateRef(store, { ref: "refs/heads/x..y", to: first })).rejects.toThrow("ref name")
  await expect(updateRef(store, { ref, to: "1".repeat(40) })).rejects.toThrow("no object")
  expect(await deleteRef(store, ref)).toBe(true)
  expect(await deleteRef(store, ref)).toBe(false)
  expect(await updateRef(store, { ref: `${ref}/inner`, to: first })).toBe("ok")
  expect(await deleteRef(store, `${ref}/inner`)).toBe(true)
  expect(await updateRef(store, { ref, to: first })).toBe("ok")
  expect((await runGit(store, ["rev-parse", ref])).stdout.toString().trim()).toBe(first)
})

test.each([
  "refs/heads/a",
  "refs/heads/a/b-c.d",
  "refs/heads/é",
  "refs/heads/@",
  "refs/heads/a b",
  "refs/heads/a..b",
  "refs/heads/.a",
  "refs/heads/a.",
  "refs/heads/a.lock",
  "refs/heads/a.lock/b",
  "refs/heads/a//b",
  "refs/heads/a/",
  "refs/heads/a~1",
  "refs/heads/a@{1",
  "refs/heads/a\\b",
  "refs/heads/a[",
  "refs/heads/-a",
  "heads/a",
])("the name %s is judged as git judges it", async (name) => {
  const store: GitStore = { dir: root }
  const { code } = await runGit(store, ["check-ref-format", name])
  expect(isValidRefName(name)).toBe(code === 0 && name.startsWith("refs/"))
})

test("history answers equal git's, also across a criss-cross", async () => {
  const store = await newStore()
  const at = (day: number) => ({ ...author, date: new Date(Date.UTC(2026, 0, day)) })
  const make = async (day: number, parents: string[]): Promise<string> => {
    const tree = await writeTree(store, { entries: [] })
    const sha = await writeCommit(store, { tree, parents, message: `day ${day}`, author: at(day) })
    await updateRef(store, { ref: "refs/heads/main", to: sha, force: true })
    return sha
  }
  const a = await make(1, [])
  const b = await make(2, [a])
  const c = await make(3, [a])
  const d = await make(4, [b, c])
  const e = await make(5, [c, b])
  const f = await make(6, [d])
  const all = [a, b, c, d, e, f]
  for (const x of all) {
    for (const y of all) {
      const expected = await runGit(store, ["merge-base", "--all", x, y])
      expect(expected.stdout.toString().split("\n")).toContain(await mergeBase(store, x, y))
      expect(await isAncestor(store, x, y)).toBe(
        (await runGit(store, ["merge-base", "--is-ancestor", x, y])).code === 0,
      )
    }
  }
  const listed = await runGit(store, ["rev-list", "--topo-order", "--date-order", f, `^${e}`])
  expect((await log(store, { from: f, notIn: e })).map(({ sha }) => sha)).toEqual(
    listed.stdout.toString().trim().split("\n"),
  )
  expect((await log(store, { from: f, limit: 2 })).map(({ sha }) => sha)).toEqual([f, d])
})

test("a fork fetches, goes on, and its work is fetched back", async () => {
  const store = await newStore()
  const start = await commitOn(store, "main", { a: "1" })
  const fork = await newStore()
  await fetchFrom(fork, store, "+refs/heads/*:refs/heads/*")
  expect(await readRef(fork, "refs/heads/main")).toBe(start)
  const work = await commitOn(fork, "topic", { b: "2" }, [start])
  expect(await readCommit(store, work)).toBeUndefined()
  await fetchFrom(store, fork, "+refs/heads/topic:refs/pull/1/head")
  expect(await readRef(store, "refs/pull/1/head")).toBe(work)
  expect((await readFile(store, work, "b"))?.bytes.toString()).toBe("2")
  await expect(fetchFrom(store, fork, "refs/heads/none:refs/heads/none")).rejects.toThrow("git fetch")
})

async function expectSound(store: GitStore): Promise<void> {
  const exit = await runGit(store, ["fsck", "--strict", "--full", "--no-dangling"])
  expect([exit.code, exit.stderr]).toEqual([0, ""])
}
