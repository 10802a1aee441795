import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"
import type { Permissions } from "./state.ts"

let shop: Shop
let turn = 0
let pull: { number: number; headSha: string }
beforeAll(async () => {
  shop = await openShop()
})
beforeEach(async () => {
  turn += 1
  const files = { [`new-${turn}.txt`]: "one\n" }
  pull = await shop.github.people.openPullRequest({ repo: shop.repo, by: "max", head: `topic-${turn}`, files })
})
afterEach(async () => {
  shop.github.faults.clear()
  await shop.github.people.unprotectBranch({ repo: shop.repo })
  expect(shop.github.unknownRequests).toEqual([])
})
afterAll(() => shop.github.close())

const ask = (method: string, path: string, ...[body, as = shop.token]: [body?: unknown, as?: string]) =>
  shop.ask(method, `/repos/acme/shop${path}`, { as, body })
const merge = (body: unknown = {}, as = shop.token) => ask("PUT", `/pulls/${pull.number}/merge`, body, as)
const read = async () => (await ask("GET", `/pulls/${pull.number}`)).body

async function tokenWith(permissions: Permissions): Promise<string> {
  const path = `/app/installations/${shop.installationId}/access_tokens`
  return ((await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions } })).body as { token: string })
    .token
}

describe("an app that merges by its token", () => {
  test("needs contents: write, and the right names for things", async () => {
    expect(await merge({}, await tokenWith({ pull_requests: "write", contents: "read" }))).toMatchObject({
      status: 403,
      body: { message: "Resource not accessible by integration" },
    })
    expect((await ask("PUT", "/pulls/4711/merge", {})).status).toBe(404)
    expect((await merge({ merge_method: "octopus" })).status).toBe(422)
    expect((await merge({}, await tokenWith({ contents: "write" }))).status).toBe(200)
    expect(await merge()).toMatchObject({ status: 405, body: { message: "Pull Request is not mergeable" } })
  })

  test("is told when the head has moved, and merges the one it saw only", async () => {
    const { headSha } = await shop.github.people.pushToPullRequest({
      repo: shop.repo,
      by: "max",
      number: pull.number,
      files: { [`more-${turn}`]: "x\n" },
    })
    expect(await merge({ sha: pull.headSha })).toMatchObject({
      status: 409,
      body: { message: "Head branch was modified. Review and try the merge again." },
    })
    expect((await merge({ sha: headSha })).body).toMatchObject({
      merged: true,
      message: "Pull Request successfully merged",
    })
    expect(await read()).toMatchObject({ merged_by: { login: "portcullis[bot]", type: "Bot" } })
    const closed = shop.github.deliveries.log().findLast(({ action }) => action === "closed")
    expect(JSON.parse(closed?.body ?? "")).toMatchObject({
      sender: { login: "portcullis[bot]" },
      pull_request: { merged: true, merged_by: { login: "portcullis[bot]" } },
    })
  })

  test("is held by protection, in GitHub's words: names for one check, numbers for several", async () => {
    const { people } = shop.github
    const on = { repo: shop.repo, sha: pull.headSha }
    const message = async () => ((await merge()).body as { message: string }).message
    await people.protectBranch({ repo: shop.repo, checks: ["a", "b", "c"] })
    expect(await message()).toBe("3 of 3 required status checks are expected.")
    await people.reportCheck({ ...on, name: "a" })
    await people.setStatus({ ...on, by: "max", context: "b", state: "failure" })
    expect(await message()).toBe("3 of 3 required status checks have not succeeded: 1 expected and 1 failing.")
    await people.setStatus({ ...on, by: "max", context: "b", state: "success" })
    await people.setStatus({ ...on, by: "max", context: "c", state: "success" })
    expect(await message()).toBe(`Required status check "a" is in progress.`)
    await people.reportCheck({ ...on, name: "a", conclusion: "failure" })
    expect(await message()).toBe(`Required status check "a" is failing.`)
    await people.protectBranch({ repo: shop.repo, checks: ["a"], approvals: 1 })
    expect(await message()).toBe(
      `Required status check "a" is failing. At least 1 approving review is required by reviewers with write access.`,
    )
    await people.draftPullRequest({ repo: shop.repo, by: "max", number: pull.number, draft: true })
    expect(await message()).toBe("Pull Request is still a draft")
  })
})

describe("a merge that fails on the way", () => {
  test.each(["before", "after"] as const)("by a 5xx %s the effect", async (effect) => {
    shop.github.faults.requests({ method: "PUT", path: /\/merge$/ }, { kind: "server-error", status: 502, effect })
    expect((await merge()).status).toBe(502)
    expect(await read()).toMatchObject({ merged: effect === "after" })
    expect((await merge()).status).toBe(effect === "after" ? 405 : 200)
  })

  test.each(["before", "after"] as const)("by a broken connection %s the effect", async (effect) => {
    shop.github.faults.requests({ method: "PUT", path: /\/merge$/ }, { kind: "network", effect })
    await expect(merge()).rejects.toThrow("fetch failed")
    expect(await read()).toMatchObject({ merged: effect === "after" })
  })
})

test("a push to the base makes mergeable unknown for as many reads as GitHub needs", async () => {
  await read()
  expect(await read()).toMatchObject({ mergeable: true, mergeable_state: "clean" })
  shop.github.state.nullMergeableReads = 2
  await shop.github.people.commit({ repo: shop.repo, by: "max", files: { [`side-${turn}`]: "x\n" } })
  const query = `{ repository(owner: "acme", name: "shop") { pullRequest(number: ${pull.number}) { mergeable mergeStateStatus } } }`
  const graphql = await shop.ask("POST", "/graphql", { as: shop.token, body: { query } })
  expect(graphql.body).toMatchObject({
    data: { repository: { pullRequest: { mergeable: "UNKNOWN", mergeStateStatus: "UNKNOWN" } } },
  })
  expect(await read()).toMatchObject({ mergeable: null, mergeable_state: "unknown" })
  expect(await read()).toMatchObject({ mergeable: true })
  shop.github.state.nullMergeableReads = 1
})

test("the head branch is deleted by the API, once, and takes an open pull request with it", async () => {
  const path = `/git/refs/heads/topic-${turn}`
  expect((await ask("DELETE", path, undefined, await tokenWith({ contents: "read" }))).status).toBe(403)
  expect((await ask("DELETE", path)).status).toBe(204)
  expect(await read()).toMatchObject({ state: "closed", merged: false })
  expect(await ask("DELETE", path)).toMatchObject({ status: 422, body: { message: "Reference does not exist" } })
})

test("a merge is committed by GitHub itself, whose account is web-flow", async () => {
  const { sha } = (await merge()).body as { sha: string }
  expect((await ask("GET", `/commits/${sha}`)).body).toMatchObject({
    author: { login: "portcullis[bot]" },
    committer: { login: "web-flow" },
    commit: { committer: { name: "GitHub", email: "noreply@github.com" } },
  })
})
