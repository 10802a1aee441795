import { afterEach, beforeEach, expect, test } from "vitest"
import { bringOnward, endOnward, readContained } from "../../src/github/onward.ts"
import { type Sha, sha } from "../../src/lib/brand.ts"
import { type ClientShop, openClientShop } from "./client-shop.ts"

let shop: ClientShop
/** Two commits of `develop`, the second after the first. */
let first: Sha
let second: Sha
const by = { repo: "acme/shop", by: "max" }
const head = "portcullis/promote-develop"

beforeEach(async () => {
  shop = await openClientShop()
  first = await commits("tax.ts")
  second = await commits("price.ts")
  shop.asked()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

async function commits(path: string, branch = "develop"): Promise<Sha> {
  return sha((await shop.github.people.commit({ ...by, branch, files: { [path]: "1\n" } })).sha)
}

const bring = (commit: Sha, title = "Promote develop to main") =>
  bringOnward(shop.client, { address: shop.address, target: "main", commit, head, title, body: "It carries #1." })

const contained = (commit: Sha, target = "main") =>
  readContained(shop.client, { address: shop.address, target, commit })

type PullThere = { title: string; state: string; merged: boolean; head: { sha: string } }

async function pullThere(number: number): Promise<PullThere> {
  const { body } = await shop.ask("GET", `/repos/acme/shop/pulls/${number}`, { as: shop.token })
  return body as PullThere
}

test("the pull request is opened from a branch at exactly the commit, however often it is tried", async () => {
  expect(await bring(first)).toEqual({ how: "done", number: 1 })
  expect(shop.asked()).toEqual(["BranchPair", "POST /git/refs", "POST /pulls"])
  expect(await shop.commitOf(head)).toBe(first)
  expect(await bring(first)).toEqual({ how: "done", number: 1 })
  expect(shop.asked()).toEqual(["BranchPair", "PATCH /pulls/:number"])
})

test("it is brought forward, with a title of its own", async () => {
  await bring(first)
  expect(await bring(second, "Promote two changes")).toEqual({ how: "done", number: 1 })
  expect(await pullThere(1)).toMatchObject({ title: "Promote two changes", state: "open", head: { sha: second } })
})

test("it is never moved back, nor over what somebody pushed", async () => {
  await bring(second)
  expect(await bring(first)).toEqual({ how: "taken" })
  await commits("along.ts", head)
  const theirs = await shop.commitOf(head)
  expect(await bring(await commits("third.ts"))).toEqual({ how: "taken" })
  expect(await shop.commitOf(head)).toBe(theirs)
})

test("what was closed at the commit stays so, and what is newer gets another pull request", async () => {
  await bring(first)
  await shop.github.people.closePullRequest({ ...by, number: 1 })
  expect(await bring(first)).toEqual({ how: "closed", number: 1 })
  expect(await bring(second)).toEqual({ how: "done", number: 2 })
  await shop.github.people.mergePullRequest({ ...by, number: 2 })
  expect(await bring(second)).toEqual({ how: "done", number: 2 })
})

test("one that is merged while it is being brought forward is not taken for the newer one: the next try opens that", async () => {
  await bring(first)
  let merged = false
  shop.client.hook.after("request", async () => {
    if (merged) return
    merged = true
    await shop.github.people.mergePullRequest({ ...by, number: 1 })
  })
  await expect(bring(second)).rejects.toThrow("pull request 1 was closed meanwhile")
  expect(await bring(second)).toEqual({ how: "done", number: 2 })
  expect(await pullThere(2)).toMatchObject({ state: "open", head: { sha: second } })
})

test("somebody else's pull request from the branch is left alone", async () => {
  await shop.github.people.createBranch({ ...by, branch: head, from: first })
  await shop.github.people.openPullRequest({ ...by, head, base: "main" })
  expect(await bring(first)).toEqual({ how: "taken" })
})

test("into a branch that is not there nothing is opened", async () => {
  const wish = { address: shop.address, target: "next", commit: first, head, title: "t", body: "b" }
  expect(await bringOnward(shop.client, wish)).toEqual({ how: "gone" })
  expect(await contained(first, "next")).toEqual({ contained: false, base: null })
})

test("a branch has a commit by its history, or by the same content", async () => {
  const base = await shop.commitOf("main")
  expect(await contained(second)).toEqual({ contained: false, base })
  expect(await contained(base)).toEqual({ contained: true, base })
  await bring(second)
  await shop.github.people.mergePullRequest({ ...by, number: 1, method: "squash" })
  expect(await contained(second)).toEqual({ contained: true, base })
  expect(await contained(first)).toEqual({ contained: false, base })
  expect(await contained(sha("1".repeat(40)))).toEqual({ contained: false, base: null })
})

test("it is closed with a word why, once", async () => {
  await bring(first)
  const wish = { address: shop.address, target: "main", head, body: "Closed." }
  expect(await endOnward(shop.client, wish)).toBe("done")
  expect(await pullThere(1)).toMatchObject({ state: "closed", merged: false })
  expect(await endOnward(shop.client, wish)).toBe("not-needed")
})
