import { z } from "zod"
import { type Sha, sha } from "../lib/brand.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { isUnexplained, orRefused, type Refused, writeRefusal } from "./error.ts"

/** A tag of a repository, by its name without `refs/tags/`. */
export type TagPlace = { address: RepositoryAddress; tag: string }

/**
 * A tag as it is. `tagSha` is what the ref holds: the tag object of an annotated tag, the commit itself of a lightweight
 * one, whose `message` is null. `commit` is null when the tag leads to none directly (to a tree, a file, another tag).
 */
export type TagThere = { tagSha: Sha; commit: Sha | null; message: string | null }

/**
 * A tag to move. `from` is what the ref must hold until then, null when there must be no such tag. Without `tagger` it is
 * the app, now; with one, the same move makes the same tag object however often it is tried.
 */
export type TagMove = TagPlace & {
  from: Sha | null
  commit: Sha
  message: string
  tagger?: { name: string; email: string; atMs: number }
}

/** What came of it. `moved`: the tag is not where it was expected, but at `now` (null: gone). */
export type TagMoved = { how: "done"; tagSha: Sha } | { how: "moved"; now: TagThere | null } | Refused

const oid = z.string().transform(sha)

const answerSchema = z.object({
  repository: z.object({
    id: z.string(),
    ref: z
      .object({
        target: z
          .object({
            __typename: z.string(),
            oid,
            message: z.string().nullish(),
            target: z.object({ __typename: z.string(), oid }).nullish(),
          })
          .nullable(),
      })
      .nullable(),
  }),
})

const query = `
  query Tag($owner: String!, $name: String!, $ref: String!) {
    repository(owner: $owner, name: $name) { id ref(qualifiedName: $ref) { target {
      __typename oid ... on Tag { message target { __typename oid } }
    } } }
  }`

/** Reads a tag; null when there is none of that name. */
export async function readTag(client: GitHubClient, place: TagPlace): Promise<TagThere | null> {
  return (await look(client, place)).tag
}

async function look(
  client: GitHubClient,
  { address, tag }: TagPlace,
): Promise<{ repositoryId: string; tag: TagThere | null }> {
  const place = { owner: address.owner, name: address.name, ref: `refs/tags/${tag}` }
  const { id: repositoryId, ref } = answerSchema.parse(await client.graphql(query, place)).repository
  const found = ref?.target ?? null
  if (found === null) return { repositoryId, tag: null }
  const annotated = found.__typename === "Tag"
  const led = annotated ? (found.target ?? null) : found
  const commit = led?.__typename === "Commit" ? led.oid : null
  return { repositoryId, tag: { tagSha: found.oid, commit, message: annotated ? (found.message ?? "") : null } }
}

/**
 * Moves an annotated tag by compare and set, or makes it. Safe to repeat: a tag that stands as wanted already, at the
 * commit and with the message, is `done`. What GitHub answers with a 5xx, or not at all, is thrown.
 *
 * Nobody's own move is overwritten: a new tag is made only where there is none, and one that is there is moved by GraphQL's
 * `updateRefs`, which takes the value that the ref must have. But of a move it refuses GitHub does not always say why. If
 * it does not, and the tag is still where it was, REST is asked for the same move, which tells the reason. REST takes no
 * condition, so there somebody's move in the moment between that look and the request would be overwritten.
 *
 * @see https://docs.github.com/en/graphql/reference/mutations#updaterefs
 * @see https://docs.github.com/en/rest/git/tags#create-a-tag-object
 */
export async function moveTag(client: GitHubClient, move: TagMove): Promise<TagMoved> {
  const { repositoryId, tag } = await look(client, move)
  if (tag !== null && stands(tag, move)) return { how: "done", tagSha: tag.tagSha }
  if ((tag?.tagSha ?? null) !== move.from) return { how: "moved", now: tag }
  const to = await orRefused(() => makeTagObject(client, move))
  if (typeof to !== "string") return to
  const { from } = move
  if (from === null) return attempt(client, { move, to }, () => createRef(client, move, to))
  const plan = { repositoryId, ref: `refs/tags/${move.tag}`, from, to }
  try {
    return await attempt(client, { move, to }, () => client.graphql(mutation, plan))
  } catch (error) {
    if (!isUnexplained(error)) throw error
    return attempt(client, { move, to }, () => forceRef(client, move, to))
  }
}

function stands({ commit, message }: TagThere, wanted: TagMove): boolean {
  return commit === wanted.commit && message !== null && message.trimEnd() === wanted.message.trimEnd()
}

async function makeTagObject(client: GitHubClient, { address, tag, commit, message, tagger }: TagMove): Promise<Sha> {
  const { data } = await client.request("POST /repos/{owner}/{repo}/git/tags", {
    owner: address.owner,
    repo: address.name,
    tag,
    message,
    object: commit,
    type: "commit",
    ...(tagger && { tagger: { name: tagger.name, email: tagger.email, date: new Date(tagger.atMs).toISOString() } }),
  })
  return z.object({ sha: oid }).parse(data).sha
}

async function createRef(client: GitHubClient, { address, tag }: TagPlace, to: Sha): Promise<void> {
  const place = { owner: address.owner, repo: address.name }
  await client.request("POST /repos/{owner}/{repo}/git/refs", { ...place, ref: `refs/tags/${tag}`, sha: to })
}

async function forceRef(client: GitHubClient, { address, tag }: TagPlace, to: Sha): Promise<void> {
  const place = { owner: address.owner, repo: address.name, ref: `tags/${tag}` }
  await client.request("PATCH /repos/{owner}/{repo}/git/refs/{ref}", { ...place, sha: to, force: true })
}

const mutation = `
  mutation MoveTag($repositoryId: ID!, $ref: GitRefname!, $from: GitObjectID!, $to: GitObjectID!) {
    updateRefs(input: {
      repositoryId: $repositoryId, refUpdates: [{ name: $ref, beforeOid: $from, afterOid: $to, force: true }]
    }) { clientMutationId }
  }`

/** Sets the ref; after an error that GitHub answered with, a look tells whether somebody was quicker. */
async function attempt(
  client: GitHubClient,
  { move, to }: { move: TagMove; to: Sha },
  set: () => Promise<unknown>,
): Promise<TagMoved> {
  try {
    await set()
    return { how: "done", tagSha: to }
  } catch (error) {
    const refusal = writeRefusal(error)
    if (refusal === undefined && !isUnexplained(error)) throw error
    const { tag } = await look(client, move)
    if (tag !== null && stands(tag, move)) return { how: "done", tagSha: tag.tagSha }
    if ((tag?.tagSha ?? null) !== move.from) return { how: "moved", now: tag }
    if (refusal === undefined) throw error
    return { how: "refused", ...refusal }
  }
}
