import { AsyncLocalStorage } from "node:async_hooks"
import type { Prisma } from "../../src/generated/client.ts"
import type { AppGround } from "../harness/running-app.ts"
import { standIn } from "./stand-in.ts"

/**
 * Several passes of the app side by side, one step of one of them at a time, in an order that a seed gives. Steps end
 * before and after each request to GitHub, and before and after each transaction; no pass ever waits inside one, so the
 * others are never kept waiting by the database. The same seed plays the same order again.
 */

/** Passes by name. */
export type Passes = Readonly<Record<string, () => Promise<void>>>

/** Plays passes on the ground that stands between the app and what it stands on. */
export type Interleaver = {
  ground: AppGround
  /** Resolves to the order of steps, as `pass: what comes next`, when every pass has ended. */
  play(passes: Passes, seed: number): Promise<string[]>
}

type Parked = { pass: string; before: string; go(): void }

/** Makes one; outside of a play everything goes through at once. */
export function interleaver(ground: AppGround): Interleaver {
  const inPass = new AsyncLocalStorage<string>()
  let parked: Parked[] = []
  let moved = (): void => undefined
  const park = async (before: string): Promise<void> => {
    const pass = inPass.getStore()
    if (pass === undefined) return
    await new Promise<void>((go) => {
      parked.push({ pass, before, go })
      moved()
    })
  }
  const around = async <T>(what: string, effect: () => Promise<T>): Promise<T> => {
    await park(what)
    const result = await effect()
    await park(`what follows ${what}`)
    return result
  }
  const fetch: AppGround["github"]["fetch"] = (input, init) => {
    const request = input instanceof Request && !init ? input : new Request(input, init)
    return around(`${request.method} ${new URL(request.url).pathname}`, () => ground.github.fetch(request))
  }
  const { prisma } = ground.database
  const $transaction = (run: (tx: Prisma.TransactionClient) => Promise<unknown>): Promise<unknown> =>
    around("a transaction", () => prisma.$transaction(run))
  const play = async (passes: Passes, seed: number): Promise<string[]> => {
    const order: string[] = []
    const random = randomOf(seed)
    let running = 0
    const failures: unknown[] = []
    const stillness = (): Promise<void> =>
      new Promise((resolve) => {
        moved = () => {
          if (parked.length === running) resolve()
        }
        moved()
      })
    for (const [pass, run] of Object.entries(passes)) {
      running += 1
      void inPass
        .run(pass, () => park("its beginning").then(run))
        .catch((error: unknown) => failures.push(error))
        .finally(() => {
          running -= 1
          moved()
        })
    }
    const scheduler = schedulerOf(Object.keys(passes), random)
    for (;;) {
      await stillness()
      if (parked.length === 0) break
      const chosen = scheduler.pick(parked)
      parked = parked.filter((one) => one !== chosen)
      order.push(`${chosen.pass}: ${chosen.before}`)
      chosen.go()
      // It runs now, and is not parked: stillness comes when it parks again, or has ended.
    }
    if (failures.length > 0) throw new AggregateError(failures, `a pass failed; the order was ${order.join(", ")}`)
    return order
  }
  return {
    ground: {
      ...ground,
      github: { ...ground.github, fetch },
      database: { ...ground.database, prisma: standIn(prisma, { $transaction }) },
    },
    play,
  }
}

/** About how many steps the longest play takes. */
const horizon = 30

/**
 * Lets one pass run until it ends or its turn is over, and then another one, with up to four such turns at steps that
 * the seed gives. A race that needs few turns is met by every so manieth seed, however narrow it is; choosing anew at
 * every step would hardly ever meet one at the end of a long pass.
 *
 * @see Burckhardt, Kothari, Musuvathi, Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of Finding
 * Bugs, ASPLOS 2010
 */
function schedulerOf(passes: readonly string[], random: () => number): { pick(parked: readonly Parked[]): Parked } {
  let ranked = passes
    .map((pass) => ({ pass, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ pass }) => pass)
  const turns = new Set(Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * horizon)))
  let steps = 0
  return {
    pick: (parked) => {
      const chosen = parked.toSorted((a, b) => ranked.indexOf(a.pass) - ranked.indexOf(b.pass))[0]
      if (chosen === undefined) throw new Error("nothing is parked")
      if (turns.has(steps)) ranked = [...ranked.filter((pass) => pass !== chosen.pass), chosen.pass]
      steps += 1
      return chosen
    },
  }
}

/** Numbers from 0 up to 1 that look random, the same ones for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
