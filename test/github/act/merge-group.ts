/** Merge groups: the branches a queue makes to try its entries, and the webhooks about them. */
import type { Conflict } from "../git-merge.ts"
import { deleteRef, setRef } from "../git-ref.ts"
import { readCommit } from "../git-object.ts"
import { emit } from "../hooks.ts"
import type { MergeGroup, QueueEntry } from "../merge-queue.ts"
import { isoNow } from "../state.ts"
import type { Actor, GitHubState, MergeMethod, Repository, World } from "../state.ts"
import { simpleCommitView } from "../view/commit.ts"
import { commitLanding } from "./merge.ts"
import { refMoved } from "./push.ts"
import { createAccount } from "./repository.ts"
import { wrongLandingOf } from "./wrong-landing.ts"

/** GitHub's own bot, which makes the groups, moves the branch and is the sender of what follows. */
export function queueBot(state: GitHubState): Actor {
  const login = "github-merge-queue[bot]"
  return { account: state.accounts.get(login) ?? createAccount(state, login, "Bot") }
}

/**
 * Makes the group of an entry on top of `baseSha`: a branch whose commits are the real landing. False for a conflict.
 * Emits `create` and `push`, then `merge_group.checks_requested`.
 */
export async function buildGroup(
  world: World,
  entry: QueueEntry,
  plan: { baseSha: string; method: MergeMethod },
): Promise<boolean> {
  const { state, repository } = world
  const { baseSha } = plan
  const bot = queueBot(state)
  const made = await commitAnew(world, entry, plan)
  if ("conflict" in made) return false
  const ref = `refs/heads/gh-readonly-queue/${entry.baseRef}/pr-${entry.pull.number}-${baseSha}`
  entry.group = { ref, baseSha, headSha: made.sha, requestedAt: isoNow(state) }
  entry.state = "AWAITING_CHECKS"
  setRef(repository.store, ref, made.sha)
  await refMoved(world, bot, { ref, before: null, after: made.sha })
  await emitGroup(world, { entry, group: entry.group, action: "checks_requested" })
  return true
}

const tried = new WeakMap<Repository, Set<string>>()

/**
 * A landing that was never tried before. Where the clock of a test stands still, a second try would be the very commit
 * of the first, with its checks; on GitHub time goes on.
 */
async function commitAnew(
  world: World,
  entry: QueueEntry,
  plan: { baseSha: string; method: MergeMethod },
): Promise<{ sha: string } | Conflict> {
  const known = tried.get(world.repository) ?? new Set()
  tried.set(world.repository, known)
  const landing = { plan: { pull: entry.pull, method: plan.method }, base: plan.baseSha, isFinal: false }
  for (let laterMs = 0; ; laterMs += 1000) {
    const date = new Date(world.state.clock.now().getTime() + laterMs)
    const made = await commitLanding(world, queueBot(world.state), { ...landing, date })
    if (!("conflict" in made) && known.has(made.sha)) continue
    if (!("conflict" in made)) known.add(made.sha)
    return made
  }
}

/** The commit that an entry lands as on top of `base`: that of its group, unless landings go wrong in the last moment. */
export async function landedCommit(
  world: World,
  entry: QueueEntry,
  { base, method }: { base: string; method: MergeMethod },
): Promise<string> {
  const { group, pull } = entry
  if (!group) throw new Error("an entry landed without its group")
  if (wrongLandingOf(world.repository, pull.baseRef)?.when !== "moved") return group.headSha
  const landing = { plan: { pull, method }, base, isFinal: true }
  const made = await commitLanding(world, queueBot(world.state), landing)
  return "conflict" in made ? group.headSha : made.sha
}

/** Tears the group of an entry down, if it has one. Emits `merge_group.destroyed`, then `delete` and `push`. */
export async function destroyGroup(
  world: World,
  entry: QueueEntry,
  reason: "merged" | "invalidated" | "dequeued",
): Promise<void> {
  const { group } = entry
  if (!group) return
  entry.group = undefined
  entry.state = "QUEUED"
  await emitGroup(world, { entry, group, action: "destroyed", extra: { reason } })
  await deleteRef(world.repository.store, group.ref)
  await refMoved(world, queueBot(world.state), { ref: group.ref, before: group.headSha, after: null })
}

/** https://docs.github.com/en/webhooks/webhook-events-and-payloads#merge_group */
async function emitGroup(
  world: World,
  happened: { entry: QueueEntry; group: MergeGroup; action: string; extra?: Record<string, unknown> },
): Promise<void> {
  const { state, repository } = world
  const { entry, group, action, extra } = happened
  const commit = await readCommit(repository.store, group.headSha)
  if (!commit) throw new Error(`no commit ${group.headSha} of a merge group`)
  const payload = {
    merge_group: {
      head_sha: group.headSha,
      head_ref: group.ref,
      base_sha: group.baseSha,
      base_ref: `refs/heads/${entry.baseRef}`,
      head_commit: simpleCommitView(commit),
    },
    ...extra,
  }
  emit(state, { event: "merge_group", action, repository, sender: queueBot(state).account, payload })
}
