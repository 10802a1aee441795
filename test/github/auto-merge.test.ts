import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

let shop: Shop
let turn = 0
let pull: { number: number; headSha: string }
let id: string
beforeAll(async () => {
  shop = await openShop()
})
beforeEach(async () => {
  turn += 1
  const { people } = shop.github
  await people.protectBranch({ repo: shop.repo, checks: ["ci", { name: "gate", app: "portcullis" }] })
  const files = { [`new-${turn}.txt`]: "one\n" }
  pull = await people.openPullRequest({ repo: shop.repo, by: "max", head: `topic-${turn}`, files })
  const { body } = await ask("GET", `/pulls/${pull.number}`)
  id = (body as { node_id: string }).node_id
})
afterEach(() => expect(shop.github.unknownRequests).toEqual([]))
afterAll(() => shop.github.close())

const ask = (method: string, path: string, as = shop.token) => shop.ask(method, `/repos/acme/shop${path}`, { as })
const report = (name: string, conclusion: "success" | "failure" = "success") =>
  shop.github.people.reportCheck({
    repo: shop.repo,
    sha: pull.headSha,
    name,
    conclusion,
    app: name === "gate" ? "portcullis" : "github-actions",
  })
const read = async () => (await ask("GET", `/pulls/${pull.number}`)).body

type Answer = { data?: Record<string, unknown> | null; errors?: { type: string; message: string }[] }

async function graphql(query: string, as = shop.token): Promise<Answer> {
  const { status, body } = await shop.ask("POST", "/graphql", { as, body: { query } })
  expect(status).toBe(200)
  return body as Answer
}

const enable = (more = "", as = shop.token) =>
  graphql(
    `mutation { enablePullRequestAutoMerge(input: { pullRequestId: "${id}" clientMutationId: "7" ${more} }) {
      clientMutationId actor { login } pullRequest { number autoMergeRequest { mergeMethod enabledBy { login } enabledAt } } } }`,
    as,
  )
const disable = () =>
  graphql(`mutation { disablePullRequestAutoMerge(input: { pullRequestId: "${id}" }) { pullRequest { number } } }`)

const eventsOf = (number: number) =>
  shop.github.deliveries
    .log()
    .filter(({ event }) => event === "pull_request")
    .map(({ body }) => JSON.parse(body) as { action: string; number: number; reason?: string })
    .filter((one) => one.number === number)

test("auto-merge lands by its method when the last required check has passed, as who asked for it", async () => {
  const answer = await enable(`mergeMethod: SQUASH commitHeadline: "Round" expectedHeadOid: "${pull.headSha}"`)
  expect(answer).toEqual({
    data: {
      enablePullRequestAutoMerge: {
        clientMutationId: "7",
        actor: { login: "portcullis" },
        pullRequest: {
          number: pull.number,
          autoMergeRequest: {
            mergeMethod: "SQUASH",
            enabledBy: { login: "portcullis" },
            enabledAt: "2026-11-20T12:00:00Z",
          },
        },
      },
    },
  })
  expect(await read()).toMatchObject({
    merged: false,
    auto_merge: { merge_method: "squash", commit_title: "Round", commit_message: null },
  })
  await report("ci", "failure")
  await report("gate")
  expect(await read()).toMatchObject({ merged: false })
  await report("ci")
  expect(await read()).toMatchObject({ merged: true, auto_merge: null, merged_by: { login: "portcullis[bot]" } })
  const { sha } = await shop.github.people.resolve({ repo: shop.repo, revision: "main" })
  expect((await ask("GET", `/git/commits/${sha}`)).body).toMatchObject({ message: "Round", parents: { length: 1 } })
  expect(eventsOf(pull.number).map(({ action }) => action)).toEqual(["opened", "auto_merge_enabled", "closed"])
})

test("auto-merge is refused where nothing is waited for, and where it is not allowed", async () => {
  const { people } = shop.github
  const refusal = async (more = "") => (await enable(more)).errors?.[0]
  await people.configureRepository({ repo: shop.repo, allowAutoMerge: false })
  expect(await refusal()).toMatchObject({
    type: "UNPROCESSABLE",
    message: "Auto merge is not allowed for this repository",
  })
  await people.configureRepository({ repo: shop.repo, allowAutoMerge: true, mergeMethods: ["merge"] })
  expect(await refusal("mergeMethod: REBASE")).toMatchObject({
    message: "Merge method rebase merging is not allowed on this repository",
  })
  await people.configureRepository({ repo: shop.repo, mergeMethods: ["merge", "squash", "rebase"] })
  expect(await refusal(`expectedHeadOid: "${"0".repeat(40)}"`)).toMatchObject({
    message: "Head branch was modified. Review and try the merge again.",
  })
  await report("ci")
  await report("gate")
  expect(await refusal()).toMatchObject({ message: "Pull request Pull request is in clean status" })
  await report("lint", "failure")
  expect(await refusal()).toMatchObject({ message: "Pull request Pull request is in unstable status" })
  await people.commit({ repo: shop.repo, by: "olga", files: { [`new-${turn}.txt`]: "else\n" } })
  expect(await refusal()).toMatchObject({ message: "Pull request Pull request is in dirty status" })
  expect((await disable()).errors).toMatchObject([{ message: "Can't disable auto-merge for this pull request" }])
})

test("whoever may not merge may not have it merged", async () => {
  const path = `/app/installations/${shop.installationId}/access_tokens`
  const tokenWith = async (permissions: Record<string, string>) =>
    ((await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions } })).body as { token: string }).token
  for (const as of [
    await tokenWith({ pull_requests: "write" }),
    await tokenWith({ pull_requests: "read", contents: "write" }),
  ]) {
    expect((await enable("", as)).errors).toMatchObject([
      { type: "FORBIDDEN", message: "Resource not accessible by integration" },
    ])
    const query = `{ node(id: "${id}") { ... on PullRequest { viewerCanEnableAutoMerge } } }`
    expect(await graphql(query, as)).toEqual({ data: { node: { viewerCanEnableAutoMerge: false } } })
  }
  expect((await enable("", "user:tom")).errors).toMatchObject([{ type: "FORBIDDEN" }])
  expect((await enable("", "user:max")).errors).toBeUndefined()
  const unknown = `mutation { disablePullRequestAutoMerge(input: { pullRequestId: "PR_x" }) { clientMutationId } }`
  expect((await graphql(unknown)).errors).toMatchObject([{ type: "NOT_FOUND" }])
})

test("it is taken back by request, by closing, and by a push of someone without write access", async () => {
  const { people } = shop.github
  const viewer = async () => {
    const flags = "viewerCanEnableAutoMerge viewerCanDisableAutoMerge autoMergeRequest { mergeMethod }"
    const { data } = await graphql(`{ node(id: "${id}") { ... on PullRequest { ${flags} } } }`)
    return data?.["node"]
  }
  const off = { viewerCanEnableAutoMerge: true, viewerCanDisableAutoMerge: false, autoMergeRequest: null }
  expect(await viewer()).toEqual(off)
  await enable()
  expect(await viewer()).toEqual({
    viewerCanEnableAutoMerge: false,
    viewerCanDisableAutoMerge: true,
    autoMergeRequest: { mergeMethod: "MERGE" },
  })
  await disable()
  expect(await viewer()).toEqual(off)
  await report("ci")
  await report("gate")
  expect(await read()).toMatchObject({ merged: false })
  await people.pushToPullRequest({ repo: shop.repo, by: "max", number: pull.number, files: { [`x-${turn}`]: "x" } })
  await people.enableAutoMerge({ repo: shop.repo, by: "max", number: pull.number })
  await people.closePullRequest({ repo: shop.repo, by: "max", number: pull.number })
  expect(eventsOf(pull.number).map(({ action }) => action)).toEqual([
    "opened",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "synchronize",
    "auto_merge_enabled",
    "auto_merge_disabled",
    "closed",
  ])
  const fork = await people.fork({ repo: shop.repo, by: "rita" })
  await people.commit({ ...fork, by: "rita", branch: "typo", files: { "README.md": "# The shop\n" } })
  const foreign = await people.openPullRequest({ repo: shop.repo, by: "rita", head: "rita:typo" })
  await people.enableAutoMerge({ repo: shop.repo, by: "max", number: foreign.number })
  await people.pushToPullRequest({ repo: shop.repo, by: "rita", number: foreign.number, files: { evil: "x" } })
  const { action, reason } = eventsOf(foreign.number).at(-1) ?? {}
  expect([action, typeof reason]).toEqual(["auto_merge_disabled", "string"])
})
