import { z } from "zod"
import type { Sha } from "../lib/brand.ts"
import { revertTree } from "../promotion/change/tree.ts"
import {
  branchPairFields,
  branchPairSchema,
  type BranchPairThere,
  branchPairValues,
  branchPairVariables,
  type OwnPullRequest,
  ownPullRequestFields,
  ownPullRequestSchema,
  readBranchPair,
} from "./branch-pull-request.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubWords, isUnexplained, orRefused, type Refused, writeRefusal } from "./error.ts"
import { editTree, readTreeEntries, readTreesOf } from "./tree.ts"
import { proposeTree, type TreeProposal, type TreeProposed } from "./tree-pull-request.ts"

/** A merged pull request to take back, by its number, head branch and base branch. */
export type RevertWish = {
  address: RepositoryAddress
  number: number
  headRef: string
  baseRef: string
  title: string
  body: string
}

/**
 * What came of asking GitHub for a revert.
 *
 * - `done`: there is a revert pull request of the app's, made now or before; it may be merged by now
 * - `closed`: the app opened it before, and it was closed without merging; its branch is in the way of another
 * - `taken`: there is a branch of the name that GitHub would give it, and the app did not make it
 * - `not-merged`: there is nothing to take back
 * - `unable`: GitHub cannot do it, because of a conflict, or because nothing is left to revert, or says only that
 */
export type RevertAnswer =
  | { how: "done" | "closed"; pullRequest: OwnPullRequest }
  | { how: "taken"; sha: Sha }
  | { how: "not-merged" }
  | { how: "unable"; words: string }
  | Refused

const query = `
  query Revert($owner: String!, $name: String!, $number: Int!, ${branchPairVariables}) {
    repository(owner: $owner, name: $name) { pullRequest(number: $number) { id state } ${branchPairFields} }
  }`

const mutation = `
  mutation RevertPullRequest($id: ID!, $title: String!, $body: String!) {
    revertPullRequest(input: { pullRequestId: $id, title: $title, body: $body }) {
      revertPullRequest { ${ownPullRequestFields} }
    }
  }`

const seenSchema = z.object({ id: z.string(), state: z.string() })
const madeSchema = z.object({ revertPullRequest: z.object({ revertPullRequest: ownPullRequestSchema }) })

/**
 * Has GitHub itself open the pull request that reverts a merged one. Safe to repeat: GitHub names the branch after the
 * number and the head branch, so that what an earlier attempt made is found before.
 *
 * @see https://docs.github.com/en/graphql/reference/mutations#revertpullrequest
 */
export async function revertByGitHub(client: GitHubClient, wish: RevertWish): Promise<RevertAnswer> {
  const { address, number, title, body } = wish
  const pair = { address, from: `revert-${number}-${wish.headRef}`, into: wish.baseRef }
  const place = { owner: address.owner, name: address.name, number, ...branchPairValues(pair) }
  const shape = z.object({ repository: z.intersection(z.object({ pullRequest: seenSchema }), branchPairSchema) })
  const { pullRequest, ...seen } = shape.parse(await client.graphql(query, place)).repository
  const found = foundIn(seen)
  if (found !== null) return found
  if (pullRequest.state !== "MERGED") return { how: "not-merged" }
  try {
    const answer = madeSchema.parse(await client.graphql(mutation, { id: pullRequest.id, title, body }))
    const made = answer.revertPullRequest.revertPullRequest
    if (made === null) throw new Error("GitHub opened the revert as somebody else")
    return { how: "done", pullRequest: made }
  } catch (error) {
    const refusal = writeRefusal(error)
    if (!(error instanceof Error) || (refusal === undefined && !isUnexplained(error))) throw error
    const now = foundIn(await readBranchPair(client, pair))
    if (now !== null) return now
    if (refusal !== undefined && refusal.why !== "other") return { how: "refused", ...refusal }
    return { how: "unable", words: gitHubWords(error) }
  }
}

function foundIn({ own, from }: BranchPairThere): RevertAnswer | null {
  if (own !== null) return { how: own.state === "closed" ? "closed" : "done", pullRequest: own }
  return from === null ? null : { how: "taken", sha: from.sha }
}

/** What landed, to be taken back: the branch was at `before`, and then at `after`. */
export type TreeRevertWish = TreeProposal & { before: Sha; after: Sha }

/**
 * What came of a revert that the app computed, beside what can come of any proposed tree.
 *
 * - `conflict`: what landed was changed again since, at these paths
 * - `nothing`: all of it has been taken back already
 * - `unknown`: GitHub does not tell what there was. `commit-gone`: it has not all three commits; `too-large`: a tree has
 *   more entries than it lists, or there is more to change than is sent at once
 */
export type TreeReverted =
  | TreeProposed
  | { how: "conflict"; paths: string[] }
  | { how: "nothing" }
  | { how: "unknown"; why: "commit-gone" | "too-large" }

/** Most paths that one revert changes, unless the branch is still as the landing left it: then it may be all of them. */
const limitEdits = 10_000

/**
 * Opens a pull request that takes back a landed range by itself, where GitHub cannot: every path that the range changed is
 * set back to what it was, and none of them may have been changed since. Safe to repeat, see {@link proposeTree}.
 */
export async function revertByTree(client: GitHubClient, wish: TreeRevertWish): Promise<TreeReverted> {
  return proposeTree(client, wish, () => revertedTree(client, wish))
}

type Reverted = { how: "tree"; tree: Sha } | Exclude<TreeReverted, { how: TreeProposed["how"] }> | Refused

async function revertedTree(client: GitHubClient, wish: TreeRevertWish): Promise<Reverted> {
  const { address } = wish
  const roots = await readTreesOf(client, address, [wish.before, wish.after, wish.headSha])
  const [before, after, head] = roots
  if (before == null || after == null || head == null) return { how: "unknown", why: "commit-gone" }
  if (before === after || before === head) return { how: "nothing" }
  if (head === after) return { how: "tree", tree: before }
  const entries = [
    await readTreeEntries(client, address, before),
    await readTreeEntries(client, address, after),
    await readTreeEntries(client, address, head),
  ]
  const [old, landed, now] = entries
  if (old == null || landed == null || now == null) return { how: "unknown", why: "too-large" }
  const plan = revertTree({ before: old, after: landed, head: now })
  if (plan.kind === "conflict") return { how: "conflict", paths: plan.paths }
  if (plan.edits.length === 0) return { how: "nothing" }
  if (plan.edits.length > limitEdits) return { how: "unknown", why: "too-large" }
  const { edits } = plan
  const made = await orRefused(() => editTree(client, address, { base: head, edits }))
  return typeof made === "string" ? { how: "tree", tree: made } : made
}
