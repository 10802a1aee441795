import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { findRepository } from "./access.ts"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"
import type { MergeMethod } from "./state.ts"

let shop: Shop
const by = { repo: "acme/shop", by: "max" }
beforeEach(async () => {
  shop = await openShop()
})
afterEach(async () => {
  expect(shop.github.unknownRequests).toEqual([])
  await shop.github.close()
})

type Answer = { data?: Record<string, unknown> | null; errors?: { type: string; message: string }[] }

async function revert(number: number, more = "", as = shop.token): Promise<Answer> {
  const { body: pull } = await shop.ask("GET", `/repos/acme/shop/pulls/${number}`)
  const id = (pull as { node_id: string }).node_id
  const query = `mutation { revertPullRequest(input: { pullRequestId: "${id}" clientMutationId: "7" ${more} }) {
    clientMutationId pullRequest { number }
    revertPullRequest { number title body isDraft headRefName baseRefName author { login } viewerDidAuthor } } }`
  const { status, body } = await shop.ask("POST", "/graphql", { as, body: { query } })
  expect(status).toBe(200)
  return body as Answer
}

/** A pull request of two commits, landed while the branch had gone on, and gone on since. */
async function land(method: MergeMethod): Promise<number> {
  const { people } = shop.github
  const { number } = await people.openPullRequest({
    ...by,
    head: "topic",
    title: "Add tax",
    files: { "tax.ts": "1\n" },
  })
  const files = { "tax.ts": "1\n2\n", "src/price.ts": "export const a = 9\n" }
  await people.pushToPullRequest({ ...by, number, files })
  await people.commit({ ...by, files: { "before.txt": "x\n" } })
  await people.mergePullRequest({ ...by, number, method })
  await people.commit({ ...by, files: { "after.txt": "y\n" } })
  return number
}

/** The tree that plain git leaves after reverting commits in a work tree. */
function revertByPlainGit(...commits: string[][]): string {
  const dir = mkdtempSync(join(tmpdir(), "plain-git-"))
  const identity = ["-c", "user.name=x", "-c", "user.email=x@x"]
  const git = (...args: string[]) => execFileSync("git", [...identity, ...args], { cwd: dir, stdio: "pipe" }).toString()
  git("clone", "--quiet", findRepository(shop.github.state, "acme/shop")?.store.dir ?? "", ".")
  for (const commit of commits) git("revert", "--no-edit", ...commit)
  const tree = git("rev-parse", "HEAD^{tree}").trim()
  rmSync(dir, { recursive: true, force: true })
  return tree
}

const commitAt = async (revision: string) => {
  const { body } = await shop.ask("GET", `/repos/acme/shop/commits/${revision}`)
  return body as { commit: { message: string; tree: { sha: string } }; parents: { sha: string }[] }
}

test.each<[MergeMethod, string[][], string]>([
  ["merge", [["-m", "1", "origin/main~1"]], 'Revert "Merge pull request #1 from acme/topic"'],
  ["squash", [["origin/main~1"]], 'Revert "Add tax (#1)"'],
  ["rebase", [["origin/main~1"], ["origin/main~2"]], 'Revert "Change tax.ts"'],
])("what landed by %s is taken back as plain git does it, by the app's bot", async (method, commits, subject) => {
  const number = await land(method)
  const main = await shop.github.people.resolve({ repo: "acme/shop", revision: "main" })
  const wanted = revertByPlainGit(...commits)
  expect(await revert(number)).toEqual({
    data: {
      revertPullRequest: {
        clientMutationId: "7",
        pullRequest: { number },
        revertPullRequest: {
          number: 2,
          title: 'Revert "Add tax"',
          body: "Reverts acme/shop#1",
          isDraft: false,
          headRefName: "revert-1-topic",
          baseRefName: "main",
          author: { login: "portcullis" },
          viewerDidAuthor: true,
        },
      },
    },
  })
  const made = await commitAt("revert-1-topic")
  expect(made.commit.tree.sha).toBe(wanted)
  expect(made.commit.message.split("\n")[0]).toBe(subject)
  const bottom = method === "rebase" ? await commitAt(made.parents[0]?.sha ?? "") : made
  expect(bottom.parents).toMatchObject([{ sha: main.sha }])
  expect(await shop.github.people.readFile({ repo: "acme/shop", at: "revert-1-topic", path: "tax.ts" })).toBeUndefined()
})

test("title, body and draft are what was asked for", async () => {
  const number = await land("squash")
  const answer = await revert(number, 'title: "Back" body: "It hurt." draft: true')
  expect(answer.data).toMatchObject({
    revertPullRequest: { revertPullRequest: { title: "Back", body: "It hurt.", isDraft: true } },
  })
})

test("a revert is taken back like anything else, by a person too", async () => {
  const { people } = shop.github
  const number = await land("squash")
  const first = await people.revertPullRequest({ ...by, number })
  await people.mergePullRequest({ ...by, number: first.number, method: "merge" })
  const second = await people.revertPullRequest({ ...by, number: first.number })
  expect(second.headRef).toBe("revert-2-revert-1-topic")
  expect(await people.readFile({ repo: "acme/shop", at: second.headRef, path: "tax.ts" })).toEqual({ text: "1\n2\n" })
  await expect(people.revertPullRequest({ ...by, by: "rita", number })).rejects.toThrow("needs the role write")
})

test("it sends the webhooks of a branch and of a pull request", async () => {
  const number = await land("squash")
  shop.github.deliveries.takePending()
  await revert(number)
  const sent = shop.github.deliveries.takePending().map(({ event, action }) => `${event} ${action ?? ""}`.trim())
  expect(sent).toEqual(["create", "push", "check_suite requested", "pull_request opened"])
})

const refused = (answer: Answer) => answer.errors?.map(({ type, message }) => `${type}: ${message}`)
const unable =
  "UNPROCESSABLE: This pull request could not be reverted automatically. It may have already been reverted, or the content may have changed since it was merged."

test("what is not merged, conflicts or is reverted already cannot be reverted", async () => {
  const { people } = shop.github
  const { number: open } = await people.openPullRequest({ ...by, head: "open", files: { "open.txt": "1\n" } })
  expect(refused(await revert(open))).toEqual(["UNPROCESSABLE: Pull request is not merged"])
  await people.closePullRequest({ ...by, number: open })
  expect(refused(await revert(open))).toEqual(["UNPROCESSABLE: Pull request is not merged"])

  const { number } = await people.openPullRequest({ ...by, head: "topic", files: { "tax.ts": "1\n" } })
  await people.mergePullRequest({ ...by, number, method: "squash" })
  await people.commit({ ...by, files: { "tax.ts": "1\nmore\n" } })
  expect(refused(await revert(number))).toEqual([unable])
  await people.commit({ ...by, files: { "tax.ts": null } })
  expect(refused(await revert(number))).toEqual([unable])
  await expect(people.resolve({ repo: "acme/shop", revision: "revert-2-topic" })).rejects.toThrow("No commit")
})

test("a branch of its name that is there already, or may not be made, is in its way", async () => {
  const number = await land("squash")
  await shop.github.people.createBranch({ ...by, branch: "revert-1-topic" })
  expect(refused(await revert(number))).toEqual([
    'UNPROCESSABLE: A ref named "refs/heads/revert-1-topic" already exists in the repository.',
  ])
  await shop.github.people.deleteBranch({ ...by, branch: "revert-1-topic" })
  const rules = [{ type: "creation" as const }]
  await shop.github.people.createRuleset({ repo: "acme/shop", by: "olga", rules, include: ["refs/heads/revert-*"] })
  expect(refused(await revert(number))).toEqual([
    "UNPROCESSABLE: Repository rule violations found\n\nCannot create ref due to creations being restricted.\n\n",
  ])
})

test("it takes both permissions, and that for workflow files where it would change them", async () => {
  const { people } = shop.github
  const workflow = { ".github/workflows/ci.yml": "on: push\n" }
  const { number } = await people.openPullRequest({ ...by, head: "ci", files: workflow })
  await people.mergePullRequest({ ...by, number })
  const token = async (permissions: Record<string, string>) => {
    const { state } = shop.github
    const installation = state.installations.get(shop.installationId)
    const narrowed = [...state.tokens.values()].find((one) => one.token === shop.token)
    if (!installation || !narrowed) throw new Error("no installation")
    const made = `ghs_${Object.values(permissions).join("")}`
    state.tokens.set(made, {
      ...narrowed,
      token: made,
      permissions: { ...(permissions as typeof narrowed.permissions) },
    })
    return made
  }
  const forbidden = "FORBIDDEN: Resource not accessible by integration"
  expect(refused(await revert(number, "", await token({ contents: "read", pull_requests: "write" })))).toEqual([
    forbidden,
  ])
  expect(refused(await revert(number, "", await token({ contents: "write", pull_requests: "read" })))).toEqual([
    forbidden,
  ])
  expect(refused(await revert(number))).toEqual([
    "FORBIDDEN: refusing to allow a GitHub App to create or update workflow `.github/workflows/ci.yml` without `workflows` permission",
  ])
  expect((await revert(number, "", "user:max")).errors).toBeUndefined()
})

test("a merge made by hand is taken back by its merge commit, a pull request pushed as it is not at all", async () => {
  const { people } = shop.github
  const { number, headSha } = await people.openPullRequest({ ...by, head: "topic", files: { "tax.ts": "1\n" } })
  await people.commit({
    ...by,
    files: { "tax.ts": "1\n" },
    parents: [await tip("main"), headSha],
    message: "Merge topic",
  })
  expect((await revert(number)).errors).toBeUndefined()
  expect(await people.readFile({ repo: "acme/shop", at: "revert-1-topic", path: "tax.ts" })).toBeUndefined()

  const plain = await people.openPullRequest({ ...by, head: "plain", files: { "plain.ts": "1\n" } })
  await people.pushBranch({ ...by, branch: "main", to: plain.headSha })
  expect(refused(await revert(plain.number))).toEqual([unable])
})

async function tip(revision: string): Promise<string> {
  return (await shop.github.people.resolve({ repo: "acme/shop", revision })).sha
}

test("what a merge queue landed is taken back one pull request at a time", async () => {
  const { people } = shop.github
  await people.requireMergeQueue({ repo: "acme/shop", method: "SQUASH", settings: { min_entries_to_merge: 2 } })
  const first = await people.openPullRequest({ ...by, head: "one", files: { "one.txt": "1\n" } })
  const second = await people.openPullRequest({ ...by, head: "two", files: { "two.txt": "2\n" } })
  for (const { number } of [first, second]) await people.enqueuePullRequest({ ...by, number })
  expect(await people.readFile({ repo: "acme/shop", path: "two.txt" })).toEqual({ text: "2\n" })
  expect((await revert(first.number)).errors).toBeUndefined()
  const at = `revert-${first.number}-one`
  expect(await people.readFile({ repo: "acme/shop", at, path: "one.txt" })).toBeUndefined()
  expect(await people.readFile({ repo: "acme/shop", at, path: "two.txt" })).toEqual({ text: "2\n" })
})
