import { afterEach, beforeEach, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Reply, Shop } from "./shop.ts"
import type { Permissions } from "./state.ts"

const repo = "acme/shop"
const root = "/repos/acme/shop"
const production = { repo, by: "olga", environment: "production" }
const dayMs = 24 * 3_600_000
let shop: Shop
beforeEach(async () => {
  shop = await openShop()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

/** Asks with a request line such as `GET /environments`, below the repository. */
function ask(line: string, body?: object, as = shop.token): Promise<Reply> {
  const [method = "", path = ""] = line.split(/ (.*)/)
  return shop.ask(method, `${root}${path}`, { as, ...(body && { body }) })
}

const guard = () => shop.github.people.protectEnvironment({ ...production, app: "portcullis" })
const request = (args: object = {}) => shop.github.people.requestDeployment({ ...production, by: "max", ...args })
const answer = (run: number, body: object, as = shop.token) =>
  ask(`POST /actions/runs/${run}/deployment_protection_rule`, { environment_name: "production", ...body }, as)
const became = async () => (await shop.github.people.deploymentRequests({ repo })).at(-1)

async function tokenWith(permissions: Permissions): Promise<string> {
  const path = `/app/installations/${shop.installationId}/access_tokens`
  const made = await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions } })
  return (made.body as { token: string }).token
}

type Heard = { event: string; payload: { deployment_status?: { state: string } } }

function heard(): Heard[] {
  const taken = shop.github.deliveries.takePending()
  return taken.map(({ event, body }) => ({ event, payload: JSON.parse(body) as Heard["payload"] }))
}

test("environments are made by administrators, by whoever deploys, and known in any case of letters", async () => {
  const made = await ask("PUT /environments/Staging", {})
  expect(made).toMatchObject({
    status: 200,
    body: { name: "Staging", protection_rules: [], deployment_branch_policy: null, can_admins_bypass: true },
  })
  await shop.github.people.deploy({ repo, by: "max", environment: "qa/eu west" })
  expect((await ask("GET /environments/staging")).body).toEqual(made.body)
  expect((await ask(`GET /environments/${encodeURIComponent("qa/eu west")}`)).body).toMatchObject({
    url: "http://github.test/repos/acme/shop/environments/qa%2Feu%20west",
  })
  const policy = { protected_branches: true, custom_branch_policies: false }
  expect((await ask("PUT /environments/STAGING", { deployment_branch_policy: policy })).body).toMatchObject({
    name: "Staging",
    protection_rules: [{ type: "branch_policy" }],
    deployment_branch_policy: policy,
  })
  expect((await ask("GET /environments?per_page=1&page=2")).body).toMatchObject({
    total_count: 2,
    environments: [{ name: "qa/eu west" }],
  })
  const both = { protected_branches: true, custom_branch_policies: true }
  expect((await ask("PUT /environments/a", { deployment_branch_policy: both })).status).toBe(422)
  expect((await ask(`PUT /environments/${"x".repeat(256)}`, {})).status).toBe(422)
  expect((await ask("GET /environments/a")).status).toBe(404)
})

test("an app that may answer and hears the event can be a rule of an environment, once", async () => {
  const { people } = shop.github
  await people.addEnvironment(production)
  const path = "/environments/production/deployment_protection_rules"
  expect((await ask(`GET ${path}/apps`)).body).toEqual({
    total_count: 1,
    available_custom_deployment_protection_rule_integrations: [
      {
        id: shop.app.appId,
        slug: "portcullis",
        integration_url: "http://github.test/apps/portcullis",
        node_id: shop.github.state.apps.get(shop.app.appId)?.nodeId,
      },
    ],
  })
  const made = await ask(`POST ${path}`, { integration_id: shop.app.appId })
  expect(made).toMatchObject({ status: 201, body: { enabled: true, app: { slug: "portcullis" } } })
  expect((await ask(`POST ${path}`, { integration_id: shop.app.appId })).status).toBe(422)
  expect((await ask(`POST ${path}`, { integration_id: 1 })).status).toBe(422)
  await expect(people.protectEnvironment({ ...production, app: "github-actions" })).rejects.toThrow("cannot be enabled")
  const { id } = made.body as { id: number }
  expect((await ask(`GET ${path}/${id}`)).body).toEqual(made.body)
  expect((await ask(`GET ${path}`)).body).toMatchObject({
    total_count: 1,
    custom_deployment_protection_rules: [{ id }],
  })
  expect((await ask(`DELETE ${path}/${id}`)).status).toBe(204)
  expect((await ask(`GET ${path}`)).body).toMatchObject({ total_count: 0 })
})

test("a run waits for the rules of its environment, and tells the app where to answer", async () => {
  const { people } = shop.github
  await guard()
  const pull = await people.openPullRequest({ repo, by: "max", head: "cents", files: { a: "1\n" } })
  heard()
  const { run, deployment, sha } = await request({ pull: pull.number, event: "pull_request" })
  expect(sha).toBe(pull.headSha)
  expect(await became()).toMatchObject({ verdict: "waiting", status: "waiting", deploymentState: "waiting" })
  const events = heard()
  expect(events.map(({ event }) => event)).toEqual(["deployment", "deployment_status", "deployment_protection_rule"])
  expect(events[0]?.payload).toMatchObject({
    workflow: { name: "deploy", path: ".github/workflows/deploy.yml" },
    workflow_run: { id: run, head_sha: sha, head_branch: "cents", event: "pull_request" },
  })
  expect(events[1]?.payload).toMatchObject({ deployment_status: { state: "waiting" }, workflow_run: { id: run } })
  expect(events[2]?.payload).toMatchObject({
    action: "requested",
    environment: "production",
    event: "pull_request",
    deployment_callback_url: `http://github.test${root}/actions/runs/${run}/deployment_protection_rule`,
    deployment: { id: deployment, sha, ref: "cents", environment: "production", production_environment: false },
    pull_requests: [{ number: pull.number, head: { sha } }],
    sender: { login: "max" },
    installation: { id: shop.installationId },
  })
  expect((await ask(`GET /actions/runs/${run}`)).body).toMatchObject({
    id: run,
    status: "waiting",
    conclusion: null,
    run_number: 1,
    path: ".github/workflows/deploy.yml",
  })
  expect((await ask(`GET /actions/runs/${run}/pending_deployments`)).body).toMatchObject([
    { environment: { name: "production" } },
  ])
})

test("an approved run deploys, and ends with its deployment", async () => {
  await guard()
  const { run, deployment } = await request()
  shop.pass(60_000)
  expect(await answer(run, { state: "approved", comment: "All stages passed" })).toMatchObject({ status: 204 })
  expect(await became()).toMatchObject({
    run,
    verdict: "approved",
    status: "in_progress",
    deploymentState: "in_progress",
    rules: [
      {
        app: "portcullis",
        state: "approved",
        comments: [{ state: "approved", comment: "All stages passed", at: "2026-11-20T12:01:00Z" }],
      },
    ],
  })
  expect((await ask(`GET /actions/runs/${run}/pending_deployments`)).body).toEqual([])
  await shop.github.people.reportDeployment({ repo, by: "max", id: deployment, state: "queued" })
  expect(await became()).toMatchObject({ status: "in_progress", conclusion: null })
  await shop.github.people.reportDeployment({ repo, by: "max", id: deployment, state: "success" })
  expect(await became()).toMatchObject({ status: "completed", conclusion: "success", deploymentState: "success" })
})

test("a rejected run fails, and its deployment with it", async () => {
  await guard()
  const { run } = await request()
  heard()
  expect((await answer(run, { state: "rejected", comment: "Paused" })).status).toBe(204)
  expect(await became()).toMatchObject({
    verdict: "rejected",
    status: "completed",
    conclusion: "failure",
    deploymentState: "failure",
  })
  expect(heard().map(({ payload }) => payload.deployment_status?.state)).toEqual(["failure"])
})

test("a run waits for every rule, and fails with the first that rejects", async () => {
  const { people } = shop.github
  const events = ["deployment_protection_rule"]
  const other = await people.createApp({ slug: "freeze", permissions: { deployments: "write" }, events })
  const { installationId } = await people.installApp({ app: "freeze", repos: [repo] })
  const made = await shop.ask("POST", `/app/installations/${installationId}/access_tokens`, { as: jwtOf(other) })
  const { token } = made.body as { token: string }
  await guard()
  await people.protectEnvironment({ ...production, app: "freeze" })
  const first = await request()
  await answer(first.run, { state: "approved" })
  expect(await became()).toMatchObject({
    verdict: "waiting",
    rules: [
      { app: "portcullis", state: "approved" },
      { app: "freeze", state: "waiting" },
    ],
  })
  await answer(first.run, { state: "approved" }, token)
  expect(await became()).toMatchObject({ verdict: "approved" })
  const second = await request()
  await answer(second.run, { state: "rejected" }, token)
  expect(await became()).toMatchObject({ verdict: "rejected", rules: [{ state: "waiting" }, { state: "rejected" }] })
  expect((await answer(second.run, { state: "approved" })).status).toBe(422)
})

test("an app may report ten times before it decides, in 1,024 characters each", async () => {
  await guard()
  const { run } = await request()
  const long = await answer(run, { state: "approved", comment: "x".repeat(1025) })
  expect(long).toMatchObject({
    status: 422,
    body: { message: "Comment is too long (maximum is 1024 characters)" },
  })
  expect((await answer(run, {})).status).toBe(422)
  for (let turn = 1; turn <= 10; turn++) {
    expect((await answer(run, { comment: `${turn}${"x".repeat(1022)}` })).status).toBe(204)
  }
  expect(await became()).toMatchObject({ verdict: "waiting", rules: [{ state: "waiting" }] })
  expect((await answer(run, { comment: "once more" })).status).toBe(422)
  expect((await became())?.rules[0]?.comments).toHaveLength(10)
  expect((await answer(run, { state: "approved" })).status).toBe(204)
})

test("what does not wait for this app takes no answer", async () => {
  const { people } = shop.github
  await guard()
  const { run } = await request()
  const approved = { state: "approved" }
  expect((await answer(1, approved)).status).toBe(404)
  expect((await answer(run, { ...approved, environment_name: "staging" })).status).toBe(422)
  expect((await answer(run, { state: "held" })).status).toBe(422)
  expect((await answer(run, { ...approved, environment_name: "PRODUCTION" })).status).toBe(204)
  expect(await answer(run, approved)).toMatchObject({
    status: 422,
    body: { message: "No pending deployment requests to approve or reject" },
  })
  const { run: cancelled } = await request()
  await people.cancelDeployment({ repo, by: "max", run: cancelled })
  expect((await answer(cancelled, { comment: "Too late" })).status).toBe(422)
  expect(await became()).toMatchObject({ verdict: "cancelled", conclusion: "cancelled", deploymentState: "error" })
  await people.unprotectEnvironment({ ...production, app: "portcullis" })
  const { run: free } = await request()
  expect(await became()).toMatchObject({ verdict: "approved", status: "in_progress", rules: [] })
  expect((await answer(free, approved)).status).toBe(422)
})

test("an admin may let a waiting run through, nobody else", async () => {
  const { people } = shop.github
  await guard()
  const { run } = await request()
  await expect(people.bypassProtection({ repo, by: "max", run })).rejects.toThrow("max needs the role admin")
  await people.bypassProtection({ repo, by: "olga", run })
  expect(await became()).toMatchObject({ verdict: "bypassed", deploymentState: "in_progress" })
  expect((await answer(run, { state: "rejected" })).status).toBe(422)
  await expect(people.bypassProtection({ repo, by: "olga", run })).rejects.toThrow("it is bypassed")
})

test("a run that nobody decides about fails after 30 days", async () => {
  await guard()
  const { run } = await request()
  shop.pass(30 * dayMs - 1000)
  await shop.github.people.comment({ repo, by: "rita", number: await openIssue(), body: "Still waiting?" })
  expect(await became()).toMatchObject({ verdict: "waiting" })
  shop.pass(1000)
  await shop.github.people.openIssue({ repo, by: "rita", title: "Waited too long" })
  expect(await became()).toMatchObject({ verdict: "expired", conclusion: "failure", deploymentState: "failure" })
  expect((await answer(run, { state: "approved" })).status).toBe(422)
})

const openIssue = async () => (await shop.github.people.openIssue({ repo, by: "rita", title: "Waits" })).number

test("a branch that the environment does not take cannot deploy", async () => {
  const { people } = shop.github
  await people.addEnvironment({ ...production, branches: "protected" })
  await expect(request()).rejects.toThrow(
    'Branch "main" is not allowed to deploy to production due to environment protection rules.',
  )
  await people.protectBranch({ repo, checks: ["build"] })
  await request()
  expect(await became()).toMatchObject({ verdict: "approved" })
})

test("answers take deployments: write, reads take actions: read, rules take administration: write", async () => {
  await guard()
  const { run } = await request()
  const reader = await tokenWith({ deployments: "read", actions: "read" })
  const writer = await tokenWith({ deployments: "write" })
  const approved = { state: "approved" }
  expect((await answer(run, approved, reader)).status).toBe(403)
  expect((await answer(run, approved, "user:olga")).status).toBe(403)
  for (const path of ["/environments", `/actions/runs/${run}`, `/actions/runs/${run}/pending_deployments`]) {
    expect((await ask(`GET ${path}`, undefined, reader)).status).toBe(200)
    expect((await ask(`GET ${path}`, undefined, writer)).status).toBe(403)
  }
  const rules = "/environments/production/deployment_protection_rules"
  expect((await ask("PUT /environments/qa", {}, writer)).status).toBe(403)
  expect((await ask(`POST ${rules}`, { integration_id: shop.app.appId }, writer)).status).toBe(403)
  expect((await ask("PUT /environments/qa", {}, "user:max")).status).toBe(403)
  expect((await answer(run, approved, writer)).status).toBe(204)
})

test("timers, reviewers and branch patterns are not played at", async () => {
  expect((await ask("PUT /environments/production", { wait_timer: 30 })).status).toBe(501)
  const patterns = { protected_branches: false, custom_branch_policies: true }
  expect((await ask("PUT /environments/production", { deployment_branch_policy: patterns })).status).toBe(501)
  expect(shop.github.state.unknownRequests.splice(0)).toHaveLength(2)
  expect((await ask("GET /environments/production")).status).toBe(404)
})
