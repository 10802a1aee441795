import { z } from "zod"
import { type Sha, sha } from "../lib/brand.ts"
import type { TreeEdit, TreeEntry } from "../promotion/change/tree.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const oid = z.string().transform(sha)

const treesAnswer = z.object({
  repository: z.record(z.string(), z.object({ tree: z.object({ oid }).optional() }).nullable()),
})

/** Trees of commits, in the order asked for; null where the repository has no commit of that id. */
export async function readTreesOf(
  client: GitHubClient,
  address: RepositoryAddress,
  commits: readonly Sha[],
): Promise<(Sha | null)[]> {
  // An id is hex by its type, so that it can stand in the query itself.
  const fields = commits.map(
    (commit, index) => `c${index}: object(oid: "${commit}") { ... on Commit { tree { oid } } }`,
  )
  const query = `query Trees($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {
    ${fields.join("\n")} } }`
  const answer = await client.graphql(query, { owner: address.owner, name: address.name })
  const { repository } = treesAnswer.parse(answer)
  return commits.map((_commit, index) => repository[`c${index}`]?.tree?.oid ?? null)
}

const listAnswer = z.object({
  truncated: z.boolean(),
  tree: z.array(z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string() })),
})

/** All files, links and submodules of a tree; null when GitHub does not list them all (100,000 entries or 7 MB). */
export async function readTreeEntries(
  client: GitHubClient,
  address: RepositoryAddress,
  tree: Sha,
): Promise<TreeEntry[] | null> {
  const { data } = await client.request("GET /repos/{owner}/{repo}/git/trees/{tree_sha}", {
    owner: address.owner,
    repo: address.name,
    tree_sha: tree,
    recursive: "1",
  })
  const listed = listAnswer.parse(data)
  if (listed.truncated) return null
  return listed.tree.flatMap(({ path, mode, type, sha: content }) =>
    type === "tree" ? [] : [{ path, mode, sha: content }],
  )
}

/**
 * Paths at which two commits differ, sorted; null when GitHub does not tell all of them, or has one of the commits no
 * more. A renamed file is at two of them.
 */
export async function readChangedPaths(
  client: GitHubClient,
  address: RepositoryAddress,
  { from, to }: { from: Sha; to: Sha },
): Promise<string[] | null> {
  const [old, now] = await readTreesOf(client, address, [from, to])
  if (old == null || now == null) return null
  if (old === now) return []
  const before = await readTreeEntries(client, address, old)
  const after = await readTreeEntries(client, address, now)
  if (before === null || after === null) return null
  const asText = ({ path, mode, sha: content }: TreeEntry): string => `${mode} ${content} ${path}`
  const [ofBefore, ofAfter] = [new Set(before.map(asText)), new Set(after.map(asText))]
  const changed = [
    ...before.filter((entry) => !ofAfter.has(asText(entry))),
    ...after.filter((entry) => !ofBefore.has(asText(entry))),
  ]
  return [...new Set(changed.map(({ path }) => path))].toSorted()
}

/** Modes that GitHub takes for what is no folder; it lists older ones of plain files too, which mean the first. */
const modes = z.enum(["100644", "100755", "120000", "160000"]).catch("100644")

/** Makes the tree that edits turn another one into. */
export async function editTree(
  client: GitHubClient,
  address: RepositoryAddress,
  change: { base: Sha; edits: readonly TreeEdit[] },
): Promise<Sha> {
  const { data } = await client.request("POST /repos/{owner}/{repo}/git/trees", {
    owner: address.owner,
    repo: address.name,
    base_tree: change.base,
    tree: change.edits.map(({ path, entry }) => {
      const mode = modes.parse(entry?.mode)
      const type = mode === "160000" ? ("commit" as const) : ("blob" as const)
      return { path, mode, type, sha: entry?.sha ?? null }
    }),
  })
  return z.object({ sha: oid }).parse(data).sha
}
