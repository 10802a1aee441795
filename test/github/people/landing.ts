/** Pull requests that are to be merged later: auto-merge and the merge queue. */
import { refusal } from "../api.ts"
import * as auto from "../act/auto-merge.ts"
import { dequeue, enqueue, entryOf } from "../act/merge-queue.ts"
import { revertPull } from "../act/revert.ts"
import { setWrongLanding, type WrongLanding } from "../act/wrong-landing.ts"
import { resolveRevision } from "../git-tree.ts"
import type { GitHubState, MergeMethod } from "../state.ts"
import type { OnPull } from "./pull.ts"
import { actorIn, pullNumbered, worldOf } from "./who.ts"
import type { In } from "./who.ts"

/** Presses "Enable auto-merge" (or "Merge when ready"). Event: `auto_merge_enabled`, or `enqueued`. */
export async function enableAutoMerge(
  state: GitHubState,
  args: OnPull & { method?: MergeMethod; title?: string; message?: string },
): Promise<void> {
  const world = worldOf(state, args)
  const { method = "merge", title, message } = args
  const plan = { pull: pullNumbered(world, args.number), method, title, message }
  await auto.enableAutoMerge(world, actorIn(world, args, "write"), plan)
}

/** Takes auto-merge back. Event: `auto_merge_disabled`. */
export async function disableAutoMerge(state: GitHubState, args: OnPull): Promise<void> {
  const world = worldOf(state, args)
  await auto.disableAutoMerge(world, actorIn(world, args, "write"), pullNumbered(world, args.number))
}

/** Puts a pull request in the queue of its branch. Event: `enqueued`; its group follows. */
export async function enqueuePullRequest(state: GitHubState, args: OnPull & { jump?: boolean }): Promise<void> {
  const world = worldOf(state, args)
  const plan = { pull: pullNumbered(world, args.number), jump: args.jump ?? false }
  await enqueue(world, actorIn(world, args, "write"), plan)
}

/** Takes a pull request out of the queue by hand. Events: `dequeued`, `merge_group.destroyed`. */
export async function dequeuePullRequest(state: GitHubState, args: OnPull): Promise<void> {
  const world = worldOf(state, args)
  const entry = entryOf(world, pullNumbered(world, args.number))
  if (!entry) throw refusal(422, "Pull request is not in the merge queue")
  await dequeue(world, actorIn(world, args, "write"), { entry, reason: "MANUAL" })
}

/** Presses "Revert" on a merged pull request. Events: `create`, `push`, `pull_request.opened`. */
export async function revertPullRequest(
  state: GitHubState,
  args: OnPull,
): Promise<{ number: number; headSha: string; headRef: string }> {
  const world = worldOf(state, args)
  const plan = { pull: pullNumbered(world, args.number), draft: false }
  const { number, headSha, headRef } = await revertPull(world, actorIn(world, args, "write"), plan)
  return { number, headSha, headRef }
}

/**
 * Makes GitHub land wrongly on a branch (the default one) as it did on 2026-04-23, until told `off`: merge and squash
 * commits get a tree that was merged upon the commit `onto` (default: where each pull request left the base), so that what
 * landed since is undone. `when`: "made" (default) gives a queue's groups that tree too; "moved" shows their checks the
 * right one.
 */
export async function landWrongly(
  state: GitHubState,
  args: In & { branch?: string; onto?: string; when?: WrongLanding["when"]; off?: boolean },
): Promise<void> {
  const { repository } = worldOf(state, args)
  const onto = args.onto === undefined ? null : await resolveRevision(repository.store, args.onto)
  if (onto === undefined) throw refusal(404, `No commit ${args.onto}`)
  const wrong = args.off ? undefined : { onto, when: args.when ?? "made" }
  setWrongLanding(repository, args.branch ?? repository.defaultBranch, wrong)
}

/** Lets queues look at the clock, after which checks may be too late or a small group has waited long enough. */
export function wakeMergeQueue(state: GitHubState, args: In): void {
  worldOf(state, args)
}
