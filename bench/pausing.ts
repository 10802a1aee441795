import type { DatabaseKind } from "./server.ts"
import { openWorld, until, type BenchWorld } from "./world.ts"

/**
 * A repository with many open promotions, all green, is paused by one comment: the time until the last gate is red. The
 * test GitHub counts content-creating requests as GitHub does, so the client's own pace is part of it.
 */
export async function pausing(kind: DatabaseKind, count: number): Promise<string> {
  const world = await openWorld(kind)
  const { people } = world.hub.github
  const { repo } = world
  const heads: string[] = []
  const numbers: number[] = []
  // The last ones opened wait in the queue's place: with auto-merge on, and a check of their own to come.
  const landing = Math.min(10, Math.floor(count / 10))
  let first = 0
  for (let index = 0; index < count; index += 1) {
    const { number, headSha } = await world.open()
    first ||= number
    numbers.push(number)
    heads.push(headSha)
    await people.reportCheck({ repo, pull: number, name: "build", conclusion: "success" })
  }
  const limitMs = 900_000
  await until("all green", () => heads.every((sha) => world.gateOf(sha) === "success"), limitMs)
  await people.configureRepository({ repo, allowAutoMerge: true })
  await people.protectBranch({ repo, checks: ["never reported"] })
  for (const number of numbers.slice(count - landing)) {
    await people.enableAutoMerge({ repo, by: "max", number })
  }
  await settled(world)
  world.hub.github.calls.clear()
  await people.comment({ repo, by: "olga", number: first, body: "/pause-promotion incident 42" })
  const isRed = (sha: string): boolean => world.gateOf(sha) === "failure"
  const soon = await until("auto-merge red", () => heads.slice(count - landing).every(isRed), limitMs)
  const before = heads.slice(0, count - landing).filter(isRed).length
  const half = await until("half red", () => heads.filter(isRed).length >= count / 2, limitMs)
  const rest = await until("all red", () => heads.every(isRed), limitMs)
  const isTold = (): string | undefined => receiptOf(world)
  await until("the receipt", () => isTold() !== undefined, limitMs)
  const receipt = isTold() ?? ""
  const writes = world.hub.github.calls.writes().length
  await world.server.stopAndAsk("SELECT 1")
  await world.close()
  const seconds = (ms: number): string => (ms / 1000).toFixed(1)
  return `${kind}, ${count} open promotions: the ${landing} with auto-merge red after ${seconds(soon)} s (${before} others were red by then), half after ${seconds(soon + half)} s, all after ${seconds(soon + half + rest)} s, ${writes} writes; ${receipt}`
}

/** The first line of the receipt, once it was told. */
function receiptOf({ hub }: BenchWorld): string | undefined {
  const comments = [...hub.github.state.repositories.values()].flatMap((repository) => repository.comments)
  return comments.find(({ body }) => body.includes("portcullis:receipt:"))?.body.split("\n")[0]
}

/** Waits until no call has been made for a second. */
async function settled({ hub }: BenchWorld): Promise<void> {
  for (let seen = -1; seen !== hub.github.calls.all().length;) {
    seen = hub.github.calls.all().length
    await new Promise((resolve) => {
      setTimeout(resolve, 1000)
    })
  }
}
