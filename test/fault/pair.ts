import { subjectKey } from "../../src/inbox/subject.ts"
import { openDatabase } from "../../src/lib/db/database.ts"
import { startApp, type RunningApp } from "../harness/running-app.ts"
import type { Scenario } from "../harness/verbs.ts"
import { post } from "./at-once.ts"

/** Two processes on one server (two loops in one process, on the embedded database), and where they met. */
export type Pair = { apps: readonly RunningApp[]; overlaps: string[]; end(): Promise<void> }

/** Starts a second process beside that of the scenario. */
export async function pairUp(t: Scenario): Promise<Pair> {
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
export async function quietTogether(t: Scenario, { apps }: Pair): Promise<void> {
  for (let round = 0; round < 300; round += 1) {
    const arriving = t.github.deliveries.takePending(t.credentials.appId)
    await Promise.all(apps.flatMap((app) => arriving.map((delivery) => post(app, delivery))))
    const did = await Promise.all(apps.map((app) => app.step()))
    if (did.every((count) => count === 0) && t.github.deliveries.pending().length === 0) return
  }
  throw new Error("not quiet")
}
