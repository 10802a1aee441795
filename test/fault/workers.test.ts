import { expect, test, vi } from "vitest"
import { subjectKey } from "../../src/inbox/subject.ts"
import { openDatabase } from "../../src/lib/db/database.ts"
import type { RunningApp } from "../harness/running-app.ts"
import { startApp } from "../harness/running-app.ts"
import { playScenario, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"
import { patienceMs, playUndisturbed } from "./every-cut.ts"
import { stateOf, steps, type Trail } from "./path.ts"
import { post } from "./at-once.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

/** Two processes on one server (two loops in one process, on the embedded database), and where they met. */
type Pair = { apps: readonly RunningApp[]; overlaps: string[]; end(): Promise<void> }

async function pairUp(t: Scenario): Promise<Pair> {
  const { database, github, credentials, clock, logged } = t
  const { connectionString: databaseUrl } = database.pool.options
  const own = databaseUrl === undefined ? null : await openDatabase({ databaseUrl })
  let runs = 0
  const newRunId = (): string => `01930000-0000-7000-9000-${String((runs += 1)).padStart(12, "0")}`
  const second = await startApp({ database: own ?? database, github, credentials, clock, logged, newRunId })
  const apps = [t.app, second]
  const overlaps: string[] = []
  watchOverlaps(apps, overlaps)
  return {
    apps,
    overlaps,
    end: async () => {
      await second.close()
      await own?.close()
    },
  }
}

function watchOverlaps(apps: readonly RunningApp[], overlaps: string[]): void {
  const now = new Set<string>()
  for (const { work } of apps) {
    const { reconcile } = work
    work.reconcile = async (subject) => {
      const key = subjectKey(subject)
      if (now.has(key)) overlaps.push(key)
      now.add(key)
      await reconcile(subject).finally(() => now.delete(key))
    }
  }
}

/** Both work at once until neither has anything to do; every webhook comes to both doors at the same time. */
async function quietTogether(t: Scenario, { apps }: Pair): Promise<void> {
  for (let round = 0; round < 300; round += 1) {
    const arriving = t.github.deliveries.takePending(t.credentials.appId)
    await Promise.all(apps.flatMap((app) => arriving.map((delivery) => post(app, delivery))))
    const did = await Promise.all(apps.map((app) => app.step()))
    if (did.every((count) => count === 0) && t.github.deliveries.pending().length === 0) return
  }
  throw new Error("not quiet")
}

test("two workers come to the same as one, and never look at one subject together", async () => {
  const plain = await playUndisturbed()
  await playScenario(
    async (t) => {
      const pair = await pairUp(t)
      const trail: Trail = { pr: { number: 0 } }
      for (const step of steps) {
        t.clock.advance(1000)
        await step.act(t, trail)
        await quietTogether(t, pair)
        expect(await stateOf(t), step.name).toEqual(plain.find((one) => one.step === step.name)?.state)
      }
      expect(pair.overlaps).toEqual([])
      await pair.end()
    },
    { installed: false },
  )
})

scenario("two workers share many pull requests, and each has one gate", async (t) => {
  const pair = await pairUp(t)
  const prs: OpenedPullRequest[] = []
  for (let count = 0; count < 8; count += 1) prs.push(await t.openPullRequest())
  for (const pr of prs) await t.check(pr)
  await quietTogether(t, pair)
  const [first] = prs
  if (first === undefined) throw new Error("no pull request")
  expect(prs.map((pr) => t.gate(pr)?.conclusion)).toEqual(prs.map(() => "success"))
  await t.says(first, "olga", "/pause-promotion")
  await quietTogether(t, pair)
  expect(prs.map((pr) => t.gate(pr)?.conclusion)).toEqual(prs.map(() => "failure"))
  await t.says(first, "olga", "/resume-promotion")
  for (const pr of prs.slice(4)) await t.push(pr)
  await quietTogether(t, pair)
  expect(prs.map((pr) => t.gate(pr)?.conclusion)).toEqual(prs.map((_, place) => (place < 4 ? "success" : null)))
  const { checkRuns, dirty } = await stateOf(t)
  expect(checkRuns).toHaveLength(12)
  expect(dirty).toEqual([])
  expect(pair.overlaps).toEqual([])
  await pair.end()
})
