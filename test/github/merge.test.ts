import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { findRepository } from "./access.ts"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"
import type { MergeMethod } from "./state.ts"

let shop: Shop
beforeAll(async () => {
  shop = await openShop()
})
afterAll(() => shop.github.close())

const at = (path: string) => `/repos/acme/shop${path}`
let turn = 0
let pull: { number: number; headSha: string }
let head: string

beforeEach(async () => {
  turn += 1
  head = `topic-${turn}`
  const { people } = shop.github
  const by = { repo: shop.repo, by: "max" }
  const opened = await people.openPullRequest({
    ...by,
    head,
    files: { [`new-${turn}.txt`]: "one\n" },
    title: `Change ${turn}`,
  })
  const { headSha } = await people.pushToPullRequest({
    ...by,
    number: opened.number,
    files: { [`new-${turn}.txt`]: "one\ntwo\n" },
  })
  await people.unprotectBranch({ repo: shop.repo })
  await people.commit({ ...by, files: { [`side-${turn}.txt`]: "meanwhile\n" } })
  pull = { number: opened.number, headSha }
})

function merge(body: Record<string, unknown> = {}, as = "user:max") {
  return shop.ask("PUT", at(`/pulls/${pull.number}/merge`), { as, body })
}

/** What plain git, with a work tree, makes of the same merge: the tree it leaves. */
function treeByPlainGit(base: string, method: MergeMethod): string {
  const store = findRepository(shop.github.state, shop.repo)?.store.dir ?? ""
  const dir = mkdtempSync(join(tmpdir(), "plain-git-"))
  const env = {
    ...process.env,
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "x",
    GIT_AUTHOR_EMAIL: "x@x",
    GIT_COMMITTER_NAME: "x",
    GIT_COMMITTER_EMAIL: "x@x",
  }
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: dir, env, stdio: ["ignore", "pipe", "pipe"] })
      .toString()
      .trim()
  git("clone", "--quiet", store, ".")
  git("checkout", "--quiet", "-B", "work", base)
  if (method === "merge") git("merge", "--quiet", "--no-ff", "-m", "x", pull.headSha)
  if (method === "squash") {
    git("merge", "--quiet", "--squash", pull.headSha)
    git("commit", "--quiet", "-m", "x")
  }
  if (method === "rebase") {
    git("checkout", "--quiet", pull.headSha)
    git("rebase", "--quiet", base)
  }
  const tree = git("rev-parse", "HEAD^{tree}")
  rmSync(dir, { recursive: true, force: true })
  return tree
}

describe("merging", () => {
  test.each<[MergeMethod, number, string]>([
    ["merge", 2, "Merge pull request"],
    ["squash", 1, "Change"],
    ["rebase", 1, "Change new-"],
  ])("by %s leaves the tree plain git leaves", async (method, parents, subject) => {
    const { sha: base } = await shop.github.people.resolve({ repo: shop.repo, revision: "main" })
    const expected = treeByPlainGit(base, method)
    const { status, body } = await merge({ merge_method: method, sha: pull.headSha })
    expect(status).toBe(200)
    const { sha } = body as { sha: string }
    expect((await shop.github.people.resolve({ repo: shop.repo, revision: "main" })).sha).toBe(sha)
    const commit = await shop.ask("GET", at(`/git/commits/${sha}`))
    expect(commit.body).toMatchObject({ tree: { sha: expected } })
    expect((commit.body as { parents: unknown[] }).parents).toHaveLength(parents)
    expect((commit.body as { message: string }).message).toMatch(new RegExp(`^${subject}`))
    const { body: now } = await shop.ask("GET", at(`/pulls/${pull.number}`))
    expect(now).toMatchObject({ state: "closed", merged: true, merged_by: { login: "max" }, merge_commit_sha: sha })
    expect((await shop.ask("GET", at(`/pulls/${pull.number}/merge`))).status).toBe(204)
    expect((await merge()).status).toBe(405)
  })

  test("is refused for another head than expected, a draft, a closed one, and by a reader", async () => {
    const { people } = shop.github
    const on = { repo: shop.repo, by: "max", number: pull.number }
    expect((await merge({ sha: "0".repeat(40) })).status).toBe(409)
    expect((await merge({ merge_method: "octopus" })).status).toBe(422)
    expect((await merge({}, "user:rita")).status).toBe(403)
    await people.draftPullRequest({ ...on, draft: true })
    expect((await merge()).body).toMatchObject({ message: "Pull Request is still a draft" })
    await people.draftPullRequest({ ...on, draft: false })
    await people.configureRepository({ repo: shop.repo, mergeMethods: ["squash"] })
    expect((await merge()).body).toMatchObject({ message: "Merge commits are not allowed on this repository." })
    await people.configureRepository({ repo: shop.repo, mergeMethods: ["merge", "squash", "rebase"] })
    await people.closePullRequest(on)
    expect((await merge()).status).toBe(405)
  })

  test("is refused for a conflict, which mergeable tells after its first null", async () => {
    await shop.github.people.commit({ repo: shop.repo, by: "max", files: { [`new-${turn}.txt`]: "else\n" } })
    const read = async () => (await shop.ask("GET", at(`/pulls/${pull.number}`))).body
    expect(await read()).toMatchObject({ mergeable: null, mergeable_state: "unknown" })
    expect(await read()).toMatchObject({ mergeable: false, mergeable_state: "dirty" })
    expect((await merge()).body).toMatchObject({ message: "Pull Request has merge conflicts" })
  })

  test("keeps refs/pull/N/head and, once mergeable is known, refs/pull/N/merge", async () => {
    await shop.ask("GET", at(`/pulls/${pull.number}`))
    const { body } = await shop.ask("GET", at(`/pulls/${pull.number}`))
    const refs = await shop.ask("GET", at(`/git/matching-refs/pull/${pull.number}/`))
    expect(refs.body).toMatchObject([
      { ref: `refs/pull/${pull.number}/head`, object: { sha: pull.headSha } },
      {
        ref: `refs/pull/${pull.number}/merge`,
        object: { sha: (body as { merge_commit_sha: string }).merge_commit_sha },
      },
    ])
  })

  test("an app lands workflow files only with the permission for it", async () => {
    const { people } = shop.github
    await people.pushToPullRequest({
      repo: shop.repo,
      by: "max",
      number: pull.number,
      files: { ".github/workflows/build.yml": "on: push\n" },
    })
    const { status, body } = await merge({}, shop.token)
    expect(status).toBe(403)
    expect((body as { message: string }).message).toContain("without `workflows` permission")
    expect((await merge()).status).toBe(200)
  })

  test("a push that brings the head into the base counts as merged", async () => {
    const { people } = shop.github
    const { sha } = await people.commit({
      repo: shop.repo,
      by: "max",
      files: {},
      message: "By hand",
      parents: [(await people.resolve({ repo: shop.repo, revision: "main" })).sha, pull.headSha],
    })
    const { body } = await shop.ask("GET", at(`/pulls/${pull.number}`))
    expect(body).toMatchObject({ merged: true, merge_commit_sha: sha })
  })
})

describe("branch protection", () => {
  const report = (conclusion: "success" | "neutral" | "skipped" | "failure" | "cancelled", app = "portcullis") =>
    shop.github.people.reportCheck({ repo: shop.repo, sha: pull.headSha, name: "gate", app, conclusion, newRun: true })
  const protect = (rules: { checks?: { name: string; app?: string }[]; approvals?: number; strict?: boolean }) =>
    shop.github.people.protectBranch({ repo: shop.repo, enforceAdmins: true, ...rules })

  test.each(["success", "neutral", "skipped"] as const)("%s satisfies a required check", async (conclusion) => {
    await protect({ checks: [{ name: "gate" }] })
    expect((await merge()).body).toMatchObject({ message: `Required status check "gate" is expected.` })
    await report(conclusion)
    expect((await merge()).status).toBe(200)
  })

  test("a failed, a running, and a foreign app's check do not", async () => {
    await protect({ checks: [{ name: "gate", app: "portcullis" }] })
    await report("success", "github-actions")
    expect((await merge()).status).toBe(405)
    await report("failure")
    expect((await merge()).body).toMatchObject({ message: `Required status check "gate" is failing.` })
    await shop.github.people.reportCheck({
      repo: shop.repo,
      sha: pull.headSha,
      name: "gate",
      app: "portcullis",
      newRun: true,
    })
    expect((await merge()).status).toBe(405)
    await report("success")
    expect((await merge()).status).toBe(200)
  })

  test("a green check that turns red holds again, and does not count for a new head", async () => {
    await protect({ checks: [{ name: "gate", app: "portcullis" }] })
    await report("success")
    await report("failure")
    expect((await merge()).status).toBe(405)
    await report("success")
    await shop.github.people.pushToPullRequest({
      repo: shop.repo,
      by: "max",
      number: pull.number,
      files: { more: "x\n" },
    })
    expect((await merge()).status).toBe(405)
  })

  test("a commit status satisfies too; admins are held only where rules say so", async () => {
    const { people } = shop.github
    await people.protectBranch({ repo: shop.repo, checks: ["ci"], enforceAdmins: false })
    expect((await merge()).status).toBe(405)
    await people.setStatus({ repo: shop.repo, by: "max", pull: pull.number, state: "pending", context: "ci" })
    expect((await merge()).status).toBe(405)
    await people.setStatus({ repo: shop.repo, by: "max", pull: pull.number, state: "success", context: "ci" })
    const { body } = await shop.ask("GET", at(`/commits/${pull.headSha}/status`))
    expect(body).toMatchObject({ state: "success", total_count: 1 })
    expect((await merge()).status).toBe(200)
  })

  test("an admin passes rules that spare admins", async () => {
    await shop.github.people.protectBranch({ repo: shop.repo, checks: ["ci"], enforceAdmins: false })
    expect((await merge({}, "user:olga")).status).toBe(200)
  })

  test("approvals of people who may write are counted, change requests hold", async () => {
    const { people } = shop.github
    await protect({ approvals: 1 })
    await people.review({ repo: shop.repo, by: "rita", number: pull.number, verdict: "APPROVE" })
    expect((await merge()).status).toBe(405)
    const { id } = await people.review({ repo: shop.repo, by: "olga", number: pull.number, verdict: "REQUEST_CHANGES" })
    expect((await merge()).status).toBe(405)
    await people.dismiss({ repo: shop.repo, by: "olga", number: pull.number, id })
    await people.review({ repo: shop.repo, by: "olga", number: pull.number, verdict: "APPROVE" })
    expect((await merge()).status).toBe(200)
    const own = { repo: shop.repo, by: "max", number: pull.number, verdict: "APPROVE" as const }
    await expect(people.review(own)).rejects.toThrow("Unprocessable Entity")
  })

  test("strict rules want the head up to date", async () => {
    await protect({ strict: true })
    expect((await merge()).status).toBe(405)
    await shop.ask("POST", at("/merges"), { as: "user:max", body: { base: head, head: "main" } })
    expect((await merge()).status).toBe(200)
  })

  test("a direct push, a forced one and deletion are refused", async () => {
    const { people } = shop.github
    await protect({ checks: [{ name: "gate" }] })
    const before = await people.resolve({ repo: shop.repo, revision: "main" })
    await expect(people.commit({ repo: shop.repo, by: "max", files: { a: "x" } })).rejects.toThrow("is expected")
    expect(await people.resolve({ repo: shop.repo, revision: "main" })).toEqual(before)
    const body = { sha: pull.headSha, force: true }
    const forced = await shop.ask("PATCH", at("/git/refs/heads/main"), { as: "user:olga", body })
    expect(forced.body).toMatchObject({ message: "Cannot force-push to this branch" })
    expect((await shop.ask("DELETE", at("/git/refs/heads/main"), { as: "user:olga" })).status).toBe(422)
    await people.unprotectBranch({ repo: shop.repo })
  })
})
