import { afterAll, beforeAll, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

const repo = "acme/shop"
const staging = { repo, by: "max", environment: "staging" }
let shop: Shop
let main: string
let pull: { number: number; headSha: string }
const ids: Record<"old" | "newer" | "failed" | "preview" | "silent" | "waiting" | "tagged", number> = {
  old: 0,
  newer: 0,
  failed: 0,
  preview: 0,
  silent: 0,
  waiting: 0,
  tagged: 0,
}

beforeAll(async () => {
  shop = await openShop()
  const { people } = shop.github
  main = (await people.resolve({ repo, revision: "main" })).sha
  pull = await people.openPullRequest({ repo, by: "max", head: "cents", files: { a: "1\n" } })
  ids.old = (await people.deploy({ ...staging, ref: "main", state: "success" })).id
  shop.pass(60_000)
  ids.newer = (await people.deploy({ ...staging, ref: "main" })).id
  await people.reportDeployment({
    repo,
    app: "github-actions",
    id: ids.newer,
    state: "success",
    description: "Up",
    logUrl: "http://ci.test/1",
    environmentUrl: "http://shop.test",
  })
  ids.failed = (await people.deploy({ repo, by: "max", pull: pull.number, environment: "qa", state: "failure" })).id
  const transient = { environment: "preview", isTransient: true }
  ids.preview = (await people.deploy({ repo, by: "max", ref: "cents", ...transient, state: "inactive" })).id
  ids.silent = (await people.deploy({ ...staging, sha: main })).id
  await people.tag({ repo, by: "olga", name: "v1", at: "main", message: "First" })
  ids.tagged = (await people.deploy({ ...staging, ref: "v1", state: "queued" })).id
  await people.protectEnvironment({ repo, by: "olga", environment: "production", app: "portcullis" })
  ids.waiting = (await people.requestDeployment({ repo, by: "max", environment: "production" })).deployment
})
afterAll(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

async function query(text: string, as = shop.token): Promise<unknown> {
  const { status, body } = await shop.ask("POST", "/graphql", { as, body: { query: text } })
  expect(status).toBe(200)
  return body
}

const ask = (selection: string, as?: string) =>
  query(`{ repository(owner: "acme", name: "shop") { ${selection} } }`, as)
const answered = (repository: object) => ({ data: { repository } })
const newestFirst = "orderBy: {field: CREATED_AT, direction: DESC}"

test("a deployment tells what it is of, where to, and how it went", async () => {
  const answer = await ask(`deployments(first: 1, environments: ["staging"]) { totalCount pageInfo { hasNextPage } }
    newest: deployments(last: 1, environments: ["qa"]) { nodes { databaseId environment state commitOid createdAt
    updatedAt task description originalEnvironment latestEnvironment ref { name } commit { oid } creator { login }
    repository { nameWithOwner } latestStatus { state } } }`)
  expect(answer).toEqual(
    answered({
      deployments: { totalCount: 4, pageInfo: { hasNextPage: true } },
      newest: {
        nodes: [
          {
            databaseId: ids.failed,
            environment: "qa",
            state: "FAILURE",
            commitOid: pull.headSha,
            createdAt: "2026-11-20T12:01:00Z",
            updatedAt: "2026-11-20T12:01:00Z",
            task: "deploy",
            description: null,
            originalEnvironment: "qa",
            latestEnvironment: "qa",
            ref: null,
            commit: { oid: pull.headSha },
            creator: { login: "max" },
            repository: { nameWithOwner: "acme/shop" },
            latestStatus: { state: "FAILURE" },
          },
        ],
      },
    }),
  )
})

test("statuses come newest first, with who reported them and where to look", async () => {
  const answer = await ask(`deployments(first: 2, environments: ["staging"]) { nodes { databaseId latestStatus { state
    description environment environmentUrl logUrl createdAt creator { __typename login } deployment { databaseId } }
    statuses(first: 5) { totalCount nodes { state logUrl } } } }`)
  expect(answer).toMatchObject(
    answered({
      deployments: {
        nodes: [
          {
            databaseId: ids.old,
            latestStatus: { state: "INACTIVE" },
            statuses: {
              totalCount: 2,
              nodes: [
                { state: "INACTIVE", logUrl: null },
                { state: "SUCCESS", logUrl: null },
              ],
            },
          },
          {
            databaseId: ids.newer,
            latestStatus: {
              state: "SUCCESS",
              description: "Up",
              environment: "staging",
              environmentUrl: "http://shop.test",
              logUrl: "http://ci.test/1",
              createdAt: "2026-11-20T12:01:00Z",
              creator: { __typename: "Bot", login: "github-actions" },
              deployment: { databaseId: ids.newer },
            },
          },
        ],
      },
    }),
  )
})

test("the state is GitHub's: active, inactive, destroyed, waiting, and abandoned after half an hour", async () => {
  const states = async () => {
    const answer = await ask(
      `deployments(first: 50, ${newestFirst}) { nodes { databaseId state latestStatus { state } } }`,
    )
    const { nodes } = (answer as { data: { repository: { deployments: { nodes: { state: string }[] } } } }).data
      .repository.deployments
    return nodes
  }
  expect(await states()).toEqual([
    { databaseId: ids.waiting, state: "WAITING", latestStatus: { state: "WAITING" } },
    { databaseId: ids.tagged, state: "QUEUED", latestStatus: { state: "QUEUED" } },
    { databaseId: ids.silent, state: "PENDING", latestStatus: null },
    { databaseId: ids.preview, state: "DESTROYED", latestStatus: { state: "INACTIVE" } },
    { databaseId: ids.failed, state: "FAILURE", latestStatus: { state: "FAILURE" } },
    { databaseId: ids.newer, state: "ACTIVE", latestStatus: { state: "SUCCESS" } },
    { databaseId: ids.old, state: "INACTIVE", latestStatus: { state: "INACTIVE" } },
  ])
  shop.pass(30 * 60_000)
  expect((await states()).map(({ state }) => state).slice(0, 3)).toEqual(["WAITING", "QUEUED", "ABANDONED"])
  shop.pass(-30 * 60_000)
})

test("a commit lists its own deployments only", async () => {
  const answer = await ask(`a: object(oid: "${pull.headSha}") { ... on Commit {
    deployments(first: 10) { nodes { databaseId } } } }
    b: object(expression: "main") { ... on Commit {
    deployments(first: 2, environments: ["staging", "production"], ${newestFirst}) { totalCount nodes { databaseId } } } }`)
  expect(answer).toEqual(
    answered({
      a: { deployments: { nodes: [{ databaseId: ids.failed }, { databaseId: ids.preview }] } },
      b: { deployments: { totalCount: 5, nodes: [{ databaseId: ids.waiting }, { databaseId: ids.tagged }] } },
    }),
  )
})

test("the ref is the branch or tag it was deployed by, while there is one", async () => {
  const refs = () => ask(`deployments(last: 4) { nodes { ref { name prefix } } }`)
  const shown = (preview: object | null) =>
    answered({
      deployments: {
        nodes: [preview, null, { name: "v1", prefix: "refs/tags/" }, { name: "main", prefix: "refs/heads/" }].map(
          (ref) => ({ ref }),
        ),
      },
    })
  expect(await refs()).toEqual(shown({ name: "cents", prefix: "refs/heads/" }))
  await shop.github.people.deleteBranch({ repo, by: "max", branch: "cents" })
  expect(await refs()).toEqual(shown(null))
})

test("deployments and statuses are found by their node ids", async () => {
  const nodes = shop.github.state.repositories.values().next().value?.deployments ?? []
  const [first] = nodes
  const wanted = [first?.nodeId, first?.statuses[0]?.nodeId].map((id) => `"${id}"`).join(", ")
  expect(
    await query(`{ nodes(ids: [${wanted}]) { __typename ... on Deployment { databaseId }
      ... on DeploymentStatus { state deployment { databaseId } } } }`),
  ).toEqual({
    data: {
      nodes: [
        { __typename: "Deployment", databaseId: ids.old },
        { __typename: "DeploymentStatus", state: "SUCCESS", deployment: { databaseId: ids.old } },
      ],
    },
  })
})

test("reading them takes the permission for deployments", async () => {
  const path = `/app/installations/${shop.installationId}/access_tokens`
  const body = { permissions: { contents: "read" } }
  const { token } = (await shop.ask("POST", path, { as: jwtOf(shop.app), body })).body as { token: string }
  const refused = { errors: [{ type: "FORBIDDEN", message: "Resource not accessible by integration" }] }
  expect(await ask("deployments(first: 1) { totalCount }", token)).toMatchObject(refused)
  const ofCommit = `object(oid: "${main}") { ... on Commit { deployments(first: 1) { totalCount } } }`
  expect(await ask(ofCommit, token)).toMatchObject(refused)
})
