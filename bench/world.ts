import { appManifest } from "../test/harness/manifest.ts"
import { startTestGitHubServer, type TestGitHubServer } from "../test/github/http.ts"
import type { PullRequest } from "../test/github/state.ts"
import { freePort, startServer, type BenchServer, type DatabaseKind } from "./server.ts"

/** The test GitHub with one repository, and the real server installed on it, talking HTTP over loopback. */
export type BenchWorld = {
  hub: TestGitHubServer
  server: BenchServer
  repo: string
  webhookSecret: string
  appId: number
  /** Opens a pull request; resolves to its number and head. */
  open(): Promise<{ number: number; headSha: string }>
  /** The gate's check run on a commit as `conclusion or status`; null when there is none. */
  gateOf(sha: string): string | null
  /** Every pull request, oldest first. */
  pulls(): PullRequest[]
  close(): Promise<void>
}

const checksConfig = `version: 1
mode: enforce
branches:
  main:
    stages:
      - checks: { require: [build] }
`

/** The same with all stages, so that the diff is read and reviews are judged. */
export const fullConfig = `version: 1
mode: enforce
branches:
  main:
    stages:
      - checks: { require: [build] }
      - policy
      - review
risk: [{ level: high, paths: ["src/auth/**"] }]
review: { low: { approvals: 0 }, high: { approvals: 2 } }
policy: { forbidden_paths: ["secrets/**"], content: [{ name: eval, added: 'eval' }] }
`

/** How a world is: what every call to GitHub takes, and the repository's config. */
export type WorldOptions = { latencyMs?: number; config?: string }

/** Starts both. */
export async function openWorld(kind: DatabaseKind, options: WorldOptions = {}): Promise<BenchWorld> {
  const { latencyMs = 0, config = checksConfig } = options
  const port = await freePort()
  const hub = await startTestGitHubServer({ port: 0 })
  const { people, state } = hub.github
  state.hourlyLimit = 1_000_000
  const { repo } = await people.createRepository({
    owner: "acme",
    name: "shop",
    files: { "README.md": "# shop\n", ".github/promotion.yml": config },
    collaborators: { olga: "admin", max: "write" },
  })
  const hookUrl = `http://127.0.0.1:${port}/api/github/webhooks`
  const app = await people.createApp({ slug: "portcullis", ...appManifest(), hookUrl })
  await people.createApp({ slug: "github-actions", permissions: { checks: "write" }, events: [] })
  await people.installApp({ app: "github-actions", repos: [repo] })
  const identity = { ...app, githubUrl: hub.url }
  const server = await startServer(kind, identity, port)
  await people.installApp({ app: "portcullis", repos: [repo] })
  hub.github.faults.latencyMs = latencyMs
  const repository = [...state.repositories.values()].find((one) => one.name === "shop")
  if (repository === undefined) throw new Error("no repository")
  let opened = 0
  return {
    hub,
    server,
    repo,
    webhookSecret: app.webhookSecret,
    appId: app.appId,
    open: () => {
      opened += 1
      const files = { [`src/${opened}.ts`]: `export const value = ${opened}\n` }
      return people.openPullRequest({ repo, by: "max", head: `feature-${opened}`, files })
    },
    gateOf: (sha) => {
      const run = repository.checkRuns.findLast((one) => one.headSha === sha && one.app.id === app.appId)
      return run === undefined ? null : (run.conclusion ?? run.status)
    },
    pulls: () => [...repository.pulls.values()],
    close: () => hub.close(),
  }
}

/** Waits until something holds, looking every two milliseconds; resolves to the milliseconds it took. */
export async function until(what: string, holds: () => boolean, limitMs = 30_000): Promise<number> {
  const begun = performance.now()
  while (!holds()) {
    if (performance.now() - begun > limitMs) throw new Error(`${what}: not within ${limitMs} ms`)
    await new Promise((resolve) => {
      setTimeout(resolve, 2)
    })
  }
  return performance.now() - begun
}

/** Waits until no call has been made for a second. */
export async function settled(world: BenchWorld): Promise<void> {
  let seen = -1
  while (seen !== world.hub.github.calls.all().length) {
    seen = world.hub.github.calls.all().length
    await new Promise((resolve) => {
      setTimeout(resolve, 1000)
    })
  }
}

/** The value below which a share of the values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
