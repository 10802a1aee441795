/** Apps and their installations. */
import { createHash, generateKeyPairSync } from "node:crypto"
import { freshIds, nextId } from "../ids.ts"
import { post } from "../hooks.ts"
import { isoNow } from "../state.ts"
import type { Account, App, GitHubState, Installation, Permissions, Repository } from "../state.ts"
import { accountView } from "../view/account.ts"
import { installationView, repositoryStub, selectionOf } from "../view/app.ts"
import { createAccount } from "./repository.ts"

/** What an app is registered with. */
export type AppPlan = {
  slug: string
  owner: Account
  permissions: Permissions
  events: string[]
  webhookSecret?: string | undefined
  hookUrl?: string | undefined
}

const keys: { privateKeyPem: string; publicKeyPem: string }[] = []

/** Registers an app. The n-th app of each test GitHub in this process shares its RSA key: making one takes long. */
export function createApp(state: GitHubState, plan: AppPlan): App {
  const ids = freshIds("A")
  const app: App = {
    ...ids,
    slug: plan.slug,
    name: plan.slug,
    owner: plan.owner,
    bot: createAccount(state, `${plan.slug}[bot]`, "Bot"),
    permissions: { metadata: "read", ...plan.permissions },
    events: plan.events,
    webhookSecret: plan.webhookSecret ?? createHash("sha256").update(`secret of ${plan.slug}`).digest("hex"),
    hookId: nextId(),
    hookUrl: plan.hookUrl,
    ...keyAt(state.apps.size),
    clientId: `Iv1.${createHash("sha256").update(plan.slug).digest("hex").slice(0, 16)}`,
    createdAt: isoNow(state),
  }
  state.apps.set(app.id, app)
  return app
}

function keyAt(index: number): { privateKeyPem: string; publicKeyPem: string } {
  const known = keys[index]
  if (known) return known
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  })
  const key = { privateKeyPem: pair.privateKey, publicKeyPem: pair.publicKey }
  keys[index] = key
  return key
}

/**
 * Installs an app on some repositories of one account, or on the account with all it has and will have. Emits
 * `installation.created` to the app.
 */
export function installApp(state: GitHubState, app: App, on: Repository[] | Account): Installation {
  const coversAll = !Array.isArray(on)
  const repositories = coversAll ? [...state.repositories.values()].filter((one) => one.owner === on) : on
  const account = coversAll ? on : repositories[0]?.owner
  if (!account) throw new Error("An app is installed on at least one repository here")
  const now = isoNow(state)
  const installation: Installation = {
    ...freshIds("INST"),
    app,
    account,
    repositoryIds: new Set(repositories.map((repository) => repository.id)),
    coversAll,
    permissions: { ...app.permissions },
    events: [...app.events],
    createdAt: now,
    updatedAt: now,
    suspendedAt: undefined,
    suspendedBy: undefined,
    deleted: false,
  }
  state.installations.set(installation.id, installation)
  announce(state, installation, "created")
  return installation
}

/** Takes an app off an account. Emits `installation.deleted`; its tokens stop working. */
export function deleteInstallation(state: GitHubState, installation: Installation): void {
  installation.deleted = true
  announce(state, installation, "deleted")
}

/** Suspends an installation: no events, no tokens until it is lifted. Emits `installation.suspend`. */
export function suspendInstallation(state: GitHubState, installation: Installation): void {
  installation.suspendedAt = isoNow(state)
  installation.suspendedBy = installation.account
  announce(state, installation, "suspend")
}

/** Lifts a suspension. Emits `installation.unsuspend`. */
export function unsuspendInstallation(state: GitHubState, installation: Installation): void {
  installation.suspendedAt = undefined
  installation.suspendedBy = undefined
  announce(state, installation, "unsuspend")
}

/** Adds a repository to the installations that cover all of its owner's. Emits `installation_repositories.added`. */
export function coverRepository(state: GitHubState, repository: Repository): void {
  for (const installation of state.installations.values()) {
    if (installation.deleted || !installation.coversAll || installation.account !== repository.owner) continue
    changeInstalledRepositories(state, installation, { added: [repository] })
  }
}

/**
 * Registers an app anew. What it may no longer do is taken from its installations and tokens at once, and what it hears changes
 * at once; further permissions wait until each of them accepts. Nobody is told.
 */
export function changeRegistration(
  state: GitHubState,
  app: App,
  wanted: { permissions: Permissions; events: string[] },
): void {
  app.permissions = { metadata: "read", ...wanted.permissions }
  app.events = wanted.events
  for (const installation of state.installations.values()) {
    if (installation.app !== app) continue
    installation.events = [...wanted.events]
    installation.permissions = within(installation.permissions, app.permissions)
  }
  for (const token of state.tokens.values()) {
    if (token.installation.app === app) token.permissions = within(token.permissions, app.permissions)
  }
}

/** What is left of permissions when none may go beyond a limit. */
function within(permissions: Permissions, limit: Permissions): Permissions {
  const kept = Object.entries(permissions).flatMap(([name, level]) => {
    const most = limit[name]
    return most === undefined ? [] : [[name, most === "read" ? most : level] as const]
  })
  return Object.fromEntries(kept)
}

/** Grants an installation all that its app asks for by now. Emits `installation.new_permissions_accepted`. */
export function acceptPermissions(state: GitHubState, installation: Installation): void {
  installation.permissions = { ...installation.app.permissions }
  installation.updatedAt = isoNow(state)
  announce(state, installation, "new_permissions_accepted")
}

/** Adds repositories to or takes them from an installation. Emits `installation_repositories.added` or `.removed`. */
export function changeInstalledRepositories(
  state: GitHubState,
  installation: Installation,
  change: { added?: Repository[]; removed?: Repository[] },
): void {
  const added = change.added ?? []
  const removed = change.removed ?? []
  for (const repository of added) installation.repositoryIds.add(repository.id)
  for (const repository of removed) installation.repositoryIds.delete(repository.id)
  const action = added.length > 0 ? "added" : "removed"
  const payload = {
    action,
    installation: installationView(state, installation),
    repository_selection: selectionOf(installation),
    repositories_added: added.map(repositoryStub),
    repositories_removed: removed.map(repositoryStub),
    requester: null,
    sender: accountView(state, installation.account),
  }
  post(state, {
    event: "installation_repositories",
    action,
    app: installation.app,
    installation,
    repository: undefined,
    payload,
  })
}

function announce(state: GitHubState, installation: Installation, action: string): void {
  const repositories = [...installation.repositoryIds].flatMap((id) => state.repositories.get(id) ?? [])
  const payload = {
    action,
    installation: installationView(state, installation),
    repositories: repositories.map(repositoryStub),
    sender: accountView(state, installation.account),
  }
  post(state, { event: "installation", action, app: installation.app, installation, repository: undefined, payload })
}
