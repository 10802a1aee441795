import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { JwtFlaw, Shop } from "./shop.ts"

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
  await shop.github.people.openPullRequest({ repo: shop.repo, by: "max", head: "topic", files: { a: "1\n" } })
})
afterAll(() => shop.github.close())

const at = (path: string) => `/repos/acme/shop${path}`

async function narrow(permissions: Record<string, string>): Promise<string> {
  const path = `/app/installations/${shop.installationId}/access_tokens`
  const made = await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions } })
  return (made.body as { token: string }).token
}

describe("App JWT", () => {
  test.each<[string, JwtFlaw & { byClientId?: boolean }, number]>([
    ["right", {}, 200],
    ["named by client id", { byClientId: true }, 200],
    ["ended", { expInS: -10 }, 401],
    ["lasting too long", { expInS: 3600 }, 401],
    ["from the future", { iatInS: 600, expInS: 900 }, 401],
    ["of an unknown app", { iss: "7" }, 401],
  ])("%s", async (_what, { byClientId, ...flaw }, status) => {
    const iss = byClientId ? { iss: shop.app.clientId } : {}
    expect((await shop.ask("GET", "/app", { as: jwtOf(shop.app, { ...flaw, ...iss }) })).status).toBe(status)
  })

  test("signed with another key", async () => {
    const other = await shop.github.people.createApp({ slug: "other", permissions: {}, events: [] })
    const forged = jwtOf(shop.app, { key: other.privateKeyPem })
    expect((await shop.ask("GET", "/app", { as: forged })).status).toBe(401)
    const path = `/app/installations/${shop.installationId}/access_tokens`
    expect((await shop.ask("POST", path, { as: jwtOf(other) })).status).toBe(404)
  })

  test("is no key to the repository itself", async () => {
    const as = jwtOf(shop.app)
    expect((await shop.ask("POST", at("/issues"), { as, body: { title: "x" } })).status).toBe(403)
    expect((await shop.ask("GET", at("/installation"), { as })).status).toBe(200)
  })
})

describe("installation token", () => {
  test("does what its permissions allow and no more", async () => {
    const reader = await narrow({ pull_requests: "read", issues: "read" })
    const statusOf = async (method: string, path: string, body?: unknown) =>
      (await shop.ask(method, at(path), { as: reader, body })).status
    expect(await statusOf("GET", "/pulls/1")).toBe(200)
    expect(await statusOf("GET", "/collaborators/max/permission")).toBe(200)
    expect(await statusOf("GET", "/contents/README.md")).toBe(403)
    expect(await statusOf("POST", "/issues/1/comments", { body: "x" })).toBe(403)
    expect(await statusOf("POST", "/check-runs", { name: "x", head_sha: "x" })).toBe(403)
    const { body } = await shop.ask("PATCH", at("/pulls/1"), { as: reader, body: { title: "x" } })
    expect(body).toMatchObject({ message: "Resource not accessible by integration", status: "403" })
  })

  test("with pull requests alone comments on pull requests, not on issues", async () => {
    const { number } = await shop.github.people.openIssue({ repo: shop.repo, by: "rita", title: "x" })
    const as = await narrow({ pull_requests: "write" })
    const body = { body: "x" }
    expect((await shop.ask("POST", at("/issues/1/comments"), { as, body })).status).toBe(201)
    expect((await shop.ask("POST", at(`/issues/${number}/comments`), { as, body })).status).toBe(403)
  })

  test("cannot be asked for more than was granted", async () => {
    const path = `/app/installations/${shop.installationId}/access_tokens`
    const asked = await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions: { workflows: "write" } } })
    expect(asked.status).toBe(422)
  })

  test("sees only the repositories of its installation; the rest does not exist", async () => {
    await shop.github.people.createRepository({ owner: "acme", name: "vault", isPrivate: true })
    expect((await shop.ask("GET", "/repos/acme/vault", { as: shop.token })).status).toBe(404)
    const { body } = await shop.ask("GET", "/installation/repositories", { as: shop.token })
    expect(body).toMatchObject({ total_count: 1, repositories: [{ full_name: "acme/shop" }] })
  })

  test("stops working with a suspension and with the installation", async () => {
    const other = await openShop()
    const statusNow = async () => (await other.ask("GET", at(""), { as: other.token })).status
    await other.github.people.suspendApp({ installationId: other.installationId })
    expect(await statusNow()).toBe(403)
    await other.github.people.unsuspendApp({ installationId: other.installationId })
    expect(await statusNow()).toBe(200)
    await other.github.people.uninstallApp({ installationId: other.installationId })
    expect(await statusNow()).toBe(401)
    await other.github.close()
  })
})

describe("people", () => {
  test.each([
    ["olga", "admin", "admin"],
    ["max", "write", "write"],
    ["tom", "read", "triage"],
    ["rita", "read", "read"],
    ["acme", "admin", "admin"],
  ])("%s has permission %s and role %s", async (login, permission, roleName) => {
    const { body } = await shop.ask("GET", at(`/collaborators/${login}/permission`), { as: shop.token })
    expect(body).toMatchObject({ permission, role_name: roleName, user: { login } })
  })

  test("maintain counts as write, and a stranger reads what is public", async () => {
    const { people } = shop.github
    await people.createUser({ login: "mia" })
    const ask = () => shop.ask("GET", at("/collaborators/mia/permission"), { as: shop.token })
    expect((await ask()).body).toMatchObject({ permission: "read", role_name: "read" })
    await people.addCollaborator({ repo: shop.repo, login: "mia", role: "maintain" })
    expect((await ask()).body).toMatchObject({ permission: "write", role_name: "maintain" })
  })

  test("do what their role allows", async () => {
    const { people } = shop.github
    const { repo } = shop
    await expect(people.commit({ repo, by: "rita", files: { a: "x" } })).rejects.toThrow("needs the role write")
    await expect(people.label({ repo, by: "rita", number: 1, label: "x" })).rejects.toThrow("needs the role triage")
    await expect(people.mergePullRequest({ repo, by: "tom", number: 1 })).rejects.toThrow("needs the role write")
    await people.label({ repo, by: "tom", number: 1, label: "x" })
    const as = "user:rita"
    expect((await shop.ask("POST", at("/issues/1/comments"), { as, body: { body: "hi" } })).status).toBe(201)
    expect((await shop.ask("POST", at("/issues/1/labels"), { as, body: { labels: ["x"] } })).status).toBe(403)
    const run = { name: "x", head_sha: "x" }
    expect((await shop.ask("POST", at("/check-runs"), { as: "user:olga", body: run })).status).toBe(403)
  })

  test("nobody in particular reads what is public", async () => {
    expect((await shop.ask("GET", at(""))).status).toBe(200)
    expect((await shop.ask("POST", at("/issues"), { body: { title: "x" } })).status).toBe(401)
    expect((await shop.ask("GET", at(""), { as: "ghp_unknown" })).status).toBe(401)
  })
})
