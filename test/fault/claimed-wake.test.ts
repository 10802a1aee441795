import { expect } from "vitest"
import type { Prisma } from "../../src/generated/client.ts"
import type { Subject } from "../../src/inbox/subject.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

// Named race *the claimed wake*: whoever marks a subject must be sure that a worker looks after the commit, not before.

useDatabase()

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
