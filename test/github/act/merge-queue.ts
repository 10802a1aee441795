/**
 * Joining and leaving a merge queue. What a queue does with its entries is in `merge-group.ts`.
 * https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/incorporating-changes-from-a-pull-request/merging-a-pull-request-with-a-merge-queue
 */
import { refusal } from "../api.ts"
import { freshIds } from "../ids.ts"
import type { DequeueReason, QueueEntry } from "../merge-queue.ts"
import { isoNow } from "../state.ts"
import type { Actor, PullRequest, World } from "../state.ts"
import { destroyGroup } from "./merge-group.ts"
import { trueMergeability } from "./mergeability.ts"
import { emitPull } from "./pull.ts"
import { landingProblems, queueOf } from "./rules.ts"

/** The entry of a pull request that is in a queue. */
export function entryOf({ repository }: Pick<World, "repository">, pull: PullRequest): QueueEntry | undefined {
  return repository.queueEntries.find((entry) => entry.pull === pull)
}

/** The entries of one branch's queue, first to land first. */
export function queueEntriesOf({ repository }: Pick<World, "repository">, branch: string): QueueEntry[] {
  return repository.queueEntries.filter((entry) => entry.baseRef === branch)
}

/** GitHub's sentence against queueing a pull request as it is; undefined when it may join. */
export async function enqueueProblem(world: World, actor: Actor, pull: PullRequest): Promise<string | undefined> {
  const { repository } = world
  if (!queueOf(repository, pull.baseRef)) return `No merge queue found for branch '${pull.baseRef}'`
  if (pull.issue.state === "closed") return "Pull request is closed"
  if (pull.draft) return "Pull request is in draft status"
  if (entryOf(world, pull)) return "Pull request is already queued to merge"
  const landing = { branch: pull.baseRef, sha: pull.headSha, actor, pull, waits: true }
  const problems = landingProblems(repository, landing)
  if (problems.length > 0) return problems.join(" ")
  return (await trueMergeability(world, pull)).mergeable ? undefined : "Pull request is not mergeable"
}

/** Puts a pull request at the end of its branch's queue, or in front; 422 when it may not. Emits `pull_request.enqueued`. */
export async function enqueue(
  world: World,
  actor: Actor,
  plan: { pull: PullRequest; expectedHead?: string | undefined; jump?: boolean },
): Promise<QueueEntry> {
  const { pull, expectedHead, jump = false } = plan
  if (expectedHead !== undefined && expectedHead !== pull.headSha) {
    throw refusal(422, "Head branch was modified. Review and try the merge again.")
  }
  const problem = await enqueueProblem(world, actor, pull)
  if (problem !== undefined) throw refusal(422, `Pull request ${problem}`)
  const entry: QueueEntry = {
    ...freshIds("MQE"),
    pull,
    baseRef: pull.baseRef,
    headSha: pull.headSha,
    enqueuer: actor.account,
    enqueuedAt: isoNow(world.state),
    jump,
    state: "QUEUED",
    group: undefined,
  }
  if (jump) world.repository.queueEntries.unshift(entry)
  else world.repository.queueEntries.push(entry)
  await emitPull(world, actor, { pull, action: "enqueued" })
  return entry
}

/** Takes an entry and its group away. Emits `pull_request.dequeued` with the reason, then `merge_group.destroyed`. */
export async function dequeue(
  world: World,
  actor: Actor,
  removal: { entry: QueueEntry; reason: DequeueReason },
): Promise<void> {
  const { entry, reason } = removal
  world.repository.queueEntries = world.repository.queueEntries.filter((other) => other !== entry)
  await emitPull(world, actor, { pull: entry.pull, action: "dequeued", extra: { reason } })
  await destroyGroup(world, entry, "dequeued")
}
