import { expect, test, vi } from "vitest"
import type { Prisma } from "../../src/generated/client.ts"
import type { Subject } from "../../src/inbox/subject.ts"
import { playScenario, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"
import { playUndisturbed } from "./every-cut.ts"
import { stateOf, steps, type Trail } from "./path.ts"
import { pairUp, quietTogether } from "./pair.ts"
import { patienceMs } from "./patience.ts"
import { letClaimsLapse } from "./queue-time.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

test("two workers come to the same as one, and never look at one subject together", async () => {
  const plain = await playUndisturbed()
  await playScenario(
    async (t) => {
      const pair = await pairUp(t)
      const trail: Trail = { pr: { number: 0 } }
      for (const step of steps) {
        t.clock.advance(1000)
        // Each of the two has its own life; how they start is told elsewhere.
        if (step.name !== "started anew") await step.act(t, trail)
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

// Named race *the claimed wake*: whoever marks a subject must be sure that a worker looks after the commit, not before.

const subject: Subject = { kind: "pull-request", repositoryId: 1, number: 1 }

/** A transaction that has marked the subject, and waits to be told to commit. */
type Marking = { marked: Promise<void>; commit(): Promise<void> }

function beginMarking(t: Scenario): Marking {
  const hasMarked = Promise.withResolvers<void>()
  const mayCommit = Promise.withResolvers<void>()
  const over = t.database.prisma.$transaction(async (tx: Prisma.TransactionClient) => {
    await t.app.queue.mark(tx, [subject])
    hasMarked.resolve()
    await mayCommit.promise
  })
  over.catch(hasMarked.reject)
  return {
    marked: hasMarked.promise,
    commit: async () => {
      mayCommit.resolve()
      await over
    },
  }
}

/** Resolves when somebody waits for a lock. */
async function somebodyWaits(t: Scenario): Promise<void> {
  for (let question = 0; question < 10_000; question += 1) {
    const { rowCount } = await t.database.pool.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    )
    if (rowCount !== 0) return
  }
  throw new Error("nobody waits")
}

/** These need two transactions at the same time, which the embedded database does not have. */
function onServer(name: string, run: (t: Scenario) => Promise<void>): void {
  if (process.env["TEST_DATABASE_URL"]) scenario(name, run)
}

onServer("a subject that is waiting is not claimed while somebody marks it", async (t) => {
  const first = beginMarking(t)
  await first.marked
  await first.commit()
  const second = beginMarking(t)
  await second.marked
  expect(await t.app.queue.take(8)).toEqual([])
  await second.commit()
  expect(await t.app.queue.take(8)).toMatchObject([{ subject }])
})

onServer("a subject that two mark at once is claimed when both have committed", async (t) => {
  const first = beginMarking(t)
  await first.marked
  const second = beginMarking(t)
  await somebodyWaits(t)
  await first.commit()
  await second.marked
  expect(await t.app.queue.take(8)).toEqual([])
  await second.commit()
  expect(await t.app.queue.take(8)).toMatchObject([{ subject }])
})

scenario("a subject that is marked while a worker looks at it is looked at once more", async (t) => {
  const first = beginMarking(t)
  await first.marked
  await first.commit()
  const [claim] = await t.app.queue.take(8)
  if (claim === undefined) throw new Error("nothing to claim")
  const second = beginMarking(t)
  await second.marked
  await second.commit()
  expect(await t.app.queue.take(8)).toEqual([])
  await t.app.queue.settle(claim)
  expect(await t.app.queue.take(8)).toMatchObject([{ subject }])
})

/** A process takes the subject of a new pull request, and is never heard of again. */
async function takeAndDie(t: Scenario): Promise<void> {
  await t.openPullRequest()
  await t.app.deliver()
  await t.app.work.drain()
  expect(await t.app.queue.take(8)).toHaveLength(1)
}

scenario("what a dead process was working at comes back with the next start", async (t) => {
  await takeAndDie(t)
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual([])
  if (t.database.kind === "postgresql") await letClaimsLapse(t.database.pool)
  await t.restart()
  const claims = await t.app.queue.take(8)
  expect(claims).toMatchObject([{ subject: { kind: "pull-request", number: 1 }, attempt: 1 }])
  for (const claim of claims) await t.app.queue.release(claim)
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual(["proposed", "stage_changed", "promotion_blocked"])
})

scenario("a claim of a living replica is left alone", async (t) => {
  await takeAndDie(t)
  await t.restart()
  // The embedded database has one process, so there the other one must be dead, however short its silence.
  expect(await t.app.queue.take(8)).toHaveLength(t.database.kind === "postgresql" ? 0 : 1)
})

scenario("a subject that kills the process comes to rest, and a sweep tries it anew", async (t) => {
  await takeAndDie(t)
  for (let life = 0; life < 9; life += 1) {
    if (t.database.kind === "postgresql") await letClaimsLapse(t.database.pool)
    await t.restart()
    await t.app.queue.take(8)
  }
  if (t.database.kind === "postgresql") await letClaimsLapse(t.database.pool)
  await t.restart()
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual([])
  await t.app.sweep()
  await t.quiet()
  expect(await t.ledgerTypes(2)).toEqual(["proposed", "stage_changed", "promotion_blocked"])
})
