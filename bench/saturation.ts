import { spawn } from "node:child_process"
import { resolve } from "node:path"
import { samplePayloads, varied } from "./answering.ts"
import { atSaturation } from "./load.ts"
import { freePort, freshPostgres, stopped } from "./server.ts"
import { openWorld, percentile } from "./world.ts"

const rounds = 3
const plan = { connections: 32, seconds: 5 }

/**
 * Deliveries a second when more come than can be answered, beside a bare receiver on the same PostgreSQL server, in
 * turns. Ours also works off what it stored meanwhile.
 */
export async function saturation(): Promise<string> {
  const world = await openWorld("postgresql")
  const next = varied(await samplePayloads(world))
  const bare = await startBare(world.webhookSecret)
  const ours: number[] = []
  const theirs: number[] = []
  let failed = 0
  for (let round = 0; round < rounds; round += 1) {
    const target = { port: world.server.port, secret: world.webhookSecret }
    const own = await atSaturation(target, { ...plan, next: (index) => next(index + round * 1_000_000) })
    failed += own.failed
    ours.push(own.perSecond)
    await quietMoment()
    theirs.push((await atSaturation({ port: bare.port, secret: world.webhookSecret }, { ...plan, next })).perSecond)
  }
  await bare.stop()
  await world.server.stopAndAsk("SELECT 1")
  await world.close()
  const [own, base] = [percentile(ours, 0.5), percentile(theirs, 0.5)]
  return `postgresql: ${Math.round(own)}/s beside ${Math.round(base)}/s bare: ratio ${(own / base).toFixed(2)}, ${failed} not 200`
}

/** Lets ours work off what it stored, so that the bare one has the machine to itself. */
function quietMoment(): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, 15_000)
  })
}

async function startBare(secret: string): Promise<{ port: number; stop(): Promise<void> }> {
  const port = await freePort()
  const database = await freshPostgres()
  const child = spawn(process.execPath, [resolve(import.meta.dirname, "bare-server.ts")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], DATABASE_URL: database.url, WEBHOOK_SECRET: secret, PORT: String(port) },
  })
  await new Promise((done) => child.stdout.once("data", done))
  return {
    port,
    async stop() {
      await stopped(child)
      await database.drop()
    },
  }
}
