import { setTimeout as pause } from "node:timers/promises"
import type { DatabaseKind } from "./server.ts"
import { openWorld, until } from "./world.ts"

/**
 * A burst of check runs of one head within two seconds, 150 ms a call to GitHub: how many calls it costs, and how long
 * after the last webhook the gate is right.
 */
export async function burst(kind: DatabaseKind, size: number): Promise<string> {
  const world = await openWorld(kind, { latencyMs: 150 })
  const { people, calls } = world.hub.github
  const pr = await world.open()
  await until("the first gate", () => world.gateOf(pr.headSha) !== null)
  await pause(1000)
  calls.clear()
  const begun = performance.now()
  for (let index = 0; index < size; index += 1) {
    const name = index === size - 1 ? "build" : `check ${index}`
    await people.reportCheck({ repo: world.repo, pull: pr.number, name, conclusion: "success" })
    const due = begun + ((index + 1) / size) * 1900
    await pause(Math.max(0, due - performance.now()))
  }
  await world.hub.github.deliveries.settled()
  const ms = await until("the gate", () => world.gateOf(pr.headSha) === "success")
  await pause(1500)
  const cost = calls.work().length
  const [row] = await world.server.stopAndAsk<{ stored: bigint; drained: bigint }>(
    "SELECT count(*) AS stored, count(drained_at) AS drained FROM delivery WHERE event = 'check_run'",
  )
  await world.close()
  const lost = size - Number(row?.drained ?? 0)
  return `${kind}, ${size} check runs: ${cost} calls, right ${Math.round(ms)} ms after the last, ${Math.max(0, lost)} lost`
}
