import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { readNewCommits, readPullsOf } from "../../src/github/new-commits.ts"
import type { Sha } from "../../src/lib/brand.ts"
import { findRepository } from "../github/access.ts"
import { mergePullRequest } from "../github/git-merge.ts"
import type { QueueEntry } from "../github/merge-queue.ts"
import { address, inspect, openGround, pushToMain, tip, wrongCommit, type Ground } from "./ground.ts"
import { short } from "./judge.ts"

// Landings gone wrong, each with the words for what is lost and whose it was.

let ground: Ground
beforeEach(async () => {
  ground = await openGround()
  await pushToMain(ground, { "src/cart.ts": lines(40), "src/tax.ts": lines(30), "docs/a.md": "# A\n" })
})
afterEach(async () => {
  expect(ground.shop.github.unknownRequests).toEqual([])
  await ground.shop.github.close()
})

function lines(count: number, changes: Record<number, string> = {}): string {
  return Array.from({ length: count }, (_, index) => `${changes[index] ?? `line ${index}`}\n`).join("")
}

type Opened = { number: number; headSha: string }

function open(head: string, files: Record<string, string | null>): Promise<Opened> {
  return ground.shop.github.people.openPullRequest({ repo: ground.shop.repo, by: "max", head, files })
}

const change = { "src/cart.ts": lines(40, { 3: "three", 20: "twenty" }), "docs/b.md": "# B\n", "docs/a.md": null }

/** A squash as git makes it, of one pull request on a branch that has moved on; then something is put over it. */
async function squash(over: { stale?: true; files?: Record<string, string | null> }) {
  const pull = await open("work", change)
  await pushToMain(ground, { "src/cart.ts": lines(40, { 36: "thirty-six" }), "src/tax.ts": lines(30, { 5: "five" }) })
  const before = await tip(ground)
  const author = { name: "max", email: "max@example.com", date: new Date("2026-11-20T12:00:00Z") }
  const made = await mergePullRequest(ground.store, {
    base: before,
    head: pull.headSha,
    method: "squash",
    message: "Work",
    author,
  })
  if ("conflict" in made) throw new Error("a conflict")
  const tree = over.stale ? pull.headSha : made.sha
  const landed = await wrongCommit(ground, { like: made.sha, tree, ...(over.files && { files: over.files }) })
  return short(await inspect(ground, { before, landed, head: pull.headSha }))
}

describe("a squash", () => {
  test("as git makes it is clean", async () => {
    expect(await squash({})).toEqual(["clean"])
  })

  test("of a stale tree takes back what the branch had since", async () => {
    expect(await squash({ stale: true })).toMatchInlineSnapshot(`
      [
        "lost of branch: src/cart.ts -1 +1 ()",
        "lost of branch: src/tax.ts -1 +1 ()",
      ]
    `)
  })

  test("with a file that nobody approved", async () => {
    expect(await squash({ files: { "src/core/miner.ts": "mine()\n" } })).toMatchInlineSnapshot(`
      [
        "added of neither: src/core/miner.ts",
      ]
    `)
  })

  test("with another line in a file of the change", async () => {
    const files = { "docs/b.md": "# Bee\n" }
    expect(await squash({ files })).toMatchInlineSnapshot(`
      [
        "altered of change: docs/b.md -1 +1",
      ]
    `)
  })

  test("with another line in a file of nobody's", async () => {
    expect(await squash({ files: { "README.md": "# Other shop\n" } })).toMatchInlineSnapshot(`
      [
        "altered of branch: README.md -1 +1 ()",
      ]
    `)
  })

  test("that lost one hunk of the change in a file that both changed", async () => {
    const files = { "src/cart.ts": lines(40, { 20: "twenty", 36: "thirty-six" }) }
    expect(await squash({ files })).toMatchInlineSnapshot(`
      [
        "lost of both: src/cart.ts -1 +1 ()",
      ]
    `)
  })

  test("that lost the branch's hunk in a file that both changed", async () => {
    const files = { "src/cart.ts": lines(40, { 3: "three", 20: "twenty" }) }
    expect(await squash({ files })).toMatchInlineSnapshot(`
      [
        "lost of branch: src/cart.ts -1 +1 ()",
      ]
    `)
  })

  test("in which a removed file is there again", async () => {
    expect(await squash({ files: { "docs/a.md": "# A\n" } })).toMatchInlineSnapshot(`
      [
        "added of change: docs/a.md",
      ]
    `)
  })
})

test("a head that GitHub does not know is nothing to call clean", async () => {
  const [before, landed] = [await tip(ground), await pushToMain(ground, { "docs/a.md": "# Other\n" })]
  expect(short(await inspect(ground, { before, landed, head: "1".repeat(40) }))).toEqual(["unknown: unreadable"])
})

describe("a merge queue's group", () => {
  let pulls: Opened[]
  let start: Sha

  beforeEach(async () => {
    const { people } = ground.shop.github
    const { repo } = ground.shop
    await people.protectBranch({ repo, checks: ["ci"], enforceAdmins: true })
    await people.requireMergeQueue({ repo, method: "SQUASH", settings: { min_entries_to_merge: 3 } })
    pulls = [
      await open("cart", { "src/cart.ts": lines(40, { 3: "three" }), "src/new.ts": lines(5) }),
      await open("tax", { "src/tax.ts": lines(30, { 5: "five" }), "docs/a.md": null }),
      await open("docs", { "docs/b.md": "# B\n", "src/cart.ts": lines(40, { 30: "thirty" }) }),
    ]
    start = await tip(ground)
    for (const { headSha, number } of pulls) {
      await pass(headSha)
      await people.enqueuePullRequest({ repo, by: "max", number })
    }
  })

  const pass = (sha: string): Promise<unknown> =>
    ground.shop.github.people.reportCheck({ repo: ground.shop.repo, sha, name: "ci", conclusion: "success" })
  const entries = (): readonly QueueEntry[] =>
    findRepository(ground.shop.github.state, ground.shop.repo)?.queueEntries ?? []

  /** Judges every commit that came onto the branch against the one before it, as the pull request that it lands. */
  async function judgeAll(): Promise<Record<string, string[]>> {
    const news = await readNewCommits(ground.client, { address, from: start, to: await tip(ground) })
    if (news.kind !== "ahead") throw new Error(news.kind)
    const told: Record<string, string[]> = {}
    for (const { sha: landed, parents } of news.commits) {
      const [pull] = await readPullsOf(ground.client, { address, commit: landed })
      if (pull === undefined) throw new Error("no pull request")
      expect(pull).toMatchObject({ merged: true, baseRef: "main", mergeCommit: landed })
      const before = parents[0] ?? start
      told[`#${pull.number}`] = short(await inspect(ground, { before, landed, head: pull.headSha }))
    }
    return told
  }

  test("that lands as it should is clean, each member against the one before it", async () => {
    for (const { group } of entries()) await pass(group?.headSha ?? "")
    expect(await judgeAll()).toEqual({ "#1": ["clean"], "#2": ["clean"], "#3": ["clean"] })
  })

  /**
   * As on 2026-04-23: each squash is made of its own pull request and the branch as it was before the group, so that it
   * takes back what those before it in the group had brought. The checks run on the very commits, and pass.
   */
  test("whose later squashes undo earlier ones is found out, for each pull request with what it undid", async () => {
    let base = start
    for (const [index, { group }] of entries().entries()) {
      const pull = pulls[index]
      if (group === undefined || pull === undefined) throw new Error("no group")
      group.headSha = await wrongCommit(ground, { like: group.headSha, tree: pull.headSha, parents: [base] })
      group.baseSha = base
      base = group.headSha as Sha
    }
    for (const { group } of entries()) await pass(group?.headSha ?? "")
    expect(await tip(ground)).toBe(base)
    expect(await judgeAll()).toMatchInlineSnapshot(`
      {
        "#1": [
          "clean",
        ],
        "#2": [
          "lost of branch: src/cart.ts -1 +1 (#1)",
          "lost of branch: src/new.ts (#1)",
        ],
        "#3": [
          "added of branch: docs/a.md (#2)",
          "lost of branch: src/tax.ts -1 +1 (#2)",
        ],
      }
    `)
  })
})
