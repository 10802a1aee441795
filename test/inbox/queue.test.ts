import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { openQueue, type Claim, type SubjectQueue } from "../../src/inbox/queue.ts"
import { subjectKey, type Subject } from "../../src/inbox/subject.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"

const seven: Subject = { kind: "pull-request", repositoryId: 1, number: 7 }
const eight: Subject = { kind: "pull-request", repositoryId: 1, number: 8 }
const talk: Subject = { kind: "conversation", repositoryId: 1, number: 7 }
const whole: Subject = { kind: "repository", repositoryId: 1 }
const onServer = Boolean(process.env["TEST_DATABASE_URL"])

let database: TestDatabase
let queue: SubjectQueue
/** What the queue reports; no test leaves anything in it. */
let reported: string[] = []

function open(embedded = database.kind === "embedded"): Promise<SubjectQueue> {
  const onError = (error: unknown): void => void reported.push(String(error))
  return openQueue({ pool: database.pool, embedded, retryDelaySeconds: 0, supervise: false, onError })
}

beforeAll(async () => {
  database = await testDatabase()
  queue = await open()
})
beforeEach(() => database.reset())
afterEach(() => {
  expect(reported).toEqual([])
})
afterAll(async () => {
  await queue.stop()
  await database.close()
})

function mark(...subjects: Subject[]): Promise<void> {
  return database.prisma.$transaction((tx) => queue.mark(tx, subjects))
}

async function takeOne(): Promise<Claim> {
  const [claim, ...more] = await queue.take(8)
  expect(more).toEqual([])
  return claim ?? expect.fail("nothing could be taken")
}

async function takeKeys(limit = 8): Promise<string[]> {
  return (await queue.take(limit)).map(({ subject }) => subjectKey(subject)).toSorted()
}

async function takeOneKey(): Promise<string | undefined> {
  return (await takeKeys(1))[0]
}

/** Jobs as the table has them: `queue: key, state`. */
async function jobs(): Promise<string[]> {
  const { rows } = await database.pool.query<{ job: string }>(
    "SELECT concat(name, ': ', data->>'key', ', ', state) AS job FROM pgboss.job ORDER BY created_on, job",
  )
  return rows.map(({ job }) => job)
}

test("equal subjects coalesce, in one marking and over several", async () => {
  await mark(seven, seven, eight, talk, whole)
  await mark({ ...seven })
  expect(await takeKeys()).toEqual(["conversation:1:7", "pull-request:1:7", "pull-request:1:8", "repository:1"])
  expect(await takeKeys()).toEqual([])
})

test("no more are taken than asked for, and the rest wait", async () => {
  await mark(seven, eight, talk)
  expect(await takeKeys(2)).toHaveLength(2)
  expect(await takeKeys(2)).toHaveLength(1)
})

test("a marking that is rolled back marks nothing", async () => {
  const rolledBack = database.prisma.$transaction(async (tx) => {
    await queue.mark(tx, [seven])
    throw new Error("the facts could not be written")
  })
  await expect(rolledBack).rejects.toThrow("the facts could not be written")
  expect(await jobs()).toEqual([])
})

test("a subject marked while it runs waits for its end, keeps no other waiting, and runs once more", async () => {
  await mark(seven)
  const first = await takeOne()
  await mark(seven)
  await mark(seven, eight)
  expect(await takeKeys()).toEqual(["pull-request:1:8"])
  expect(await takeKeys()).toEqual([])
  await queue.settle(first)
  expect(await takeKeys()).toEqual(["pull-request:1:7"])
  expect(await takeKeys()).toEqual([])
})

test("the urgent are taken first, and what waits already becomes more urgent, never less", async () => {
  await mark(seven, eight, talk)
  const urgent = async (subjects: Subject[], urgency: number): Promise<void> =>
    database.prisma.$transaction((tx) => queue.mark(tx, subjects, () => urgency))
  await urgent([eight], 1)
  await urgent([talk, whole], 2)
  await urgent([talk], 1)
  await mark(talk)
  const first = await queue.take(2)
  expect(first.map(({ subject }) => subjectKey(subject)).toSorted()).toEqual(["conversation:1:7", "repository:1"])
  expect(await takeOneKey()).toBe("pull-request:1:8")
  expect(await takeOneKey()).toBe("pull-request:1:7")
})

test("every marking is counted once it is made, and marking nothing is not", async () => {
  const before = queue.marks()
  await mark()
  expect(queue.marks()).toBe(before)
  await mark(seven, eight)
  expect(queue.marks()).toBe(before + 1)
})

test("what is given back comes back, and rests after its retries until it is marked anew", async () => {
  await mark(seven)
  for (let attempt = 0; attempt <= 8; attempt += 1) {
    const claim = await takeOne()
    expect(claim).toMatchObject({ subject: seven, attempt })
    await queue.giveBack(claim, "HttpError")
  }
  expect(await takeKeys()).toEqual([])
  expect(await jobs()).toEqual(["subject: pull-request:1:7, failed", "subject-at-rest: pull-request:1:7, created"])
  await mark(seven)
  expect(await takeOne()).toMatchObject({ subject: seven, attempt: 0 })
})

test("a subject given back while an equal one waits comes back once", async () => {
  await mark(seven)
  const first = await takeOne()
  await mark(seven)
  await queue.giveBack(first, "HttpError")
  await queue.settle(await takeOne())
  const again = await queue.take(8)
  for (const claim of again) await queue.settle(claim)
  expect(await takeKeys()).toEqual([])
  expect((await jobs()).filter((job) => !job.endsWith("completed") && !job.endsWith("failed"))).toEqual([])
})

test("what is released on stopping comes back, and has not failed", async () => {
  await mark(seven, eight)
  const held = await queue.take(8)
  await mark(eight)
  for (const claim of held) await queue.release(claim)
  const back = await queue.take(8)
  expect(back.map(({ subject, attempt }) => `${subjectKey(subject)} ${attempt}`).toSorted()).toEqual([
    "pull-request:1:7 0",
    "pull-request:1:8 0",
  ])
  expect(await takeKeys()).toEqual([])
})

test("a claim that has lapsed changes nothing", async () => {
  await mark(seven)
  const lapsed = await takeOne()
  await queue.giveBack(lapsed, "its heart stopped beating")
  const current = await takeOne()
  expect(current.jobId).toBe(lapsed.jobId)
  await queue.settle(lapsed)
  await queue.giveBack(lapsed, "too late")
  expect(await jobs()).toEqual(["subject: pull-request:1:7, active"])
  await queue.settle(current)
  expect(await jobs()).toEqual(["subject: pull-request:1:7, completed"])
})

test("a heartbeat tells only of claims that hold", async () => {
  await mark(seven)
  const lapsed = await takeOne()
  await queue.giveBack(lapsed, "its heart stopped beating")
  const current = await takeOne()
  await database.pool.query("UPDATE pgboss.job SET heartbeat_on = NULL")
  const beats = async (): Promise<number | null> =>
    (await database.pool.query("SELECT 1 FROM pgboss.job WHERE heartbeat_on IS NOT NULL")).rowCount
  await queue.touch([lapsed])
  expect(await beats()).toBe(0)
  await queue.touch([current])
  expect(await beats()).toBe(1)
})

test("a job that is no subject is put away, and keeps nobody else from being taken", async () => {
  await mark(seven)
  await database.pool.query("UPDATE pgboss.job SET data = '{\"key\":\"pull-request:1:-7\"}', singleton_key = 'odd'")
  await mark(eight)
  expect(await takeKeys()).toEqual(["pull-request:1:8"])
  expect(await takeKeys()).toEqual([])
  expect(await jobs()).toContain("subject: pull-request:1:-7, completed")
  expect(reported).toEqual(["Error: not a subject: pull-request:1:-7"])
  reported = []
})

test.skipIf(onServer)("whoever opens the embedded queue takes back what died, as an attempt", async () => {
  await mark(seven)
  await takeOne()
  const next = await open()
  expect(await takeOne()).toMatchObject({ subject: seven, attempt: 1 })
  await next.stop()
})

test.runIf(onServer)("opening the queue on a server leaves another replica its claims", async () => {
  await mark(seven)
  const claim = await takeOne()
  const next = await open()
  expect(await next.take(8)).toEqual([])
  await next.stop()
  await queue.settle(claim)
  expect(await jobs()).toEqual(["subject: pull-request:1:7, completed"])
})

test.runIf(onServer)(
  "the claimed wake: what is marked anew is not handed out before the commit, then once",
  async () => {
    await mark(seven)
    const marked = Promise.withResolvers<undefined>()
    const commit = Promise.withResolvers<undefined>()
    const writing = database.prisma.$transaction(async (tx) => {
      await queue.mark(tx, [seven])
      marked.resolve(undefined)
      await commit.promise
    })
    await marked.promise
    expect(await takeKeys()).toEqual([])
    commit.resolve(undefined)
    await writing
    expect(await takeKeys()).toEqual(["pull-request:1:7"])
    expect(await takeKeys()).toEqual([])
  },
)
