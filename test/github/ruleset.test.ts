import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { Rule } from "./rules.ts"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"
import type { Permissions } from "./state.ts"

let shop: Shop
let turn = 0
let pull: { number: number; headSha: string }
beforeAll(async () => {
  shop = await openShop({ ownerType: "Organization", events: ["pull_request", "repository_ruleset"] })
})
beforeEach(async () => {
  turn += 1
  pull = await shop.github.people.openPullRequest({
    repo: shop.repo,
    by: "max",
    head: `topic-${turn}`,
    files: { [`new-${turn}.txt`]: "one\n" },
  })
})
afterEach(async () => {
  const { body } = await ask("GET", "/rulesets", "user:olga")
  for (const { id } of body as { id: number }[]) await ask("DELETE", `/rulesets/${id}`, "user:olga")
  await shop.github.people.unprotectBranch({ repo: shop.repo })
  expect(shop.github.unknownRequests).toEqual([])
})
afterAll(() => shop.github.close())

const ask = (method: string, path: string, ...[as = shop.token, body]: [as?: string, body?: unknown]) =>
  shop.ask(method, `/repos/acme/shop${path}`, { as, body })
const merge = (as = shop.token) => ask("PUT", `/pulls/${pull.number}/merge`, as, { sha: pull.headSha })

async function tokenWith(permissions: Permissions): Promise<string> {
  const path = `/app/installations/${shop.installationId}/access_tokens`
  const { body } = await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions } })
  return (body as { token: string }).token
}

function ruleset(rules: Rule[], more: Record<string, unknown> = {}) {
  const conditions = { ref_name: { include: ["~DEFAULT_BRANCH"], exclude: [] } }
  return { name: "Gate", target: "branch", enforcement: "active", conditions, rules, ...more }
}

const violation = (...problems: string[]) =>
  `Repository rule violations found\n\n${problems.map((problem) => `${problem}\n\n`).join("")}`

describe("rulesets over REST", () => {
  test("are made, read, changed and deleted", async () => {
    const rules: Rule[] = [{ type: "deletion" }, { type: "non_fast_forward" }, { type: "update" }]
    const bypass = [{ actor_id: shop.app.appId, actor_type: "Integration", bypass_mode: "always" }]
    const made = await ask("POST", "/rulesets", shop.token, ruleset(rules, { bypass_actors: bypass }))
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      name: "Gate",
      source: "acme/shop",
      enforcement: "active",
      bypass_actors: bypass,
      current_user_can_bypass: "always",
      rules: [
        { type: "deletion" },
        { type: "non_fast_forward" },
        { type: "update", parameters: { update_allows_fetch_and_merge: false } },
      ],
    })
    const { id } = made.body as { id: number }
    const seen = await ask("GET", `/rulesets/${id}`, "user:rita")
    expect(seen.body).toMatchObject({ id, current_user_can_bypass: "never" })
    expect(seen.body).not.toHaveProperty("bypass_actors")
    const changed = await ask("PUT", `/rulesets/${id}`, shop.token, { enforcement: "evaluate" })
    expect(changed.body).toMatchObject({ name: "Gate", enforcement: "evaluate", rules: { length: 3 } })
    expect((await ask("GET", "/rules/branches/main")).body).toEqual([])
    expect((await ask("GET", "/rulesets")).body).toMatchObject([{ id, name: "Gate" }])
    expect((await ask("DELETE", `/rulesets/${id}`)).status).toBe(204)
    expect((await ask("GET", `/rulesets/${id}`)).status).toBe(404)
    const events = shop.github.deliveries.log().filter(({ event }) => event === "repository_ruleset")
    expect(events.map(({ action }) => action)).toEqual(["created", "edited", "deleted"])
  })

  test("need administration to change; the rules of a branch need none", async () => {
    const reader = await tokenWith({ administration: "read" })
    const refused = await ask("POST", "/rulesets", reader, ruleset([]))
    expect([refused.status, refused.body]).toMatchObject([403, { message: "Resource not accessible by integration" }])
    const { id } = await shop.github.people.createRuleset({
      repo: shop.repo,
      by: "olga",
      rules: [{ type: "deletion" }],
      include: ["refs/heads/release/*", "refs/heads/main"],
      exclude: ["refs/heads/release/old"],
    })
    const bare = await tokenWith({ metadata: "read" })
    const of = async (branch: string) => (await ask("GET", `/rules/branches/${branch}`, bare)).body
    const rule = { type: "deletion", ruleset_source_type: "Repository", ruleset_source: "acme/shop", ruleset_id: id }
    expect(await of("main")).toEqual([rule])
    expect(await of("release/1")).toEqual([rule])
    expect(await of("release/old")).toEqual([])
    expect(await of("release/1/a")).toEqual([])
  })

  test("are refused for rules that cannot be", async () => {
    await shop.github.people.createRuleset({ repo: shop.repo, by: "olga", name: "Taken", rules: [] })
    const post = async (body: unknown) => (await ask("POST", "/rulesets", shop.token, body)).body
    expect(await post(ruleset([], { name: "Taken" }))).toMatchObject({ errors: ["Name must be unique"] })
    expect(await post(ruleset([{ type: "splendid" } as never]))).toMatchObject({
      errors: ["Invalid rule 'splendid': "],
    })
    const foreign: Rule = {
      type: "required_status_checks",
      parameters: {
        required_status_checks: [{ context: "ci", integration_id: -1 }],
        strict_required_status_checks_policy: false,
      },
    }
    expect(await post(ruleset([foreign]))).toMatchObject({ errors: ["Invalid rule 'required_status_checks': "] })
    expect((await ask("POST", "/rulesets", shop.token, ruleset([{ type: "pull_request" } as never]))).status).toBe(501)
    expect(shop.github.state.unknownRequests.splice(0)).toHaveLength(1)
  })
})

describe("a ruleset in force", () => {
  test("that restricts updates lets only the app in it merge or push", async () => {
    const { people } = shop.github
    await people.createRuleset({
      repo: shop.repo,
      by: "olga",
      rules: [{ type: "update" }],
      bypassApps: ["portcullis"],
    })
    const message = violation("Cannot update this protected ref.")
    expect(await merge("user:olga")).toMatchObject({ status: 405, body: { message } })
    await expect(people.commit({ repo: shop.repo, by: "olga", files: { a: "x" } })).rejects.toThrow(message)
    const moved = await ask("PATCH", "/git/refs/heads/main", "user:olga", { sha: pull.headSha })
    expect(moved).toMatchObject({ status: 422, body: { message } })
    expect((await merge()).status).toBe(200)
    const { body } = await ask("GET", `/pulls/${pull.number}`)
    expect(body).toMatchObject({ merged: true, merged_by: { login: "portcullis[bot]", type: "Bot" } })
    const closed = shop.github.deliveries.log().findLast(({ action }) => action === "closed")
    expect(JSON.parse(closed?.body ?? "")).toMatchObject({
      sender: { login: "portcullis[bot]" },
      pull_request: { merged: true, merged_by: { login: "portcullis[bot]" }, head: { sha: pull.headSha } },
    })
  })

  test("holds an app to its required checks, from the app it names, by name", async () => {
    const parameters = {
      required_status_checks: [{ context: "ci" }, { context: "gate", integration_id: shop.app.appId }],
      strict_required_status_checks_policy: false,
    }
    await shop.github.people.createRuleset({
      repo: shop.repo,
      by: "olga",
      rules: [{ type: "required_status_checks", parameters }],
    })
    const on = { repo: shop.repo, sha: pull.headSha }
    await shop.github.people.reportCheck({ ...on, name: "gate", conclusion: "success" })
    const both = violation("2 of 2 required status checks are expected.")
    expect(await merge()).toMatchObject({ status: 405, body: { message: both } })
    await shop.github.people.reportCheck({ ...on, name: "ci", conclusion: "failure" })
    await shop.github.people.reportCheck({ ...on, name: "gate", app: "portcullis", conclusion: "success" })
    expect((await merge()).body).toMatchObject({ message: violation(`Required status check "ci" is failing.`) })
    await ask("GET", `/pulls/${pull.number}`)
    expect((await ask("GET", `/pulls/${pull.number}`)).body).toMatchObject({ mergeable_state: "blocked" })
    await shop.github.people.reportCheck({ ...on, name: "ci", conclusion: "success" })
    expect((await merge()).status).toBe(200)
  })

  test("forbids forced pushes and deletion, and new branches", async () => {
    const { people } = shop.github
    const { sha: main } = await people.resolve({ repo: shop.repo, revision: "main" })
    await people.createRuleset({
      repo: shop.repo,
      by: "olga",
      rules: [{ type: "non_fast_forward" }, { type: "deletion" }, { type: "creation" }],
      include: ["~DEFAULT_BRANCH", "refs/heads/locked/**"],
    })
    const body = { sha: pull.headSha, force: true }
    await people.commit({ repo: shop.repo, by: "max", files: { [`on-${turn}`]: "main went on\n" } })
    const forced = await ask("PATCH", "/git/refs/heads/main", "user:olga", body)
    expect(forced).toMatchObject({ status: 422, body: { message: violation("Cannot force-push to this branch") } })
    const gone = await ask("DELETE", "/git/refs/heads/main", "user:olga")
    expect(gone).toMatchObject({ status: 422, body: { message: violation("Cannot delete this branch") } })
    const ref = { ref: "refs/heads/locked/a", sha: main }
    expect((await ask("POST", "/git/refs", "user:olga", ref)).status).toBe(422)
    const onLocked = { repo: shop.repo, by: "olga", branch: "locked/b", files: { a: "x" } }
    await expect(people.commit(onLocked)).rejects.toThrow("creations being restricted")
    await expect(people.resolve({ repo: shop.repo, revision: "locked/b" })).rejects.toThrow("No commit")
  })

  test("lets others pass by their role, team or person, on pull requests if it says so", async () => {
    const { people } = shop.github
    const { id: team } = await people.createTeam({ org: "acme", slug: "landing", members: ["max"] })
    const { id } = await people.createRuleset({
      repo: shop.repo,
      by: "olga",
      rules: [{ type: "update" }],
      bypass: [{ actor_id: team, actor_type: "Team", bypass_mode: "pull_request" }],
    })
    await expect(people.commit({ repo: shop.repo, by: "max", files: { a: "x" } })).rejects.toThrow("protected ref")
    expect((await merge("user:olga")).status).toBe(405)
    expect((await ask("GET", `/rulesets/${id}`, "user:max")).body).toMatchObject({
      current_user_can_bypass: "pull_requests_only",
    })
    expect((await merge("user:max")).status).toBe(200)
    const admins = { bypass_actors: [{ actor_id: 5, actor_type: "RepositoryRole", bypass_mode: "always" }] }
    await ask("PUT", `/rulesets/${id}`, "user:olga", admins)
    await people.commit({ repo: shop.repo, by: "olga", files: { [`by-${turn}`]: "olga\n" } })
    await expect(people.commit({ repo: shop.repo, by: "max", files: { a: "x" } })).rejects.toThrow("protected ref")
  })
})

test("required checks of classic protection are read with administration: read", async () => {
  const path = "/branches/main/protection/required_status_checks"
  expect((await ask("GET", path)).body).toMatchObject({ message: "Branch not protected", status: "404" })
  await shop.github.people.protectBranch({ repo: shop.repo, approvals: 1 })
  expect((await ask("GET", path)).body).toMatchObject({ message: "Required status checks not enabled" })
  await shop.github.people.protectBranch({ repo: shop.repo, checks: ["ci", { name: "gate", app: "portcullis" }] })
  const { body } = await ask("GET", path, await tokenWith({ administration: "read" }))
  const checks = [
    { context: "ci", app_id: null },
    { context: "gate", app_id: shop.app.appId },
  ]
  expect(body).toMatchObject({ strict: false, contexts: ["ci", "gate"], checks })
  const reader = await tokenWith({ contents: "read" })
  expect((await ask("GET", path, reader)).status).toBe(403)
  expect((await ask("GET", "/branches/main", reader)).body).toMatchObject({
    protected: true,
    protection: { enabled: true, required_status_checks: { enforcement_level: "non_admins", checks } },
  })
  await shop.github.people.unprotectBranch({ repo: shop.repo })
  expect((await ask("GET", "/branches/main", reader)).body).toMatchObject({ protected: false })
  await shop.github.people.createRuleset({ repo: shop.repo, by: "olga", rules: [{ type: "deletion" }] })
  expect((await ask("GET", "/branches/main", reader)).body).toMatchObject({
    protected: true,
    protection: { enabled: false },
  })
})
