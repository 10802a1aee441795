/**
 * What GitHub does by itself after every change: auto-merge and merge queues go on, runs that nobody let deploy end. It
 * happens once an act of a person or a request that writes has been done, one after the other, so that what a test sees
 * next is settled.
 */
import { mergeWhatIsReady } from "./act/auto-merge.ts"
import { advanceQueues } from "./act/queue-progress.ts"
import { expireRuns } from "./act/workflow-run.ts"
import type { GitHubState } from "./state.ts"

const running = new WeakMap<GitHubState, Promise<void>>()

/** Lets everything that waits go as far as it can. Rejects only for a bug in the test GitHub. */
export function advance(state: GitHubState): Promise<void> {
  const before = running.get(state) ?? Promise.resolve()
  const done = before.then(() => advanceAll(state))
  const settled = done.catch(() => undefined) // whoever comes next is not to blame
  running.set(state, settled)
  return done
}

async function advanceAll(state: GitHubState): Promise<void> {
  for (const repository of state.repositories.values()) {
    if (repository.isArchived) continue
    const world = { state, repository }
    expireRuns(world)
    while ((await mergeWhatIsReady(world)) || (await advanceQueues(world))) continue
  }
}
