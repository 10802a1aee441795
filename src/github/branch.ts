import { z } from "zod"
import { parseSha } from "../lib/brand.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const oid = z.string().refine((text) => parseSha(text) !== undefined, "not a commit id")

/** The shape in which `branchFields` are answered. */
export const branchSchema = z.object({
  branch: z.object({ target: z.object({ oid }).nullable() }).nullable(),
  tag: z.object({ target: z.object({ oid, target: z.object({ oid }).nullish() }).nullable() }).nullable(),
})

/** What a query of a repository selects of a branch and a tag, by the variables `$branch` and `$tag`. */
export const branchFields = `
      branch: ref(qualifiedName: $branch) { target { oid } }
      tag: ref(qualifiedName: $tag) { target { oid ... on Tag { target { oid } } } }`

const query = `
  query Branch($owner: String!, $name: String!, $branch: String!, $tag: String!) {
    repository(owner: $owner, name: $name) {${branchFields}
    }
  }`

/** A promotion branch and the tag of its known-good, by their names. */
export type BranchNames = { branch: string; tag: string }

/** The variables of a query with `branchFields`. */
export function branchVariables(address: RepositoryAddress, { branch, tag }: BranchNames) {
  const { owner, name } = address
  return { owner, name, branch: `refs/heads/${branch}`, tag: `refs/tags/${tag}` }
}

/** Where a branch and a tag are now; null: there is none of that name. */
export type BranchSight = { head: string | null; tagAt: string | null }

/** Reads the answer of `branchFields`. */
export function branchSight(repository: z.infer<typeof branchSchema>): BranchSight {
  const at = repository.tag?.target ?? null
  return { head: repository.branch?.target?.oid ?? null, tagAt: at?.target?.oid ?? at?.oid ?? null }
}

/** Reads a promotion branch's head, and the commit of its known-good tag, in one request. */
export async function readBranch(
  client: GitHubClient,
  address: RepositoryAddress,
  names: BranchNames,
): Promise<BranchSight> {
  const answer = await client.graphql(query, branchVariables(address, names))
  return branchSight(z.object({ repository: branchSchema }).parse(answer).repository)
}
