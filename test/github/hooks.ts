/** Webhooks: which apps hear of an event, what is signed, and the outbox until somebody delivers it. */
import { createHmac } from "node:crypto"
import { installationsOf } from "./access.ts"
import { nextGuid, nextId } from "./ids.ts"
import { isoNow } from "./state.ts"
import type { Account, App, GitHubState, Installation, Repository } from "./state.ts"
import type { Delivery } from "./traffic.ts"
import { accountView, organizationView } from "./view/account.ts"
import { repositoryView } from "./view/repository.ts"

/** How many deliveries the log remembers, so that a long benchmark does not fill the memory. */
const keptDeliveries = 10_000

/** Something that happened in a repository. `onlyApp`: nobody else hears of it, and this one without subscribing. */
export type RepositoryEvent = {
  event: string
  action?: string | undefined
  repository: Repository
  sender: Account
  /** The part of the payload that is the event's own. */
  payload: Record<string, unknown>
  onlyApp?: App | undefined
}

/** Puts an event in the outbox of each app that is installed on the repository, not suspended, and subscribed. */
export function emit(state: GitHubState, happened: RepositoryEvent): void {
  for (const installation of installationsOf(state, happened.repository)) {
    if (installation.suspendedAt || !hears(installation, happened)) continue
    const payload = {
      ...(happened.action === undefined ? {} : { action: happened.action }),
      repository: repositoryView(state, happened.repository),
      ...happened.payload,
      ...organizationOf(state, happened.repository),
      sender: accountView(state, happened.sender),
      installation: { id: installation.id, node_id: installation.nodeId },
    }
    const { event, action, repository } = happened
    post(state, { event, action, app: installation.app, installation, repository, payload })
  }
}

function organizationOf(state: GitHubState, { owner }: Repository) {
  return owner.type === "Organization" ? { organization: organizationView(state, owner) } : {}
}

/** True when some app would hear of this event: lets acts skip the making of costly payloads. */
export function hasListeners(state: GitHubState, repository: Repository, event: string): boolean {
  return installationsOf(state, repository).some(
    (installation) => !installation.suspendedAt && isSubscribed(installation, event),
  )
}

/**
 * Events that reach only who may read what they are about.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads
 */
const guardedEvents: Readonly<Record<string, string>> = {
  check_run: "checks",
  check_suite: "checks",
  create: "contents",
  delete: "contents",
  deployment: "deployments",
  deployment_protection_rule: "deployments",
  deployment_status: "deployments",
  issue_comment: "issues",
  issues: "issues",
  merge_group: "merge_queues",
  pull_request: "pull_requests",
  pull_request_review: "pull_requests",
  push: "contents",
  status: "statuses",
}

/**
 * Events about an app's own check suites and runs, which it hears with `checks: write`, subscribed or not.
 * https://docs.github.com/en/webhooks/webhook-events-and-payloads#check_suite
 */
const ownEvents: ReadonlySet<string> = new Set(["check_run", "check_suite"])

function mayRead(installation: Installation, event: string): boolean {
  const permission = guardedEvents[event]
  return permission === undefined || installation.permissions[permission] !== undefined
}

function isSubscribed(installation: Installation, event: string): boolean {
  return mayRead(installation, event) && installation.events.includes(event)
}

function isItsOwn(installation: Installation, event: string): boolean {
  if (ownEvents.has(event)) return installation.permissions["checks"] === "write"
  return guardedEvents[event] === undefined
}

function hears(installation: Installation, happened: RepositoryEvent): boolean {
  if (happened.onlyApp && happened.onlyApp !== installation.app) return false
  const isPersonal = happened.onlyApp !== undefined && isItsOwn(installation, happened.event)
  return isPersonal || isSubscribed(installation, happened.event)
}

/** Something about one app, delivered to it whether subscribed or not (`installation`, `installation_repositories`). */
export type AppEvent = {
  event: string
  action: string | undefined
  app: App
  installation: Installation | undefined
  repository: Repository | undefined
  payload: Record<string, unknown>
}

/** Puts one finished payload in the outbox, unless the app has no ears at all: neither events nor a hook URL. */
export function post(state: GitHubState, happened: AppEvent): void {
  if (happened.app.events.length === 0 && happened.app.hookUrl === undefined) return
  enqueue(state, {
    id: nextId(),
    guid: nextGuid(state),
    event: happened.event,
    action: happened.action ?? null,
    app: happened.app,
    installationId: happened.installation?.id ?? null,
    repositoryId: happened.repository?.id ?? null,
    body: JSON.stringify(happened.payload),
    createdAt: isoNow(state),
    notBeforeMs: 0,
    redelivery: false,
    status: "pending",
    statusCode: null,
    deliveredAt: null,
  })
}

/** Sends a delivery again: a new delivery with the same GUID and body. https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook */
export function redeliver(state: GitHubState, delivery: Delivery): void {
  enqueue(state, {
    ...delivery,
    id: nextId(),
    createdAt: isoNow(state),
    notBeforeMs: 0,
    redelivery: true,
    status: "pending",
    statusCode: null,
    deliveredAt: null,
  })
}

function enqueue(state: GitHubState, delivery: Delivery): void {
  const copies = state.deliveryFault?.(delivery) ?? []
  state.deliveries.push(delivery, ...copies)
  state.outbox.push(...[delivery, ...copies].filter((one) => one.status === "pending"))
  if (state.deliveries.length > keptDeliveries) state.deliveries.splice(0, keptDeliveries / 2)
  state.onDelivery?.()
}

/** All headers GitHub sends. https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers */
export function headersOf(delivery: Delivery): Record<string, string> {
  const signature = (algorithm: "sha1" | "sha256") =>
    createHmac(algorithm, delivery.app.webhookSecret).update(delivery.body).digest("hex")
  return {
    accept: "*/*",
    "content-type": "application/json",
    "user-agent": "GitHub-Hookshot/7f3a2c1",
    "x-github-delivery": delivery.guid,
    "x-github-event": delivery.event,
    "x-github-hook-id": String(delivery.app.hookId),
    "x-github-hook-installation-target-id": String(delivery.app.id),
    "x-github-hook-installation-target-type": "integration",
    "x-hub-signature": `sha1=${signature("sha1")}`,
    "x-hub-signature-256": `sha256=${signature("sha256")}`,
  }
}
