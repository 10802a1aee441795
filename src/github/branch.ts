import { z } from "zod"
import { parseSha } from "../lib/brand.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const oid = z.string().refine((text) => parseSha(text) !== undefined, "not a commit id")

const answerSchema = z.object({
  repository: z.object({
    branch: z.object({ target: z.object({ oid }).nullable() }).nullable(),
    tag: z.object({ target: z.object({ oid, target: z.object({ oid }).nullish() }).nullable() }).nullable(),
  }),
})

const query = `
  query Branch($owner: String!, $name: String!, $branch: String!, $tag: String!) {
    repository(owner: $owner, name: $name) {
      branch: ref(qualifiedName: $branch) { target { oid } }
      tag: ref(qualifiedName: $tag) { target { oid ... on Tag { target { oid } } } }
    }
  }`

/** Where a branch and a tag are now; null: there is none of that name. */
export type BranchSight = { head: string | null; tagAt: string | null }

/** Reads a promotion branch's head, and the commit of its known-good tag, in one request. */
export async function readBranch(
  client: GitHubClient,
  address: RepositoryAddress,
  { branch, tag }: { branch: string; tag: string },
): Promise<BranchSight> {
  const answer = await client.graphql(query, {
    owner: address.owner,
    name: address.name,
    branch: `refs/heads/${branch}`,
    tag: `refs/tags/${tag}`,
  })
  const { repository } = answerSchema.parse(answer)
  const at = repository.tag?.target ?? null
  return { head: repository.branch?.target?.oid ?? null, tagAt: at?.target?.oid ?? at?.oid ?? null }
}
