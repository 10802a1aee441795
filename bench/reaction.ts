import { setTimeout as pause } from "node:timers/promises"
import type { DatabaseKind } from "./server.ts"
import { openWorld, percentile, until } from "./world.ts"

const rounds = 40

/** From a `check_run` webhook to the updated gate, with nothing else to do. */
export async function reaction(kind: DatabaseKind): Promise<string> {
  const world = await openWorld(kind)
  const { people } = world.hub.github
  const pr = await world.open()
  await until("the first gate", () => world.gateOf(pr.headSha) !== null)
  const times: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    await pause(150)
    const conclusion = round % 2 === 0 ? "success" : "failure"
    const begun = performance.now()
    await people.reportCheck({ repo: world.repo, pull: pr.number, name: "build", newRun: true, conclusion })
    await until("the gate", () => world.gateOf(pr.headSha) === conclusion)
    times.push(performance.now() - begun)
  }
  await world.server.stopAndAsk("SELECT 1")
  await world.close()
  const round = (value: number): number => Math.round(value)
  return `${kind}: median ${round(percentile(times, 0.5))} ms, p95 ${round(percentile(times, 0.95))} ms over ${rounds}`
}
