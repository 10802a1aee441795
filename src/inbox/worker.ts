import type { Claim, SubjectQueue } from "./queue.ts"
import type { Subject } from "./subject.ts"

/** What the worker works with. */
export type WorkerDeps = {
  queue: SubjectQueue
  /** Turns waiting deliveries into dirty subjects; returns how many it took. */
  drain(): Promise<number>
  /** Turns subjects whose time has come into dirty ones; returns how many. */
  wakeDue(): Promise<number>
  /** Looks at one subject. Throws when it could not be done; it is then done again later. */
  reconcile(subject: Subject): Promise<void>
  /** Told of everything that went wrong; null: it was not about one subject. */
  onFailure(subject: Subject | null, error: unknown): void
}

/** Does one round of work: drains, wakes, and looks at up to `limit` subjects. Returns how much it did. */
export async function step(deps: WorkerDeps, limit: number): Promise<number> {
  const drained = await deps.drain()
  const woken = await deps.wakeDue()
  const claims = await deps.queue.take(limit)
  await Promise.all(claims.map((claim) => work(deps, claim)))
  return drained + woken + claims.length
}

async function work(deps: WorkerDeps, claim: Claim): Promise<void> {
  try {
    await deps.reconcile(claim.subject)
  } catch (error) {
    deps.onFailure(claim.subject, error)
    await deps.queue.giveBack(claim, error instanceof Error ? error.name : "unknown")
    return
  }
  await deps.queue.settle(claim)
}

/** A worker that goes on by itself. */
export type RunningWorker = {
  /** There is something to do now: a delivery was stored, or a subject marked. */
  wake(): void
  /** Takes nothing more, waits for what is held up to `graceMs`, and releases the rest. */
  stop(graceMs: number): Promise<void>
}

/** How many subjects are looked at side by side, and how often a sleeping worker looks by itself. */
export type WorkerPace = {
  concurrency: number
  pollMs: number
  touchMs: number
  /** Least time between two drains: what arrives meanwhile is drained together. An idle inbox is drained at once. */
  restMs: number
}

/**
 * Runs until stopped. Draining and looking go on side by side: a slow answer of GitHub never keeps deliveries waiting.
 */
export function runWorker(deps: WorkerDeps, pace: WorkerPace): RunningWorker {
  const held = new Map<string, { claim: Claim; done: Promise<void> }>()
  const onError = (error: unknown): void => deps.onFailure(null, error)
  // Looking at a subject may mark others, and a subject that is marked while it is looked at can only be taken when
  // that is done: so whoever is done looks again if anything was marked meanwhile, or if the last look left something.
  let mayBeMore = false
  const looking = startLoop({ pollMs: pace.pollMs, onError }, async () => {
    const free = pace.concurrency - held.size
    mayBeMore = true
    if (free <= 0) return false
    // Counted before the take: what is marked while it is under way may be what it takes.
    const marksBefore = deps.queue.marks()
    const claims = await deps.queue.take(free)
    mayBeMore = claims.length === free
    for (const claim of claims) {
      const done = work(deps, claim)
        .catch(onError)
        .finally(() => {
          held.delete(claim.jobId)
          if (mayBeMore || deps.queue.marks() !== marksBefore) looking.wake()
        })
      held.set(claim.jobId, { claim, done })
    }
    return false
  })
  const draining = startLoop({ pollMs: pace.pollMs, onError }, async () => {
    const did = (await deps.drain()) + (await deps.wakeDue())
    if (did > 0) looking.wake()
    if (did > 0 && pace.restMs > 0) await sleep(restAfter(did, pace.restMs))
    return did > 0
  })
  const touching = setInterval(() => {
    const claims = [...held.values()].map(({ claim }) => claim)
    if (claims.length > 0) deps.queue.touch(claims).catch(onError)
  }, pace.touchMs)
  return {
    wake: () => draining.wake(),
    async stop(graceMs) {
      await Promise.all([looking.stop(), draining.stop()])
      await Promise.race([Promise.all([...held.values()].map(({ done }) => done)), sleep(graceMs)])
      clearInterval(touching)
      for (const { claim } of held.values()) await deps.queue.release(claim)
    },
  }
}

/**
 * The more came, the longer what comes next is gathered, up to six times the least rest: under load the door needs the
 * processor more than the gates need to be looked at for every check, and a later look sees more at once.
 */
function restAfter(did: number, leastMs: number): number {
  return leastMs * Math.min(6, 1 + did / 20)
}

type Loop = { wake(): void; stop(): Promise<void> }

/** Does `once` again and again: at once while it says that there is more, else when woken or after a while. */
function startLoop(options: { pollMs: number; onError(error: unknown): void }, once: () => Promise<boolean>): Loop {
  let stopping = false
  let woken = false
  let endSleep = (): void => undefined
  const run = async (): Promise<void> => {
    while (!stopping) {
      woken = false
      const more = await once().catch((error: unknown) => {
        options.onError(error)
        return false
      })
      if (more || woken || stopping) continue
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, options.pollMs)
        endSleep = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  const running = run()
  const wake = (): void => {
    woken = true
    endSleep()
  }
  return {
    wake,
    stop: () => {
      stopping = true
      wake()
      return running
    },
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
}
