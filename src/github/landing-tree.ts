import { z } from "zod"
import { sha, type Sha } from "../lib/brand.ts"
import type { Folder, TreeEntry } from "../promotion/landing/tree.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure, isUnrelated } from "./error.ts"

/** Folders asked for with one request. */
const foldersPerRequest = 50

const entrySchema = z.object({
  name: z.string(),
  mode: z.int(),
  type: z.string(),
  oid: z.string(),
})

const entriesSchema = z.array(entrySchema).nullish()

const folderAnswer = z.object({
  repository: z.record(z.string(), z.object({ entries: entriesSchema }).nullable()),
})

const entriesField = "entries { name mode type oid }"

/** The tree without entries, by SHA-1 and SHA-256: it is stored nowhere. */
const emptyTrees = [
  "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
  "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321",
]

/**
 * Reads folders by their tree ids, fifty to a request. One that GitHub does not give, or not so that it can be believed,
 * is missing from the answer. Throws what Octokit throws.
 */
export async function readFolders(
  client: GitHubClient,
  address: RepositoryAddress,
  ids: readonly string[],
): Promise<Map<string, Folder>> {
  const folders = new Map<string, Folder>(emptyTrees.map((id) => [id, new Map()]))
  const wanted = ids.filter((id) => !folders.has(id))
  for (let from = 0; from < wanted.length; from += foldersPerRequest) {
    const part = wanted.slice(from, from + foldersPerRequest)
    const query = objectsQuery("Folders", part.length, `... on Tree { ${entriesField} }`)
    const variables = Object.fromEntries(part.map((id, index) => [`o${index}`, id]))
    const { repository } = folderAnswer.parse(await client.graphql(query, { ...address, ...variables }))
    for (const [index, id] of part.entries()) {
      const folder = folderOf(repository[`o${index}`]?.entries)
      if (folder !== null) folders.set(id, folder)
    }
  }
  return folders
}

/** A query for several objects at once, by the variables `$o0`, `$o1`, … */
export function objectsQuery(name: string, count: number, selection: string): string {
  const indexes = Array.from({ length: count }, (_, index) => index)
  const declared = indexes.map((index) => `$o${index}: GitObjectID!`).join(", ")
  const asked = indexes.map((index) => `o${index}: object(oid: $o${index}) { ${selection} }`).join("\n")
  return `query ${name}($owner: String!, $name: String!, ${declared}) {
    repository(owner: $owner, name: $name) { ${asked} } }`
}

/** Null: not told, or two entries of one name, as it may be where names are no UTF-8. */
function folderOf(entries: z.infer<typeof entriesSchema>): Folder | null {
  if (entries == null) return null
  const folder = new Map<string, TreeEntry>()
  for (const { name, mode, type, oid } of entries) {
    if (type !== "blob" && type !== "tree" && type !== "commit") return null
    folder.set(name, { mode: mode.toString(8).padStart(6, "0"), type, sha: oid })
  }
  return folder.size === entries.length ? folder : null
}

/** A commit's tree, and the folder at its root if it was told. */
export type CommitTree = { tree: string; folder: Folder | null }

const commitsAnswer = z.object({
  repository: z.record(
    z.string(),
    z
      .object({
        tree: z.object({ oid: z.string(), entries: entriesSchema }).optional(),
      })
      .nullable(),
  ),
})

/** Reads the trees of commits, with one request. One that GitHub does not know is missing. Throws what Octokit throws. */
export async function readCommitTrees(
  client: GitHubClient,
  address: RepositoryAddress,
  commits: readonly Sha[],
): Promise<Map<Sha, CommitTree>> {
  const wanted = [...new Set(commits)]
  const selection = `... on Commit { tree { oid ${entriesField} } }`
  const query = objectsQuery("CommitTrees", wanted.length, selection)
  const variables = Object.fromEntries(wanted.map((commit, index) => [`o${index}`, commit]))
  const { repository } = commitsAnswer.parse(await client.graphql(query, { ...address, ...variables }))
  const found = new Map<Sha, CommitTree>()
  for (const [index, commit] of wanted.entries()) {
    const tree = repository[`o${index}`]?.tree
    if (tree !== undefined) found.set(commit, { tree: tree.oid, folder: folderOf(tree.entries) })
  }
  return found
}

const comparisonAnswer = z.object({ merge_base_commit: z.object({ sha: z.string() }) })

/** Where two commits part; `unrelated`: they have no commit in common; `gone`: GitHub does not know one of them. */
export type MergeBase = Sha | "unrelated" | "gone"

/**
 * Where a head left a branch: the best common ancestor of two commits. Throws what Octokit throws.
 *
 * @see https://docs.github.com/en/rest/commits/commits#compare-two-commits
 */
export async function readMergeBase(
  client: GitHubClient,
  address: RepositoryAddress,
  { base, head }: { base: Sha; head: Sha },
): Promise<MergeBase> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
      owner: address.owner,
      repo: address.name,
      basehead: `${base}...${head}`,
      // The files, which are not wanted, stand on the first page only.
      per_page: 1,
      page: 2,
    })
    return sha(comparisonAnswer.parse(data).merge_base_commit.sha)
  } catch (error) {
    if (gitHubFailure(error) !== "gone" || !(error instanceof Error)) throw error
    return isUnrelated(error) ? "unrelated" : "gone"
  }
}
