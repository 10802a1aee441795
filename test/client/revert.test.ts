import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { revertByGitHub, revertByTree, type TreeRevertWish } from "../../src/github/revert.ts"
import { type Sha, sha } from "../../src/lib/brand.ts"
import type { FileContent } from "../github/git-tree.ts"
import type { MergeMethod } from "../github/state.ts"
import { type ClientShop, openClientShop } from "./client-shop.ts"

let shop: ClientShop
const by = { repo: "acme/shop", by: "max" }

beforeEach(async () => {
  shop = await openClientShop()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

type Landed = { number: number; before: Sha; after: Sha }

/** Lands a change of several kinds, and forgets what was asked of GitHub on the way. */
async function land(method: MergeMethod = "squash", files: Record<string, FileContent> = change): Promise<Landed> {
  const { people } = shop.github
  const { number } = await people.openPullRequest({ ...by, head: "topic", title: "Add tax", files })
  const before = await shop.commitOf("main")
  await people.mergePullRequest({ ...by, number, method })
  shop.asked()
  return { number, before, after: await shop.commitOf("main") }
}

const change = { "tax.ts": "1\n", "src/price.ts": "export const a = 9\n", "README.md": null }

const changedPaths = async (head: string) => {
  const { body } = await shop.ask("GET", `/repos/acme/shop/compare/main...${head}`, { as: shop.token })
  return (body as { files: { filename: string; status: string }[] }).files.map(
    (file) => `${file.status} ${file.filename}`,
  )
}

async function treeOf(revision: string): Promise<string> {
  const { body } = await shop.ask("GET", `/repos/acme/shop/commits/${revision}`, { as: shop.token })
  return (body as { commit: { tree: { sha: string } } }).commit.tree.sha
}

const unable =
  "This pull request could not be reverted automatically. It may have already been reverted, or the content may have changed since it was merged."
const undone = ["added README.md", "modified src/price.ts", "removed tax.ts"]

describe("a revert by GitHub", () => {
  const ask = (number: number) =>
    revertByGitHub(shop.client, {
      address: shop.address,
      number,
      headRef: "topic",
      baseRef: "main",
      title: "Take back #1",
      body: "It hurt.",
    })

  test.each<MergeMethod>(["merge", "squash", "rebase"])(
    "opens a pull request for what landed by %s",
    async (method) => {
      const { number } = await land(method)
      const headSha = () => shop.commitOf("revert-1-topic")
      const answer = await ask(number)
      expect(answer).toMatchObject({
        how: "done",
        pullRequest: {
          number: 2,
          state: "open",
          headSha: await headSha(),
          branch: "revert-1-topic",
        },
      })
      expect(shop.asked().slice(0, 2)).toEqual(["Revert", "RevertPullRequest"])
      expect(await changedPaths("revert-1-topic")).toEqual(undone)
      const { body } = await shop.ask("GET", "/repos/acme/shop/pulls/2", { as: shop.token })
      expect(body).toMatchObject({ title: "Take back #1", body: "It hurt.", user: { login: "portcullis[bot]" } })
    },
  )

  test("is found again, open or merged, also when its answer was lost; once closed it is told as that", async () => {
    const { number } = await land()
    shop.github.faults.requests({ graphqlName: "RevertPullRequest" }, { kind: "network", effect: "after" })
    await expect(ask(number)).rejects.toThrow()
    expect(await ask(number)).toMatchObject({ how: "done", pullRequest: { number: 2, state: "open" } })
    await shop.github.people.closePullRequest({ ...by, number: 2 })
    expect(await ask(number)).toMatchObject({ how: "closed", pullRequest: { number: 2 } })
    await shop.github.people.reopenPullRequest({ ...by, number: 2 })
    await shop.github.people.mergePullRequest({ ...by, number: 2 })
    await shop.github.people.deleteBranch({ ...by, branch: "revert-1-topic" })
    expect(await ask(number)).toMatchObject({ how: "done", pullRequest: { number: 2, state: "merged" } })
    expect((await shop.ask("GET", "/repos/acme/shop/pulls?state=all", { as: shop.token })).body).toHaveLength(2)
  })

  test("two at the same moment give one pull request", async () => {
    const { number } = await land()
    const answers = await Promise.all([ask(number), ask(number)])
    expect(answers).toMatchObject([
      { how: "done", pullRequest: { number: 2 } },
      { how: "done", pullRequest: { number: 2 } },
    ])
  })

  test("does not take somebody else's branch or pull request for its own", async () => {
    const { number, before } = await land()
    const { people } = shop.github
    await people.createBranch({ ...by, branch: "revert-1-topic", from: before })
    expect(await ask(number)).toEqual({ how: "taken", sha: before })
    const evil = { ...by, head: "revert-1-topic", files: { "evil.ts": "1\n" } }
    await people.openPullRequest(evil)
    expect(await ask(number)).toMatchObject({ how: "taken" })
  })

  test("a fork's pull request from a branch of that name is none of ours", async () => {
    const { number } = await land()
    const { people } = shop.github
    await people.createUser({ login: "eve" })
    await people.fork({ repo: "acme/shop", by: "eve" })
    const files = { "evil.ts": "1\n" }
    await people.openPullRequest({ repo: "acme/shop", by: "eve", head: "eve:revert-1-topic", files })
    expect(await ask(number)).toMatchObject({ how: "done", pullRequest: { number: 3 } })
  })

  test("says where GitHub cannot do it, and why not", async () => {
    const { people } = shop.github
    const { number } = await people.openPullRequest({ ...by, head: "topic", files: change })
    expect(await ask(number)).toEqual({ how: "not-merged" })
    await people.mergePullRequest({ ...by, number })
    await people.commit({ ...by, files: { "tax.ts": "changed\n" } })
    expect(await ask(number)).toEqual({ how: "unable", words: unable })
    await people.createRuleset({ ...by, by: "olga", rules: [{ type: "creation" }], include: ["refs/heads/revert-*"] })
    await people.commit({ ...by, files: { "tax.ts": "1\n" } })
    expect(await ask(number)).toMatchObject({ how: "refused", why: "protected" })
  })

  test("is refused for workflow files without the permission", async () => {
    const { number } = await land("squash", { ".github/workflows/ci.yml": "on: push\n" })
    expect(await ask(number)).toMatchObject({ how: "refused", why: "workflows" })
  })
})

describe("a revert by tree", () => {
  const wish = async ({ before, after }: Landed, more: Partial<TreeRevertWish> = {}): Promise<TreeRevertWish> => ({
    address: shop.address,
    branch: "main",
    headSha: await shop.commitOf("main"),
    newBranch: "portcullis/revert-1",
    message: "Take back #1",
    title: "Take back #1",
    body: "It hurt.",
    before,
    after,
    ...more,
  })
  const ask = async (landed: Landed, more: Partial<TreeRevertWish> = {}) =>
    revertByTree(shop.client, await wish(landed, more))

  test("right after the landing has the very tree that was before, in a few requests", async () => {
    const landed = await land("merge")
    const headSha = await shop.commitOf("main")
    const answer = await ask(landed)
    expect(shop.asked()).toEqual(["BranchPair", "Trees", "POST /git/commits", "POST /git/refs", "POST /pulls"])
    const made = await shop.commitOf("portcullis/revert-1")
    expect(answer).toMatchObject({
      how: "done",
      pullRequest: { number: 2, state: "open", headSha: made, branch: "portcullis/revert-1" },
    })
    const { body } = await shop.ask("GET", `/repos/acme/shop/commits/${made}`, { as: shop.token })
    expect(await treeOf(made)).toBe(await treeOf(landed.before))
    expect(body).toMatchObject({ parents: [{ sha: headSha }], commit: { message: "Take back #1" } })
    const { body: pull } = await shop.ask("GET", "/repos/acme/shop/pulls/2", { as: shop.token })
    expect(pull).toMatchObject({ title: "Take back #1", body: "It hurt.", user: { login: "portcullis[bot]" } })
  })

  test("keeps what landed since elsewhere, as GitHub's own revert does", async () => {
    const landed = await land()
    await shop.github.people.commit({ ...by, files: { "later.ts": "1\n", "src/price.test.ts": "1\n" } })
    expect(await ask(landed)).toMatchObject({ how: "done" })
    expect(await changedPaths("portcullis/revert-1")).toEqual(undone)
    const own = { address: shop.address, number: landed.number, headRef: "topic", baseRef: "main", title: "", body: "" }
    await revertByGitHub(shop.client, own)
    expect(await treeOf("portcullis/revert-1")).toBe(await treeOf("revert-1-topic"))
    expect(await shop.textOf("portcullis/revert-1", "later.ts")).toBe("1\n")
  })

  test("takes back links, executables, submodules and whole folders", async () => {
    const link = { mode: "120000" as const, content: "README.md" }
    const run = { mode: "100755" as const, content: "#!/bin/sh\n" }
    const { people } = shop.github
    await people.commit({
      ...by,
      files: { link, run, "old/deep/a.txt": "1\n", "old/deep/b.txt": "1\n", swap: "file\n" },
    })
    const landed = await land("squash", {
      link: null,
      run: null,
      "old/deep/a.txt": null,
      "old/deep/b.txt": null,
      "new/deep/c.txt": "1\n",
    })
    await people.commit({ ...by, files: { "later.ts": "1\n" } })
    expect(await ask(landed)).toMatchObject({ how: "done" })
    const { body } = await shop.ask("GET", "/repos/acme/shop/git/trees/portcullis%2Frevert-1?recursive=1", {
      as: shop.token,
    })
    const lines = (body as { tree: { mode: string; path: string }[] }).tree.map(({ mode, path }) => `${mode} ${path}`)
    expect(lines).toEqual(expect.arrayContaining(["120000 link", "100755 run", "100644 old/deep/a.txt"]))
    expect(lines.filter((line) => line.includes("new"))).toEqual([])
  })

  test("names the paths that were changed since, and makes nothing", async () => {
    const landed = await land()
    await shop.github.people.commit({ ...by, files: { "tax.ts": "2\n", "README.md": "new\n" } })
    shop.asked()
    expect(await ask(landed)).toEqual({ how: "conflict", paths: ["README.md", "tax.ts"] })
    expect(shop.github.calls.writes().filter(({ method }) => method !== "GET")).toEqual([])
    await expect(shop.commitOf("portcullis/revert-1")).rejects.toThrow("No commit")
  })

  test("has nothing to do where it was taken back by hand", async () => {
    const landed = await land()
    const files = {
      "tax.ts": null,
      "README.md": "# Shop\n",
      "src/price.ts": (await shop.textOf(landed.before, "src/price.ts")) ?? "",
    }
    await shop.github.people.commit({ ...by, files })
    expect(await ask(landed)).toEqual({ how: "nothing" })
    await shop.github.people.commit({ ...by, files: { "later.ts": "1\n" } })
    expect(await ask(landed)).toEqual({ how: "nothing" })
  })

  test("does not know what GitHub does not tell", async () => {
    const landed = await land()
    expect(await ask({ ...landed, before: sha("1".repeat(40)) })).toEqual({ how: "unknown", why: "commit-gone" })
    await shop.github.people.commit({ ...by, files: { "later.ts": "1\n" } })
    shop.github.state.limits.treeEntries = 2
    expect(await ask(landed)).toEqual({ how: "unknown", why: "too-large" })
  })

  test("is told the permission that it lacks for workflow files", async () => {
    const landed = await land("squash", { ".github/workflows/ci.yml": "on: push\n" })
    await shop.github.people.commit({ ...by, files: { ".github/workflows/ci.yml": "on: cron\n" } })
    const again = { before: landed.after, after: await shop.commitOf("main") }
    await shop.github.people.deleteBranch({ ...by, branch: "topic" })
    expect(await ask({ ...landed, ...again })).toMatchObject({ how: "refused", why: "workflows" })
    await shop.github.people.commit({ ...by, files: { "later.ts": "1\n" } })
    expect(await ask({ ...landed, ...again })).toMatchObject({ how: "refused", why: "permission" })
  })
})
