import { z } from "zod"
import { type Sha, sha } from "../lib/brand.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

/** Two branches of a repository, of which one is, or is to be, in a pull request into the other. */
export type BranchPair = { address: RepositoryAddress; from: string; into: string }

/** A pull request of the app itself. `id` is its node id; its head is at `headSha`. */
export type OwnPullRequest = {
  id: string
  number: number
  state: "open" | "closed" | "merged"
  headSha: Sha
  branch: string
}

/** A commit as the end of a branch. */
export type BranchEnd = { sha: Sha; tree: Sha; parents: readonly Sha[] }

/** The pair as it is: the newest pull request that the app opened, and both ends; null where there is none. */
export type BranchPairThere = { own: OwnPullRequest | null; from: BranchEnd | null; into: BranchEnd | null }

const oid = z.string().transform(sha)

const pullSchema = z
  .object({
    id: z.string(),
    number: z.int(),
    state: z.enum(["OPEN", "CLOSED", "MERGED"]),
    headRefOid: oid,
    headRefName: z.string(),
    isCrossRepository: z.boolean(),
    viewerDidAuthor: z.boolean(),
  })
  .transform(({ id, number, state, headRefOid, headRefName, isCrossRepository, viewerDidAuthor }) => ({
    own: viewerDidAuthor && !isCrossRepository,
    pull: { id, number, state: stateWords[state], headSha: headRefOid, branch: headRefName },
  }))

const stateWords = { OPEN: "open", CLOSED: "closed", MERGED: "merged" } as const

const endSchema = z
  .object({
    target: z
      .object({
        oid,
        tree: z.object({ oid }).optional(),
        parents: z.object({ nodes: z.array(z.object({ oid }).nullable()).nullable() }).optional(),
      })
      .nullable(),
  })
  .nullable()
  .transform((ref): BranchEnd | null => {
    const end = ref?.target ?? null
    if (end?.tree === undefined) return null
    const parents = (end.parents?.nodes ?? []).flatMap((parent) => parent?.oid ?? [])
    return { sha: end.oid, tree: end.tree.oid, parents }
  })

/** Fields of a pull request that {@link ownPullRequestSchema} reads. */
export const ownPullRequestFields = "id number state headRefOid headRefName isCrossRepository viewerDidAuthor"

/** Reads a pull request from an answer that the app is sure to have opened; null when it is not its own after all. */
export const ownPullRequestSchema = pullSchema.transform(({ own, pull }) => (own ? pull : null))

/** Fields of a repository that {@link branchPairSchema} reads; the operation declares {@link branchPairVariables}. */
export const branchPairFields = `
  pullRequests(headRefName: $from, baseRefName: $into, first: 50, orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes { ${ownPullRequestFields} }
  }
  from: ref(qualifiedName: $fromRef) { target { oid ... on Commit { tree { oid } parents(first: 2) { nodes { oid } } } } }
  into: ref(qualifiedName: $intoRef) { target { oid ... on Commit { tree { oid } parents(first: 2) { nodes { oid } } } } }`

/** The variables that {@link branchPairFields} stand on. */
export const branchPairVariables = "$from: String!, $into: String!, $fromRef: String!, $intoRef: String!"

/** Their values. */
export function branchPairValues({ from, into }: Pick<BranchPair, "from" | "into">) {
  return { from, into, fromRef: `refs/heads/${from}`, intoRef: `refs/heads/${into}` }
}

/** Reads what {@link branchPairFields} ask for. */
export const branchPairSchema = z
  .object({
    pullRequests: z.object({ nodes: z.array(pullSchema.nullable()).nullable() }),
    from: endSchema,
    into: endSchema,
  })
  .transform(({ pullRequests, from, into }): BranchPairThere => {
    const own = (pullRequests.nodes ?? []).find((node) => node?.own === true)
    return { own: own?.pull ?? null, from, into }
  })

const query = `
  query BranchPair($owner: String!, $name: String!, ${branchPairVariables}) {
    repository(owner: $owner, name: $name) { ${branchPairFields} }
  }`

/**
 * Looks for a pull request that the app has opened from one branch into another, and at both branches. One that somebody
 * else opened is not found: what is in it was not put there by the app.
 */
export async function readBranchPair(client: GitHubClient, pair: BranchPair): Promise<BranchPairThere> {
  const { owner, name } = pair.address
  const answer = await client.graphql(query, { owner, name, ...branchPairValues(pair) })
  return z.object({ repository: branchPairSchema }).parse(answer).repository
}
