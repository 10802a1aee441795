import { afterEach, beforeEach, expect, test } from "vitest"
import { moveTag, readTag, type TagMove } from "../../src/github/tag.ts"
import { type Sha, sha } from "../../src/lib/brand.ts"
import { type ClientShop, openClientShop } from "./client-shop.ts"

let shop: ClientShop
let first: Sha
let second: Sha
const tag = "known-good/main"
const by = { repo: "acme/shop", by: "olga" }

beforeEach(async () => {
  await open()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

async function open(permissions?: Record<string, "read" | "write">): Promise<void> {
  shop = await openClientShop(permissions === undefined ? {} : { permissions })
  first = await shop.commitOf("main")
  await shop.github.people.commit({ ...by, files: { "a.txt": "1\n" } })
  second = await shop.commitOf("main")
  shop.asked()
}

const move = (from: Sha | null, commit: Sha, more: Partial<TagMove> = {}) =>
  moveTag(shop.client, { address: shop.address, tag, from, commit, message: "Proven by run 7\n", ...more })
const read = () => readTag(shop.client, { address: shop.address, tag })

/** Makes the tag at the first commit and gives the id of its object. */
async function made(): Promise<Sha> {
  const outcome = await move(null, first)
  if (outcome.how !== "done") throw new Error(outcome.how)
  shop.asked()
  return outcome.tagSha
}

test("a tag is read with its object, its commit and its message", async () => {
  expect(await read()).toBeNull()
  const { people } = shop.github
  const { sha: tagSha } = await people.tag({ ...by, name: tag, at: "main", message: "Proven" })
  expect(await read()).toEqual({ tagSha, commit: second, message: "Proven" })
  await people.tag({ ...by, name: tag, at: first })
  expect(await read()).toEqual({ tagSha: first, commit: first, message: null })
})

test("a tag that leads to no commit has none", async () => {
  const { body } = await shop.ask("GET", `/repos/acme/shop/git/trees/main`, { as: shop.token })
  const { sha: tree } = body as { sha: string }
  const ref = { ref: `refs/tags/${tag}`, sha: tree }
  await shop.ask("POST", "/repos/acme/shop/git/refs", { as: shop.token, body: ref })
  expect(await read()).toEqual({ tagSha: tree, commit: null, message: null })
})

test("a tag is made, and moved from where it was", async () => {
  const tagSha = await made()
  expect(await read()).toEqual({ tagSha, commit: first, message: "Proven by run 7" })
  shop.asked()
  expect(await move(tagSha, second)).toMatchObject({ how: "done" })
  expect(shop.asked()).toEqual(["Tag", "POST /git/tags", "MoveTag"])
  expect(await read()).toMatchObject({ commit: second, message: "Proven by run 7" })
})

test("the same move again is done already, even when its answer was lost", async () => {
  const tagger = { name: "portcullis", email: "portcullis@example.com", atMs: 1_790_000_000_000 }
  const tagSha = await made()
  shop.github.faults.requests({ graphqlName: "MoveTag" }, { kind: "server-error", effect: "after" })
  await expect(move(tagSha, second, { tagger })).rejects.toMatchObject({ status: 502 })
  shop.asked()
  const again = await move(tagSha, second, { tagger })
  expect(again).toEqual({ how: "done", tagSha: (await read())?.tagSha })
  expect(shop.asked()).toEqual(["Tag", "Tag"])
  expect(
    (await shop.ask("GET", `/repos/acme/shop/git/tags/${(await read())?.tagSha}`, { as: shop.token })).body,
  ).toMatchObject({
    tagger: { name: "portcullis", date: "2026-09-21T14:13:20Z" },
  })
})

test("a tag that somebody moved, made or deleted is left alone, and told of", async () => {
  const { people } = shop.github
  const tagSha = await made()
  const { sha: foreign } = await people.tag({ ...by, name: tag, at: second, message: "Mine" })
  const now = { tagSha: foreign, commit: second, message: "Mine" }
  expect(await move(tagSha, second)).toEqual({ how: "moved", now })
  expect(await move(null, second)).toEqual({ how: "moved", now })
  await people.deleteTag({ ...by, name: tag })
  expect(await move(tagSha, second)).toEqual({ how: "moved", now: null })
  expect(await read()).toBeNull()
})

/** What somebody else does while our tag object is being made. */
function meanwhile(act: () => Promise<unknown>): void {
  shop.client.hook.after("request", async (_answer, options) => {
    if (options.url.endsWith("/git/tags")) await act()
  })
}

test("what somebody does between the look and the move is not overwritten", async () => {
  const tagSha = await made()
  meanwhile(() => shop.github.people.tag({ ...by, name: tag, at: first, message: "Mine" }))
  expect(await move(tagSha, second)).toMatchObject({ how: "moved", now: { commit: first, message: "Mine" } })
  expect(await move(null, second, { tag: "known-good/new" })).toMatchObject({ how: "done" })
  meanwhile(() => shop.github.people.tag({ ...by, name: "known-good/late", at: first, message: "Mine" }))
  expect(await move(null, second, { tag: "known-good/late" })).toMatchObject({ how: "moved", now: { message: "Mine" } })
  expect(await read()).toMatchObject({ message: "Mine" })
})

test("a protected tag is told of with GitHub's words", async () => {
  const tagSha = await made()
  const on = { ...by, target: "tag" as const, include: ["refs/tags/known-good/*"] }
  await shop.github.people.createRuleset({ ...on, name: "A", rules: [{ type: "update" }, { type: "creation" }] })
  expect(await move(tagSha, second)).toEqual({
    how: "refused",
    why: "protected",
    words: "Repository rule violations found\n\nCannot update this protected ref.",
  })
  expect(await move(null, second, { tag: "known-good/develop" })).toMatchObject({
    how: "refused",
    why: "protected",
    words: "Repository rule violations found\n\nCannot create ref due to creations being restricted.",
  })
  expect(await read()).toMatchObject({ tagSha })
})

test("where GraphQL does not say why it refuses, REST is asked", async () => {
  const tagSha = await made()
  await shop.github.people.createRuleset({ ...by, target: "tag", rules: [{ type: "update" }] })
  const dull = { errors: [{ message: "Something went wrong while executing your query." }], data: null }
  shop.client.hook.wrap("request", async (request, options) => {
    if (options.url !== "/graphql" || !options["query"].includes("mutation")) return request(options)
    return { status: 200, url: options.url, headers: {}, data: dull } as never
  })
  expect(await move(tagSha, second)).toMatchObject({ how: "refused", why: "protected" })
  expect(shop.asked()).toEqual(["Tag", "POST /git/tags", "Tag", "PATCH /git/refs/:ref", "Tag"])
  const [ruleset] = shop.github.state.repositories.values().next().value?.rulesets ?? []
  await shop.github.people.deleteRuleset({ ...by, id: ruleset?.id ?? 0 })
  expect(await move(tagSha, second)).toMatchObject({ how: "done" })
  expect(await read()).toMatchObject({ commit: second })
})

test("an app without the permission is refused, and what is not there cannot be tagged", async () => {
  expect(await move(null, sha("1".repeat(40)))).toMatchObject({ how: "refused", why: "other" })
  await shop.github.close()
  await open({ contents: "read" })
  expect(await move(null, second)).toEqual({
    how: "refused",
    why: "permission",
    words: "Resource not accessible by integration",
  })
})
