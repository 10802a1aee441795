import { afterEach, beforeEach, expect, test } from "vitest"
import { restoreTree, type RestoreWish } from "../../src/github/restore.ts"
import { readChangedPaths } from "../../src/github/tree.ts"
import { type Sha, sha } from "../../src/lib/brand.ts"
import { type ClientShop, openClientShop } from "./client-shop.ts"

let shop: ClientShop
/** The known-good commit, and the head of the branch after two more. */
let good: Sha
let head: Sha
const by = { repo: "acme/shop", by: "max" }
const newBranch = "portcullis/restore-main"

beforeEach(async () => {
  await open()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

async function open(): Promise<void> {
  shop = await openClientShop()
  good = await shop.commitOf("main")
  await shop.github.people.commit({ ...by, files: { "tax.ts": "1\n", "README.md": "# Shop with tax\n" } })
  await shop.github.people.commit({ ...by, files: { "src/price.ts": null } })
  head = await shop.commitOf("main")
  shop.asked()
}

const ask = (more: Partial<RestoreWish> = {}) =>
  restoreTree(shop.client, {
    address: shop.address,
    branch: "main",
    headSha: head,
    target: good,
    newBranch,
    message: "Return to known-good",
    title: "Return main to known-good",
    body: "Takes out two changes.",
    ...more,
  })

type CommitThere = { commit: { message: string; tree: { sha: string } }; parents: { sha: string }[] }

async function commitThere(revision: string): Promise<CommitThere> {
  const { body } = await shop.ask("GET", `/repos/acme/shop/commits/${revision}`, { as: shop.token })
  return body as CommitThere
}

const pulls = async () => {
  const { body } = await shop.ask("GET", "/repos/acme/shop/pulls?state=all", { as: shop.token })
  return body as { number: number; head: { ref: string }; user: { login: string } }[]
}

test("a branch is brought back by one commit on top of it with the very tree of the target", async () => {
  const answer = await ask()
  expect(shop.asked()).toEqual(["BranchPair", "Trees", "POST /git/commits", "POST /git/refs", "POST /pulls"])
  const made = await shop.commitOf(newBranch)
  expect(answer).toMatchObject({
    how: "done",
    pullRequest: { number: 1, state: "open", headSha: made, branch: newBranch },
  })
  const commit = await commitThere(made)
  expect(commit).toMatchObject({ parents: [{ sha: head }], commit: { message: "Return to known-good" } })
  expect(commit.commit.tree).toEqual((await commitThere(good)).commit.tree)
  await shop.github.people.mergePullRequest({ ...by, number: 1 })
  expect((await commitThere("main")).commit.tree).toEqual((await commitThere(good)).commit.tree)
  expect(await ask({ headSha: await shop.commitOf("main") })).toMatchObject({
    how: "done",
    pullRequest: { number: 1, state: "merged" },
  })
})

test("what it changes can be told before", async () => {
  const changed = (from: Sha, to: Sha) => readChangedPaths(shop.client, shop.address, { from, to })
  expect(await changed(head, good)).toEqual(["README.md", "src/price.ts", "tax.ts"])
  expect(await changed(good, good)).toEqual([])
  expect(await changed(good, sha("1".repeat(40)))).toBeNull()
  shop.github.state.limits.treeEntries = 2
  expect(await changed(head, good)).toBeNull()
})

test("there is nothing to do at the target's content, and no way to a commit that is not there", async () => {
  expect(await ask({ target: head })).toEqual({ how: "nothing" })
  expect(await ask({ target: sha("1".repeat(40)) })).toEqual({ how: "commit-gone" })
  expect(await pulls()).toEqual([])
})

test.each(["before", "after"] as const)("a death %s any request leaves one pull request in the end", async (effect) => {
  for (let cut = 0; ; cut += 1) {
    const armed = shop.github.faults.requests({ after: cut }, { kind: "network", effect })
    const first = await ask().catch(() => undefined)
    if (armed.fired() === 0) {
      expect(first).toMatchObject({ how: "done" })
      expect(cut).toBe(6) // that for the token is one of them
      return
    }
    expect(await ask()).toMatchObject({ how: "done", pullRequest: { number: 1, state: "open" } })
    expect(await pulls()).toMatchObject([{ number: 1, head: { ref: newBranch } }])
    expect(await commitThere(newBranch)).toMatchObject({ parents: [{ sha: head }] })
    await shop.github.close()
    await open()
  }
})

test("two at the same moment give one pull request", async () => {
  const answers = await Promise.all([ask(), ask()])
  expect(answers).toMatchObject([
    { how: "done", pullRequest: { number: 1 } },
    { how: "done", pullRequest: { number: 1 } },
  ])
  expect(await pulls()).toHaveLength(1)
})

test("it makes nothing on a head that is none any more", async () => {
  await shop.github.people.commit({ ...by, files: { "later.ts": "1\n" } })
  expect(await ask()).toEqual({ how: "moved", headSha: await shop.commitOf("main") })
  expect(await ask({ branch: "release" })).toEqual({ how: "moved", headSha: null })
  await expect(shop.commitOf(newBranch)).rejects.toThrow("No commit")
})

test("it is outdated once something landed after it, or somebody pushed to it", async () => {
  await ask()
  const { headSha } = await shop.github.people.pushToPullRequest({ ...by, number: 1, files: { "evil.ts": "1\n" } })
  expect(await ask()).toMatchObject({ how: "outdated", pullRequest: { number: 1, headSha } })
  await shop.github.people.commit({ ...by, files: { "later.ts": "1\n" } })
  expect(await ask()).toMatchObject({ how: "outdated", pullRequest: { number: 1 } })
  expect(await ask({ headSha: await shop.commitOf("main") })).toMatchObject({ how: "outdated" })
  await shop.github.people.closePullRequest({ ...by, number: 1 })
  expect(await ask()).toMatchObject({ how: "closed", pullRequest: { number: 1 } })
})

test("what an attempt left on an older head, or somebody put in its place, does not pass for the wanted tree", async () => {
  const { people } = shop.github
  shop.github.faults.requests({ method: "POST", path: /pulls$/ }, { kind: "network", effect: "before" })
  await expect(ask()).rejects.toThrow()
  const left = await shop.commitOf(newBranch)
  const { sha: later } = await people.commit({ ...by, files: { "later.ts": "1\n" } })
  expect(await ask({ headSha: sha(later) })).toEqual({ how: "taken", sha: left })

  const other = { newBranch: "portcullis/restore-again", headSha: sha(later) }
  expect(await ask(other)).toMatchObject({ how: "done" })
  const forced = { ...by, branch: other.newBranch, parents: [later], files: { "evil.ts": "1\n" } }
  await people.commit(forced)
  expect(await ask(other)).toMatchObject({ how: "outdated", pullRequest: { number: 1 } })
})

test("it never moves a branch of its name that it did not make, nor takes somebody's pull request for its own", async () => {
  const { people } = shop.github
  await people.createBranch({ ...by, branch: newBranch, from: good })
  expect(await ask()).toEqual({ how: "taken", sha: good })
  await people.deleteBranch({ ...by, branch: newBranch })
  shop.github.faults.requests({ method: "POST", path: /pulls$/ }, { kind: "network", effect: "before" })
  await expect(ask()).rejects.toThrow()
  await people.openPullRequest({ ...by, head: newBranch })
  expect(await ask()).toEqual({ how: "taken", sha: await shop.commitOf(newBranch) })
})

test("a ruleset against new branches, and a missing permission, are told in GitHub's words", async () => {
  const rules = [{ type: "creation" as const }]
  await shop.github.people.createRuleset({ repo: by.repo, by: "olga", rules, include: ["refs/heads/portcullis/*"] })
  expect(await ask()).toEqual({
    how: "refused",
    why: "protected",
    words: "Repository rule violations found\n\nCannot create ref due to creations being restricted.",
  })
  await shop.github.close()
  shop = await openClientShop({ permissions: { contents: "write", pull_requests: "read" } })
  good = await shop.commitOf("main")
  await shop.github.people.commit({ ...by, files: { "tax.ts": "1\n" } })
  head = await shop.commitOf("main")
  expect(await ask()).toMatchObject({ how: "refused", why: "permission" })
})

test("a workflow file that would come back is refused without the permission for it", async () => {
  const path = ".github/workflows/ci.yml"
  await shop.github.people.commit({ ...by, files: { [path]: "on: push\n" } })
  good = await shop.commitOf("main")
  await shop.github.people.commit({ ...by, files: { [path]: "on: cron\n" } })
  head = await shop.commitOf("main")
  expect(await ask()).toMatchObject({ how: "refused", why: "workflows" })
})
