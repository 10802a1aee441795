import { Probot } from "probot"
import { afterEach, beforeEach, expect, test } from "vitest"
import { examine } from "../../src/cli/doctor.ts"
import { octokitOnce } from "../../src/github/octokit.ts"
import { neededEvents, neededPermissions } from "../../src/promotion/gate/diagnosis.ts"
import { createTestGitHub, type TestGitHub } from "../github/github.ts"
import { testClock } from "../harness/clock.ts"
import { appManifest } from "../harness/manifest.ts"

const repo = "acme/shop"
const config = "version: 1\nmode: enforce\nbranches: { main: { stages: [review] }, release: { stages: [] } }\n"
let github: TestGitHub

beforeEach(async () => {
  github = await createTestGitHub({ clock: testClock() })
  await github.people.createUser({ login: "acme", type: "Organization" })
  await github.people.createUser({ login: "olga" })
})
afterEach(() => github.close())

type Setting = { config?: string; manifest?: Partial<ReturnType<typeof appManifest>>; installed?: boolean }

/** Sets up a repository whose `main` is not protected, and returns what the doctor says of it. */
async function setUp(setting: Setting = {}): Promise<() => Promise<string[]>> {
  const { people } = github
  const files = { "README.md": "# shop\n", ".github/promotion.yml": setting.config ?? config }
  await people.createRepository({ owner: "acme", name: "shop", files, collaborators: { olga: "admin" } })
  await people.createBranch({ repo, by: "olga", branch: "release", from: "main" })
  const credentials = await people.createApp({ slug: "portcullis", ...appManifest(), ...setting.manifest })
  await people.createApp({ slug: "other-ci", permissions: { checks: "write" }, events: [] })
  await people.installApp({ app: "other-ci", repos: [repo] })
  if (setting.installed !== false) await people.installApp({ app: "portcullis", repos: [repo] })
  const probot = new Probot({
    appId: credentials.appId,
    privateKey: credentials.privateKeyPem,
    baseUrl: "http://github.test",
    logLevel: "fatal",
    Octokit: octokitOnce((input, init) => github.fetch(input, init)),
    request: { fetch: (input: Request | URL | string, init?: RequestInit) => github.fetch(input, init) },
  })
  return async () => {
    const lines: string[] = []
    const clients = { app: () => probot.auth(), installation: (id: number) => probot.auth(id) }
    const code = await examine({ ...clients, ownAppId: credentials.appId, print: (line) => lines.push(line) }, repo)
    expect(github.unknownRequests).toEqual([])
    return [`exit code ${code}`, ...lines]
  }
}

const gate = "Promotion gate"

test("what app.yml asks for is what the doctor looks for", () => {
  expect({ permissions: neededPermissions, events: neededEvents }).toEqual(appManifest())
})

test("nothing is required: every promotion branch is named", async () => {
  const say = await setUp()
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 1",
      "acme/shop: gate-not-required: The gate is not required on main, so GitHub lets anybody merge although it is shut. Next: require the check Promotion gate of this app, in a ruleset or in branch protection.",
      "acme/shop: gate-not-required: The gate is not required on release, so GitHub lets anybody merge although it is shut. Next: require the check Promotion gate of this app, in a ruleset or in branch protection.",
    ]
  `)
})

test("required of this app, by protection or by a ruleset: sound", async () => {
  const say = await setUp()
  await github.people.protectBranch({ repo, checks: [{ name: gate, app: "portcullis" }] })
  const rule = {
    context: gate,
    integration_id: [...github.state.apps.values()].find((app) => app.slug === "portcullis")?.id ?? 0,
  }
  await github.people.createRuleset({
    repo,
    by: "olga",
    include: ["refs/heads/release"],
    rules: [
      {
        type: "required_status_checks",
        parameters: {
          required_status_checks: [rule],
          strict_required_status_checks_policy: false,
          do_not_enforce_on_create: false,
        },
      },
    ],
  })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 0",
      "acme/shop: nothing is wrong with the gate of main",
      "acme/shop: nothing is wrong with the gate of release",
    ]
  `)
})

test("required of any app, and of another one", async () => {
  const say = await setUp()
  await github.people.protectBranch({ repo, checks: [gate] })
  await github.people.protectBranch({ repo, branch: "release", checks: [{ name: gate, app: "other-ci" }] })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 1",
      "acme/shop: gate-required-of-any-app: The gate is required on main without saying of which app, so anybody who may set a commit status can open it. Next: choose this app as the source of Promotion gate.",
      "acme/shop: gate-required-of-another-app: The gate is required on release, but of another app, so it never passes. Next: choose this app as the source of Promotion gate.",
    ]
  `)
})

test("a merge queue of which the app hears, by classic protection", async () => {
  const say = await setUp({ config: "version: 1\nmode: enforce\n" })
  await github.people.protectBranch({ repo, checks: [{ name: gate, app: "portcullis" }] })
  await github.people.requireMergeQueue({ repo })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 0",
      "acme/shop: nothing is wrong with the gate of main",
    ]
  `)
})

test("permissions and events that were not granted", async () => {
  const { permissions, events } = appManifest()
  const { issues: _issues, ...fewer } = permissions
  const teams = "version: 1\nmode: enforce\nreview: { high: { from: ['team:acme/release'] } }\n"
  const { members: _members, ...without } = fewer
  const say = await setUp({
    config: teams,
    manifest: {
      permissions: { ...without, checks: "read" },
      events: events.filter((one) => one !== "push" && one !== "issue_comment"),
    },
  })
  await github.people.protectBranch({ repo, checks: [{ name: gate, app: "portcullis" }] })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 1",
      "acme/shop: permission-missing: A permission that the app asks for was not granted (checks: write). Next: accept it on the page of the app's installation.",
      "acme/shop: permission-missing: A permission that the app asks for was not granted (issues: write). Next: accept it on the page of the app's installation.",
      "acme/shop: permission-missing: A permission that the app asks for was not granted (members: read). Next: accept it on the page of the app's installation.",
      "acme/shop: event-missing: An event that the app asks for does not reach it (issue_comment). Next: subscribe to it on the app's settings page, and accept it on the page of its installation.",
      "acme/shop: event-missing: An event that the app asks for does not reach it (push). Next: subscribe to it on the app's settings page, and accept it on the page of its installation.",
    ]
  `)
})

test("another app that reports our name", async () => {
  const say = await setUp({ config: "version: 1\nmode: enforce\n" })
  await github.people.protectBranch({ repo, checks: [{ name: gate, app: "portcullis" }] })
  const files = { "a.txt": "a\n" }
  const { number } = await github.people.openPullRequest({ repo, by: "olga", head: "a", base: "main", files })
  await github.people.reportCheck({ repo, pull: number, name: gate, app: "other-ci", conclusion: "success" })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 1",
      "acme/shop: gate-of-another-app: Another app reports a check that is named Promotion gate as well; it does not open the gate, but people may take it for the gate (other-ci). Next: find out what it is.",
    ]
  `)
})

test("an advisory gate needs nobody to require it", async () => {
  const say = await setUp({ config: "version: 1\n" })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 0",
      "acme/shop: nothing is wrong with the gate of main; in mode advisory it holds nothing",
    ]
  `)
})

test("not installed", async () => {
  const say = await setUp({ installed: false })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 1",
      "acme/shop: not-installed: The app is not installed there, or there is no such repository.",
    ]
  `)
})

test("a config that is not valid", async () => {
  const say = await setUp({ config: "version: 1\nmode: strict\n" })
  expect(await say()).toMatchInlineSnapshot(`
    [
      "exit code 1",
      "acme/shop: config-invalid: .github/promotion.yml is not valid. Next: portcullis config check.",
      "acme/shop: gate-not-required: The gate is not required on main, so GitHub lets anybody merge although it is shut. Next: require the check Promotion gate of this app, in a ruleset or in branch protection.",
    ]
  `)
})

test("a GitHub that cannot answer now is an error, and no finding", async () => {
  const say = await setUp()
  const match = { method: "GET", path: /\/rules\/branches\//, times: 9 }
  github.faults.requests(match, { kind: "server-error", status: 502, effect: "before" })
  await expect(say()).rejects.toThrow()
})

test("a config that is read from a branch without a gate is a finding, while it is to hold anything", async () => {
  const say = await setUp({ config: "version: 1\nmode: enforce\nbranches: { release: { stages: [review] } }\n" })
  expect((await say()).at(-1)).toMatchInlineSnapshot(
    `"acme/shop: config-without-gate: The config is read from main, which is no promotion branch: a change of the config gets a gate there, but other pull requests get none, so it cannot be required, and whoever may merge there can switch the gates off. Next: name main under branches, with stages: [] if nothing else is to be held, and require the gate there."`,
  )
})
