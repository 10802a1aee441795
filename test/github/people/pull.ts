/** Pull requests and reviews, as people (and agents) handle them. */
import { refusal } from "../api.ts"
import { mergePull } from "../act/merge.ts"
import {
  closePull,
  editPull,
  headLabel,
  headRepositoryOf,
  openPull,
  reopenPull,
  requestReview,
  setDraft,
} from "../act/pull.ts"
import { dismissReview, submitReview } from "../act/review.ts"
import type { FileContent } from "../git-tree.ts"
import type { GitHubState, MergeMethod, PullRequest } from "../state.ts"
import { accountOf } from "../access.ts"
import { pushFiles } from "./code.ts"
import { actorIn, pullNumbered, worldOf } from "./who.ts"
import type { By } from "./who.ts"

/** A pull request to open. `head` is `branch` or `owner:branch` of a fork; `files` are committed to it first. */
export type NewPullRequest = By & {
  head: string
  base?: string
  title?: string
  body?: string | null
  draft?: boolean
  files?: Record<string, FileContent>
}

/** Opens a pull request into the default branch (or `base`). Events: `push` for the files, then `pull_request.opened`. */
export async function openPullRequest(
  state: GitHubState,
  args: NewPullRequest,
): Promise<{ number: number; headSha: string; baseSha: string }> {
  const world = worldOf(state, args)
  const actor = actorIn(world, args, "read")
  const { owner, ref } = headLabel(world.repository, args.head)
  const headRepository = headRepositoryOf(world, owner)
  if (!headRepository) throw refusal(404, `No fork of ${owner}`)
  const headWorld = { state, repository: headRepository }
  if (args.files) await pushFiles(headWorld, actorIn(headWorld, args, "write"), { branch: ref, files: args.files })
  const pull = await openPull(world, actor, {
    title: args.title ?? `Change from ${ref}`,
    body: args.body ?? null,
    headRepository,
    headRef: ref,
    baseRef: args.base ?? world.repository.defaultBranch,
    draft: args.draft ?? false,
  })
  return { number: pull.number, headSha: pull.headSha, baseSha: pull.baseSha }
}

/** Names a pull request and who acts on it. */
export type OnPull = By & { number: number }

/** Pushes another commit to the head branch; `parents` makes it a force push. Events: `push`, `synchronize`. */
export async function pushToPullRequest(
  state: GitHubState,
  args: OnPull & { files: Record<string, FileContent>; message?: string; parents?: string[] },
): Promise<{ headSha: string }> {
  const world = worldOf(state, args)
  const pull = pullNumbered(world, args.number)
  const headWorld = { state, repository: pull.headRepository }
  await pushFiles(headWorld, actorIn(headWorld, args, "write"), {
    branch: pull.headRef,
    files: args.files,
    ...(args.message === undefined ? {} : { message: args.message }),
    ...(args.parents === undefined ? {} : { parents: args.parents }),
  })
  return { headSha: pull.headSha }
}

/** Changes title, body or base. Event: `edited`. */
export async function editPullRequest(
  state: GitHubState,
  args: OnPull & { title?: string; body?: string | null; base?: string },
): Promise<void> {
  const world = worldOf(state, args)
  const pull = pullNumbered(world, args.number)
  const { title, body, base } = args
  await editPull(world, authorOr(world, args, pull), {
    pull,
    ...(title === undefined ? {} : { title }),
    ...(body === undefined ? {} : { body }),
    ...(base === undefined ? {} : { base }),
  })
}

/** Closes without merging. Event: `closed`. */
export async function closePullRequest(state: GitHubState, args: OnPull): Promise<void> {
  const world = worldOf(state, args)
  const pull = pullNumbered(world, args.number)
  await closePull(world, authorOr(world, args, pull), pull)
}

/** Opens again. Event: `reopened`. */
export async function reopenPullRequest(state: GitHubState, args: OnPull): Promise<void> {
  const world = worldOf(state, args)
  const pull = pullNumbered(world, args.number)
  await reopenPull(world, authorOr(world, args, pull), pull)
}

/** Makes it a draft, or ready. Events: `converted_to_draft`, `ready_for_review`. */
export async function draftPullRequest(state: GitHubState, args: OnPull & { draft: boolean }): Promise<void> {
  const world = worldOf(state, args)
  const pull = pullNumbered(world, args.number)
  await setDraft(world, authorOr(world, args, pull), { pull, draft: args.draft })
}

/** An author may always handle their own pull request; others need the triage role. */
function authorOr(world: ReturnType<typeof worldOf>, args: OnPull, pull: PullRequest) {
  return actorIn(world, args, pull.issue.author.login === args.by ? "read" : "triage")
}

/** Merges by the button, under branch protection; rejects with GitHub's refusal. Events: `closed`, `push`. */
export async function mergePullRequest(
  state: GitHubState,
  args: OnPull & { method?: MergeMethod; sha?: string; title?: string; message?: string },
): Promise<{ sha: string }> {
  const world = worldOf(state, args)
  const sha = await mergePull(world, actorIn(world, args, "write"), {
    pull: pullNumbered(world, args.number),
    method: args.method ?? "merge",
    sha: args.sha,
    title: args.title,
    message: args.message,
  })
  return { sha }
}

/** Reviews the head as it is (or `sha`). Event: `pull_request_review.submitted`. */
export function review(
  state: GitHubState,
  args: OnPull & { verdict: "APPROVE" | "REQUEST_CHANGES" | "COMMENT"; body?: string; sha?: string },
): { id: number } {
  const world = worldOf(state, args)
  const pull = pullNumbered(world, args.number)
  const { verdict, body = null, sha: commitSha } = args
  return { id: submitReview(world, actorIn(world, args, "read"), { pull, verdict, body, commitSha }).id }
}

/** Dismisses a review. Event: `pull_request_review.dismissed`. */
export function dismiss(state: GitHubState, args: OnPull & { id: number }): void {
  const world = worldOf(state, args)
  const found = world.repository.reviews.find((one) => one.id === args.id)
  if (!found) throw refusal(404, `No review ${args.id}`)
  dismissReview(world, actorIn(world, args, "write"), { pull: pullNumbered(world, args.number), review: found })
}

/** Asks for a review. Event: `review_requested`. */
export async function askForReview(state: GitHubState, args: OnPull & { reviewer: string }): Promise<void> {
  const world = worldOf(state, args)
  const reviewer = accountOf(state, args.reviewer)
  await requestReview(world, actorIn(world, args, "triage"), { pull: pullNumbered(world, args.number), reviewer })
}
