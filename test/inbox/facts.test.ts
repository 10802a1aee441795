import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { openPullRequestsAt, writeAsks, writeFacts, type FactSource } from "../../src/inbox/facts.ts"
import { parseSha, type Sha } from "../../src/lib/brand.ts"
import type { CheckFact, PullRequestFact } from "../../src/promotion/fact.ts"
import type { HeardAsk, HeardFact } from "../../src/promotion/hearsay.ts"
import { testDatabase, type TestDatabase } from "../harness/database.ts"

const noon = Date.parse("2026-11-20T12:00:00.000Z")
const repositoryId = 5
const max = { kind: "user", login: "max", id: 4 } as const

let database: TestDatabase
beforeAll(async () => {
  database = await testDatabase()
})
beforeEach(() => database.reset())
afterAll(() => database.close())

function sha(digit: string): Sha {
  return parseSha(digit.repeat(40)) ?? expect.fail("no sha")
}

/** A pull request as it was that many seconds after noon. */
function pull(seconds: number, changed: Partial<PullRequestFact> = {}): HeardFact {
  const fact: PullRequestFact = {
    number: 7,
    state: "open",
    merged: false,
    mergeCommit: null,
    mergedBy: null,
    draft: false,
    headSha: sha("a"),
    headRef: "feature",
    baseRef: "main",
    fork: false,
    author: max,
    body: "",
    labels: [],
    mergeable: "unknown",
    autoMerge: false,
    updatedAtMs: noon + seconds * 1000,
    ...changed,
  }
  return { kind: "pull-request", fact }
}

/** A check as it was that many seconds after noon. */
function check(seconds: number, changed: Partial<CheckFact> = {}): HeardFact {
  const fact: CheckFact = {
    source: "check-run",
    id: 70,
    name: "build",
    app: "ci",
    appId: 2,
    sha: sha("a"),
    status: "completed",
    conclusion: "success",
    url: null,
    atMs: noon + seconds * 1000,
    ...changed,
  }
  return { kind: "check", fact }
}

const heard = (seconds: number): FactSource => ({ how: "heard", seenAt: new Date(noon + seconds * 1000) })
const seen = (seconds: number): FactSource => ({ how: "seen", seenAt: new Date(noon + seconds * 1000) })

function write(source: FactSource, ...facts: HeardFact[]): Promise<number> {
  return writeFacts(
    database.prisma,
    facts.map((fact) => ({ repositoryId, heard: fact })),
    source,
  )
}

/** One field of every fact, in the order of their keys. */
async function stored(field: "headRef" | "conclusion" | "status" | "atMs"): Promise<unknown[]> {
  const rows = await database.prisma.fact.findMany({ orderBy: { key: "asc" } })
  return rows.map(({ data }) => (data as Record<string, unknown>)[field])
}

describe("what is heard", () => {
  test("the late webhook: an older event does not overwrite a newer fact", async () => {
    expect(await write(heard(5), pull(4, { headRef: "newer" }))).toBe(1)
    expect(await write(heard(6), pull(3, { headRef: "older" }))).toBe(0)
    expect(await stored("headRef")).toEqual(["newer"])
    expect(await write(heard(7), pull(5, { headRef: "newest" }))).toBe(1)
    expect(await stored("headRef")).toEqual(["newest"])
  })

  test("of two versions in one second the last that arrives counts, in one batch and over two", async () => {
    await write(heard(5), pull(4, { headRef: "first" }), pull(4, { headRef: "second" }))
    expect(await stored("headRef")).toEqual(["second"])
    await write(heard(6), pull(4, { headRef: "third" }))
    expect(await stored("headRef")).toEqual(["third"])
  })

  test("of one object told twice in a batch the newer counts, whatever their order", async () => {
    await write(heard(5), pull(4, { headRef: "newer" }), pull(3, { headRef: "older" }))
    expect(await stored("headRef")).toEqual(["newer"])
  })

  test("what is told again unchanged changes nothing", async () => {
    await write(heard(5), check(4), pull(4))
    expect(await write(heard(9), check(4), pull(4))).toBe(0)
    expect(await database.prisma.fact.findMany({ select: { seenAt: true } })).toEqual([
      { seenAt: new Date(noon + 5000) },
      { seenAt: new Date(noon + 5000) },
    ])
  })

  test("within one second the progress of a check run orders it, and a new start replaces its own end", async () => {
    await write(heard(5), check(4))
    await write(heard(6), check(4, { status: "in_progress", conclusion: null }))
    expect(await stored("status")).toEqual(["completed"])
    await write(heard(7), check(5, { status: "in_progress", conclusion: null }))
    expect(await stored("status")).toEqual(["in_progress"])
  })

  test("a status is known by commit, name and reporter, a check run by its id", async () => {
    const status = { source: "status" } as const
    await write(heard(5), check(1, status), check(2, { ...status, id: 71 }), check(2, { ...status, app: null }))
    await write(heard(5), check(1), check(1, { id: 71 }), check(1, { ...status, sha: sha("b") }))
    expect(await stored("atMs")).toEqual([1, 1, 2, 2, 1].map((seconds) => noon + seconds * 1000))
  })
})

describe("what is seen", () => {
  test("corrects a check of a higher version that was heard before the question", async () => {
    await write(heard(5), check(4, { conclusion: "success" }))
    expect(await write(seen(6), check(3, { conclusion: "failure" }))).toBe(1)
    expect(await stored("conclusion")).toEqual(["failure"])
  })

  test("the stale sight: does not overwrite a newer check that was heard after the question", async () => {
    await write(heard(5), check(4, { conclusion: "failure" }))
    expect(await write(seen(4), check(3, { conclusion: "success" }))).toBe(0)
    expect(await write(seen(5), check(3, { conclusion: "success" }))).toBe(0)
    expect(await stored("conclusion")).toEqual(["failure"])
  })

  test("the stale sight: never overwrites a newer pull request", async () => {
    await write(heard(5), pull(4, { headRef: "newer" }))
    expect(await write(seen(9), pull(3, { headRef: "older" }))).toBe(0)
    expect(await stored("headRef")).toEqual(["newer"])
  })

  test("settles two versions of one second, and counts as drift", async () => {
    await write(heard(5), pull(4, { headRef: "heard" }), check(4, { conclusion: "success" }))
    expect(await write(seen(6), pull(4, { headRef: "seen" }), check(4, { conclusion: "failure" }))).toBe(2)
    expect(await stored("headRef")).toContain("seen")
    expect(await stored("conclusion")).toContain("failure")
  })

  test("what is only heard corrects no check of a higher version", async () => {
    await write(heard(5), check(4, { conclusion: "success" }))
    expect(await write(heard(9), check(3, { conclusion: "failure" }))).toBe(0)
  })
})

test("only open pull requests at a head are found by it, each once", async () => {
  const closed = { number: 8, state: "closed" } as const
  await write(heard(5), pull(4), pull(4, closed), pull(4, { number: 9, headSha: sha("b") }), check(4))
  const heads = ["a", "a", "c"].map((digit) => ({ repositoryId, sha: sha(digit) }))
  expect(await openPullRequestsAt(database.prisma, heads)).toEqual([{ repositoryId, number: 7 }])
  expect(await openPullRequestsAt(database.prisma, [{ repositoryId: 6, sha: sha("a") }])).toEqual([])
})

test("an ask that is known is left as it is, its answer included", async () => {
  const ask: HeardAsk = {
    kind: "comment",
    number: 7,
    atMs: noon,
    commentId: 1,
    onPullRequest: true,
    body: "/pause-promotion",
    actor: max,
    actorIsBot: false,
    cause: "delivery:a",
  }
  await writeAsks(database.prisma, [{ repositoryId, heard: ask }])
  await database.prisma.ask.updateMany({ data: { answer: { accepted: true }, settledAt: new Date(noon) } })
  await writeAsks(database.prisma, [{ repositoryId, heard: { ...ask, body: "/resume-promotion" } }])
  const [row, ...more] = await database.prisma.ask.findMany()
  expect(more).toEqual([])
  expect(row).toMatchObject({ answer: { accepted: true }, settledAt: new Date(noon), data: { body: ask.body } })
})
