/**
 * Auto-merge: a merge that waits for what the branch requires.
 * https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/automatically-merging-a-pull-request
 */
import { answerOf, refusal } from "../api.ts"
import { readRef } from "../git-ref.ts"
import { isoNow } from "../state.ts"
import type { Actor, MergeMethod, PullRequest, World } from "../state.ts"
import { mergePull } from "./merge.ts"
import { trueMergeability } from "./mergeability.ts"
import { dropAutoMerge, emitPull } from "./pull.ts"
import { enqueue, enqueueProblem } from "./merge-queue.ts"
import { isBehind, landingProblems, queueOf } from "./rules.ts"

/** What is to be merged, and how. A merge queue ignores the method. `expectedHead`: refuse unless the head is this. */
export type AutoMergePlan = {
  pull: PullRequest
  method: MergeMethod
  title?: string | undefined
  message?: string | undefined
  expectedHead?: string | undefined
}

const methodNames = { merge: "merge commits are", squash: "squash merging is", rebase: "rebase merging is" }

/**
 * Has a pull request merged as soon as it may be. Refuses with 422 in GitHub's words where the repository does not
 * allow it or there is nothing to wait for; with a merge queue, what may be merged already joins it at once.
 * Emits `pull_request.auto_merge_enabled`.
 */
export async function enableAutoMerge(world: World, actor: Actor, plan: AutoMergePlan): Promise<void> {
  const { repository, state } = world
  const { pull, method, title = null, message = null } = plan
  if (!repository.allowAutoMerge) throw refusal(422, "Auto merge is not allowed for this repository")
  if (pull.issue.state === "closed") throw refusal(422, "Can't enable auto-merge for this pull request")
  if (plan.expectedHead !== undefined && plan.expectedHead !== pull.headSha) {
    throw refusal(422, "Head branch was modified. Review and try the merge again.")
  }
  const hasQueue = queueOf(repository, pull.baseRef) !== undefined
  if (!hasQueue && !repository.allowedMergeMethods.has(method)) {
    throw refusal(422, `Merge method ${methodNames[method]} not allowed on this repository`)
  }
  const { mergeable_state: status } = await trueMergeability(world, pull)
  if (hasQueue && ["clean", "unstable", "behind"].includes(status)) {
    await enqueue(world, actor, { pull })
    return
  }
  if (status !== "blocked" && status !== "behind")
    throw refusal(422, `Pull request Pull request is in ${status} status`)
  pull.autoMerge = { enabledBy: actor.account, method, title, message, enabledAt: isoNow(state) }
  await emitPull(world, actor, { pull, action: "auto_merge_enabled", extra: { reason: "" } })
}

/** Takes it back; 422 when it is not on. Emits `pull_request.auto_merge_disabled`. */
export async function disableAutoMerge(world: World, actor: Actor, pull: PullRequest): Promise<void> {
  if (!pull.autoMerge) throw refusal(422, "Can't disable auto-merge for this pull request")
  await dropAutoMerge(world, actor, { pull, reason: "Auto-merge was disabled by a user" })
}

/** Whether there is something to wait for: GitHub offers auto-merge only then. */
export async function canWait(world: World, actor: Actor, pull: PullRequest): Promise<boolean> {
  const { repository } = world
  if (!repository.allowAutoMerge || pull.issue.state === "closed" || pull.draft || pull.autoMerge) return false
  const landing = { branch: pull.baseRef, sha: pull.headSha, actor, pull, waits: true }
  const baseTip = (await readRef(repository.store, `refs/heads/${pull.baseRef}`)) ?? pull.baseSha
  return landingProblems(repository, landing).length > 0 || isBehind(repository, landing, baseTip)
}

/** Merges, or brings to the queue, every pull request with auto-merge that may be; true if there was one. */
export async function mergeWhatIsReady(world: World): Promise<boolean> {
  let didMerge = false
  for (const pull of world.repository.pulls.values()) {
    if (pull.autoMerge && pull.issue.state === "open" && (await tryToMerge(world, pull))) didMerge = true
  }
  return didMerge
}

async function tryToMerge(world: World, pull: PullRequest): Promise<boolean> {
  const { autoMerge } = pull
  if (!autoMerge) return false
  const app = [...world.state.apps.values()].find((one) => one.bot === autoMerge.enabledBy)
  const actor = { account: autoMerge.enabledBy, app }
  if (queueOf(world.repository, pull.baseRef)) {
    if ((await enqueueProblem(world, actor, pull)) !== undefined) return false
    pull.autoMerge = null
    await enqueue(world, actor, { pull })
    return true
  }
  try {
    const { method, title, message } = autoMerge
    await mergePull(world, actor, {
      pull,
      method,
      title: title ?? undefined,
      message: message ?? undefined,
      waits: true,
    })
    return true
  } catch (error) {
    if (answerOf(error)) return false // GitHub would refuse it now: it goes on waiting
    throw error
  }
}
