import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { jwtOf, openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

let shop: Shop
let turn = 0
/** Two commits of `main`, the second on top of the first. */
let first: string
let second: string
const repo = "acme/shop"
const nobody = "0".repeat(40)

beforeAll(async () => {
  shop = await openShop()
})
beforeEach(async () => {
  turn += 1
  const { people } = shop.github
  first = (await people.resolve({ repo, revision: "main" })).sha
  second = (await people.commit({ repo, by: "max", files: { "turn.txt": `${turn}\n` } })).sha
})
afterEach(async () => {
  for (const { id } of shop.github.state.repositories.values().next().value?.rulesets ?? []) {
    await shop.github.people.deleteRuleset({ repo, by: "olga", id })
  }
  expect(shop.github.unknownRequests).toEqual([])
})
afterAll(() => shop.github.close())

const ask = (method: string, path: string, ...[body, as = shop.token]: [body?: unknown, as?: string]) =>
  shop.ask(method, `/repos/${repo}${path}`, { as, ...(body === undefined ? {} : { body }) })

async function annotate(object: string, message: string): Promise<string> {
  const { body } = await ask("POST", "/git/tags", { tag: `v${turn}`, object, type: "commit", message })
  return (body as { sha: string }).sha
}

async function at(ref: string): Promise<string | undefined> {
  const { status, body } = await ask("GET", `/git/ref/${ref}`)
  return status === 200 ? (body as { object: { sha: string } }).object.sha : undefined
}

type Update = { name: string; afterOid: string; beforeOid?: string; force?: boolean }

/** Answers of `updateRefs`: "moved", or the errors as GitHub words them. */
async function updateRefs(refUpdates: Update[], as = shop.token): Promise<"moved" | string[]> {
  const { body: repository } = await ask("GET", "")
  const input = { repositoryId: (repository as { node_id: string }).node_id, refUpdates }
  const query = "mutation Move($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }"
  const { status, body } = await shop.ask("POST", "/graphql", { as, body: { query, variables: { input } } })
  expect(status).toBe(200)
  const { errors } = body as { errors?: { type?: string; message: string }[] }
  return errors?.map(({ type, message }) => `${type ?? "no type"}: ${message}`) ?? "moved"
}

const fault = [
  "no type: Something went wrong while executing your query. Please include `TEST` when reporting this issue.",
]

describe("updateRefs", () => {
  test("moves a ref only from where it is said to be, and makes one only where there is none", async () => {
    const name = `refs/tags/v${turn}`
    const [one, two] = [await annotate(first, "one"), await annotate(second, "two")]
    expect(await updateRefs([{ name, beforeOid: one, afterOid: two }])).toEqual(fault)
    expect(await updateRefs([{ name, beforeOid: nobody, afterOid: one }])).toBe("moved")
    expect(await updateRefs([{ name, beforeOid: nobody, afterOid: two }])).toEqual(fault)
    expect(await updateRefs([{ name, beforeOid: two, afterOid: two, force: true }])).toEqual(fault)
    expect(await updateRefs([{ name, beforeOid: one, afterOid: two }])).toEqual([
      "UNPROCESSABLE: Update is not a fast forward",
    ])
    expect(await at(`tags/v${turn}`)).toBe(one)
    expect(await updateRefs([{ name, beforeOid: one, afterOid: two, force: true }])).toBe("moved")
    expect(await at(`tags/v${turn}`)).toBe(two)
    expect(await updateRefs([{ name, beforeOid: two, afterOid: nobody }])).toBe("moved")
    expect(await at(`tags/v${turn}`)).toBeUndefined()
  })

  test("moves all of several refs or none", async () => {
    const branch = `refs/heads/side-${turn}`
    const updates = [
      { name: branch, beforeOid: nobody, afterOid: second },
      { name: "refs/heads/main", beforeOid: second, afterOid: first },
    ]
    expect(await updateRefs(updates)).toEqual(["UNPROCESSABLE: Update is not a fast forward"])
    expect(await at(`heads/side-${turn}`)).toBeUndefined()
    expect(await updateRefs(updates.map((update) => ({ ...update, force: true })))).toBe("moved")
    expect([await at(`heads/side-${turn}`), await at("heads/main")]).toEqual([second, first])
  })

  test("takes contents: write", async () => {
    const path = `/app/installations/${shop.installationId}/access_tokens`
    const made = await shop.ask("POST", path, { as: jwtOf(shop.app), body: { permissions: { contents: "read" } } })
    const { token } = made.body as { token: string }
    const update = { name: "refs/tags/no", afterOid: first }
    expect(await updateRefs([update], token)).toEqual(["FORBIDDEN: Resource not accessible by integration"])
  })
})

test("an annotated tag that moves is pushed by force, with the commit it names", async () => {
  const tag = { repo, by: "olga", name: `v${turn}`, message: "Proven" }
  const { sha: before } = await shop.github.people.tag({ ...tag, at: first })
  shop.github.deliveries.takePending()
  const { sha: after } = await shop.github.people.tag({ ...tag, at: second })
  const [push, ...others] = shop.github.deliveries.takePending()
  expect(others).toEqual([])
  expect(JSON.parse(push?.body ?? "")).toMatchObject({
    ref: `refs/tags/v${turn}`,
    before,
    after,
    created: false,
    deleted: false,
    forced: true,
    commits: [],
    head_commit: { id: second },
  })
})

describe("a branch by a person's hand", () => {
  const sent = () =>
    shop.github.deliveries.takePending().map(({ event, action, body }) => {
      const { ref, before, after, forced, deleted, number } = JSON.parse(body) as Record<string, unknown>
      const what = action === null || action === undefined ? event : `${event}.${action}`
      return event === "push" ? { what, ref, before, after, forced, deleted } : { what, ref, number }
    })

  test("pushed by force is told as that", async () => {
    const { people } = shop.github
    sent()
    await people.pushBranch({ repo, by: "max", branch: "main", to: first, force: true })
    const [push] = sent()
    expect(push).toEqual({
      what: "push",
      ref: "refs/heads/main",
      before: second,
      after: first,
      forced: true,
      deleted: false,
    })
    await expect(people.pushBranch({ repo, by: "rita", branch: "main", to: second })).rejects.toThrow("needs the role")
  })

  test("deleted takes along the pull requests into it; the default branch cannot be", async () => {
    const { people } = shop.github
    const branch = `develop-${turn}`
    await people.createBranch({ repo, by: "max", branch })
    const files = { [`topic-${turn}.txt`]: "1\n" }
    const { number } = await people.openPullRequest({ repo, by: "max", head: `topic-${turn}`, base: branch, files })
    sent()
    await people.deleteBranch({ repo, by: "max", branch })
    expect(sent()).toEqual([
      { what: "delete", ref: branch, number: undefined },
      { what: "push", ref: `refs/heads/${branch}`, before: second, after: nobody, forced: false, deleted: true },
      { what: "pull_request.closed", ref: undefined, number },
    ])
    await expect(people.deleteBranch({ repo, by: "olga", branch: "main" })).rejects.toThrow(
      "Cannot delete the default branch",
    )
  })
})

test("a commit's pull requests are found also by the commits that a rebase made", async () => {
  const { people } = shop.github
  const on = { repo, by: "max" }
  const head = `rebased-${turn}`
  const { number, headSha } = await people.openPullRequest({ ...on, head, files: { [`${head}.txt`]: "1\n" } })
  await people.pushToPullRequest({ ...on, number, files: { [`${head}.txt`]: "2\n" } })
  await people.commit({ ...on, files: { [`since-${turn}.txt`]: "1\n" } })
  const { sha } = await people.mergePullRequest({ ...on, number, method: "rebase" })
  const { body } = await ask("GET", `/commits/${sha}`)
  const [parent] = (body as { parents: { sha: string }[] }).parents
  for (const commit of [headSha, sha, parent?.sha]) {
    expect((await ask("GET", `/commits/${commit}/pulls`)).body).toMatchObject([{ number }])
  }
  expect((await ask("GET", `/commits/${second}/pulls`)).body).toEqual([])
})

describe("a ruleset for tags", () => {
  test("is about tags alone, and can be made by REST", async () => {
    const conditions = { ref_name: { include: ["~ALL"], exclude: [] } }
    const body = { name: "Tags", target: "tag", enforcement: "active", conditions, rules: [{ type: "creation" }] }
    expect((await ask("POST", "/rulesets", body)).body).toMatchObject({ target: "tag" })
    expect((await ask("GET", "/rulesets")).body).toMatchObject([{ name: "Tags", target: "tag" }])
    const ref = (name: string) => ask("POST", "/git/refs", { ref: name, sha: first })
    expect((await ref(`refs/heads/free-${turn}`)).status).toBe(201)
    const message = "Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n"
    expect(await ref(`refs/tags/v${turn}`)).toMatchObject({ status: 422, body: { message } })
  })

  test("keeps tags from being moved and deleted, but for who may pass", async () => {
    const { people } = shop.github
    const tag = { repo, by: "max", name: `good/v${turn}` }
    await people.tag({ ...tag, at: first })
    await people.createRuleset({
      repo,
      by: "olga",
      target: "tag",
      include: ["refs/tags/good/*"],
      rules: [{ type: "update" }, { type: "deletion" }],
      bypassApps: ["portcullis"],
    })
    const moved = "Repository rule violations found\n\nCannot update this protected ref.\n\n"
    await expect(people.tag({ ...tag, at: second })).rejects.toThrow(moved)
    await expect(people.deleteTag(tag)).rejects.toThrow("Cannot delete this tag")
    await people.tag({ repo, by: "max", name: `v${turn}`, at: second })
    const path = `/git/refs/tags/good/v${turn}`
    expect((await ask("PATCH", path, { sha: second, force: true }, "user:max")).body).toMatchObject({ message: moved })
    expect((await ask("PATCH", path, { sha: second, force: true })).status).toBe(200)
  })

  test("may forbid only what is no fast-forward, which every move of an annotated tag is", async () => {
    const { people } = shop.github
    const tag = { repo, by: "max", name: `v${turn}`, message: "Proven" }
    await people.tag({ ...tag, at: first })
    await people.createRuleset({ repo, by: "olga", target: "tag", rules: [{ type: "non_fast_forward" }] })
    await expect(people.tag({ ...tag, at: second })).rejects.toThrow("Cannot force-push")
  })
})

describe("trees over the API", () => {
  const tree = async (entries: unknown[], base: string | null = first) =>
    ask("POST", "/git/trees", { tree: entries, ...(base === null ? {} : { base_tree: base }) })

  test("hold submodules, links and executables, and lose only what they have", async () => {
    const { body: blob } = await ask("POST", "/git/blobs", { content: "README.md" })
    const { sha } = blob as { sha: string }
    const made = await tree([
      { path: "vendor/lib", mode: "160000", type: "commit", sha: "1".repeat(40) },
      { path: "run", mode: "100755", type: "blob", sha },
      { path: "link", mode: "120000", type: "blob", sha },
      { path: "src/price.ts", mode: "100644", type: "blob", sha: null },
    ])
    expect(made.status).toBe(201)
    const { sha: root } = made.body as { sha: string }
    const { body } = await ask("GET", `/git/trees/${root}?recursive=1`)
    const lines = (body as { tree: { path: string; mode: string; type: string }[] }).tree
    expect(lines.map(({ path, mode, type }) => `${mode} ${type} ${path}`)).toEqual(
      expect.arrayContaining(["160000 commit vendor/lib", "100755 blob run", "120000 blob link"]),
    )
    expect(lines.map(({ path }) => path)).not.toContain("src/price.ts")
    const gone = await tree([{ path: "nowhere", mode: "100644", type: "blob", sha: null }])
    expect(gone).toMatchObject({ status: 422, body: { message: "GitRPC::BadObjectState" } })
  })

  test("are cut off at GitHub's limit, which the answer says", async () => {
    shop.github.state.limits.treeEntries = 2
    const { body } = await ask("GET", `/git/trees/${first}?recursive=1`)
    shop.github.state.limits.treeEntries = 100_000
    expect(body).toMatchObject({ truncated: true, tree: { length: 2 } })
  })

  test("with a changed workflow file are made by no app that may not write these", async () => {
    const path = ".github/workflows/ci.yml"
    const content = (text: string) => [{ path, mode: "100644", type: "blob", content: text }]
    expect(await tree(content("on: push\n"))).toMatchObject({
      status: 403,
      body: { message: "Resource not accessible by integration" },
    })
    await shop.github.people.commit({ repo, by: "max", files: { [path]: "on: push\n" } })
    const { body } = await ask("GET", "/git/trees/main")
    expect((await tree(content("on: push\n"), (body as { sha: string }).sha)).status).toBe(201)
    await shop.github.people.commit({ repo, by: "max", files: { [path]: null } })
  })
})

test("a new branch may hold workflow files only as another branch has them", async () => {
  const { people } = shop.github
  const path = ".github/workflows/ci.yml"
  const { sha: known } = await people.commit({ repo, by: "max", files: { [path]: "on: push\n" } })
  const { sha: foreign } = await people.commit({
    repo,
    by: "max",
    branch: `x-${turn}`,
    files: { [path]: "on: cron\n" },
  })
  await people.deleteBranch({ repo, by: "max", branch: `x-${turn}` })
  const make = (sha: string, name: string) => ask("POST", "/git/refs", { ref: `refs/heads/${name}-${turn}`, sha })
  expect((await make(known, "known")).status).toBe(201)
  expect(await make(foreign, "foreign")).toMatchObject({
    status: 403,
    body: {
      message: `refusing to allow a GitHub App to create or update workflow \`${path}\` without \`workflows\` permission`,
    },
  })
})
