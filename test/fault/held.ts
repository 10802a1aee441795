import type { Prisma, PrismaClient } from "../../src/generated/client.ts"
import type { AppGround } from "../harness/running-app.ts"
import { standIn } from "./stand-in.ts"

/** Requests of the app to GitHub, and its transactions, held back for as long as a test wants. */

/** Which request, and whether GitHub's answer is held (it has its effect) or the request itself. */
export type HoldAt = { method: string; path: RegExp; effect: "before" | "after" }

/** One request that is held. */
export type Held = {
  /** Resolves when the app has made the request. */
  reached: Promise<void>
  /** Lets it go on. */
  release(): void
}

/** A ground whose requests can be held, and the conclusions of check runs in the order in which GitHub got them. */
export type HoldableGround = {
  ground: AppGround
  hold(at: HoldAt): Held
  /** Holds a transaction before it begins; the next one is number 1. */
  holdTransaction(number: number): Held
  conclusions: string[]
}

type Holding = HoldAt & { reach(): void; until: Promise<void> }

/** Stands between the app and GitHub. */
export function holdable(ground: AppGround): HoldableGround {
  const holdings: Holding[] = []
  const conclusions: string[] = []
  const fetch: AppGround["github"]["fetch"] = async (input, init) => {
    const request = input instanceof Request && !init ? input : new Request(input, init)
    const { pathname } = new URL(request.url)
    const place = holdings.findIndex((one) => one.method === request.method && one.path.test(pathname))
    const [holding] = place < 0 ? [] : holdings.splice(place, 1)
    const body = pathname.includes("/check-runs") && request.method !== "GET" ? await request.clone().text() : null
    const wait = async (effect: HoldAt["effect"]): Promise<void> => {
      if (holding?.effect !== effect) return
      holding.reach()
      await holding.until
    }
    await wait("before")
    if (body !== null) conclusions.push(conclusionIn(body))
    const response = await ground.github.fetch(request)
    await wait("after")
    return response
  }
  const { prisma, holdTransaction } = holdablePrisma(ground.database.prisma)
  return {
    ground: { ...ground, github: { ...ground.github, fetch }, database: { ...ground.database, prisma } },
    conclusions,
    holdTransaction,
    hold: (at) => {
      const { held, reach, until } = newHeld()
      holdings.push({ ...at, reach, until })
      return held
    },
  }
}

function newHeld(): { held: Held; reach(): void; until: Promise<void> } {
  const reached = Promise.withResolvers<void>()
  const until = Promise.withResolvers<void>()
  return { held: { reached: reached.promise, release: until.resolve }, reach: reached.resolve, until: until.promise }
}

function holdablePrisma(prisma: PrismaClient): Pick<HoldableGround, "holdTransaction"> & { prisma: PrismaClient } {
  let left = 0
  let holding = newHeld()
  const begin = async (run: (tx: Prisma.TransactionClient) => Promise<unknown>): Promise<unknown> => {
    left -= 1
    if (left === 0) {
      holding.reach()
      await holding.until
    }
    return prisma.$transaction(run)
  }
  return {
    prisma: standIn(prisma, { $transaction: begin }),
    holdTransaction: (number) => {
      left = number
      holding = newHeld()
      return holding.held
    },
  }
}

function conclusionIn(body: string): string {
  return /"conclusion":"(\w+)"/.exec(body)?.[1] ?? "none"
}
