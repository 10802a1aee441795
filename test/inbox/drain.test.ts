import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { drainOnce, type DrainDeps } from "../../src/inbox/drain.ts"
import { openQueue, type SubjectQueue } from "../../src/inbox/queue.ts"
import type { Hearsay, Reading } from "../../src/inbox/reading.ts"
import { subjectKey } from "../../src/inbox/subject.ts"
import { readDelivery } from "../../src/webhook/payload.ts"
import { testClock } from "../harness/clock.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"

const clock = testClock()
const onServer = Boolean(process.env["TEST_DATABASE_URL"])
const repository = { id: 5, name: "shop", owner: { login: "acme" }, default_branch: "main" }
const installation = { id: 9 }

let database: TestDatabase
let queue: SubjectQueue
/** GUIDs of deliveries that were read, and of those that were set aside. */
let read: string[] = []
let aside: string[] = []

beforeAll(async () => {
  database = await testDatabase()
  const { pool, kind } = database
  const onError = (error: unknown): void => expect.fail(String(error))
  queue = await openQueue({ pool, embedded: kind === "embedded", retryDelaySeconds: 0, supervise: false, onError })
})
beforeEach(() => database.reset())
afterEach(() => {
  read = []
  aside = []
})
afterAll(async () => {
  await queue.stop()
  await database.close()
})

function deps(changed: Partial<DrainDeps> = {}): DrainDeps {
  return {
    prisma: database.prisma,
    queue,
    clock,
    read: (delivery) => {
      read.push(delivery.guid)
      return readDelivery(delivery, 3)
    },
    onUnprocessable: ({ guid }) => void aside.push(guid),
    ...changed,
  }
}

async function store(guid: string, event: string, payload: unknown): Promise<void> {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload)
  await database.prisma.delivery.create({ data: { appId: 3n, guid, event, payload: text, receivedAt: clock.now() } })
}

/** Stores pushes to the default branch, one after the other. */
async function storePushes(...guids: string[]): Promise<void> {
  for (const guid of guids) await store(guid, "push", { repository, installation, ref: "refs/heads/main" })
}

async function drainAll(work: DrainDeps): Promise<number[]> {
  const counts: number[] = []
  do counts.push(await drainOnce(work))
  while (counts.at(-1) !== 0 && counts.length < 20)
  return counts
}

async function outcomes(): Promise<Record<string, string | null>> {
  const rows = await database.prisma.delivery.findMany({ orderBy: { id: "asc" } })
  return Object.fromEntries(rows.map(({ guid, outcome, drainedAt }) => [guid, drainedAt && outcome]))
}

async function dirty(): Promise<string[]> {
  return (await queue.take(50)).map(({ subject }) => subjectKey(subject)).toSorted()
}

/** What a delivery tells when it says of one repository just this. */
function telling(told: Partial<Hearsay>): Reading {
  const about = { id: 5, installationId: 9, owner: "acme", name: "shop", defaultBranch: "main", active: true }
  const nothing = { facts: [], asks: [], configStale: false, subjects: [], wakeHeads: [], rerunHeads: [] }
  return { outcome: "queued", why: null, hearsay: [{ repository: about, ...nothing, ...told }] }
}

function pullRequest(updatedAt: string, changed: object = {}): object {
  const pull = {
    number: 7,
    state: "open",
    head: { sha: "a".repeat(40), ref: "feature" },
    base: { ref: "main" },
    user: { login: "max", id: 4 },
    labels: [],
    updated_at: updatedAt,
    ...changed,
  }
  return { action: "edited", repository, installation, pull_request: pull, sender: { login: "max", id: 4 } }
}

test("deliveries about one subject are one piece of work, and each is marked drained once", async () => {
  await storePushes("a", "b", "c")
  expect(await drainAll(deps())).toEqual([3, 0])
  expect(await outcomes()).toEqual({ a: "queued", b: "queued", c: "queued" })
  expect(read).toEqual(["a", "b", "c"])
  expect(await dirty()).toEqual(["repository:5"])
})

test("the late webhook: an older event that comes later, even in one batch, does not hide a newer one", async () => {
  await store("new", "pull_request", pullRequest("2026-11-20T11:00:05Z", { draft: true }))
  await store("old", "pull_request", pullRequest("2026-11-20T11:00:04Z"))
  await drainOnce(deps())
  await store("older", "pull_request", pullRequest("2026-11-20T11:00:03Z"))
  await drainOnce(deps())
  const pulls = { where: { kind: "pull-request" } }
  expect(await database.prisma.fact.findMany(pulls)).toMatchObject([{ number: 7, data: { draft: true } }])
  await store("same second", "pull_request", pullRequest("2026-11-20T11:00:05Z", { draft: false }))
  await drainOnce(deps())
  expect(await database.prisma.fact.findMany(pulls)).toMatchObject([{ number: 7, data: { draft: false } }])
})

test("a check wakes the open pull requests at its head, and no others", async () => {
  const checkRun = {
    id: 1,
    name: "build",
    head_sha: "a".repeat(40),
    status: "queued",
    conclusion: null,
    app: { id: 8 },
  }
  await store("pull", "pull_request", pullRequest("2026-11-20T11:00:05Z"))
  await store("closed", "pull_request", pullRequest("2026-11-20T11:00:05Z", { number: 8, state: "closed" }))
  await drainOnce(deps())
  for (const claim of await queue.take(8)) await queue.settle(claim)
  await store("check", "check_run", { repository, installation, check_run: checkRun })
  await drainOnce(deps())
  expect(await dirty()).toEqual(["pull-request:5:7"])
})

test("what leads to nothing is recorded with its outcome and why, and never read again", async () => {
  await store("cut", "push", '{"repository":')
  await store("null", "push", "null")
  await store("shapeless", "push", { repository: { id: "5" }, installation })
  await store("unknown", "sponsorship", { installation })
  await store("branch", "push", { repository, installation, ref: "refs/heads/feature" })
  await store("elsewhere", "push", { repository, ref: "refs/heads/main" })
  expect(await drainAll(deps())).toEqual([6, 0])
  expect(await outcomes()).toMatchInlineSnapshot(`
    {
      "branch": "queued",
      "cut": "unparseable: not JSON",
      "elsewhere": "not-installed",
      "null": "unparseable: : Invalid input: expected object, received null",
      "shapeless": "unparseable: repository.id: Invalid input: expected number, received string",
      "unknown": "ignored: event not used",
    }
  `)
  expect(read).toHaveLength(6)
  expect(await dirty()).toEqual([])
})

test("a delivery the database refuses is set aside and said, and the rest go on", async () => {
  await storePushes("a", "bad", "c")
  const huge = { kind: "conversation", repositoryId: 5, number: 7 } as const
  const asks: Hearsay["asks"] = [
    {
      kind: "comment",
      number: 2 ** 40,
      atMs: 0,
      commentId: 1,
      onPullRequest: true,
      body: "",
      actor: { kind: "user", login: "max", id: 4 },
      actorIsBot: false,
      cause: null,
    },
  ]
  const work = deps({
    read: ({ guid }) => telling(guid === "bad" ? { asks, subjects: [huge] } : { configStale: true }),
  })
  expect(await drainAll(work)).toEqual([1, 1, 1, 0])
  expect(await outcomes()).toEqual({ a: "queued", bad: "unprocessable", c: "queued" })
  expect(aside).toEqual(["bad"])
  expect(await database.prisma.ask.findMany()).toEqual([])
  expect(await database.prisma.repository.findMany()).toMatchObject([{ configHeard: 1 }])
  expect(await dirty()).toEqual([])
})

test("a text that PostgreSQL's JSON refuses is set aside like any other", async () => {
  await storePushes("bad")
  const fact = { source: "check-run", id: 1, name: "\0", app: null, appId: null, sha: "a".repeat(40) } as const
  const bad = { ...fact, status: "queued", conclusion: null, url: null, atMs: 0 }
  const work = deps({ read: () => telling({ facts: [{ kind: "check", fact: bad as never }] }) })
  expect(await drainAll(work)).toEqual([1, 0])
  expect(await outcomes()).toEqual({ bad: "unprocessable" })
})

test("what may pass is no refusal: the delivery waits until it does", async () => {
  await storePushes("a")
  const away = { ...queue, mark: () => Promise.reject(new Error("connect ECONNREFUSED 10.0.0.1:22001")) }
  await expect(drainOnce(deps({ queue: away }))).rejects.toThrow("ECONNREFUSED")
  expect(await outcomes()).toEqual({ a: null })
  expect(await database.prisma.repository.findMany()).toEqual([])
  expect(await drainAll(deps())).toEqual([1, 0])
  expect(await dirty()).toEqual(["repository:5"])
})

test("a batch holds 200 deliveries and 16 MB at most, and one that is larger goes alone", async () => {
  const mb = 1024 * 1024
  const sizes = [1, 17 * mb, 7 * mb, 7 * mb, 7 * mb, ...Array<number>(200).fill(1)]
  await database.pool.query(
    `INSERT INTO delivery (app_id, guid, event, payload, received_at)
     SELECT 3, place, 'unknown', repeat('x', size), now() FROM unnest($1::int[]) WITH ORDINALITY AS t (size, place)`,
    [sizes],
  )
  expect(await drainAll(deps())).toEqual([1, 1, 2, 200, 1, 0])
})

test("two drains at once drain each delivery once", async () => {
  await storePushes("a", "b", "c", "d", "e")
  const counts = await Promise.all([drainOnce(deps()), drainOnce(deps())])
  expect(counts.reduce((sum, count) => sum + count)).toBe(5)
  expect(await drainOnce(deps())).toBe(0)
  expect(read.toSorted()).toEqual(["a", "b", "c", "d", "e"])
})

test.runIf(onServer)("a drain passes over what another is at, and takes what came since", async () => {
  await storePushes("a", "b")
  const marking = Promise.withResolvers<undefined>()
  const goOn = Promise.withResolvers<undefined>()
  const slow: SubjectQueue = {
    ...queue,
    async mark(tx, subjects) {
      marking.resolve(undefined)
      await goOn.promise
      await queue.mark(tx, subjects)
    },
  }
  const first = drainOnce(deps({ queue: slow }))
  await marking.promise
  await store("c", "sponsorship", {})
  expect(await drainOnce(deps())).toBe(1)
  goOn.resolve(undefined)
  expect(await first).toBe(2)
  expect(read.toSorted()).toEqual(["a", "b", "c"])
})
