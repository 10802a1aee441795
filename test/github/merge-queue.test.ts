import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findRepository } from "./access.ts"
import { defaultQueue } from "./rules.ts"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

type Pull = { number: number; headSha: string }
type Told = {
  action: string
  number?: number
  reason?: string
  merge_group?: { head_sha: string; head_ref: string; base_sha: string }
}

let shop: Shop
let pulls: Pull[]
beforeEach(async () => {
  shop = await openShop({ ownerType: "Organization" })
  const { people } = shop.github
  await people.protectBranch({ repo: shop.repo, checks: ["ci"], enforceAdmins: true })
  pulls = []
  for (const name of ["a", "b", "c"]) {
    const files = { [`${name}.txt`]: `${name}\n` }
    const pull = await people.openPullRequest({ repo: shop.repo, by: "max", head: name, files, title: `Add ${name}` })
    await report(pull.headSha, "success")
    pulls.push(pull)
  }
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

const report = (sha: string, conclusion: "success" | "failure") =>
  shop.github.people.reportCheck({ repo: shop.repo, sha, name: "ci", conclusion })
const ask = (method: string, path: string, body?: unknown) =>
  shop.ask(method, `/repos/acme/shop${path}`, { as: shop.token, body })
const tip = async () => (await shop.github.people.resolve({ repo: shop.repo, revision: "main" })).sha
const at = (index: number): Pull => pulls[index] ?? { number: 0, headSha: "" }
const queue = (index: number) =>
  shop.github.people.enqueuePullRequest({ repo: shop.repo, by: "max", number: at(index).number })
const read = async (index: number) => (await ask("GET", `/pulls/${at(index).number}`)).body
const entries = () => findRepository(shop.github.state, shop.repo)?.queueEntries ?? []
const groupOf = (index: number) => entries().find((entry) => entry.pull.number === at(index).number)?.group

/** What the app was told of the queue, as short words. */
function told(): string[] {
  return shop.github.deliveries
    .log()
    .filter(({ event }) => event === "merge_group" || event === "pull_request")
    .map(({ body }) => JSON.parse(body) as Told)
    .filter(({ action }) => !["opened", "synchronize"].includes(action))
    .map(({ action, number, reason, merge_group: group }) => {
      const name = pulls.findIndex((one) => one.number === (number ?? Number(group?.head_ref.match(/pr-(\d+)-/)?.[1])))
      return [group ? "group" : "pull", "abc"[name], action, ...(reason ? [reason] : [])].join(" ")
    })
}

async function graphql(query: string): Promise<{ data?: never; errors?: { message: string }[] }> {
  const { status, body } = await shop.ask("POST", "/graphql", { as: shop.token, body: { query } })
  expect(status).toBe(200)
  return body as { data?: never; errors?: { message: string }[] }
}

async function nodeId(index: number): Promise<string> {
  return ((await read(index)) as { node_id: string }).node_id
}

describe("a merge queue", () => {
  test("tries each entry on top of those before it, and lands them by the commits it tried", async () => {
    await shop.github.people.requireMergeQueue({ repo: shop.repo, groupSize: 2 })
    const base = await tip()
    await queue(0)
    await queue(1)
    const [first, second] = [groupOf(0), groupOf(1)]
    expect(first).toMatchObject({ baseSha: base })
    expect(first?.ref).toBe(`refs/heads/gh-readonly-queue/main/pr-${at(0).number}-${base}`)
    expect(second?.baseSha).toBe(first?.headSha)
    const branch = await ask("GET", `/git/ref/${second?.ref.slice("refs/".length)}`)
    expect(branch.body).toMatchObject({ object: { sha: second?.headSha } })
    expect((await ask("GET", `/git/commits/${second?.headSha}`)).body).toMatchObject({
      message: `Merge pull request #${at(1).number} from acme/b\n\nAdd b`,
      parents: [{ sha: first?.headSha }, { sha: at(1).headSha }],
    })
    await report(second?.headSha ?? "", "success")
    expect(await tip()).toBe(base)
    await report(first?.headSha ?? "", "success")
    expect(await tip()).toBe(second?.headSha)
    expect(await read(0)).toMatchObject({ merged: true, merge_commit_sha: first?.headSha })
    expect(await read(1)).toMatchObject({ merged: true, merge_commit_sha: second?.headSha })
    expect(told()).toEqual([
      "pull a enqueued",
      "group a checks_requested",
      "pull b enqueued",
      "group b checks_requested",
      "pull a dequeued MERGE",
      "pull a closed",
      "pull b dequeued MERGE",
      "pull b closed",
      "group a destroyed merged",
      "group b destroyed merged",
    ])
    expect((await ask("GET", "/git/matching-refs/heads/gh-readonly-queue/")).body).toEqual([])
  })

  test("throws out what fails and tries the others again", async () => {
    await shop.github.people.requireMergeQueue({ repo: shop.repo, method: "SQUASH" })
    const base = await tip()
    for (const index of [0, 1, 2]) await queue(index)
    const before = groupOf(2)
    await report(groupOf(1)?.headSha ?? "", "failure")
    expect(entries()).toHaveLength(3)
    await report(groupOf(0)?.headSha ?? "", "success")
    expect(await read(0)).toMatchObject({ merged: true })
    expect(await read(1)).toMatchObject({ merged: false, state: "open" })
    const after = groupOf(2)
    expect(after?.headSha).not.toBe(before?.headSha)
    expect(after?.baseSha).toBe(await tip())
    await report(after?.headSha ?? "", "success")
    expect((await ask("GET", `/compare/${base}...main`)).body).toMatchObject({ total_commits: 2 })
    expect(told().slice(6)).toEqual([
      "pull a dequeued MERGE",
      "pull a closed",
      "group a destroyed merged",
      "pull b dequeued CI_FAILURE",
      "group b destroyed dequeued",
      "group c destroyed invalidated",
      "group c checks_requested",
      "pull c dequeued MERGE",
      "pull c closed",
      "group c destroyed merged",
    ])
  })

  test("tries what comes back by a new commit, without the checks of the last time", async () => {
    await shop.github.people.requireMergeQueue({ repo: shop.repo })
    await queue(0)
    const before = groupOf(0)?.headSha ?? ""
    await report(before, "failure")
    expect(entries()).toEqual([])
    await queue(0)
    expect(groupOf(0)?.headSha).not.toBe(before)
    expect((await ask("GET", `/commits/${before}/check-runs`)).body).toMatchObject({ total_count: 1 })
  })

  test("goes by the last group alone where it is told so", async () => {
    const settings = { grouping_strategy: "HEADGREEN" as const }
    await shop.github.people.requireMergeQueue({ repo: shop.repo, settings })
    for (const index of [0, 1]) await queue(index)
    const last = groupOf(1)?.headSha
    await report(groupOf(0)?.headSha ?? "", "failure")
    expect(entries()).toHaveLength(2)
    await report(last ?? "", "success")
    expect(await tip()).toBe(last)
  })

  test("waits for enough entries, and not forever for checks", async () => {
    const settings = { min_entries_to_merge: 2, check_response_timeout_minutes: 30 }
    await shop.github.people.requireMergeQueue({ repo: shop.repo, settings })
    await queue(0)
    await report(groupOf(0)?.headSha ?? "", "success")
    expect(await read(0)).toMatchObject({ merged: false })
    shop.pass(5 * 60_000)
    await shop.github.people.wakeMergeQueue({ repo: shop.repo })
    expect(await read(0)).toMatchObject({ merged: true })
    await queue(1)
    shop.pass(30 * 60_000)
    await shop.github.people.wakeMergeQueue({ repo: shop.repo })
    expect(told().slice(-2)).toEqual(["pull b dequeued CI_TIMEOUT", "group b destroyed dequeued"])
  })

  test("lets go of a pull request that is pushed to, closed, in conflict, or taken out", async () => {
    const { people } = shop.github
    await people.requireMergeQueue({ repo: shop.repo })
    for (const index of [0, 1, 2]) await queue(index)
    const on = (index: number) => ({ repo: shop.repo, by: "max", number: at(index).number })
    await people.dequeuePullRequest(on(0))
    await people.pushToPullRequest({ ...on(1), files: { "b.txt": "else\n" } })
    await people.closePullRequest(on(2))
    expect(told().filter((line) => line.includes("dequeued ") && line.startsWith("pull"))).toEqual([
      "pull a dequeued MANUAL",
      "pull b dequeued UNKNOWN_REMOVAL_REASON",
      "pull c dequeued UNKNOWN_REMOVAL_REASON",
    ])
    const rival = await people.openPullRequest({ ...on(0), head: "d", files: { "a.txt": "rival\n" } })
    await report(rival.headSha, "success")
    await queue(0)
    await people.enqueuePullRequest({ repo: shop.repo, by: "max", number: rival.number })
    expect(shop.github.deliveries.log().findLast(({ action }) => action === "dequeued")?.body).toContain(
      `"reason":"MERGE_CONFLICT"`,
    )
    await people.requireMergeQueue({ repo: shop.repo, off: true })
    expect(entries()).toEqual([])
    expect(told().at(-2)).toBe("pull a dequeued QUEUE_CLEARED")
  })

  test("is the only way into its branch", async () => {
    const { people } = shop.github
    await people.requireMergeQueue({ repo: shop.repo })
    const merge = () => ask("PUT", `/pulls/${at(0).number}/merge`)
    expect(await merge()).toMatchObject({
      status: 405,
      body: { message: "Changes must be made through the merge queue" },
    })
    const push = people.pushBranch({ repo: shop.repo, by: "olga", branch: "main", to: at(0).headSha })
    await expect(push).rejects.toThrow("merge queue")
    await people.requireMergeQueue({ repo: shop.repo, off: true })
    const parameters = defaultQueue()
    const rules = [{ type: "merge_queue" as const, parameters }]
    const { id } = await people.createRuleset({ repo: shop.repo, by: "olga", rules })
    expect((await merge()).body).toMatchObject({
      message: "Repository rule violations found\n\nChanges must be made through the merge queue\n\n",
    })
    expect((await ask("GET", "/rules/branches/main")).body).toMatchObject([{ type: "merge_queue", parameters }])
    await queue(0)
    await report(groupOf(0)?.headSha ?? "", "success")
    expect(await read(0)).toMatchObject({ merged: true, merged_by: { login: "github-merge-queue[bot]" } })
    await people.deleteRuleset({ repo: shop.repo, by: "olga", id })
  })
})

describe("by GraphQL", () => {
  const fields = "id position state jump enqueuer { login } headCommit { oid } baseCommit { oid }"
  const enqueue = async (index: number, more = "") =>
    graphql(`mutation { enqueuePullRequest(input: { pullRequestId: "${await nodeId(index)}" ${more} }) {
      mergeQueueEntry { ${fields} pullRequest { isInMergeQueue } } } }`)

  test("an app queues, sees the place and the group, and takes out again", async () => {
    await shop.github.people.requireMergeQueue({ repo: shop.repo })
    await queue(0)
    expect((await enqueue(1, `jump: true expectedHeadOid: "${at(1).headSha}"`)).data).toMatchObject({
      enqueuePullRequest: {
        mergeQueueEntry: {
          position: 1,
          state: "QUEUED",
          jump: true,
          headCommit: null,
          enqueuer: { login: "portcullis" },
        },
      },
    })
    const base = await tip()
    const { data } = await graphql(`{ repository(owner: "acme", name: "shop") {
      mergeQueue(branch: "main") { configuration { mergeMethod mergingStrategy } entries(first: 5) { totalCount } }
      pullRequest(number: ${at(1).number}) { isInMergeQueue isMergeQueueEnabled mergeQueueEntry { ${fields} } } } }`)
    expect(data).toMatchObject({
      repository: {
        mergeQueue: {
          configuration: { mergeMethod: "MERGE", mergingStrategy: "ALLGREEN" },
          entries: { totalCount: 2 },
        },
        pullRequest: {
          isInMergeQueue: true,
          isMergeQueueEnabled: true,
          mergeQueueEntry: {
            position: 1,
            state: "AWAITING_CHECKS",
            baseCommit: { oid: base },
            headCommit: { oid: groupOf(1)?.headSha },
          },
        },
      },
    })
    const out = `mutation { dequeuePullRequest(input: { id: "${await nodeId(1)}" }) { mergeQueueEntry { id } } }`
    expect((await graphql(out)).errors).toBeUndefined()
    expect((await graphql(out)).errors).toHaveLength(1)
    expect(groupOf(0)?.baseSha).toBe(base)
  })

  test("an app is refused what may not be queued", async () => {
    const { people } = shop.github
    const problem = async (more = "") => (await enqueue(0, more)).errors?.[0]?.message
    expect(await problem()).toBe("Pull request No merge queue found for branch 'main'")
    await people.requireMergeQueue({ repo: shop.repo })
    expect(await problem(`expectedHeadOid: "${"0".repeat(40)}"`)).toContain("Head branch was modified")
    await report(at(0).headSha, "failure")
    expect(await problem()).toBe(`Pull request Required status check "ci" is failing.`)
  })

  test("auto-merge joins the queue, at once or when the checks have passed", async () => {
    const { people } = shop.github
    await people.requireMergeQueue({ repo: shop.repo })
    await people.enableAutoMerge({ repo: shop.repo, by: "max", number: at(0).number })
    expect(groupOf(0)).toBeDefined()
    await report(at(1).headSha, "failure")
    await people.enableAutoMerge({ repo: shop.repo, by: "max", number: at(1).number })
    expect(groupOf(1)).toBeUndefined()
    await report(at(1).headSha, "success")
    expect(groupOf(1)?.baseSha).toBe(groupOf(0)?.headSha)
    expect(await read(1)).toMatchObject({ auto_merge: null })
  })
})
