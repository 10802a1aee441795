import { setImmediate as turn } from "node:timers/promises"
import { expect, onTestFinished, test } from "vitest"
import type { Claim, SubjectQueue } from "../../src/inbox/queue.ts"
import { subjectKey, type Subject } from "../../src/inbox/subject.ts"
import { runWorker, step, type RunningWorker, type WorkerDeps } from "../../src/inbox/worker.ts"

/** Nothing happens by the clock: only wakes count. */
const never = 2 ** 31 - 1
const pace = { concurrency: 2, pollMs: never, touchMs: never, restMs: 0 }

const subject = (number: number): Subject => ({ kind: "pull-request", repositoryId: 1, number })

const numberOf = (one: Subject): number => ("number" in one ? one.number : 0)

type World = {
  deps: WorkerDeps
  /** Everything that happened, in order. */
  events: string[]
  /** Resolves when the event has happened so often. */
  happened(event: string, times?: number): Promise<void>
  /** Marks a subject, as the queue does: nothing runs before the worker looks. */
  mark(number: number): void
  /** Marks subjects as the drain does: the next drain reports that it did something. */
  deliver(...numbers: number[]): void
  /** Looking at the subject from now on waits until the returned function is called. */
  hold(number: number): (error?: Error) => void
}

/** A queue in memory that tells what became of its claims; one key runs at a time. */
function fakeQueue(tell: (event: string) => void): { queue: SubjectQueue; mark(number: number): void } {
  const waiting = new Map<string, Subject>()
  const active = new Set<string>()
  let marks = 0
  const end = (what: string) => (claim: Claim) => {
    active.delete(subjectKey(claim.subject))
    tell(`${what} ${claim.jobId}`)
    return Promise.resolve()
  }
  const queue: SubjectQueue = {
    mark: () => Promise.reject(new Error("the worker marks nothing")),
    marks: () => marks,
    take(limit) {
      const free = [...waiting.entries()].filter(([key]) => !active.has(key)).slice(0, limit)
      for (const [key] of free) {
        waiting.delete(key)
        active.add(key)
      }
      return Promise.resolve(free.map(([, one]) => ({ subject: one, jobId: `${numberOf(one)}`, attempt: 0 })))
    },
    settle: end("settled"),
    giveBack: end("given back"),
    release: end("released"),
    touch: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
  const mark = (number: number): void => {
    waiting.set(subjectKey(subject(number)), subject(number))
    marks += 1
  }
  return { queue, mark }
}

function makeWorld(): World {
  const events: string[] = []
  const listeners = new Set<() => void>()
  const tell = (event: string): void => {
    events.push(event)
    for (const listener of listeners) listener()
  }
  const { queue, mark } = fakeQueue(tell)
  const held = new Map<number, Promise<void>>()
  let delivered: number[] = []
  const deps: WorkerDeps = {
    queue,
    reconcile: async (one) => {
      tell(`looking at ${numberOf(one)}`)
      await held.get(numberOf(one))
    },
    drain() {
      const taken = delivered
      delivered = []
      for (const number of taken) mark(number)
      tell("drained")
      return Promise.resolve(taken.length)
    },
    wakeDue: () => Promise.resolve(0),
    onFailure: (one, error) =>
      tell(`${one === null ? "the worker" : subjectKey(one)}: ${error instanceof Error ? error.message : "?"}`),
  }
  return {
    deps,
    events,
    mark,
    deliver: (...numbers) => void delivered.push(...numbers),
    hold(number) {
      const { promise, resolve, reject } = Promise.withResolvers<undefined>()
      held.set(number, promise)
      return (error) => (error === undefined ? resolve(undefined) : reject(error))
    },
    happened: (event, times = 1) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (events.filter((one) => one === event).length >= times) resolve()
        }
        listeners.add(look)
        look()
      }),
  }
}

function start(world: World): RunningWorker {
  const worker = runWorker(world.deps, pace)
  onTestFinished(() => worker.stop(0))
  return worker
}

/** Lets everything happen that needs no more than turns of the event loop. */
async function settleDown(): Promise<void> {
  for (let index = 0; index < 20; index += 1) await turn()
}

test("a subject that takes long does not hold up draining, nor the subjects beside it", async () => {
  const world = makeWorld()
  const letGo = world.hold(1)
  world.mark(1)
  const worker = start(world)
  await world.happened("looking at 1")
  world.deliver(2)
  worker.wake()
  await world.happened("settled 2")
  expect(world.events.filter((event) => event !== "drained")).toEqual(["looking at 1", "looking at 2", "settled 2"])
  letGo()
  await world.happened("settled 1")
})

test("no more are looked at side by side than allowed, and the next is taken when one is done", async () => {
  const world = makeWorld()
  const letGo = [1, 2, 3].map((number) => world.hold(number))
  for (const number of [1, 2, 3]) world.mark(number)
  start(world)
  await world.happened("looking at 2")
  await settleDown()
  expect(world.events).not.toContain("looking at 3")
  letGo[0]?.()
  await world.happened("looking at 3")
  for (const go of letGo) go()
})

test("a subject marked during its own run is looked at again at once, not after the poll", async () => {
  const world = makeWorld()
  const letGo = world.hold(1)
  world.mark(1)
  start(world)
  await world.happened("looking at 1")
  world.mark(1)
  await settleDown()
  letGo()
  await world.happened("looking at 1", 2)
})

test("a subject marked while it is being taken is looked at again at once", async () => {
  const world = makeWorld()
  const { take } = world.deps.queue
  let first = true
  world.deps.queue.take = async (limit) => {
    const claims = await take(limit)
    if (first) world.mark(1)
    first = false
    return claims
  }
  world.mark(1)
  start(world)
  await world.happened("looking at 1", 2)
})

test("stopping takes nothing more and waits for what is held", async () => {
  const world = makeWorld()
  const letGo = world.hold(1)
  world.mark(1)
  const worker = start(world)
  await world.happened("looking at 1")
  const stopped = worker.stop(never).then(() => void world.events.push("stopped"))
  world.mark(2)
  worker.wake()
  await settleDown()
  expect(world.events).not.toContain("stopped")
  letGo()
  await stopped
  expect(world.events.filter((event) => event !== "drained")).toEqual(["looking at 1", "settled 1", "stopped"])
})

test("stopping releases what is not done when its time is over", async () => {
  const world = makeWorld()
  const letGo = [1, 2].map((number) => world.hold(number))
  world.mark(1)
  world.mark(2)
  const worker = start(world)
  await world.happened("looking at 2")
  letGo[1]?.()
  await world.happened("settled 2")
  await worker.stop(0)
  expect(world.events.filter((event) => event !== "drained")).toEqual([
    "looking at 1",
    "looking at 2",
    "settled 2",
    "released 1",
  ])
})

test("a subject that cannot be looked at is given back, and said", async () => {
  const world = makeWorld()
  world.mark(1)
  world.hold(1)(new Error("GitHub is away"))
  start(world)
  await world.happened("given back 1")
  expect(world.events).toContain("pull-request:1:1: GitHub is away")
  expect(world.events).not.toContain("settled 1")
})

test("an error of taking, settling or draining is said, and ends nothing", async () => {
  const fail = (): Promise<never> => Promise.reject(new Error("the database is away"))
  const world = makeWorld()
  const { take, settle } = world.deps.queue
  const { drain } = world.deps
  Object.assign(world.deps.queue, { take: fail, settle: fail })
  world.mark(1)
  const worker = start(world)
  await world.happened("the worker: the database is away")
  world.deps.queue.take = take
  world.deliver(2)
  worker.wake()
  await world.happened("the worker: the database is away", 3)
  world.deps.queue.settle = settle
  world.deps.drain = fail
  worker.wake()
  await world.happened("the worker: the database is away", 4)
  world.deps.drain = drain
  world.deliver(3)
  worker.wake()
  await world.happened("settled 3")
})

test("a step drains, wakes what is due and looks, and says how much it did", async () => {
  const world = makeWorld()
  world.deliver(1, 2, 3)
  const deps = { ...world.deps, wakeDue: () => Promise.resolve(4) }
  expect(await step(deps, 2)).toBe(3 + 4 + 2)
  expect(await step(deps, 2)).toBe(0 + 4 + 1)
  expect(world.events.filter((event) => event.startsWith("settled"))).toEqual(["settled 1", "settled 2", "settled 3"])
})
