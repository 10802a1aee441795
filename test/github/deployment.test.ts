import { beforeEach, afterEach, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Reply, Shop } from "./shop.ts"
import type { Permissions } from "./state.ts"

const at = "/repos/acme/shop/deployments"
const repo = "acme/shop"
let shop: Shop
beforeEach(async () => {
  shop = await openShop()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

const post = (path: string, body: object, as = shop.token): Promise<Reply> => shop.ask("POST", path, { as, body })
const get = (path: string, as = shop.token): Promise<Reply> => shop.ask("GET", path, { as })
const create = (body: object, as = shop.token) => post(at, { ref: "main", ...body }, as)

async function tokenWith(permissions: Permissions): Promise<string> {
  const path = `/app/installations/${shop.installationId}/access_tokens`
  const made = await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions } })
  return (made.body as { token: string }).token
}

const idOf = (reply: Reply): number => (reply.body as { id: number }).id
const idsOf = (reply: Reply): number[] => (reply.body as { id: number }[]).map((one) => one.id)
const statesOf = async (id: number): Promise<string[]> =>
  ((await get(`${at}/${id}/statuses`)).body as { state: string }[]).map((one) => one.state)

test("a deployment has what it was asked with, and GitHub's defaults for the rest", async () => {
  const { sha } = await shop.github.people.resolve({ repo, revision: "main" })
  const made = await create({})
  expect(made.status).toBe(201)
  expect(made.body).toMatchObject({
    url: `http://github.test${at}/${idOf(made)}`,
    statuses_url: `http://github.test${at}/${idOf(made)}/statuses`,
    sha,
    ref: "main",
    task: "deploy",
    payload: {},
    environment: "production",
    original_environment: "production",
    description: null,
    transient_environment: false,
    production_environment: true,
    creator: { login: "portcullis[bot]", type: "Bot" },
    performed_via_github_app: { slug: "portcullis" },
    created_at: "2026-11-20T12:00:00Z",
  })
  const plan = { task: "deploy:migrations", environment: "qa", description: "Try", payload: { a: 1 } }
  const flags = { transient_environment: true, production_environment: true }
  const other = await create({ ref: sha, ...plan, ...flags }, "user:max")
  expect(other.body).toMatchObject({ ref: sha, ...plan, ...flags, performed_via_github_app: null })
  expect((await create({ environment: "staging", payload: "{}" })).body).toMatchObject({
    production_environment: false,
    payload: "{}",
  })
  expect((await get(`${at}/${idOf(other)}`)).body).toEqual(other.body)
})

test("a tag is deployed at the commit it names", async () => {
  const { people } = shop.github
  const { sha } = await people.resolve({ repo, revision: "main" })
  await people.tag({ repo, by: "olga", name: "known-good/main", at: sha, message: "Proven" })
  expect((await create({ ref: "known-good/main" })).body).toMatchObject({ ref: "known-good/main", sha })
})

test("deployments are listed newest first, by sha, ref, task and environment, in pages", async () => {
  const { people } = shop.github
  const { sha } = await people.commit({ repo, by: "max", branch: "topic", files: { a: "1\n" } })
  const staging = idOf(await create({ environment: "staging" }))
  const topic = idOf(await create({ ref: "topic" }))
  const migration = idOf(await create({ ref: sha, task: "migrate", environment: "staging" }))
  expect(idsOf(await get(at))).toEqual([migration, topic, staging])
  expect(idsOf(await get(`${at}?sha=${sha}`))).toEqual([migration, topic])
  expect(idsOf(await get(`${at}?ref=topic`))).toEqual([topic])
  expect(idsOf(await get(`${at}?task=migrate`))).toEqual([migration])
  expect(idsOf(await get(`${at}?environment=staging&ref=main`))).toEqual([staging])
  expect(idsOf(await get(`${at}?environment=qa`))).toEqual([])
  const page = await get(`${at}?per_page=1&page=2`)
  expect(idsOf(page)).toEqual([topic])
  expect(page.headers.get("link")).toMatch(/page=3>; rel="next"/)
})

test("statuses are listed newest first, each as it was reported", async () => {
  const id = idOf(await create({}))
  shop.pass(60_000)
  const report = { log_url: "http://ci.test/1", environment_url: "http://shop.test", description: "Up" }
  const made = await post(`${at}/${id}/statuses`, { state: "in_progress", ...report })
  expect(made.status).toBe(201)
  expect(made.headers.get("location")).toBe(`http://github.test${at}/${id}/statuses/${idOf(made)}`)
  expect(made.body).toMatchObject({
    ...report,
    state: "in_progress",
    target_url: report.log_url,
    environment: "production",
    deployment_url: `http://github.test${at}/${id}`,
    created_at: "2026-11-20T12:01:00Z",
  })
  expect((await get(`${at}/${id}/statuses/${idOf(made)}`)).body).toEqual(made.body)
  await post(`${at}/${id}/statuses`, { state: "success", target_url: "http://ci.test/2" })
  expect((await get(`${at}/${id}/statuses`)).body).toMatchObject([
    { state: "success", log_url: "http://ci.test/2", target_url: "http://ci.test/2", environment_url: "" },
    { state: "in_progress" },
  ])
  expect((await get(`${at}/${id}`)).body).toMatchObject({ updated_at: "2026-11-20T12:01:00Z" })
})

test("a status may move a deployment to another environment, which later ones keep", async () => {
  const id = idOf(await create({ environment: "staging" }))
  await post(`${at}/${id}/statuses`, { state: "queued", environment: "qa" })
  await post(`${at}/${id}/statuses`, { state: "success" })
  expect((await get(`${at}/${id}`)).body).toMatchObject({ environment: "qa", original_environment: "staging" })
  expect((await get(`${at}/${id}/statuses`)).body).toMatchObject([{ environment: "qa" }, { environment: "qa" }])
})

test("a success turns earlier successes of its environment inactive, and nothing else", async () => {
  const { people } = shop.github
  const made = async (args: object) => (await people.deploy({ repo, by: "max", environment: "staging", ...args })).id
  const old = await made({ state: "success" })
  const failed = await made({ state: "failure" })
  const transient = await made({ state: "success", isTransient: true })
  const elsewhere = await made({ state: "success", environment: "qa" })
  const production = await made({ state: "success", environment: "production" })
  await made({ state: "success", environment: "production" })
  const open = await made({})
  const newer = await made({ state: "success" })
  expect(await statesOf(old)).toEqual(["inactive", "success"])
  expect(await statesOf(failed)).toEqual(["failure"])
  for (const id of [transient, elsewhere, production]) expect(await statesOf(id)).toEqual(["success"])
  await post(`${at}/${open}/statuses`, { state: "success", auto_inactive: false })
  await post(`${at}/${open}/statuses`, { state: "success" })
  expect(await statesOf(newer)).toEqual(["success"])
})

test("a success that is not to retire others leaves them as they are", async () => {
  const first = idOf(await create({ environment: "staging" }))
  const second = idOf(await create({ environment: "staging" }))
  await post(`${at}/${first}/statuses`, { state: "success" })
  await post(`${at}/${second}/statuses`, { state: "success", auto_inactive: false })
  expect(await statesOf(first)).toEqual(["success"])
})

test("checks of the commit must be successful, all or those that are named", async () => {
  const { people } = shop.github
  await people.setStatus({ repo, by: "max", state: "failure", context: "ci/old" })
  await people.setStatus({ repo, by: "max", state: "success", context: "ci/old" })
  await people.reportCheck({ repo, name: "build", conclusion: "success" })
  await people.reportCheck({ repo, name: "e2e", conclusion: "skipped" })
  await people.reportCheck({ repo, name: "lint" })
  const refused = await create({})
  expect(refused.status).toBe(409)
  expect(refused.body).toMatchObject({
    message: "Conflict: Commit status checks failed for main.",
    errors: [
      {
        contexts: [
          { context: "ci/old", state: "success" },
          { context: "build", state: "success" },
          { context: "e2e", state: "skipped" },
          { context: "lint", state: "pending" },
        ],
        resource: "Deployment",
        field: "required_contexts",
        code: "invalid",
      },
    ],
  })
  expect((await create({ required_contexts: ["e2e"] })).status).toBe(409)
  expect((await create({ required_contexts: ["never reported"] })).body).toMatchObject({
    errors: [{ contexts: [{ context: "never reported", state: "pending" }] }],
  })
  expect((await create({ required_contexts: ["build", "ci/old"] })).status).toBe(201)
  expect((await create({ required_contexts: [] })).status).toBe(201)
})

test("a branch behind the default branch is merged first, or refused for its conflict", async () => {
  const { people } = shop.github
  for (const branch of ["topic", "clash"]) await people.createBranch({ repo, by: "max", branch })
  const { sha: old } = await people.commit({ repo, by: "max", branch: "clash", files: { "README.md": "# Mine\n" } })
  await people.commit({ repo, by: "max", files: { "README.md": "# Yours\n" } })
  const merged = await create({ ref: "topic" })
  expect(merged).toMatchObject({ status: 202, body: { message: "Auto-merged main into topic on deployment." } })
  expect((await people.readFile({ repo, path: "README.md", at: "topic" }))?.text).toBe("# Yours\n")
  expect((await create({ ref: "topic" })).status).toBe(201)
  const clash = await create({ ref: "clash" })
  expect(clash).toMatchObject({ status: 409, body: { message: "Conflict merging main into clash." } })
  expect(await create({ ref: old })).toMatchObject({ status: 409 })
  expect((await create({ ref: old, auto_merge: false })).status).toBe(201)
  expect(idsOf(await get(at)).length).toBe(2)
})

test("what is wrong with a request is said in words", async () => {
  const missing = await post(at, {})
  expect(missing).toMatchObject({ status: 422, body: { errors: [{ field: "ref", code: "missing_field" }] } })
  const unknown = await create({ ref: "nowhere" })
  expect(unknown).toMatchObject({ status: 422, body: { message: "No ref found for: nowhere" } })
  expect((await create({ required_contexts: "build" })).status).toBe(422)
  const id = idOf(await create({}))
  expect((await post(`${at}/${id}/statuses`, { state: "done" })).status).toBe(422)
  expect((await post(`${at}/${id}/statuses`, { state: "waiting" })).status).toBe(422)
  const long = await post(`${at}/${id}/statuses`, { state: "success", description: "x".repeat(141) })
  expect(long.body).toMatchObject({ errors: [{ message: "description is too long (maximum is 140 characters)" }] })
  expect(await statesOf(id)).toEqual([])
  for (const path of [`${at}/1`, `${at}/1/statuses`, `${at}/${id}/statuses/1`, `${at}/x`]) {
    expect((await get(path)).status).toBe(404)
  }
})

test("apps need the permission for deployments, people may write", async () => {
  const id = idOf(await create({}))
  const reader = await tokenWith({ deployments: "read" })
  const stranger = await tokenWith({ contents: "write", checks: "write" })
  expect((await get(`${at}/${id}/statuses`, reader)).status).toBe(200)
  expect(await create({}, reader)).toMatchObject({
    status: 403,
    body: { message: "Resource not accessible by integration" },
  })
  expect((await post(`${at}/${id}/statuses`, { state: "success" }, reader)).status).toBe(403)
  expect((await get(at, stranger)).status).toBe(403)
  expect((await create({}, "user:max")).status).toBe(201)
  expect((await create({}, "user:rita")).status).toBe(403)
  expect((await get(at, "user:rita")).status).toBe(200)
})

test("people and deploying apps deploy, and report how it goes", async () => {
  const { people } = shop.github
  await people.createApp({ slug: "deployer", permissions: { deployments: "write" }, events: [] })
  const pull = await people.openPullRequest({ repo, by: "max", head: "cents", files: { a: "1\n" } })
  const preview = await people.deploy({ repo, by: "max", pull: pull.number, environment: "preview" })
  const made = await people.deploy({ repo, app: "deployer", ref: "main", environment: "staging", state: "queued" })
  expect(preview.sha).toBe(pull.headSha)
  await people.reportDeployment({ repo, app: "deployer", id: made.id, state: "failure", description: "No memory" })
  expect((await get(at)).body).toMatchObject([
    { id: made.id, creator: { login: "deployer[bot]" } },
    { id: preview.id, creator: { login: "max" }, ref: pull.headSha },
  ])
  expect((await get(`${at}/${made.id}/statuses`)).body).toMatchObject([
    { state: "failure", description: "No memory", creator: { login: "deployer[bot]" } },
    { state: "queued" },
  ])
  await expect(people.deploy({ repo, by: "rita" })).rejects.toThrow("rita needs the role write on acme/shop")
})

test("who subscribed hears of deployments and statuses, but never of inactive ones", async () => {
  const { people, deliveries } = shop.github
  deliveries.takePending()
  await people.deploy({ repo, by: "max", environment: "staging", state: "success" })
  const { id } = await people.deploy({ repo, by: "max", environment: "staging", state: "success" })
  await people.reportDeployment({ repo, by: "max", id, state: "inactive" })
  const heard = deliveries.pending().map(({ event, action, body }) => {
    const payload = JSON.parse(body) as { deployment_status?: { state: string } }
    return [event, action, payload.deployment_status?.state]
  })
  const round = [
    ["deployment", "created", undefined],
    ["deployment_status", "created", "success"],
  ]
  expect(heard).toEqual([...round, ...round])
})

test("an app that may not read deployments hears of none", async () => {
  const deaf = await openShop({ permissions: { checks: "write" }, events: ["deployment", "deployment_status"] })
  const told = deaf.github.deliveries.pending().length
  await deaf.github.people.deploy({ repo, by: "max", state: "success" })
  expect(deaf.github.deliveries.pending().length).toBe(told)
  await deaf.github.close()
})
