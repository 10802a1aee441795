import { openWorld, percentile, settled, until, type BenchWorld } from "./world.ts"
import type { DatabaseKind } from "./server.ts"

const config = `version: 1
mode: enforce
branches:
  "release/*":
    stages: [{ checks: { require: [build] } }]
    health: { window: 5s, deployments: [production] }
    rollback: { automatic: true, merge: auto, pause_after: false }
`

const rounds = 12
const windowLimitMs = 60_000

/**
 * From the failing status of a deployment to the open pull request that takes the change back, each on a branch of its own,
 * because one branch cools down after each; and what the whole life of a promotion costs in calls to GitHub.
 */
export async function rollback(kind: DatabaseKind): Promise<string[]> {
  const world = await openWorld(kind, { config })
  const times: number[] = []
  let good: Life = { calls: [] }
  let taken: TakenBack | null = null
  for (let round = 1; round <= rounds; round += 1) {
    const branch = `release/${round}`
    await world.hub.github.people.createBranch({ repo: world.repo, by: "olga", branch })
    good = await provesItself(world, branch)
    taken = await isTakenBack(world, { branch, toTheEnd: round === rounds })
    times.push(taken.openMs)
  }
  await world.server.stopAndAsk("SELECT 1")
  await world.close()
  const round = (value: number): number => Math.round(value)
  const last = taken?.calls ?? []
  return [
    `${kind}: failing status to open pull request: median ${round(percentile(times, 0.5))} ms, longest ${round(Math.max(...times))} ms over ${rounds}`,
    `    ${kind}: opened to known-good: ${told(good.calls)}`,
    `    ${kind}: opened to rolled back, the rollback's own pull request and window included: ${told(last)}`,
    ...last.map((call) => `      ${call}`),
  ]
}

type Life = { calls: string[] }
type TakenBack = Life & { openMs: number }

function told(calls: readonly string[]): string {
  return `${calls.length} calls, ${calls.filter((call) => call.startsWith("write")).length} of them writes`
}

function callsOf({ hub }: BenchWorld): string[] {
  return hub.github.calls
    .work()
    .map((call) => `${call.isWrite ? "write" : "read "} ${call.method} ${call.graphqlName ?? call.template}`)
}

let opened = 0

/** A change is opened, checked and merged by hand; gives the commit that landed. */
async function lands(world: BenchWorld, base: string): Promise<string> {
  const { people } = world.hub.github
  const { repo } = world
  opened += 1
  const files = { [`src/${opened}.ts`]: `export const value = ${opened}\n` }
  const pr = await people.openPullRequest({ repo, by: "max", head: `feature-${opened}`, base, files })
  await people.reportCheck({ repo, pull: pr.number, name: "build", conclusion: "success" })
  await until("green", () => world.gateOf(pr.headSha) === "success")
  const { sha } = await people.mergePullRequest({ repo, by: "olga", number: pr.number })
  await until("its health is watched", () => world.gateOf(sha) === "in_progress")
  return sha
}

async function deploys({ hub, repo }: BenchWorld, ref: string, state: "success" | "failure"): Promise<void> {
  await hub.github.people.deploy({ repo, by: "olga", ref, environment: "production", state })
}

async function provesItself(world: BenchWorld, branch: string): Promise<Life> {
  world.hub.github.calls.clear()
  const sha = await lands(world, branch)
  await deploys(world, sha, "success")
  await until("known-good", () => world.gateOf(sha) === "success", windowLimitMs)
  await settled(world)
  return { calls: callsOf(world) }
}

async function isTakenBack(
  world: BenchWorld,
  { branch, toTheEnd }: { branch: string; toTheEnd: boolean },
): Promise<TakenBack> {
  const { people } = world.hub.github
  const { repo } = world
  world.hub.github.calls.clear()
  const sha = await lands(world, branch)
  const before = world.pulls().length
  const begun = performance.now()
  await deploys(world, sha, "failure")
  await until("the pull request that takes it back", () => world.pulls().length > before)
  const openMs = performance.now() - begun
  if (!toTheEnd) return { openMs, calls: [] }
  const number = world.pulls().at(-1)?.number ?? 0
  await people.reportCheck({ repo, pull: number, name: "build", conclusion: "success" })
  const landed = (): string => world.pulls().at(-1)?.mergeCommitSha ?? ""
  await until("the rollback to be merged", () => world.pulls().at(-1)?.mergedAt !== null)
  await deploys(world, landed(), "success")
  await until("the rollback to prove itself", () => world.gateOf(landed()) === "success", windowLimitMs)
  await settled(world)
  return { openMs, calls: callsOf(world) }
}
