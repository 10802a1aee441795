import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openShop } from "./shop.ts"
import type { Reply, Shop } from "./shop.ts"

let shop: Shop
let head: string
beforeAll(async () => {
  shop = await openShop()
  const opened = await shop.github.people.openPullRequest({
    repo: shop.repo,
    by: "max",
    head: "feature/price",
    files: { "src/price.ts": "export const a = 1\nexport const b = 3\nexport const c = 3\n", "src/more.ts": "x\n" },
  })
  head = opened.headSha
})
afterAll(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

const at = (path: string) => `/repos/acme/shop${path}`
const ask = (method: string, path: string, body?: unknown): Promise<Reply> =>
  shop.ask(method, at(path), { as: shop.token, ...(body === undefined ? {} : { body }) })
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)
const idOf = (reply: Reply) => (reply.body as { id: number }).id

describe("check runs", () => {
  const make = (body: Record<string, unknown>) => ask("POST", "/check-runs", { name: "gate", head_sha: head, ...body })

  test("a summary over 65,535 bytes is refused, a text is cut, and a report without text erases it", async () => {
    const long = await make({ output: { title: "t", summary: "é".repeat(32_768) } })
    expect(long.status).toBe(422)
    const run = await make({ output: { title: "t", summary: "s".repeat(65_535), text: "t".repeat(70_000) } })
    expect(run.status).toBe(201)
    expect((run.body as { output: { text: string } }).output.text).toHaveLength(65_535)
    const report = { output: { title: "t", summary: "s" } }
    const { body } = await ask("PATCH", `/check-runs/${idOf(run)}`, report)
    expect(body).toMatchObject({ output: { summary: "s", text: null } })
  })

  test("50 annotations a request, which add up; 3 buttons with short words", async () => {
    const note = { path: "a", start_line: 1, end_line: 1, annotation_level: "warning", message: "m" }
    const output = (count: number) => ({ output: { title: "t", summary: "s", annotations: times(count, note) } })
    expect((await make(output(51))).status).toBe(422)
    const id = idOf(await make(output(50)))
    const { body } = await ask("PATCH", `/check-runs/${id}`, output(10))
    expect(body).toMatchObject({ output: { annotations_count: 60 } })
    expect((await ask("GET", `/check-runs/${id}/annotations?per_page=100`)).body).toHaveLength(60)
    const action = { label: "l".repeat(20), description: "d".repeat(40), identifier: "i".repeat(20) }
    expect((await make({ actions: times(3, action) })).status).toBe(201)
    expect((await make({ actions: times(4, action) })).status).toBe(422)
    for (const field of ["label", "description", "identifier"] as const) {
      expect((await make({ actions: [{ ...action, [field]: `${action[field]}x` }] })).status).toBe(422)
    }
  })

  test("a conclusion completes; completing needs one; the commit must be there", async () => {
    expect((await make({ conclusion: "success" })).body).toMatchObject({ status: "completed", conclusion: "success" })
    expect((await make({ status: "completed" })).status).toBe(422)
    expect((await make({ conclusion: "splendid" })).status).toBe(422)
    expect((await make({ head_sha: "0".repeat(40) })).status).toBe(422)
    const id = idOf(await make({ conclusion: "failure" }))
    const { body } = await ask("PATCH", `/check-runs/${id}`, { status: "in_progress" })
    expect(body).toMatchObject({ status: "in_progress", conclusion: null, completed_at: null })
  })

  test("are listed latest first, by name and app; one suite per app and commit", async () => {
    const { people } = shop.github
    await people.reportCheck({ repo: shop.repo, sha: head, name: "list", conclusion: "failure" })
    await people.reportCheck({ repo: shop.repo, sha: head, name: "list", conclusion: "success", newRun: true })
    await make({ name: "list", conclusion: "neutral" })
    const list = async (query: string) =>
      ((await ask("GET", `/commits/${head}/check-runs?${query}`)).body as { check_runs: { conclusion: string }[] })
        .check_runs
    expect((await list("check_name=list")).map((run) => run.conclusion)).toEqual(["neutral", "success"])
    expect(await list("check_name=list&filter=all")).toHaveLength(3)
    expect(await list(`check_name=list&app_id=${shop.app.appId}`)).toHaveLength(1)
    expect((await ask("GET", "/commits/feature%2Fprice/check-suites")).body).toMatchObject({ total_count: 2 })
  })

  test("only their own app changes them", async () => {
    const { id } = await shop.github.people.reportCheck({ repo: shop.repo, sha: head, name: "theirs" })
    expect((await ask("PATCH", `/check-runs/${id}`, { conclusion: "success" })).status).toBe(403)
  })
})

describe("conversation", () => {
  test("a comment holds 65,536 characters", async () => {
    expect((await ask("POST", "/issues/1/comments", { body: "x".repeat(65_536) })).status).toBe(201)
    expect((await ask("POST", "/issues/1/comments", { body: "x".repeat(65_537) })).status).toBe(422)
    expect((await ask("POST", "/issues/1/comments", {})).status).toBe(422)
  })

  test("a reaction is made once", async () => {
    const { id } = await shop.github.people.comment({ repo: shop.repo, by: "rita", number: 1, body: "/help" })
    const path = `/issues/comments/${id}/reactions`
    expect((await ask("POST", path, { content: "eyes" })).status).toBe(201)
    expect((await ask("POST", path, { content: "eyes" })).status).toBe(200)
    expect((await ask("POST", path, { content: "tada" })).status).toBe(422)
    expect((await ask("GET", path)).body).toMatchObject([{ content: "eyes", user: { login: "portcullis[bot]" } }])
    expect((await ask("GET", `/issues/comments/${id}`)).body).toMatchObject({ reactions: { total_count: 1, eyes: 1 } })
  })

  test("labels come and go, and who did it is remembered", async () => {
    const { people } = shop.github
    await people.label({ repo: shop.repo, by: "olga", number: 1, label: "promotion-paused" })
    expect((await ask("GET", "/issues/1/labels")).body).toMatchObject([{ name: "promotion-paused" }])
    expect((await ask("DELETE", "/issues/1/labels/promotion-paused")).status).toBe(200)
    expect((await ask("DELETE", "/issues/1/labels/promotion-paused")).status).toBe(404)
    expect((await ask("GET", "/issues/1/events")).body).toMatchObject([
      { event: "labeled", actor: { login: "olga" }, label: { name: "promotion-paused" } },
      { event: "unlabeled", actor: { login: "portcullis[bot]" } },
    ])
    expect((await ask("POST", "/labels", { name: "bug" })).body).toMatchObject({ errors: [{ code: "already_exists" }] })
  })

  test("issues are filtered by state and label", async () => {
    const { people } = shop.github
    const { number } = await people.openIssue({
      repo: shop.repo,
      by: "rita",
      title: "Halt",
      labels: ["promotion-paused"],
    })
    expect((await ask("GET", "/issues?labels=promotion-paused")).body).toMatchObject([{ number }])
    await ask("PATCH", `/issues/${number}`, { state: "closed" })
    expect((await ask("GET", "/issues?labels=promotion-paused")).body).toEqual([])
    expect((await ask("GET", "/issues?state=closed")).body).toMatchObject([
      { number, closed_by: { login: "portcullis[bot]" } },
    ])
  })
})

describe("git data", () => {
  test("files are read, raw and as a folder, and written against what was there", async () => {
    const { body } = await ask("GET", "/contents/README.md")
    const file = body as { content: string; sha: string }
    expect(Buffer.from(file.content, "base64").toString()).toBe("# Shop\n")
    const raw = await shop.ask("GET", at("/contents/README.md"), {
      as: shop.token,
      headers: { accept: "application/vnd.github.raw+json" },
    })
    expect(raw.body).toBe("# Shop\n")
    expect((await ask("GET", "/contents/src?ref=feature%2Fprice")).body).toMatchObject([
      { name: "more.ts" },
      { path: "src/price.ts" },
    ])
    expect((await ask("GET", "/contents/none.md")).status).toBe(404)
    const write = { message: "Write", content: Buffer.from("# Till\n").toString("base64"), branch: "main" }
    expect((await ask("PUT", "/contents/README.md", write)).status).toBe(422)
    expect((await ask("PUT", "/contents/README.md", { ...write, sha: head })).status).toBe(409)
    expect((await ask("PUT", "/contents/README.md", { ...write, sha: file.sha })).status).toBe(200)
    expect((await ask("PUT", "/contents/NEW.md", write)).status).toBe(201)
  })

  test("a commit is built from blob, tree and parent, and a ref moved to it", async () => {
    const { people } = shop.github
    const { sha: parent } = await people.createBranch({ repo: shop.repo, by: "max", branch: "built" })
    const sha = (reply: Reply) => (reply.body as { sha: string }).sha
    const blob = sha(await ask("POST", "/git/blobs", { content: "aGk=", encoding: "base64" }))
    const base = (await ask("GET", `/git/commits/${parent}`)).body as { tree: { sha: string } }
    const entry = { path: "hi.txt", mode: "100644", type: "blob", sha: blob }
    const tree = sha(await ask("POST", "/git/trees", { base_tree: base.tree.sha, tree: [entry] }))
    const commit = sha(await ask("POST", "/git/commits", { message: "Hi", tree, parents: [parent] }))
    expect((await ask("PATCH", "/git/refs/heads/built", { sha: commit })).status).toBe(200)
    expect((await ask("PATCH", "/git/refs/heads/built", { sha: head })).status).toBe(422)
    expect((await ask("PATCH", "/git/refs/heads/built", { sha: head, force: true })).status).toBe(200)
    expect((await ask("GET", `/git/trees/${tree}?recursive=1`)).body).toMatchObject({ truncated: false })
    expect((await ask("POST", "/git/refs", { ref: "refs/heads/built", sha: commit })).status).toBe(422)
    expect((await ask("GET", "/git/ref/heads/feature/price")).body).toMatchObject({
      object: { sha: head, type: "commit" },
    })
    expect((await ask("GET", "/git/ref/heads/none")).status).toBe(404)
  })

  test("an annotated tag is an object with a ref", async () => {
    const tag = await ask("POST", "/git/tags", {
      tag: "known-good/main",
      message: "Proven",
      object: head,
      type: "commit",
    })
    expect(tag.status).toBe(201)
    const { sha } = tag.body as { sha: string }
    expect((await ask("POST", "/git/refs", { ref: "refs/tags/known-good/main", sha })).status).toBe(201)
    expect((await ask("GET", "/git/ref/tags/known-good/main")).body).toMatchObject({ object: { sha, type: "tag" } })
    expect((await ask("GET", `/git/tags/${sha}`)).body).toMatchObject({ message: "Proven", object: { sha: head } })
  })

  test("files, commits and comparison of a pull request agree", async () => {
    const files = await ask("GET", "/pulls/1/files")
    expect(files.body).toMatchObject([
      { filename: "src/more.ts", status: "added", additions: 1, deletions: 0, changes: 1 },
      { filename: "src/price.ts", status: "modified", additions: 1, deletions: 1, changes: 2 },
    ])
    expect((await ask("GET", "/pulls/1")).body).toMatchObject({
      commits: 1,
      additions: 2,
      deletions: 1,
      changed_files: 2,
    })
    expect((await ask("GET", "/pulls/1/commits")).body).toMatchObject([{ sha: head, author: { login: "max" } }])
    const compared = await ask("GET", "/compare/main...feature%2Fprice")
    expect(compared.body).toMatchObject({ status: "diverged", ahead_by: 1, files: [{}, {}], base_commit: {} })
    expect((await ask("GET", "/compare/main...none")).status).toBe(404)
    expect((await ask("GET", `/commits/${head}`)).body).toMatchObject({ sha: head, stats: { total: 3 } })
    expect((await ask("GET", `/commits/${head}/pulls`)).body).toMatchObject([{ number: 1 }])
    expect((await ask("GET", "/commits?sha=feature%2Fprice&path=src")).body).toMatchObject([{ sha: head }, {}])
  })

  test("branches and their rules", async () => {
    expect((await ask("GET", "/branches/feature/price")).body).toMatchObject({
      name: "feature/price",
      protected: false,
      commit: { sha: head },
    })
    const rules = {
      required_status_checks: { strict: true, checks: [{ context: "gate", app_id: shop.app.appId }] },
      enforce_admins: true,
      required_pull_request_reviews: null,
      restrictions: null,
    }
    expect((await ask("GET", "/branches/main/protection")).status).toBe(404)
    expect((await ask("PUT", "/branches/main/protection", rules)).status).toBe(200)
    expect((await ask("GET", "/branches/main/protection")).body).toMatchObject({
      required_status_checks: { strict: true, checks: [{ context: "gate", app_id: shop.app.appId }] },
      enforce_admins: { enabled: true },
    })
    expect((await ask("DELETE", "/branches/main/protection")).status).toBe(204)
  })

  test("a renamed repository goes on answering to its old name", async () => {
    await shop.github.people.createRepository({ owner: "acme", name: "old" })
    await shop.github.people.renameRepository({ repo: "acme/old", by: "acme", name: "new" })
    expect((await shop.ask("GET", "/repos/acme/old")).body).toMatchObject({ full_name: "acme/new" })
  })
})
