import { atRate, type Payload } from "./load.ts"
import type { DatabaseKind } from "./server.ts"
import { openWorld, percentile, until, type BenchWorld } from "./world.ts"

const pullRequests = 20

/** Real `check_run` payloads of the test GitHub for some open pull requests, to be sent again with other ids. */
export async function samplePayloads(world: BenchWorld): Promise<Payload[]> {
  const { people, deliveries } = world.hub.github
  const samples: Payload[] = []
  for (let index = 0; index < pullRequests; index += 1) {
    const pr = await world.open()
    await people.reportCheck({ repo: world.repo, pull: pr.number, name: "lint", conclusion: "success" })
    await deliveries.settled()
    const last = deliveries.log().findLast((one) => one.event === "check_run")
    if (last === undefined) throw new Error("no check_run delivery")
    samples.push({ event: "check_run", body: last.body })
    await until("the gate", () => world.gateOf(pr.headSha) !== null)
  }
  return samples
}

/** Every payload is another check run of one of the pull requests. */
export function varied(samples: readonly Payload[]): (index: number) => Payload {
  const base = Date.now()
  return (index) => {
    const sample = samples[index % samples.length]
    if (sample === undefined) throw new Error("no samples")
    const payload = JSON.parse(sample.body) as { check_run: { id: number; name: string } }
    payload.check_run.id = base + index
    payload.check_run.name = `check ${index % 400}`
    return { event: sample.event, body: JSON.stringify(payload) }
  }
}

/** Answers at a steady rate for twenty seconds, while the work behind the door goes on. */
export async function answering(kind: DatabaseKind, perSecond: number): Promise<string> {
  const seconds = 20
  const world = await openWorld(kind)
  const samples = await samplePayloads(world)
  const target = { port: world.server.port, secret: world.webhookSecret }
  const cpuBefore = world.server.cpuMs()
  const answers = await atRate(target, { perSecond, seconds, next: varied(samples) })
  const cpuMs = (world.server.cpuMs() - cpuBefore) / answers.length
  // Marks the end: the last thing that happens on each pull request, seen when its gate opens.
  const { people } = world.hub.github
  const heads: string[] = []
  const begun = performance.now()
  for (let number = 1; number <= pullRequests; number += 1) {
    heads.push((await people.reportCheck({ repo: world.repo, pull: number, name: "build", conclusion: "success" })).sha)
  }
  await until("all gates open", () => heads.every((sha) => world.gateOf(sha) === "success"), 60_000)
  const workedOff = performance.now() - begun
  const [row] = await world.server.stopAndAsk<{ drained: bigint; waiting: bigint }>(
    `SELECT count(drained_at) AS drained, count(*) - count(drained_at) AS waiting FROM delivery
     WHERE payload LIKE '%"name":"check %'`,
  )
  await world.close()
  const bad = answers.filter(({ status }) => status < 200 || status > 299).length
  const times = answers.map(({ ms }) => ms)
  const lost = answers.length - Number(row?.drained ?? 0)
  return [
    `${kind}, ${perSecond}/s for ${seconds} s: ${answers.length} sent, ${bad} not 2xx, ${lost} lost`,
    `p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms`,
    `${cpuMs.toFixed(1)} ms of processor time a delivery`,
    `worked off ${(workedOff / 1000).toFixed(1)} s after the last, ${Number(row?.waiting ?? 0)} left waiting`,
  ].join("; ")
}
