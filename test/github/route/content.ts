/** Files, commits and comparisons. https://docs.github.com/en/rest/repos/contents https://docs.github.com/en/rest/commits */
import { optionalText, page, pageOf, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { refuseByProtection } from "../act/ref.ts"
import { refMoved } from "../act/push.ts"
import { refuseWorkflowPathsOf } from "../act/workflow.ts"
import { pullsWith } from "../comparison.ts"
import { log } from "../git-history.ts"
import { readBlob, readCommit, readTag, writeBlob, writeCommit } from "../git-object.ts"
import type { Commit } from "../git-object.ts"
import { readRef, updateRef } from "../git-ref.ts"
import { readFile, readTree, resolveRevision, resolveTree, writeTree } from "../git-tree.ts"
import type { TreeEntry } from "../git-tree.ts"
import { commitView, fileView, filesOfCommit, gitCommitView } from "../view/commit.ts"
import { simplePullView } from "../view/pull.ts"
import { repositoryPage, repositoryUrl } from "../view/repository.ts"

const read = [{ permission: "contents", level: "read" as const }]
const readPulls = [{ permission: "pull_requests", level: "read" as const }]
const write = [{ permission: "contents", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const contentRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/contents", needs: read, handle: getContent },
  { method: "GET", path: "/contents/:path{.+}", needs: read, handle: getContent },
  { method: "PUT", path: "/contents/:path{.+}", needs: write, handle: putContent },
  { method: "DELETE", path: "/contents/:path{.+}", needs: write, handle: deleteContent },
  { method: "GET", path: "/commits", needs: read, handle: listCommits },
  { method: "GET", path: "/commits/:sha/pulls", needs: readPulls, handle: commitPulls },
  { method: "GET", path: "/commits/:ref{.+}", needs: read, handle: getCommit },
]

/** A branch, tag, full or short ref, or SHA to the commit it means; 404 or 422 as GitHub when there is none. */
export async function requireCommit(call: RepositoryCall, revision: string): Promise<Commit> {
  const { store } = call.repository
  const sha = await resolveRevision(store, revision)
  const tag = sha ? await readTag(store, sha) : undefined
  const commit = sha ? await readCommit(store, tag?.object ?? sha) : undefined
  if (!commit) throw refusal(422, `No commit found for SHA: ${revision}`)
  return commit
}

async function getContent(call: RepositoryCall): Promise<Answer> {
  const { store } = call.repository
  const path = (call.params["path"] ?? "").replace(/\/$/, "")
  const ref = call.query.get("ref") ?? call.repository.defaultBranch
  const commit = await requireCommit(call, ref).catch(() => undefined)
  if (!commit) throw refusal(404, `No commit found for the ref ${ref}`)
  const file = path === "" ? undefined : await readFile(store, commit.sha, path)
  if (file) {
    if (call.headers.get("accept")?.includes("raw")) return rawAnswer(file.bytes)
    return { status: 200, body: fileBody(call, { path, ref, sha: file.blobSha, bytes: file.bytes }) }
  }
  const entries = await folderEntries(call, commit.sha, path)
  if (!entries) throw refusal(404, "Not Found")
  const sized = entries.map(async (entry) =>
    entryView(call, { path: path === "" ? entry.path : `${path}/${entry.path}`, ref, entry }),
  )
  return { status: 200, body: await Promise.all(sized) }
}

function rawAnswer(bytes: Buffer): Answer {
  return {
    status: 200,
    body: bytes.toString(),
    headers: { "content-type": "application/vnd.github.raw+json; charset=utf-8" },
  }
}

async function folderEntries(call: RepositoryCall, sha: string, path: string): Promise<TreeEntry[] | undefined> {
  const { store } = call.repository
  if (path === "") return readTree(store, sha)
  const all = (await readTree(store, sha, { recursive: true })) ?? []
  const folder = all.find((entry) => entry.path === path && entry.type === "tree")
  return folder && readTree(store, folder.sha)
}

async function entryView(call: RepositoryCall, at: { path: string; ref: string; entry: TreeEntry }) {
  const bytes = at.entry.type === "blob" ? await readBlob(call.repository.store, at.entry.sha) : undefined
  const type = at.entry.type === "tree" ? "dir" : "file"
  return { type, size: bytes?.length ?? 0, ...linksOf(call, { path: at.path, ref: at.ref, sha: at.entry.sha }) }
}

function fileBody(call: RepositoryCall, file: { path: string; ref: string; sha: string; bytes: Buffer }) {
  const isBig = file.bytes.length > 1_048_576
  return {
    type: "file",
    encoding: isBig ? "none" : "base64",
    size: file.bytes.length,
    content: isBig ? "" : (file.bytes.toString("base64").match(/.{1,60}/g) ?? []).map((line) => `${line}\n`).join(""),
    ...linksOf(call, file),
  }
}

function linksOf(call: RepositoryCall, at: { path: string; ref: string; sha: string }) {
  const { state, repository } = call
  const url = `${repositoryUrl(state, repository)}/contents/${at.path}?ref=${at.ref}`
  const html = `${repositoryPage(state, repository)}/blob/${at.ref}/${at.path}`
  const git = `${repositoryUrl(state, repository)}/git/blobs/${at.sha}`
  return {
    name: at.path.split("/").at(-1) ?? "",
    path: at.path,
    sha: at.sha,
    url,
    git_url: git,
    html_url: html,
    download_url: `${repositoryPage(state, repository)}/raw/${at.ref}/${at.path}`,
    _links: { self: url, git, html },
  }
}

async function putContent(call: RepositoryCall): Promise<Answer> {
  const path = String(call.params["path"])
  const bytes = Buffer.from(optionalText(call, "content") ?? "", "base64")
  const blobSha = await writeBlob(call.repository.store, bytes)
  const { commit, isNew, ref } = await commitOneFile(call, path, blobSha)
  const content = fileBody(call, { path, ref, sha: blobSha, bytes })
  return { status: isNew ? 201 : 200, body: { content, commit: gitCommitView(call.state, call.repository, commit) } }
}

async function deleteContent(call: RepositoryCall): Promise<Answer> {
  const { commit } = await commitOneFile(call, String(call.params["path"]), null)
  return { status: 200, body: { content: null, commit: gitCommitView(call.state, call.repository, commit) } }
}

/** Commits one file on a branch; `sha` in the body must be the blob that is there now (409, 422). */
async function commitOneFile(call: RepositoryCall, path: string, blobSha: string | null) {
  const { repository, state, actor } = call
  const { store } = repository
  const branch = optionalText(call, "branch") ?? repository.defaultBranch
  const ref = `refs/heads/${branch}`
  const tip = await readRef(store, ref)
  if (!tip) throw refusal(404, `Branch ${branch} not found`)
  const old = await readFile(store, tip, path)
  const expected = optionalText(call, "sha")
  if (old && !expected) throw refusal(422, `Invalid request.\n\n"sha" wasn't supplied.`)
  if (expected && expected !== old?.blobSha) throw refusal(409, `${path} does not match ${expected}`)
  refuseWorkflowPathsOf(call, actor, [path])
  const baseTree = (await resolveTree(store, tip)) ?? tip
  const tree = await writeTree(store, { baseTree, entries: [{ path, mode: old?.mode ?? "100644", sha: blobSha }] })
  const message = textField(call, "Content", "message")
  const author = { name: actor.account.name, email: actor.account.email, date: state.clock.now() }
  const sha = await writeCommit(store, { tree, parents: [tip], message, author })
  refuseByProtection(call, actor, { ref, sha, force: false })
  const outcome = await updateRef(store, { ref, to: sha, expectedOld: tip })
  if (outcome !== "ok") throw refusal(409, `is at ${tip} but expected another commit`)
  await refMoved(call, actor, { ref, before: tip, after: sha })
  return { commit: await requireCommit(call, sha), isNew: !old, ref: branch }
}

async function listCommits(call: RepositoryCall): Promise<Answer> {
  const start = await requireCommit(call, call.query.get("sha") ?? call.repository.defaultBranch).catch(() => undefined)
  if (!start) throw refusal(404, "Not Found")
  const since = call.query.get("since")
  const until = call.query.get("until")
  const path = call.query.get("path")
  const all = await log(call.repository.store, { from: start.sha })
  const timed = all.filter(
    ({ committer: { date } }) => (!since || date >= new Date(since)) && (!until || date <= new Date(until)),
  )
  const touched = path ? await touching(call, timed, path) : timed
  return pageOf(call, touched, (commit) => commitView(call.state, call.repository, commit))
}

async function touching(call: RepositoryCall, commits: Commit[], path: string): Promise<Commit[]> {
  const found: Commit[] = []
  for (const commit of commits) {
    const files = await filesOfCommit(call.repository, commit)
    if (files.some((file) => file.path === path || file.path.startsWith(`${path}/`))) found.push(commit)
  }
  return found
}

async function getCommit(call: RepositoryCall): Promise<Answer> {
  const { state, repository } = call
  const commit = await requireCommit(call, String(call.params["ref"]))
  if (call.headers.get("accept")?.includes("sha"))
    return { status: 200, body: commit.sha, headers: { "content-type": "text/plain" } }
  const files = await filesOfCommit(repository, commit)
  const total = (key: "additions" | "deletions") => files.reduce((sum, file) => sum + file[key], 0)
  const stats = {
    additions: total("additions"),
    deletions: total("deletions"),
    total: total("additions") + total("deletions"),
  }
  const taken = page(call, [...files])
  const shown = taken.items.map((file) => fileView({ state, repository, ref: commit.sha }, file))
  return {
    status: 200,
    body: { ...commitView(state, repository, commit), stats, files: shown },
    headers: taken.headers,
  }
}

async function commitPulls(call: RepositoryCall): Promise<Answer> {
  const { repository, state } = call
  const commit = await requireCommit(call, String(call.params["sha"]))
  return pageOf(call, await pullsWith(repository, commit.sha), (pull) => simplePullView(state, repository, pull))
}
