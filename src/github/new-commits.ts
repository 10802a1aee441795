import { z } from "zod"
import { parseSha, sha, type Sha } from "../lib/brand.ts"
import { clip } from "../lib/clip.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure, isUnrelated } from "./error.ts"

/** A commit that has come onto a branch. */
export type NewCommit = {
  sha: Sha
  /** The first is what stood on the branch before it. */
  parents: readonly Sha[]
  tree: string
  /** First line of its message, 200 UTF-16 units at most. */
  headline: string
  /** Logins of whoever wrote and made it, as GitHub knows them by their addresses; no proof of who they are. */
  author: string | null
  committer: string | null
  /** Whether GitHub vouches for its signature; its own merges are signed by `web-flow`. */
  verified: boolean
}

/**
 * What has come onto a branch between two commits of it.
 *
 * - `ahead`: its new commits along first parents, oldest first; none if both are the same
 * - `diverged`: the older commit is not below the newer one any more: a push by force
 * - `unknown`: GitHub does not know one of them (`gone`); there are more than are followed (`too-many`); or the older one
 *   is below the newer one, but not along first parents, as after a merge that was made the other way round (`aside`)
 */
export type NewCommits =
  | { kind: "ahead"; commits: readonly NewCommit[] }
  | { kind: "diverged" }
  | { kind: "unknown"; why: "gone" | "too-many" | "aside" }

/** Most commits that are followed along first parents, and pages of a hundred on which they are looked for. */
const limitChain = 250
const limitPages = 10
const perPage = 100

const login = z.object({ login: z.string() }).partial().nullish()

const commitSchema = z.object({
  sha: z.string(),
  parents: z.array(z.object({ sha: z.string() })),
  author: login,
  committer: login,
  commit: z.object({
    message: z.string(),
    tree: z.object({ sha: z.string() }),
    verification: z.object({ verified: z.boolean() }).nullish(),
  }),
})

const pageSchema = z.object({ status: z.string(), total_commits: z.int(), commits: z.array(commitSchema) })

type Page = z.infer<typeof pageSchema>

/**
 * Reads what has come onto a branch: one request for each hundred commits, those of merged branches included.
 *
 * @see https://docs.github.com/en/rest/commits/commits#compare-two-commits
 * @throws what Octokit throws; the caller asks again later.
 */
export async function readNewCommits(
  client: GitHubClient,
  { address, from, to }: { address: RepositoryAddress; from: Sha; to: Sha },
): Promise<NewCommits> {
  if (from === to) return { kind: "ahead", commits: [] }
  const found = new Map<string, NewCommit>()
  for (let page = 1; page <= limitPages; page += 1) {
    const answer = await readPage(client, address, { basehead: `${from}...${to}`, page })
    if (answer === "gone") return { kind: "unknown", why: "gone" }
    if (answer === "unrelated" || answer.status === "diverged" || answer.status === "behind") {
      return { kind: "diverged" }
    }
    for (const commit of answer.commits) found.set(commit.sha, newCommit(commit))
    if (found.size >= answer.total_commits || answer.commits.length === 0) return chain(found, { from, to })
  }
  return { kind: "unknown", why: "too-many" }
}

async function readPage(
  client: GitHubClient,
  address: RepositoryAddress,
  { basehead, page }: { basehead: string; page: number },
): Promise<Page | "gone" | "unrelated"> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
      owner: address.owner,
      repo: address.name,
      basehead,
      per_page: perPage,
      page,
    })
    return pageSchema.parse(data)
  } catch (error) {
    if (gitHubFailure(error) !== "gone" || !(error instanceof Error)) throw error
    return isUnrelated(error) ? "unrelated" : "gone"
  }
}

function newCommit({ sha: id, parents, author, committer, commit }: Page["commits"][number]): NewCommit {
  return {
    sha: sha(id),
    parents: parents.map((parent) => sha(parent.sha)),
    tree: commit.tree.sha,
    headline: clip(commit.message.split("\n", 1)[0] ?? "", 200),
    author: author?.login ?? null,
    committer: committer?.login ?? null,
    verified: commit.verification?.verified === true,
  }
}

/** From the newest back along first parents. */
function chain(found: ReadonlyMap<string, NewCommit>, { from, to }: { from: Sha; to: Sha }): NewCommits {
  const commits: NewCommit[] = []
  let next: Sha | undefined = to
  while (next !== from) {
    const commit: NewCommit | undefined = found.get(next ?? "")
    if (commit === undefined) return { kind: "unknown", why: "aside" }
    if (commits.length === limitChain) return { kind: "unknown", why: "too-many" }
    commits.push(commit)
    next = commit.parents[0]
  }
  return { kind: "ahead", commits: commits.toReversed() }
}

/** A pull request that a commit belongs to. */
export type PullOfCommit = {
  number: number
  merged: boolean
  baseRef: string
  headSha: Sha
  /** Where it landed, if it did. */
  mergeCommit: Sha | null
}

const pullsSchema = z.array(
  z.object({
    number: z.int(),
    merged_at: z.string().nullable(),
    merge_commit_sha: z.string().nullish(),
    base: z.object({ ref: z.string() }),
    head: z.object({ sha: z.string() }),
  }),
)

/**
 * Reads the pull requests that a commit belongs to, the first hundred. None: nobody opened one, or GitHub does not know
 * the commit. Throws what Octokit throws.
 *
 * @see https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
 */
export async function readPullsOf(
  client: GitHubClient,
  { address, commit }: { address: RepositoryAddress; commit: Sha },
): Promise<PullOfCommit[]> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls", {
      owner: address.owner,
      repo: address.name,
      commit_sha: commit,
      per_page: 100,
    })
    return pullsSchema.parse(data).map(({ number, merged_at, merge_commit_sha, base, head }) => ({
      number,
      merged: merged_at !== null,
      baseRef: base.ref,
      headSha: sha(head.sha),
      mergeCommit: merged_at === null ? null : (parseSha(merge_commit_sha ?? "") ?? null),
    }))
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return []
  }
}
