import { afterAll, beforeAll, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

let shop: Shop
beforeAll(async () => {
  shop = await openShop({ ownerType: "Organization", permissions: { members: "read", pull_requests: "read" } })
  const { people } = shop.github
  await people.joinOrganization({ org: "acme", login: "odin", role: "admin" })
  await people.createTeam({ org: "acme", slug: "payments", members: ["max", "odin"] })
  await people.createTeam({ org: "acme", slug: "refunds", parent: "payments", members: ["tom"] })
  await people.addTeamMember({ org: "acme", team: "payments", login: "paula", state: "pending", role: "maintainer" })
})
afterAll(() => shop.github.close())

const membership = (login: string, { team = "payments", org = "acme", as = shop.token } = {}) =>
  shop.ask("GET", `/orgs/${org}/teams/${team}/memberships/${login}`, { as })

test.each([
  ["max", "member", "active"],
  ["tom", "member", "active"],
  ["paula", "maintainer", "pending"],
  ["odin", "maintainer", "active"],
])("%s is a %s of the team, %s", async (login, role, state) => {
  const { status, body } = await membership(login)
  expect(status).toBe(200)
  expect(body).toEqual({ role, state, url: expect.stringMatching(new RegExp(`/memberships/${login}$`)) as string })
})

test("whoever is in no such team, or not known, is 404", async () => {
  expect((await membership("rita")).status).toBe(404)
  expect((await membership("max", { team: "refunds" })).status).toBe(404)
  expect((await membership("max", { team: "none" })).status).toBe(404)
  expect((await membership("nobody")).status).toBe(404)
  expect((await membership("max", { org: "none" })).status).toBe(404)
  expect((await membership("max", { org: "rita" })).status).toBe(404)
})

test("a token needs members: read, and a person must be in the organisation", async () => {
  const jwt = await shop.ask("POST", `/app/installations/${shop.installationId}/access_tokens`, {
    as: jwtOf(shop.app),
    body: { permissions: { pull_requests: "read" } },
  })
  const { token } = jwt.body as { token: string }
  const refused = await membership("max", { as: token })
  expect([refused.status, refused.body]).toMatchObject([403, { message: "Resource not accessible by integration" }])
  expect((await membership("max", { as: "user:odin" })).status).toBe(200)
  expect((await membership("max", { as: "user:paula" })).status).toBe(404)
  expect((await membership("max", { as: "user:rita" })).status).toBe(404)
})

test("an owner is admin of the repositories, and a member like others", async () => {
  const permission = await shop.ask("GET", "/repos/acme/shop/collaborators/odin/permission", { as: shop.token })
  expect(permission.body).toMatchObject({ permission: "admin", role_name: "admin" })
  const owner = await shop.ask("GET", "/orgs/acme/memberships/odin", { as: shop.token })
  expect(owner.body).toMatchObject({ role: "admin", state: "active", organization: { login: "acme" } })
  const { number } = await shop.github.people.openIssue({ repo: shop.repo, by: "odin", title: "Slow" })
  const issue = await shop.ask("GET", `/repos/acme/shop/issues/${number}`, { as: "user:olga" })
  expect(issue.body).toMatchObject({ author_association: "MEMBER" })
})

test("leaving ends every membership", async () => {
  const { people } = shop.github
  await people.removeTeamMember({ org: "acme", team: "payments", login: "max" })
  expect((await membership("max")).status).toBe(404)
  await people.leaveOrganization({ org: "acme", login: "tom" })
  expect((await membership("tom")).status).toBe(404)
  expect((await shop.ask("GET", "/orgs/acme/memberships/tom", { as: shop.token })).status).toBe(404)
  expect((await shop.ask("GET", "/orgs/acme/memberships/max", { as: shop.token })).status).toBe(200)
})
