import { Probot } from "probot"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createGate, updateGate } from "../../src/github/check-run.ts"
import type { GitHubClient } from "../../src/github/client.ts"
import { comment } from "../../src/github/comment.ts"
import { mergePullRequest } from "../../src/github/merge.ts"
import { octokitForLife } from "../../src/github/octokit.ts"
import { readRole } from "../../src/github/permission.ts"
import { createTestGitHub, type TestGitHub } from "../github/github.ts"
import { makeLog } from "../../src/lib/log.ts"
import { testClock } from "../harness/clock.ts"
import { appManifest } from "../harness/manifest.ts"

// The client as it is in life, with its own retries and limits. (Elsewhere tests use one that asks once.)

let github: TestGitHub
let client: GitHubClient
const address = { owner: "acme", name: "shop" }
/** Seconds that the client waited; here they pass at once. */
let waits: number[]
let target: Parameters<typeof createGate>[1]
const content = {
  status: "in_progress",
  conclusion: null,
  title: "Waiting",
  summary: "for build",
  annotations: [],
} as const

beforeEach(async () => {
  github = await createTestGitHub({ clock: testClock() })
  const { people } = github
  const { repo } = await people.createRepository({ owner: "acme", name: "shop", collaborators: { max: "write" } })
  const { appId, privateKeyPem, webhookSecret } = await people.createApp({ slug: "portcullis", ...appManifest() })
  const { installationId } = await people.installApp({ app: "portcullis", repos: [repo] })
  const { number, headSha } = await people.openPullRequest({ repo, by: "max", head: "change", files: { a: "1" } })
  target = { address, name: "Promotion gate", sha: headSha, externalId: `${number}:${headSha}` }
  waits = []
  const timer = globalThis.setTimeout
  vi.spyOn(globalThis, "setTimeout").mockImplementation((run: () => void, ms?: number) => {
    if ((ms ?? 1) % 1000 === 0 && (ms ?? 0) > 0) waits.push((ms ?? 0) / 1000)
    return timer(run, 0)
  })
  const probot = new Probot({
    appId,
    privateKey: privateKeyPem,
    secret: webhookSecret,
    baseUrl: "http://github.test",
    log: makeLog("fatal"),
    Octokit: octokitForLife(),
    request: { fetch: (input: Request | URL | string, init?: RequestInit) => github.fetch(input, init) },
  })
  client = await probot.auth(installationId)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await github.close()
})

/** Requests and their answers, and at the end the waits in between. */
function called(): string[] {
  const calls = github.calls.work().map(({ method, template, status }) => `${method} ${template} ${status}`)
  return [...calls, ...waits.map((seconds) => `waited ${seconds} s`)]
}

test("what is made is not made again by the client, for it may have come about", async () => {
  const made = { method: "POST", path: /(?:check-runs|comments)$/ }
  github.faults.requests({ ...made, times: 9 }, { kind: "server-error", effect: "after" })
  await expect(createGate(client, target, content)).rejects.toMatchObject({ status: 502 })
  await expect(comment(client, { address, number: 1 }, "Hello.")).rejects.toMatchObject({ status: 502 })
  expect(called()).toMatchInlineSnapshot(`
    [
      "POST /repos/:owner/:repo/check-runs 502",
      "POST /repos/:owner/:repo/issues/:number/comments 502",
    ]
  `)
})

test("what is only read is asked again", async () => {
  github.faults.requests({ method: "GET" }, { kind: "server-error" })
  expect(await readRole(client, address, "max")).toBe("write")
  expect(called()).toMatchInlineSnapshot(`
    [
      "GET /repos/acme/shop/collaborators/max/permission 502",
      "GET /repos/:owner/:repo/collaborators/:login/permission 200",
      "waited 1 s",
    ]
  `)
})

test("a query of GraphQL is only read, though it is posted", async () => {
  github.faults.requests({ path: "/graphql" }, { kind: "server-error" })
  expect(await client.graphql("{ viewer { login } }")).toEqual({ viewer: { login: "portcullis[bot]" } })
  expect(called()).toMatchInlineSnapshot(`
    [
      "POST /graphql 502",
      "POST /graphql 200",
      "waited 1 s",
    ]
  `)
})

test("a secondary limit is waited for, also by what is made, for nothing came of it", async () => {
  github.faults.requests({ path: /check-runs$/ }, { kind: "secondary-limit", retryAfterS: 30 })
  expect(await createGate(client, target, content)).toBeGreaterThan(0)
  expect(called()).toMatchInlineSnapshot(`
    [
      "POST /repos/acme/shop/check-runs 403",
      "POST /repos/:owner/:repo/check-runs 201",
      "waited 30 s",
    ]
  `)
})

test("a longer limit is given back to the queue", async () => {
  github.faults.requests({ path: /check-runs$/, times: 9 }, { kind: "secondary-limit", retryAfterS: 3600 })
  await expect(createGate(client, target, content)).rejects.toMatchObject({ status: 403 })
  expect(called()).toMatchInlineSnapshot(`
    [
      "POST /repos/acme/shop/check-runs 403",
    ]
  `)
})

/** Every wait of more than a second that was begun, whole seconds or not. */
function longWaits(): number[] {
  return vi.mocked(globalThis.setTimeout).mock.calls.flatMap(([, ms]) => ((ms ?? 0) > 1000 ? [ms ?? 0] : []))
}

test("of comments no more than twenty a minute are sent, and none is waited for; other writes go on", async () => {
  const say = (): Promise<void> => comment(client, { address, number: 1 }, "Hello.")
  for (let said = 0; said < 20; said += 1) await say()
  await expect(say()).rejects.toMatchObject({ name: "SaidTooMuch" })
  const checkRunId = await createGate(client, target, content)
  await updateGate(client, { address, checkRunId }, { ...content, title: "Still waiting" })
  await expect(say()).rejects.toMatchObject({ name: "SaidTooMuch" })
  const comments = github.calls.work().filter(({ path }) => path.endsWith("/comments"))
  expect(comments).toHaveLength(20)
  expect(longWaits()).toEqual([])
})

test("comments and a merge at the same time do not wait for each other", async () => {
  const merge = { number: 1, headSha: target.sha, method: "merge" } as const
  await Promise.all([
    ...Array.from({ length: 5 }, () => comment(client, { address, number: 1 }, "Hello.")),
    mergePullRequest(client, address, merge),
  ])
  expect(called()).toContain("PUT /repos/:owner/:repo/pulls/:number/merge 200")
  expect(longWaits()).toEqual([])
})
