import { createHmac } from "node:crypto"
import { createRequire } from "node:module"
import { Ajv } from "ajv"
import type { ValidateFunction } from "ajv"
import formats from "ajv-formats"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openShop } from "./shop.ts"
import type { Shop } from "./shop.ts"
import type { Delivery } from "./traffic.ts"

const require = createRequire(import.meta.url)
type Schema = { properties: Record<string, Schema>; items: { enum: string[] } }
type Schemas = { definitions: Record<string, Schema> }
type Example = { name: string; examples: Record<string, unknown>[] }

const schemas = require("@octokit/webhooks-schemas") as Schemas
const examples = require("@octokit/webhooks-examples/api.github.com/index.json") as Example[]

/** Every event the acts below bring about, in the words of GitHub's documentation. */
const expectedEvents = [
  "check_run.completed",
  "check_run.created",
  "check_run.requested_action",
  "check_run.rerequested",
  "check_suite.completed",
  "check_suite.requested",
  "check_suite.rerequested",
  "create",
  "delete",
  "deployment.created",
  "deployment_protection_rule.requested",
  "deployment_status.created",
  "installation.created",
  "installation.deleted",
  "installation.new_permissions_accepted",
  "installation.suspend",
  "installation.unsuspend",
  "installation_repositories.added",
  "installation_repositories.removed",
  "issue_comment.created",
  "issue_comment.deleted",
  "issue_comment.edited",
  "issues.closed",
  "issues.edited",
  "issues.labeled",
  "issues.opened",
  "issues.reopened",
  "issues.unlabeled",
  "label.created",
  "merge_group.checks_requested",
  "merge_group.destroyed",
  "pull_request.auto_merge_disabled",
  "pull_request.auto_merge_enabled",
  "pull_request.closed",
  "pull_request.converted_to_draft",
  "pull_request.dequeued",
  "pull_request.edited",
  "pull_request.enqueued",
  "pull_request.labeled",
  "pull_request.opened",
  "pull_request.ready_for_review",
  "pull_request.reopened",
  "pull_request.review_requested",
  "pull_request.synchronize",
  "pull_request.unlabeled",
  "pull_request_review.dismissed",
  "pull_request_review.submitted",
  "push",
  "repository.archived",
  "repository.renamed",
  "repository.transferred",
  "repository.unarchived",
  "status",
]

/** Fields of GitHub's own examples that are not sent, each with the reason. */
const leftOut = [
  { path: /^organization(\.|$)/, because: "only when the owner is one" },
  { path: /^changes\.owner\.from\.user(\.|$)/, because: "only when the owner before was a person" },
  { path: /permissions\./, because: "an app lists the permissions it was registered with" },
  { path: /^issue\.draft$/, because: "only pull requests have it by now" },
]

describe.each(["User", "Organization"] as const)("webhooks of a repository whose owner is of type %s", (ownerType) => {
  let shop: Shop
  let deliveries: readonly Delivery[]

  beforeAll(async () => {
    shop = await openShop({ ownerType })
    await actEverything(shop)
    deliveries = shop.github.deliveries.log()
  })
  afterAll(() => shop.github.close())

  test("every event that GitHub would send is sent", () => {
    expect([...new Set(deliveries.map(nameOf))].toSorted()).toEqual(expectedEvents)
  })

  test("every payload is valid by the published schemas", () => {
    const problems = deliveries.flatMap((delivery) => {
      const validate = validatorOf(`${delivery.event}$${delivery.action ?? "event"}`)
      if (validate(JSON.parse(delivery.body))) return []
      return (validate.errors ?? []).map(
        (error) => `${nameOf(delivery)} ${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`,
      )
    })
    expect([...new Set(problems)]).toEqual([])
  })

  test("no field that all of GitHub's own examples have is missing", () => {
    const missing = deliveries.flatMap((delivery) => {
      const found = examples.find((one) => one.name === delivery.event)?.examples ?? []
      const like = found.filter((one) => (one["action"] ?? null) === delivery.action)
      const always = like
        .map((one) => pathsIn(one))
        .reduce<Set<string> | undefined>((kept, paths) => kept?.intersection(paths) ?? paths, undefined)
      if (!always) return []
      const ours = pathsIn(JSON.parse(delivery.body) as object)
      const blanks = blanksIn(JSON.parse(delivery.body) as object)
      return [...always.difference(ours)]
        .filter((path) => !blanks.some((blank) => path.startsWith(blank)))
        .filter((path) => !leftOut.some((field) => field.path.test(path)))
        .map((path) => `${delivery.event} / ${path}`)
    })
    expect([...new Set(missing)]).toEqual([])
  })

  test("headers are GitHub's, and the signature is of the very bytes", () => {
    const [sent] = shop.github.deliveries.pending()
    if (!sent) throw new Error("nothing pending")
    expect(Object.keys(sent.headers).toSorted()).toEqual([
      "accept",
      "content-type",
      "user-agent",
      "x-github-delivery",
      "x-github-event",
      "x-github-hook-id",
      "x-github-hook-installation-target-id",
      "x-github-hook-installation-target-type",
      "x-hub-signature",
      "x-hub-signature-256",
    ])
    expect(sent.headers["x-github-delivery"]).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(sent.headers["x-github-hook-installation-target-id"]).toBe(String(shop.app.appId))
    const digest = createHmac("sha256", shop.app.webhookSecret).update(sent.body).digest("hex")
    expect(sent.headers["x-hub-signature-256"]).toBe(`sha256=${digest}`)
  })

  test("an app's own acts come back to it, with its bot as sender", () => {
    const own = deliveries.map((one) => JSON.parse(one.body) as { sender: { login: string; type: string } })
    const logins = own.filter((one) => one.sender.login === "portcullis[bot]").map((one) => one.sender.type)
    expect(logins.length).toBeGreaterThan(0)
    expect(new Set(logins)).toEqual(new Set(["Bot"]))
  })

  test("times are whole seconds of the injected clock", () => {
    const times = deliveries.flatMap((one) => one.body.match(/"2026-11-20T[^"]*"/g) ?? [])
    expect(new Set(times.map((time) => time.length))).toEqual(new Set([`"2026-11-20T12:00:00Z"`.length]))
  })
})

const ajv = new Ajv({ strict: false, inlineRefs: false, code: { optimize: false } })
formats.default(ajv)
bringUpToDate()
ajv.addSchema(schemas, "github")
const validators = new Map<string, ValidateFunction>()

/** Where the published schemas are behind GitHub's own descriptions, and closed. */
function bringUpToDate(): void {
  const { installation, repository$transferred: transferred } = schemas.definitions
  // The event has its schema, but is missing from the events that an installation may hear.
  installation?.properties["events"]?.items.enum.push("deployment_protection_rule")
  // The owner before may be an organisation: https://docs.github.com/en/webhooks/webhook-events-and-payloads#repository
  const from = transferred?.properties["changes"]?.properties["owner"]?.properties["from"]
  Object.assign(from?.properties ?? {}, { organization: { $ref: "#/definitions/organization" } })
}

/** Made once per definition: making them takes longer than all the rest. */
function validatorOf(definition: string): ValidateFunction {
  const validate = validators.get(definition) ?? ajv.compile({ $ref: `github#/definitions/${definition}` })
  validators.set(definition, validate)
  return validate
}

function nameOf(delivery: Delivery): string {
  return delivery.action === null ? delivery.event : `${delivery.event}.${delivery.action}`
}

/** All key paths of a value, list positions left out. */
function pathsIn(value: object, prefix = ""): Set<string> {
  const paths = new Set<string>()
  for (const [key, inner] of Object.entries(value) as [string, unknown][]) {
    const path = Array.isArray(value) ? prefix : `${prefix}${prefix ? "." : ""}${key}`
    if (!Array.isArray(value)) paths.add(path)
    if (typeof inner === "object" && inner !== null) for (const below of pathsIn(inner, path)) paths.add(below)
  }
  return paths
}

/** Paths with nothing below: `null`, or a list without entries. What GitHub's example has there is not missing. */
function blanksIn(value: object, prefix = ""): string[] {
  return (Object.entries(value) as [string, unknown][]).flatMap(([key, inner]) => {
    const path = Array.isArray(value) ? prefix : `${prefix}${prefix ? "." : ""}${key}`
    if (inner === null || (Array.isArray(inner) && inner.length === 0)) return [`${path}.`]
    return typeof inner === "object" ? blanksIn(inner, path) : []
  })
}

const repo = "acme/shop"
const at = (path: string) => `/repos/acme/shop${path}`
const by = (number: number) => ({ repo, by: "max", number })

async function actEverything(shop: Shop): Promise<void> {
  const number = await handlePull(shop)
  await reportChecks(shop, number)
  await shop.github.people.setStatus({ repo, by: "max", pull: number, state: "success", context: "ci/old" })
  await converse(shop, number)
  await deployAndTag(shop)
  await land(shop, number)
  await queue(shop)
  await leave(shop)
}

async function handlePull({ github: { people } }: Shop): Promise<number> {
  const pull = await people.openPullRequest({
    repo,
    by: "max",
    head: "cents",
    files: { "NOTES.md": "one\n" },
    body: "Why",
  })
  const onPull = by(pull.number)
  await people.pushToPullRequest({ ...onPull, files: { "NOTES.md": "two\n", "src/price.ts": null } })
  await people.editPullRequest({ ...onPull, title: "Better", body: "Because" })
  await people.draftPullRequest({ ...onPull, draft: true })
  await people.draftPullRequest({ ...onPull, draft: false })
  await people.askForReview({ ...onPull, reviewer: "olga" })
  await people.label({ ...onPull, label: "promotion-paused" })
  await people.unlabel({ ...onPull, label: "promotion-paused" })
  await people.closePullRequest(onPull)
  await people.reopenPullRequest(onPull)
  const { id: review } = await people.review({ ...onPull, by: "olga", verdict: "REQUEST_CHANGES", body: "No" })
  await people.dismiss({ ...onPull, by: "olga", id: review })
  return pull.number
}

async function reportChecks({ github, ask, token }: Shop, number: number): Promise<void> {
  const { people } = github
  const { id: check } = await people.reportCheck({ repo, pull: number, name: "build" })
  await people.reportCheck({
    repo,
    pull: number,
    name: "build",
    conclusion: "failure",
    output: { summary: "Broken" },
  })
  await people.rerunCheck({ repo, by: "max", id: check })
  const head = (await people.resolve({ repo, revision: "cents" })).sha
  const gate = await ask("POST", at("/check-runs"), {
    as: token,
    body: {
      name: "Promotion gate",
      head_sha: head,
      status: "in_progress",
      details_url: "http://portcullis.test/1",
      output: { title: "Wait", summary: "One check runs" },
      actions: [{ label: "Pause", description: "Pause promotions", identifier: "pause" }],
    },
  })
  const { id } = gate.body as { id: number }
  await ask("PATCH", at(`/check-runs/${id}`), { as: token, body: { conclusion: "success" } })
  await people.pressCheckButton({ repo, by: "max", id, identifier: "pause" })
  await people.rerunCheck({ repo, by: "max", id })
  const suites = await ask("GET", at(`/commits/${head}/check-suites?app_id=${github.state.apps.keys().next().value}`), {
    as: token,
  })
  const [suite] = (suites.body as { check_suites: { id: number }[] }).check_suites
  await ask("POST", at(`/check-suites/${suite?.id}/rerequest`), { as: token })
}

async function converse({ github: { people }, ask, token }: Shop, number: number): Promise<void> {
  const { id: comment } = await people.comment({ ...by(number), body: "/approve" })
  await people.editComment({ repo, by: "max", id: comment, body: "/reject" })
  await ask("POST", at(`/issues/comments/${comment}/reactions`), { as: token, body: { content: "rocket" } })
  await ask("POST", at(`/issues/${number}/comments`), { as: token, body: { body: "Noted." } })
  await people.deleteComment({ repo, by: "max", id: comment })
  const issue = { repo, by: "olga", number: (await people.openIssue({ repo, by: "rita", title: "Slow" })).number }
  await people.label({ ...issue, label: "bug" })
  await people.unlabel({ ...issue, label: "bug" })
  await people.comment({ ...issue, body: "Yes" })
  await ask("PATCH", at(`/issues/${issue.number}`), { as: token, body: { body: "Very slow" } })
  await people.closeIssue(issue)
  await people.reopenIssue(issue)
}

async function deployAndTag({ github: { people } }: Shop): Promise<void> {
  await people.deploy({ repo, by: "max", ref: "cents", environment: "staging", state: "in_progress" })
  const { id: deployment } = await people.deploy({ repo, by: "max", ref: "cents", state: "success" })
  await people.reportDeployment({
    repo,
    by: "max",
    id: deployment,
    state: "failure",
    environmentUrl: "http://shop.test",
  })
  await people.protectEnvironment({ repo, by: "olga", environment: "production", app: "portcullis" })
  await people.requestDeployment({ repo, by: "max", environment: "production", ref: "cents" })
  await people.tag({ repo, by: "olga", name: "v1", at: "main", message: "First" })
  await people.deleteTag({ repo, by: "olga", name: "v1" })
}

async function land({ github: { people } }: Shop, number: number): Promise<void> {
  await people.mergePullRequest({ ...by(number), method: "squash" })
  const { repo: fork } = await people.fork({ repo, by: "rita" })
  await people.commit({ repo: fork, by: "rita", branch: "typo", files: { "README.md": "# The shop\n" } })
  await people.openPullRequest({ repo, by: "rita", head: "rita:typo", draft: true })
}

async function queue({ github: { people } }: Shop): Promise<void> {
  const { number } = await people.openPullRequest({ repo, by: "max", head: "queued", files: { "QUEUE.md": "q\n" } })
  await people.protectBranch({ repo, checks: ["ci/new"] })
  await people.enableAutoMerge({ ...by(number), method: "squash" })
  await people.disableAutoMerge(by(number))
  await people.setStatus({ repo, by: "max", pull: number, state: "success", context: "ci/new" })
  await people.requireMergeQueue({ repo })
  await people.enqueuePullRequest(by(number))
  await people.dequeuePullRequest(by(number))
  await people.unprotectBranch({ repo })
  await people.enqueuePullRequest(by(number))
  await people.requireMergeQueue({ repo, off: true })
}

async function leave({ github: { people }, installationId }: Shop): Promise<void> {
  await people.createRepository({ owner: "acme", name: "till" })
  await people.changeInstallation({ installationId, add: ["acme/till"], remove: ["acme/till"] })
  await people.renameRepository({ repo, by: "olga", name: "store" })
  await people.archiveRepository({ repo, by: "olga" })
  await people.unarchiveRepository({ repo, by: "olga" })
  await people.createUser({ login: "globex", type: "Organization" })
  const { installationId: other } = await people.installApp({ app: "portcullis", owner: "globex" })
  await people.transferRepository({ repo, by: "olga", to: "globex" })
  await people.acceptPermissions({ installationId: other })
  await people.suspendApp({ installationId })
  await people.comment({ repo, by: "rita", number: 1, body: "Nobody hears this" })
  await people.unsuspendApp({ installationId })
  await people.uninstallApp({ installationId })
}
