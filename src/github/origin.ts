import { z } from "zod"
import type { Sha } from "../lib/brand.ts"
import { clip } from "../lib/clip.ts"
import type { LandingOrigin } from "../promotion/landing/judgement.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

const historySchema = z.object({
  nodes: z
    .array(
      z
        .object({
          oid: z.string(),
          messageHeadline: z.string(),
          associatedPullRequests: z
            .object({ nodes: z.array(z.object({ number: z.int(), merged: z.boolean() }).nullable()).nullable() })
            .nullable(),
        })
        .nullable(),
    )
    .nullable(),
})

const answerSchema = z.object({ repository: z.object({ object: z.record(z.string(), historySchema).nullable() }) })

/** Most paths asked about. */
const limitPaths = 20

/**
 * Who touched paths last, seen from a commit: the newest commit below it that did, and the merged pull requests that it
 * belongs to. One request for the first twenty paths; what GitHub does not tell is missing. Throws what Octokit throws.
 */
export async function readOrigins(
  client: GitHubClient,
  address: RepositoryAddress,
  { at, paths }: { at: Sha; paths: readonly string[] },
): Promise<Map<string, LandingOrigin>> {
  const asked = paths.slice(0, limitPaths)
  if (asked.length === 0) return new Map()
  const declared = asked.map((_, index) => `$p${index}: String!`).join(", ")
  const histories = asked.map(
    (_, index) => `p${index}: history(first: 1, path: $p${index}) { nodes {
      oid messageHeadline associatedPullRequests(first: 5) { nodes { number merged } } } }`,
  )
  const query = `query Origins($owner: String!, $name: String!, $at: GitObjectID!, ${declared}) {
    repository(owner: $owner, name: $name) { object(oid: $at) { ... on Commit { ${histories.join("\n")} } } } }`
  const variables = Object.fromEntries(asked.map((path, index) => [`p${index}`, path]))
  const answer = answerSchema.parse(await client.graphql(query, { ...address, at, ...variables }))
  const origins = new Map<string, LandingOrigin>()
  for (const [index, path] of asked.entries()) {
    const commit = answer.repository.object?.[`p${index}`]?.nodes?.[0]
    if (commit == null) continue
    const pulls = (commit.associatedPullRequests?.nodes ?? []).flatMap((pull) =>
      pull?.merged === true ? [pull.number] : [],
    )
    origins.set(path, { commit: commit.oid, headline: clip(commit.messageHeadline, 200), pulls })
  }
  return origins
}
