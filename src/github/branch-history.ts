import { z } from "zod"
import { sha, type Sha } from "../lib/brand.ts"
import { branchFields, branchSchema, branchSight, branchVariables, type BranchSight } from "./branch.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

/** Commits told of a branch's history, and of each head's; what lies deeper is asked for by itself. */
const limitBranch = 25
const limitHead = 50

/** Heads asked for at once, and pull requests told of a commit. */
const limitHeads = 10
const limitPulls = 10

const pull = z.object({ number: z.int(), merged: z.boolean(), baseRefName: z.string() })

const commitSchema = z.object({
  oid: z.string(),
  tree: z.object({ oid: z.string() }),
  parents: z.object({ nodes: z.array(z.object({ oid: z.string() }).nullable()) }),
  associatedPullRequests: z.object({ nodes: z.array(pull.nullable()).nullish() }).nullish(),
})

const headSchema = z.object({
  tree: z.object({ oid: z.string() }).optional(),
  history: z.object({ nodes: z.array(z.object({ oid: z.string() }).nullable()) }).optional(),
})

const answerSchema = z.object({
  repository: branchSchema.and(
    z.object({
      recent: z
        .object({
          target: z.object({ history: z.object({ nodes: z.array(commitSchema.nullable()) }).optional() }).nullable(),
        })
        .nullable(),
    }),
  ),
})

const headsSchema = z.object({ repository: z.record(z.string(), headSchema.nullable()) })

/** One of the newest commits that a branch reaches, along any parent. */
export type RecentCommit = {
  sha: Sha
  tree: string
  /** Its first parent; null: it has none. */
  before: Sha | null
  /** Merged pull requests into this branch that GitHub names for it; none named is no proof that there is none. */
  pulls: readonly number[]
}

/** The head of a pull request: its tree, and the newest commits it contains, itself among them. */
export type HeadHistory = { tree: string; contains: ReadonlySet<string> }

/** Where a branch and its tag are, what it reached last, and what the heads contain that may have landed on it. */
export type BranchHistory = BranchSight & {
  recent: ReadonlyMap<string, RecentCommit>
  heads: ReadonlyMap<string, HeadHistory>
}

/**
 * Reads a promotion branch with its newest commits, and the heads that may just have landed on it, in one request: as much
 * as tells a landing that went as it mostly does. Throws what Octokit throws.
 *
 * @param heads beyond the first ten they are left out, as is what GitHub does not know.
 */
export async function readBranchHistory(
  client: GitHubClient,
  address: RepositoryAddress,
  { branch, tag, heads }: { branch: string; tag: string; heads: readonly string[] },
): Promise<BranchHistory> {
  const wanted = [...new Set(heads)].slice(0, limitHeads)
  const asked = Object.fromEntries(wanted.map((head, index) => [`h${index}`, head]))
  const answer = await client.graphql(queryFor(wanted.length), {
    ...branchVariables(address, { branch, tag }),
    ...asked,
  })
  const { repository } = answerSchema.parse(answer)
  const commits = (repository.recent?.target?.history?.nodes ?? []).filter((one) => one !== null)
  const { repository: told } = headsSchema.parse({ repository: headsOf(answer, wanted.length) })
  const histories = wanted.flatMap((head, index): [string, HeadHistory][] => {
    const { tree, history } = told[`h${index}`] ?? {}
    if (tree === undefined || history === undefined) return []
    const contains = new Set(history.nodes.flatMap((node) => (node === null ? [] : [node.oid])))
    return [[head, { tree: tree.oid, contains }]]
  })
  return {
    ...branchSight(repository),
    recent: new Map(commits.map((commit) => [commit.oid, recentCommit(commit, branch)])),
    heads: new Map(histories),
  }
}

function headsOf(answer: unknown, count: number): Record<string, unknown> {
  const { repository } = z.object({ repository: z.record(z.string(), z.unknown()) }).parse(answer)
  const names = Array.from({ length: count }, (_, index) => `h${index}`)
  return Object.fromEntries(names.map((name) => [name, repository[name] ?? null]))
}

function recentCommit(commit: z.infer<typeof commitSchema>, branch: string): RecentCommit {
  const [parent] = commit.parents.nodes
  const pulls = (commit.associatedPullRequests?.nodes ?? []).filter((one) => one !== null)
  return {
    sha: sha(commit.oid),
    tree: commit.tree.oid,
    before: parent == null ? null : sha(parent.oid),
    pulls: pulls.filter(({ merged, baseRefName }) => merged && baseRefName === branch).map(({ number }) => number),
  }
}

function queryFor(heads: number): string {
  const names = Array.from({ length: heads }, (_, index) => `h${index}`)
  const declared = names.map((name) => `, $${name}: GitObjectID!`).join("")
  const asked = names.map(
    (name) => `${name}: object(oid: $${name}) {
        ... on Commit { tree { oid } history(first: ${limitHead}) { nodes { oid } } } }`,
  )
  return `query BranchHistory($owner: String!, $name: String!, $branch: String!, $tag: String!${declared}) {
    repository(owner: $owner, name: $name) {
      ${branchFields}
      recent: ref(qualifiedName: $branch) { target { ... on Commit { history(first: ${limitBranch}) { nodes {
        oid tree { oid } parents(first: 1) { nodes { oid } }
        associatedPullRequests(first: ${limitPulls}) { nodes { number merged baseRefName } } } } } } }
      ${asked.join("\n      ")}
    }
  }`
}
