import { z } from "zod"
import type { GitHubClient, RepositoryAddress } from "./client.ts"

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

/** Whether a comment with this mark, made by our own app, is among the newest hundred since a moment. */
export async function hasComment(
  client: GitHubClient,
  thread: Thread,
  search: { mark: string; ownAppId: number; since: Date },
): Promise<boolean> {
  const { data } = await client.request("GET /repos/{owner}/{repo}/issues/{issue_number}/comments", {
    owner: thread.address.owner,
    repo: thread.address.name,
    issue_number: thread.number,
    since: search.since.toISOString(),
    per_page: 100,
  })
  return listed
    .parse(data)
    .some((one) => one.performed_via_github_app?.id === search.ownAppId && (one.body ?? "").includes(search.mark))
}

async function unlessGone(call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
  } catch (error) {
    if (error instanceof Error && "status" in error && (error.status === 404 || error.status === 410)) return
    throw error
  }
}
