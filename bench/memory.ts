import { setTimeout as pause } from "node:timers/promises"
import { samplePayloads, varied } from "./answering.ts"
import { atRate } from "./load.ts"
import type { DatabaseKind } from "./server.ts"
import { openWorld } from "./world.ts"

const slices = 5
const sliceSeconds = 20
const perSecond = 100

/** Resident memory of the server's process after each 2,000 deliveries, up to 10,000. */
export async function memory(kind: DatabaseKind): Promise<string> {
  const world = await openWorld(kind)
  const next = varied(await samplePayloads(world))
  const target = { port: world.server.port, secret: world.webhookSecret }
  const readings = [`${world.server.memoryMb()} MB before`]
  for (let slice = 0; slice < slices; slice += 1) {
    await atRate(target, { perSecond, seconds: sliceSeconds, next: (index) => next(index + slice * 1_000_000) })
    await pause(3000)
    readings.push(`${world.server.memoryMb()} MB after ${(slice + 1) * perSecond * sliceSeconds}`)
  }
  await world.server.stopAndAsk("SELECT 1")
  await world.close()
  return `${kind}: ${readings.join(", ")}`
}
