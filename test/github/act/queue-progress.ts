/**
 * What a merge queue does by itself: builds groups, waits for their checks, lands what passed, throws out what failed.
 * https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue#how-merge-queues-work
 */
import { readRef, updateRef } from "../git-ref.ts"
import type { DequeueReason, QueueEntry } from "../merge-queue.ts"
import type { QueueSettings } from "../rules.ts"
import type { MergeMethod, World } from "../state.ts"
import { deleteHeadIfWanted } from "./merge.ts"
import { buildGroup, destroyGroup, landedCommit, queueBot } from "./merge-group.ts"
import { dequeue, queueEntriesOf } from "./merge-queue.ts"
import { checkState } from "./protection.ts"
import { recordMerge } from "./pull.ts"
import { refMoved } from "./push.ts"
import { queueOf, requiredChecksOf } from "./rules.ts"

type Queue = { branch: string; settings: QueueSettings; entries: QueueEntry[] }
type Verdict = "passed" | "failed" | "timed-out" | "pending"

const minuteMs = 60_000

/** Takes every queue of a repository one step on; true if anything happened. */
export async function advanceQueues(world: World): Promise<boolean> {
  let didMove = false
  for (const branch of new Set(world.repository.queueEntries.map((entry) => entry.baseRef))) {
    if (await advanceQueue(world, branch)) didMove = true
  }
  return didMove
}

async function advanceQueue(world: World, branch: string): Promise<boolean> {
  const settings = queueOf(world.repository, branch)
  const entries = queueEntriesOf(world, branch)
  const unwanted = entries.find((entry) => reasonToLeave(entry, settings) !== undefined)
  if (unwanted) return throwOut(world, unwanted, reasonToLeave(unwanted, settings) ?? "UNKNOWN_REMOVAL_REASON")
  if (!settings) return false
  const queue = { branch, settings, entries }
  if (await buildGroups(world, queue)) return true
  const verdicts = entries.filter((entry) => entry.group).map((entry) => verdictOf(world, entry, settings))
  for (const [index, verdict] of verdicts.entries()) {
    const entry = entries[index]
    if (entry) entry.state = verdict === "passed" ? "MERGEABLE" : "AWAITING_CHECKS"
  }
  if (await land(world, queue, readyCount(world, queue, verdicts))) return true
  const failed = failedEntry(queue, verdicts)
  return failed === undefined ? false : throwOutFailed(world, entries[failed], verdicts[failed])
}

/** A pull request that is not any more what was queued leaves; GitHub documents no reason of its own for that. */
function reasonToLeave(entry: QueueEntry, settings: QueueSettings | undefined): DequeueReason | undefined {
  const { pull } = entry
  if (!settings) return "QUEUE_CLEARED"
  const isSame = pull.headSha === entry.headSha && pull.baseRef === entry.baseRef
  return isSame && pull.issue.state === "open" && !pull.draft ? undefined : "UNKNOWN_REMOVAL_REASON"
}

async function throwOut(world: World, entry: QueueEntry, reason: DequeueReason): Promise<boolean> {
  await dequeue(world, queueBot(world.state), { entry, reason })
  return true
}

async function throwOutFailed(
  world: World,
  entry: QueueEntry | undefined,
  verdict: Verdict | undefined,
): Promise<boolean> {
  if (!entry) return false
  return throwOut(world, entry, verdict === "timed-out" ? "CI_TIMEOUT" : "CI_FAILURE")
}

/** Gives each entry that may be built its group, each on top of the one before; groups on another base are made anew. */
async function buildGroups(world: World, { branch, settings, entries }: Queue): Promise<boolean> {
  let base = await readRef(world.repository.store, `refs/heads/${branch}`)
  let didBuild = false
  for (const [index, entry] of entries.entries()) {
    if (base === undefined) return didBuild
    const isBuilt = entry.group?.baseSha === base
    if (!isBuilt) await destroyGroup(world, entry, "invalidated")
    if (index >= Math.max(1, settings.max_entries_to_build)) continue
    const method = settings.merge_method.toLowerCase() as MergeMethod
    if (!isBuilt && !(await buildGroup(world, entry, { baseSha: base, method }))) {
      return throwOut(world, entry, "MERGE_CONFLICT")
    }
    didBuild ||= !isBuilt
    base = entry.group?.headSha
  }
  return didBuild
}

function verdictOf({ state, repository }: World, entry: QueueEntry, settings: QueueSettings): Verdict {
  const { group } = entry
  if (!group) return "pending"
  const required = requiredChecksOf(repository, entry.baseRef)
  const states = required.map((check) => checkState(repository, check, group.headSha))
  if (states.includes("failing")) return "failed"
  if (states.every((one) => one === "passed")) return "passed"
  const waitedMs = state.clock.now().getTime() - Date.parse(group.requestedAt)
  return waitedMs >= settings.check_response_timeout_minutes * minuteMs ? "timed-out" : "pending"
}

/**
 * The entry to throw out. With ALLGREEN the first that failed, once all before it have passed, so that nobody leaves for
 * another one's fault; with HEADGREEN only if no later group, which contains it, passed or may still pass.
 */
function failedEntry({ settings }: Queue, verdicts: Verdict[]): number | undefined {
  const isBad = (verdict: Verdict) => verdict === "failed" || verdict === "timed-out"
  if (settings.grouping_strategy === "HEADGREEN") {
    return verdicts.length > 0 && verdicts.every(isBad) ? 0 : undefined
  }
  const first = verdicts.findIndex((verdict) => verdict !== "passed")
  const verdict = verdicts[first]
  return verdict !== undefined && isBad(verdict) ? first : undefined
}

/** How many entries may land now: those that passed, when there are enough of them or they have waited long enough. */
function readyCount({ state }: World, { settings, entries }: Queue, verdicts: Verdict[]): number {
  const firstOpen = verdicts.findIndex((verdict) => verdict !== "passed")
  const inOrder = firstOpen === -1 ? verdicts.length : firstOpen
  const ready = settings.grouping_strategy === "HEADGREEN" ? verdicts.lastIndexOf("passed") + 1 : inOrder
  const oldestMs = Math.min(...entries.map((entry) => Date.parse(entry.enqueuedAt)))
  const hasWaited = state.clock.now().getTime() - oldestMs >= settings.min_entries_to_merge_wait_minutes * minuteMs
  if (ready < settings.min_entries_to_merge && !hasWaited) return 0
  return landable(settings, verdicts, ready)
}

/** Not more than a group's size; with HEADGREEN the last of them must be one that passed itself. */
function landable(settings: QueueSettings, verdicts: Verdict[], ready: number): number {
  const most = Math.min(ready, Math.max(1, settings.max_entries_to_merge))
  return settings.grouping_strategy === "HEADGREEN" ? verdicts.slice(0, most).lastIndexOf("passed") + 1 : most
}

/** Moves the branch to the last group's commit; every pull request up to there is merged by its own commit. */
async function land(world: World, { branch, entries, settings }: Queue, count: number): Promise<boolean> {
  const { repository, state } = world
  const landed = entries.slice(0, count)
  const first = landed[0]?.group
  if (!first) return false
  const landings = await landingsOf(world, landed, settings)
  const after = landings.at(-1)?.sha ?? first.baseSha
  const ref = `refs/heads/${branch}`
  const bot = queueBot(state)
  const outcome = await updateRef(repository.store, { ref, to: after, expectedOld: first.baseSha })
  if (outcome !== "ok") return false // somebody was quicker: what they did wakes the queue again, on the new base
  repository.queueEntries = repository.queueEntries.filter((entry) => !landed.includes(entry))
  for (const landing of landings) await recordLanding(world, landing)
  await refMoved(world, bot, { ref, before: first.baseSha, after })
  for (const entry of landed) {
    await destroyGroup(world, entry, "merged")
    await deleteHeadIfWanted(world, bot, entry.pull)
  }
  return true
}

/** An entry, the commit it lands as, and the one that this stands on. */
type EntryLanding = { entry: QueueEntry; sha: string; onto: string }

async function landingsOf(world: World, entries: QueueEntry[], settings: QueueSettings): Promise<EntryLanding[]> {
  const method = settings.merge_method.toLowerCase() as MergeMethod
  const landings: EntryLanding[] = []
  for (const entry of entries) {
    const onto = landings.at(-1)?.sha ?? entry.group?.baseSha ?? ""
    landings.push({ entry, onto, sha: await landedCommit(world, entry, { base: onto, method }) })
  }
  return landings
}

async function recordLanding(world: World, { entry, sha, onto }: EntryLanding): Promise<void> {
  const bot = queueBot(world.state)
  await dequeue(world, bot, { entry: { ...entry, group: undefined }, reason: "MERGE" })
  await recordMerge(world, bot, { pull: entry.pull, sha, onto })
}
