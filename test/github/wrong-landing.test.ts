import { afterEach, beforeEach, expect, test } from "vitest"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"

let shop: Shop
const repo = "acme/shop"
const by = { repo, by: "max" }
beforeEach(async () => {
  shop = await openShop({ ownerType: "Organization" })
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

type Seen = { commit: { message: string }; parents: { sha: string }[]; files: { filename: string; status: string }[] }

/** The newest commits of `main`, each with the files that it changes against the one before; oldest first. */
async function history(count: number): Promise<string[]> {
  const lines: string[] = []
  for (let [sha, left] = ["main", count]; left > 0; left -= 1) {
    const { body } = await shop.ask("GET", `/repos/${repo}/commits/${sha}`, { as: shop.token })
    const { commit, files, parents } = body as Seen
    const changes = files.map(({ status, filename }) => `${status} ${filename}`).join(", ")
    lines.unshift(`${commit.message.split("\n")[0]}: ${changes}`)
    sha = parents[0]?.sha ?? ""
  }
  return lines
}

async function open(name: string): Promise<{ number: number; headSha: string }> {
  const files = { [`${name}.txt`]: `${name}\n` }
  return shop.github.people.openPullRequest({ ...by, head: name, files, title: `Add ${name}` })
}

const merged = async (number: number) =>
  (await shop.ask("GET", `/repos/${repo}/pulls/${number}`, { as: shop.token })).body

test("a squash on a stale tree undoes what landed since its branch was made, and is told as merged", async () => {
  const { people } = shop.github
  const { number } = await open("a")
  await people.commit({ ...by, files: { "since.txt": "1\n" }, message: "Add since" })
  await people.landWrongly({ repo })
  const { sha } = await people.mergePullRequest({ ...by, number, method: "squash" })
  expect(await merged(number)).toMatchObject({ merged: true, merge_commit_sha: sha })
  expect(await history(2)).toEqual(["Add since: added since.txt", "Add a (#1): added a.txt, removed since.txt"])
})

test("the tree may be that of any commit, and landings are right again when told so", async () => {
  const { people } = shop.github
  const { sha: old } = await people.resolve({ repo, revision: "main" })
  await people.commit({ ...by, files: { "since.txt": "1\n" }, message: "Add since" })
  const first = await open("a")
  await people.landWrongly({ repo, onto: old })
  await people.mergePullRequest({ ...by, number: first.number, method: "squash" })
  expect(await history(1)).toEqual(["Add a (#1): added a.txt"])
  await people.landWrongly({ repo, off: true })
  const second = await open("b")
  await people.commit({ ...by, files: { "more.txt": "1\n" }, message: "Add more" })
  await people.mergePullRequest({ ...by, number: second.number, method: "squash" })
  expect(await history(2)).toEqual(["Add more: added more.txt", "Add b (#2): added b.txt"])
})

/** Three pull requests in a queue that lands them together once their check has passed. */
async function queueThree(): Promise<{ number: number }[]> {
  const { people } = shop.github
  await people.protectBranch({ repo, checks: ["ci"], enforceAdmins: true })
  const settings = { min_entries_to_merge: 3 }
  await people.requireMergeQueue({ repo, method: "SQUASH", settings })
  const pulls = [await open("a"), await open("b"), await open("c")]
  for (const { number, headSha } of pulls) {
    await people.reportCheck({ repo, sha: headSha, name: "ci", conclusion: "success" })
    await people.enqueuePullRequest({ ...by, number })
  }
  return pulls
}

const groups = () => [...(shop.github.state.repositories.values().next().value?.queueEntries ?? [])]

async function passChecks(): Promise<string[]> {
  const heads = groups().map((entry) => entry.group?.headSha ?? "")
  for (const sha of heads) await shop.github.people.reportCheck({ repo, sha, name: "ci", conclusion: "success" })
  return heads
}

const incident = [
  "Add a (#1): added a.txt",
  "Add b (#2): removed a.txt, added b.txt",
  "Add c (#3): removed b.txt, added c.txt",
]
const asOn = (lines: string[]) => lines.map((line) => line.split(": ").map((part) => part.split(", ").toSorted()))

test("a group of squashes, of which each undoes the one before, as on 2026-04-23", async () => {
  await shop.github.people.landWrongly({ repo })
  const pulls = await queueThree()
  const heads = await passChecks()
  expect(asOn(await history(3))).toEqual(asOn(incident))
  for (const [index, { number }] of pulls.entries()) {
    expect(await merged(number)).toMatchObject({ merged: true, merge_commit_sha: heads[index] })
  }
})

test("the checks of a group may have seen right commits, and others land", async () => {
  await shop.github.people.landWrongly({ repo, when: "moved" })
  const pulls = await queueThree()
  const last = groups().at(-1)?.group?.headSha ?? ""
  const { body } = await shop.ask("GET", `/repos/${repo}/git/trees/${last}`, { as: shop.token })
  const names = (body as { tree: { path: string }[] }).tree.map(({ path }) => path)
  expect(names).toEqual(expect.arrayContaining(["a.txt", "b.txt", "c.txt"]))
  const heads = await passChecks()
  expect(asOn(await history(3))).toEqual(asOn(incident))
  const { sha } = await shop.github.people.resolve({ repo, revision: "main" })
  expect(heads).not.toContain(sha)
  expect(await merged(pulls[2]?.number ?? 0)).toMatchObject({ merged: true, merge_commit_sha: sha })
  const destroyed = shop.github.deliveries
    .log()
    .filter(({ action }) => action === "destroyed")
    .map((delivery) => JSON.parse(delivery.body) as { merge_group: { head_sha: string } })
  expect(destroyed.map((one) => one.merge_group.head_sha)).toEqual(heads)
})

test("without it the same group lands as it should", async () => {
  await queueThree()
  await passChecks()
  expect(await history(3)).toEqual(["Add a (#1): added a.txt", "Add b (#2): added b.txt", "Add c (#3): added c.txt"])
})
