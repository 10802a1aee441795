import { afterEach, beforeEach, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

const repo = "acme/shop"
let shop: Shop
beforeEach(async () => {
  shop = await openShop()
  shop.github.deliveries.takePending()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

type Payload = {
  action?: string
  installation: { id: number; permissions?: Record<string, string> }
  repository?: { full_name: string; archived: boolean }
  repositories?: { full_name: string }[]
  repositories_added?: { full_name: string }[]
  repositories_removed?: { full_name: string }[]
  repository_selection?: string
  changes?: unknown
}

function heard(): { name: string; payload: Payload }[] {
  return shop.github.deliveries.takePending().map(({ event, body }) => {
    const payload = JSON.parse(body) as Payload
    return { name: payload.action === undefined ? event : `${event}.${payload.action}`, payload }
  })
}

const names = () => heard().map(({ name }) => name)
const get = async (path: string, as = shop.token) => shop.ask("GET", path, { as })
const post = (path: string, body: object, as = shop.token) => shop.ask("POST", `/repos/${repo}${path}`, { as, body })

async function tokenOf(installationId: number): Promise<string> {
  const path = `/app/installations/${installationId}/access_tokens`
  return ((await shop.ask("POST", path, { as: jwtOf(shop.app) })).body as { token: string }).token
}

test("an archived repository is there to be read, and takes no change from anybody", async () => {
  const { people } = shop.github
  const pull = await people.openPullRequest({ repo, by: "max", head: "cents", files: { a: "1\n" } })
  heard()
  await people.archiveRepository({ repo, by: "olga" })
  expect(heard()).toMatchObject([{ name: "repository.archived", payload: { repository: { archived: true } } }])
  expect((await get(`/repos/${repo}/pulls/${pull.number}`)).status).toBe(200)
  expect((await get(`/repos/${repo}`)).body).toMatchObject({ archived: true })
  const refused = { status: 403, body: { message: "Repository was archived so is read-only." } }
  expect(await post("/check-runs", { name: "Promotion gate", head_sha: pull.headSha })).toMatchObject(refused)
  expect(await post(`/issues/${pull.number}/comments`, { body: "Hi" })).toMatchObject(refused)
  const on = { repo, by: "olga", number: pull.number }
  await expect(people.comment({ ...on, body: "Hi" })).rejects.toThrow("archived")
  await expect(people.mergePullRequest({ ...on, method: "merge" })).rejects.toThrow("archived")
  await expect(people.reportCheck({ repo, name: "build" })).rejects.toThrow("archived")
  await expect(people.deploy({ repo, app: "github-actions" })).rejects.toThrow("archived")
  await expect(people.archiveRepository({ repo, by: "olga" })).rejects.toThrow("already archived")
  await expect(people.unarchiveRepository({ repo, by: "max" })).rejects.toThrow("max needs the role admin")
  expect(names()).toEqual([])
  await people.unarchiveRepository({ repo, by: "olga" })
  expect(heard()).toMatchObject([{ name: "repository.unarchived", payload: { repository: { archived: false } } }])
  expect((await post(`/issues/${pull.number}/comments`, { body: "Hi" })).status).toBe(201)
})

test("GraphQL tells of the archive, and changes nothing in it", async () => {
  const { people } = shop.github
  const { number } = await people.openPullRequest({ repo, by: "max", head: "cents", files: { a: "1\n" } })
  await people.protectBranch({ repo, checks: ["build"] })
  await people.archiveRepository({ repo, by: "olga" })
  const query = `{ repository(owner: "acme", name: "shop") { isArchived pullRequest(number: ${number}) { id } } }`
  const asked = await shop.ask("POST", "/graphql", { as: shop.token, body: { query } })
  expect(asked.body).toMatchObject({ data: { repository: { isArchived: true } } })
  const { id } = (asked.body as { data: { repository: { pullRequest: { id: string } } } }).data.repository.pullRequest
  const mutation = `mutation { enablePullRequestAutoMerge(input: { pullRequestId: "${id}" }) { clientMutationId } }`
  expect((await shop.ask("POST", "/graphql", { as: shop.token, body: { query: mutation } })).body).toMatchObject({
    errors: [{ type: "FORBIDDEN", message: "Repository was archived so is read-only." }],
  })
})

test("a transferred repository leaves the old owner's apps, and keeps its id and its old name", async () => {
  const { people } = shop.github
  const before = (await get(`/repos/${repo}`)).body as { id: number }
  expect(await people.transferRepository({ repo, by: "olga", to: "globex" })).toEqual({ repo: "globex/shop" })
  expect(heard()).toMatchObject([
    {
      name: "installation_repositories.removed",
      payload: { installation: { id: shop.installationId }, repositories_removed: [{ full_name: "globex/shop" }] },
    },
  ])
  expect((await get("/repos/globex/shop")).status).toBe(404)
  for (const name of ["globex/shop", "acme/shop"]) {
    expect((await get(`/repos/${name}`, "user:rita")).body).toMatchObject({
      id: before.id,
      full_name: "globex/shop",
      owner: { login: "globex" },
    })
  }
  expect((await get("/repos/globex/shop/collaborators/acme/permission", "user:olga")).body).toMatchObject({
    permission: "write",
  })
  await expect(people.transferRepository({ repo, by: "max", to: "acme" })).rejects.toThrow("max needs the role admin")
  await expect(people.transferRepository({ repo, by: "olga", to: "globex" })).rejects.toThrow(
    "is where the repository is",
  )
  await people.createRepository({ owner: "initech", name: "shop" })
  await expect(people.transferRepository({ repo, by: "olga", to: "initech" })).rejects.toThrow("exists already")
  const { installationId } = await people.installApp({ app: "portcullis", repos: ["globex/shop"] })
  expect(installationId).not.toBe(shop.installationId)
  expect((await get("/repos/globex/shop", await tokenOf(installationId))).body).toMatchObject({ id: before.id })
})

test("an app that covers all of the new owner's repositories goes on, and is told so", async () => {
  const { people } = shop.github
  await people.createUser({ login: "globex", type: "Organization" })
  const { installationId } = await people.installApp({ app: "portcullis", owner: "globex" })
  heard()
  await people.transferRepository({ repo, by: "olga", to: "globex" })
  expect(heard()).toMatchObject([
    { name: "installation_repositories.removed", payload: { installation: { id: shop.installationId } } },
    {
      name: "installation_repositories.added",
      payload: {
        installation: { id: installationId },
        repository_selection: "all",
        repositories_added: [{ full_name: "globex/shop" }],
      },
    },
    {
      name: "repository.transferred",
      payload: {
        installation: { id: installationId },
        repository: { full_name: "globex/shop" },
        changes: { owner: { from: { user: { login: "acme" } } } },
      },
    },
  ])
  expect((await get("/repos/globex/shop", await tokenOf(installationId))).status).toBe(200)
  await people.transferRepository({ repo: "globex/shop", by: "globex", to: "acme" })
  expect(names()).toEqual(["installation_repositories.removed"])
})

test("an installation on all repositories covers what is there and what comes", async () => {
  const { people } = shop.github
  await people.uninstallApp({ installationId: shop.installationId })
  const { installationId } = await people.installApp({ app: "portcullis", owner: "acme" })
  await people.createRepository({ owner: "acme", name: "till" })
  await people.createRepository({ owner: "globex", name: "other" })
  expect(heard().slice(1)).toMatchObject([
    { name: "installation.created", payload: { repositories: [{ full_name: "acme/shop" }] } },
    { name: "installation_repositories.added", payload: { repositories_added: [{ full_name: "acme/till" }] } },
  ])
  expect((await get("/installation/repositories", await tokenOf(installationId))).body).toMatchObject({
    total_count: 2,
    repository_selection: "all",
  })
  expect((await get(`/app/installations/${installationId}`, jwtOf(shop.app))).body).toMatchObject({
    repository_selection: "all",
  })
})

test("an app that is removed and installed again is another installation with other tokens", async () => {
  const { people } = shop.github
  await people.uninstallApp({ installationId: shop.installationId })
  await people.comment({
    repo,
    by: "rita",
    number: (await people.openIssue({ repo, by: "rita", title: "x" })).number,
    body: "y",
  })
  expect(names()).toEqual(["installation.deleted"])
  expect((await get(`/repos/${repo}`)).status).toBe(401)
  expect((await get(`/app/installations/${shop.installationId}`, jwtOf(shop.app))).status).toBe(404)
  const { installationId } = await people.installApp({ app: "portcullis", repos: [repo] })
  expect(names()).toEqual(["installation.created"])
  expect(installationId).not.toBe(shop.installationId)
  expect((await get(`/repos/${repo}`, await tokenOf(installationId))).status).toBe(200)
})

test("while it is suspended an installation has no tokens and hears nothing but that", async () => {
  const { people } = shop.github
  const { installationId } = shop
  await people.suspendApp({ installationId })
  await people.openIssue({ repo, by: "rita", title: "Nobody hears this" })
  expect(names()).toEqual(["installation.suspend"])
  const path = `/app/installations/${installationId}/access_tokens`
  expect((await shop.ask("POST", path, { as: jwtOf(shop.app) })).status).toBe(403)
  await people.unsuspendApp({ installationId })
  await people.openIssue({ repo, by: "rita", title: "Heard" })
  expect(names()).toEqual(["installation.unsuspend", "issues.opened"])
  expect((await get(`/repos/${repo}`)).status).toBe(200)
})

test("further permissions wait until an installation accepts them", async () => {
  const { people } = shop.github
  const permissions = { issues: "read", deployments: "write" } as const
  await people.changeApp({ app: "portcullis", permissions: { issues: "read" }, events: ["issues", "deployment"] })
  await people.changeApp({ app: "portcullis", permissions, events: ["issues", "deployment"] })
  expect(names()).toEqual([])
  const deploy = async () => (await post("/deployments", { ref: "main" }, await tokenOf(shop.installationId))).status
  expect(await deploy()).toBe(403)
  await people.deploy({ repo, by: "max" })
  expect(names()).toEqual([])
  await people.acceptPermissions({ installationId: shop.installationId })
  expect(heard()).toMatchObject([
    {
      name: "installation.new_permissions_accepted",
      payload: {
        installation: { id: shop.installationId, permissions: { metadata: "read", ...permissions } },
        repositories: [{ full_name: "acme/shop" }],
      },
    },
  ])
  expect(await deploy()).toBe(201)
  expect(names()).toEqual(["deployment.created"])
})

test("permissions that an app gives up are gone at once, from its tokens, too", async () => {
  const { people } = shop.github
  const { number } = await people.openIssue({ repo, by: "rita", title: "x" })
  const comment = async () => (await post(`/issues/${number}/comments`, { body: "y" })).status
  expect(await comment()).toBe(201)
  await people.changeApp({
    app: "portcullis",
    permissions: { issues: "read", checks: "write" },
    events: ["status", "issues"],
  })
  expect(await comment()).toBe(403)
  expect((await get(`/repos/${repo}/issues/${number}`)).status).toBe(200)
  expect((await get(`/app/installations/${shop.installationId}`, jwtOf(shop.app))).body).toMatchObject({
    permissions: { issues: "read", checks: "write", metadata: "read" },
    events: ["status", "issues"],
  })
  heard()
  await people.setStatus({ repo, by: "max", state: "success" })
  expect(names()).toEqual([])
})
