import { afterEach, beforeEach, expect, test } from "vitest"
import { readNewCommits, readPullsOf, type NewCommits } from "../../src/github/new-commits.ts"
import { sha, type Sha } from "../../src/lib/brand.ts"
import { address, openGround, pushToMain, tip, wrongCommit, type Ground } from "./ground.ts"

// What has come onto a branch since it was looked at last, and by which pull requests.

let ground: Ground
let start: Sha
beforeEach(async () => {
  ground = await openGround()
  start = await tip(ground)
})
afterEach(async () => {
  expect(ground.shop.github.unknownRequests).toEqual([])
  await ground.shop.github.close()
})

function news(to: string, from: Sha = start): Promise<NewCommits> {
  return readNewCommits(ground.client, { address, from, to: sha(to) })
}

async function open(head: string, files: Record<string, string>): Promise<{ number: number; headSha: string }> {
  return ground.shop.github.people.openPullRequest({ repo: ground.shop.repo, by: "max", head, files })
}

test("commits come along first parents, oldest first, those of merged branches left out", async () => {
  const { people } = ground.shop.github
  const { repo } = ground.shop
  const [one, two] = [await open("one", { "a.txt": "a\n" }), await open("two", { "b.txt": "b\n" })]
  const { sha: merged } = await people.mergePullRequest({ repo, by: "olga", number: one.number, method: "merge" })
  const { sha: squashed } = await people.mergePullRequest({ repo, by: "olga", number: two.number, method: "squash" })
  const pushed = await pushToMain(ground, { "c.txt": "c\n" })
  const found = await news(pushed)
  expect(found.kind === "ahead" && found.commits).toMatchObject([
    {
      sha: merged,
      parents: [start, one.headSha],
      headline: `Merge pull request #${one.number} from acme/one`,
      author: "olga",
      committer: "web-flow",
      verified: false,
    },
    {
      sha: squashed,
      parents: [merged],
      headline: expect.stringContaining(`(#${two.number})`) as string,
      author: "max",
      committer: "web-flow",
      verified: false,
    },
    {
      sha: pushed,
      parents: [squashed],
      headline: "Change c.txt",
      author: "olga",
      committer: "olga",
      verified: false,
    },
  ])
  expect(await news(start)).toEqual({ kind: "ahead", commits: [] })

  const pulls = async (commit: string) => {
    const of = await readPullsOf(ground.client, { address, commit: sha(commit) })
    return of.map(({ number, merged: isMerged, mergeCommit }) => ({ number, isMerged, mergeCommit }))
  }
  expect(await pulls(merged)).toEqual([{ number: one.number, isMerged: true, mergeCommit: merged }])
  expect(await pulls(squashed)).toEqual([{ number: two.number, isMerged: true, mergeCommit: squashed }])
  expect(await pulls(pushed)).toEqual([])
  const three = await open("three", { "d.txt": "d\n" })
  expect(await pulls(three.headSha)).toEqual([{ number: three.number, isMerged: false, mergeCommit: null }])
})

test("more than a page of commits is read page by page, and more than are followed are not", async () => {
  let at = start
  const grow = async (count: number): Promise<Sha> => {
    for (let more = count; more > 0; more -= 1) at = await wrongCommit(ground, { like: at, parents: [at] })
    return at
  }
  const found = await news(await grow(130))
  expect(found.kind === "ahead" && found.commits.length).toBe(130)
  expect(found.kind === "ahead" && found.commits.at(-1)?.sha).toBe(at)
  expect(await news(await grow(121))).toEqual({ kind: "unknown", why: "too-many" })
})

test("a push by force is told from what is merely not to be found", async () => {
  const { people } = ground.shop.github
  const { repo } = ground.shop
  const old = await pushToMain(ground, { "a.txt": "a\n" })
  const forced = await people.commit({ repo, by: "olga", files: { "b.txt": "b\n" }, parents: [start] })
  expect(await news(forced.sha, old)).toEqual({ kind: "diverged" })
  expect(await news(start, old), "put back to an older commit").toEqual({ kind: "diverged" })
  const orphan = await people.commit({ repo, by: "olga", branch: "orphan", files: { "o.txt": "o\n" }, parents: [] })
  expect(await news(orphan.sha, old), "with another history").toEqual({ kind: "diverged" })
  expect(await news("1".repeat(40))).toEqual({ kind: "unknown", why: "gone" })
})

test("a merge made the other way round does not lead back along first parents", async () => {
  const { people } = ground.shop.github
  const { repo } = ground.shop
  const side = await people.commit({ repo, by: "olga", branch: "side", files: { "s.txt": "s\n" } })
  const old = await pushToMain(ground, { "a.txt": "a\n" })
  const turned = await people.commit({ repo, by: "olga", files: { "t.txt": "t\n" }, parents: [side.sha, old] })
  expect(await news(turned.sha, old)).toEqual({ kind: "unknown", why: "aside" })
})
