/** Git data: refs, tags, commits, trees, blobs. https://docs.github.com/en/rest/git */
import { invalidField, optionalText, refusal, textField } from "../api.ts"
import type { Answer, RepositoryCall, RepositoryRoute } from "../api.ts"
import { createRef, moveRef, removeRef } from "../act/ref.ts"
import { refuseWorkflowPathsOf } from "../act/workflow.ts"
import {
  isObjectId,
  readBlob,
  readCommit,
  readObject,
  readTag,
  writeBlob,
  writeCommit,
  writeTag,
} from "../git-object.ts"
import type { ObjectType, Person, Tag } from "../git-object.ts"
import { listRefs, readRef } from "../git-ref.ts"
import { readTree, resolveTree, writeTree } from "../git-tree.ts"
import type { FileMode, TreeEdit, TreeEntry } from "../git-tree.ts"
import { isoOf } from "../state.ts"
import { gitCommitView, gitNodeId } from "../view/commit.ts"
import { repositoryUrl } from "../view/repository.ts"

const read = [{ permission: "contents", level: "read" as const }]
const write = [{ permission: "contents", level: "write" as const }]

/** Routes below `/repos/{owner}/{repo}`. */
export const gitRoutes: RepositoryRoute[] = [
  { method: "GET", path: "/git/ref/:ref{.+}", needs: read, handle: getRef },
  { method: "GET", path: "/git/matching-refs/:ref{.+}", needs: read, handle: matchingRefs },
  { method: "POST", path: "/git/refs", needs: write, handle: postRef },
  { method: "PATCH", path: "/git/refs/:ref{.+}", needs: write, handle: patchRef },
  { method: "DELETE", path: "/git/refs/:ref{.+}", needs: write, handle: deleteOneRef },
  { method: "POST", path: "/git/tags", needs: write, handle: postTag },
  { method: "GET", path: "/git/tags/:sha", needs: read, handle: getTag },
  { method: "POST", path: "/git/commits", needs: write, handle: postCommit },
  { method: "GET", path: "/git/commits/:sha", needs: read, handle: getCommit },
  { method: "POST", path: "/git/trees", needs: write, handle: postTree },
  { method: "GET", path: "/git/trees/:sha{.+}", needs: read, handle: getTree },
  { method: "POST", path: "/git/blobs", needs: write, handle: postBlob },
  { method: "GET", path: "/git/blobs/:sha", needs: read, handle: getBlob },
]

async function getRef(call: RepositoryCall): Promise<Answer> {
  const ref = `refs/${call.params["ref"]}`
  const sha = await readRef(call.repository.store, ref)
  if (!sha) throw refusal(404, "Not Found")
  return { status: 200, body: await refView(call, ref, sha) }
}

async function matchingRefs(call: RepositoryCall): Promise<Answer> {
  const refs = await listRefs(call.repository.store, `refs/${call.params["ref"]}`)
  return { status: 200, body: await Promise.all(refs.map(({ ref, sha }) => refView(call, ref, sha))) }
}

async function postRef(call: RepositoryCall): Promise<Answer> {
  const ref = textField(call, "Reference", "ref")
  const sha = textField(call, "Reference", "sha")
  await createRef(call, call.actor, { ref, sha })
  return { status: 201, body: await refView(call, ref, sha) }
}

async function patchRef(call: RepositoryCall): Promise<Answer> {
  const ref = `refs/${call.params["ref"]}`
  const sha = textField(call, "Reference", "sha")
  await moveRef(call, call.actor, { ref, sha, force: call.body["force"] === true })
  return { status: 200, body: await refView(call, ref, sha) }
}

async function deleteOneRef(call: RepositoryCall): Promise<Answer> {
  await removeRef(call, call.actor, `refs/${call.params["ref"]}`)
  return { status: 204 }
}

async function refView(call: RepositoryCall, ref: string, sha: string) {
  const url = repositoryUrl(call.state, call.repository)
  const type = (await readObject(call.repository.store, sha))?.type ?? "commit"
  return {
    ref,
    node_id: gitNodeId("REF", sha),
    url: `${url}/git/${ref}`,
    object: { sha, type, url: `${url}/git/${type}s/${sha}` },
  }
}

async function postTag(call: RepositoryCall): Promise<Answer> {
  const object = textField(call, "Tag", "object")
  const type = textField(call, "Tag", "type") as ObjectType
  const found = await readObject(call.repository.store, object)
  if (found?.type !== type) throw refusal(422, `Object ${object} of type ${type} does not exist`)
  const tag = textField(call, "Tag", "tag")
  const message = textField(call, "Tag", "message")
  const sha = await writeTag(call.repository.store, { object, type, tag, message, tagger: personField(call, "tagger") })
  return { status: 201, body: tagView(call, await requireTag(call, sha)) }
}

async function getTag(call: RepositoryCall): Promise<Answer> {
  return { status: 200, body: tagView(call, await requireTag(call, String(call.params["sha"]))) }
}

async function requireTag(call: RepositoryCall, sha: string): Promise<Tag> {
  const tag = isObjectId(sha) ? await readTag(call.repository.store, sha) : undefined
  if (!tag) throw refusal(404, "Not Found")
  return tag
}

function tagView(call: RepositoryCall, tag: Tag) {
  const url = repositoryUrl(call.state, call.repository)
  return {
    node_id: gitNodeId("TA", tag.sha),
    tag: tag.tag,
    sha: tag.sha,
    url: `${url}/git/tags/${tag.sha}`,
    message: tag.message,
    tagger: { name: tag.tagger.name, email: tag.tagger.email, date: isoOf(tag.tagger.date) },
    object: { type: tag.type, sha: tag.object, url: `${url}/git/${tag.type}s/${tag.object}` },
    verification: { verified: false, reason: "unsigned", signature: null, payload: null },
  }
}

async function postCommit(call: RepositoryCall): Promise<Answer> {
  const { store } = call.repository
  const tree = textField(call, "Commit", "tree")
  const parents = Array.isArray(call.body["parents"]) ? call.body["parents"].map(String) : []
  if (!(await resolveTree(store, tree))) throw refusal(422, "Tree SHA does not exist")
  for (const parent of parents) {
    if (!(await readCommit(store, parent))) throw refusal(422, "Parent SHA does not exist or is not a commit object")
  }
  const message = textField(call, "Commit", "message")
  const author = personField(call, "author")
  const committer = call.body["committer"] ? personField(call, "committer") : author
  const sha = await writeCommit(store, { tree, parents, message, author, committer })
  return { status: 201, body: await commitBody(call, sha) }
}

async function getCommit(call: RepositoryCall): Promise<Answer> {
  return { status: 200, body: await commitBody(call, String(call.params["sha"])) }
}

async function commitBody(call: RepositoryCall, sha: string) {
  const commit = isObjectId(sha) ? await readCommit(call.repository.store, sha) : undefined
  if (!commit) throw refusal(404, "Not Found")
  return gitCommitView(call.state, call.repository, commit)
}

/** `{name, email, date}` of the body; the caller and now when absent. */
function personField(call: RepositoryCall, field: string): Person {
  const given = call.body[field] as { name?: string; email?: string; date?: string } | undefined
  return {
    name: given?.name ?? call.actor.account.name,
    email: given?.email ?? call.actor.account.email,
    date: given?.date ? new Date(given.date) : call.state.clock.now(),
  }
}

async function postTree(call: RepositoryCall): Promise<Answer> {
  const { store } = call.repository
  const wanted = call.body["tree"]
  if (!Array.isArray(wanted)) throw invalidField("Tree", "tree", "Invalid tree info")
  const base = optionalText(call, "base_tree")
  const baseTree = base ? await resolveTree(store, base) : undefined
  if (base && !baseTree) throw refusal(404, "Not Found")
  const there = new Map((await entriesBelow(call, baseTree)).map((entry) => [entry.path, entry]))
  const entries: TreeEdit[] = []
  for (const entry of wanted as WantedEntry[]) {
    if (entry.sha === null && !there.has(entry.path)) throw refusal(422, "GitRPC::BadObjectState")
    entries.push(await treeEdit(call, entry))
  }
  refuseWorkflowTree(call, there, entries)
  const sha = await writeTree(store, { ...(baseTree ? { baseTree } : {}), entries })
  return { status: 201, body: await treeBody(call, sha, false) }
}

/** Everything below a tree by path, folders included: what can be taken out of it. */
async function entriesBelow(call: RepositoryCall, tree: string | undefined): Promise<TreeEntry[]> {
  return tree === undefined ? [] : ((await readTree(call.repository.store, tree, { recursive: true })) ?? [])
}

/** Here GitHub does not say what permission is lacking. https://github.com/googleapis/release-please-action/issues/704 */
function refuseWorkflowTree(call: RepositoryCall, there: Map<string, TreeEntry>, edits: readonly TreeEdit[]): void {
  const changed = edits.filter(({ path, mode, sha }) => {
    const before = there.get(path)
    return sha !== (before?.sha ?? null) || (sha !== null && mode !== before?.mode)
  })
  try {
    refuseWorkflowPathsOf(
      call,
      call.actor,
      changed.map(({ path }) => path),
    )
  } catch {
    throw refusal(403, "Resource not accessible by integration")
  }
}

type WantedEntry = { path: string; mode?: FileMode; sha?: string | null; content?: string }

async function treeEdit(call: RepositoryCall, entry: WantedEntry): Promise<TreeEdit> {
  const mode = entry.mode ?? "100644"
  const { store } = call.repository
  if (entry.content !== undefined) return { path: entry.path, mode, sha: await writeBlob(store, entry.content) }
  if (entry.sha && mode !== "160000" && !(await readObject(store, entry.sha)))
    throw refusal(422, `tree.sha ${entry.sha} is not a valid ${mode} object`)
  return { path: entry.path, mode, sha: entry.sha ?? null }
}

async function getTree(call: RepositoryCall): Promise<Answer> {
  const sha = await resolveTree(call.repository.store, String(call.params["sha"]))
  if (!sha) throw refusal(404, "Not Found")
  const recursive = call.query.get("recursive")
  return { status: 200, body: await treeBody(call, sha, recursive !== null && recursive !== "") }
}

async function treeBody(call: RepositoryCall, sha: string, recursive: boolean) {
  const all = (await readTree(call.repository.store, sha, { recursive })) ?? []
  const entries = all.slice(0, call.state.limits.treeEntries)
  const url = repositoryUrl(call.state, call.repository)
  const tree = await Promise.all(entries.map((entry) => treeEntryView(call, entry)))
  return { sha, url: `${url}/git/trees/${sha}`, tree, truncated: entries.length < all.length }
}

async function treeEntryView(call: RepositoryCall, entry: TreeEntry) {
  const url = `${repositoryUrl(call.state, call.repository)}/git/${entry.type}s/${entry.sha}`
  if (entry.type !== "blob") return { ...entry, url }
  return { ...entry, url, size: (await readBlob(call.repository.store, entry.sha))?.length ?? 0 }
}

async function postBlob(call: RepositoryCall): Promise<Answer> {
  const content = optionalText(call, "content") ?? ""
  const bytes = Buffer.from(content, call.body["encoding"] === "base64" ? "base64" : "utf8")
  const sha = await writeBlob(call.repository.store, bytes)
  return { status: 201, body: { sha, url: `${repositoryUrl(call.state, call.repository)}/git/blobs/${sha}` } }
}

async function getBlob(call: RepositoryCall): Promise<Answer> {
  const sha = String(call.params["sha"])
  const bytes = isObjectId(sha) ? await readBlob(call.repository.store, sha) : undefined
  if (!bytes) throw refusal(404, "Not Found")
  const url = `${repositoryUrl(call.state, call.repository)}/git/blobs/${sha}`
  const body = {
    sha,
    node_id: gitNodeId("B", sha),
    size: bytes.length,
    url,
    encoding: "base64",
    content: bytes.toString("base64"),
  }
  return { status: 200, body }
}
