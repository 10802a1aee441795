import { z } from "zod"
import type { CommentFact } from "../promotion/fact.ts"
import type { GitHubClient, RepositoryAddress } from "./client.ts"
import { gitHubFailure } from "./error.ts"

/** A comment on an issue or pull request. */
export type CommentPlace = { address: RepositoryAddress; commentId: number }

/** Reacts to a comment; a reaction that is there already stays. A comment that is gone needs none. */
export async function react(
  client: GitHubClient,
  place: CommentPlace,
  content: "+1" | "-1" | "confused",
): Promise<void> {
  await unlessGone(() =>
    client.request("POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", {
      owner: place.address.owner,
      repo: place.address.name,
      comment_id: place.commentId,
      content,
    }),
  )
}

/** An issue or pull request. */
export type Thread = { address: RepositoryAddress; number: number }

/** Comments on an issue or pull request. */
export async function comment(client: GitHubClient, thread: Thread, body: string): Promise<void> {
  await unlessGone(() =>
    client.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      owner: thread.address.owner,
      repo: thread.address.name,
      issue_number: thread.number,
      body,
    }),
  )
}

const listed = z.array(
  z.object({ body: z.string().nullish(), performed_via_github_app: z.object({ id: z.int() }).nullish() }),
)

/**
 * Whether a comment with this mark, made by our own app, is among the newest hundred since a moment. On a thread that is
 * gone there is none.
 */
export async function hasComment(
  client: GitHubClient,
  thread: Thread,
  search: { mark: string; ownAppId: number; since: Date },
): Promise<boolean> {
  const answer = await unlessGone(() =>
    client.request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
      owner: thread.address.owner,
      repo: thread.address.name,
      issue_number: thread.number,
      since: search.since.toISOString(),
      per_page: 100,
    }),
  )
  return listed
    .parse(answer?.data ?? [])
    .some((one) => one.performed_via_github_app?.id === search.ownAppId && (one.body ?? "").includes(search.mark))
}

async function unlessGone<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof Error && "status" in error && (error.status === 404 || error.status === 410)) return undefined
    throw error
  }
}

const answerSchema = z.object({ created_at: z.string(), updated_at: z.string() })

/** Reads whether a comment stands as it was made: neither edited nor deleted. */
export async function readComment(
  client: GitHubClient,
  address: RepositoryAddress,
  { commentId, number }: { commentId: number; number: number },
): Promise<CommentFact> {
  try {
    const { data } = await client.request("GET /repos/{owner}/{repo}/issues/comments/{comment_id}", {
      owner: address.owner,
      repo: address.name,
      comment_id: commentId,
    })
    const { created_at: createdAt, updated_at: updatedAt } = answerSchema.parse(data)
    const standing = createdAt === updatedAt
    return { commentId, number, standing, deleted: false, atMs: Date.parse(updatedAt) }
  } catch (error) {
    if (gitHubFailure(error) !== "gone") throw error
    return { commentId, number, standing: false, deleted: true, atMs: Number.MAX_SAFE_INTEGER }
  }
}
