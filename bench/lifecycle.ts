import { openWorld, settled, until } from "./world.ts"
import type { DatabaseKind } from "./server.ts"

/**
 * One pull request's life of 49 webhooks: opened, 3 pushes, 12 check runs a push, 2 reviews, 3 comments, a label, the
 * merge, 2 deployment statuses. Counts what it costs in calls to GitHub.
 */
export async function lifecycle(kind: DatabaseKind, config?: string): Promise<string[]> {
  const world = await openWorld(kind, config === undefined ? {} : { config })
  const { people } = world.hub.github
  const { repo } = world
  await settled(world)
  world.hub.github.calls.clear()
  const pr = await world.open()
  await until("the first gate", () => world.gateOf(pr.headSha) !== null)
  for (let push = 0; push < 3; push += 1) {
    const files = { [`src/push-${push}.ts`]: `export const push = ${push}\n` }
    const { headSha } = await people.pushToPullRequest({ repo, by: "max", number: pr.number, files })
    await until("the gate of a push", () => world.gateOf(headSha) !== null)
    for (let check = 0; check < 12; check += 1) {
      const name = check === 11 ? "build" : `check ${check}`
      await people.reportCheck({ repo, pull: pr.number, name, conclusion: "success" })
    }
    await until("green", () => world.gateOf(headSha) === "success")
  }
  for (const verdict of ["APPROVE", "COMMENT"] as const) {
    await people.review({ repo, by: "olga", number: pr.number, verdict, body: "looks good" })
  }
  for (const body of ["first", "second", "third"]) await people.comment({ repo, by: "olga", number: pr.number, body })
  await people.label({ repo, by: "olga", number: pr.number, label: "bug" })
  await people.mergePullRequest({ repo, by: "olga", number: pr.number })
  const { id } = await people.deploy({ repo, by: "olga", ref: "main", environment: "production" })
  for (const state of ["in_progress", "success"] as const) {
    await people.reportDeployment({ repo, by: "olga", id, state })
  }
  await settled(world)
  const calls = world.hub.github.calls.work()
  const writes = world.hub.github.calls.writes()
  const lines = calls.map(
    (call) => `    ${call.isWrite ? "write" : "read "} ${call.method} ${call.graphqlName ?? call.path}`,
  )
  await world.server.stopAndAsk("SELECT 1")
  await world.close()
  const which = config === undefined ? "checks only" : "all stages"
  return [`${kind}, ${which}: ${calls.length} calls to GitHub, ${writes.length} of them writes`, ...lines]
}
