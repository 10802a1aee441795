/** Accounts, repositories, roles, apps and installations. */
import { accountOf, fullNameOf } from "../access.ts"
import { refusal } from "../api.ts"
import {
  acceptPermissions as accept,
  changeInstalledRepositories,
  changeRegistration,
  coverRepository,
  createApp as makeApp,
  deleteInstallation,
  installApp as install,
  suspendInstallation,
  unsuspendInstallation,
} from "../act/app.ts"
import {
  createAccount,
  createRepository as makeRepository,
  forkRepository,
  renameRepository as rename,
} from "../act/repository.ts"
import { setArchived, transferRepository as transfer } from "../act/repository-life.ts"
import type { FileContent } from "../git-tree.ts"
import type { Account, GitHubState, Installation, MergeMethod, Permissions, Role } from "../state.ts"
import { actorIn, actorNamed, appNamed, keeperIn, worldOf } from "./who.ts"
import type { By, In } from "./who.ts"

/** Makes a person or an organisation. `emails`: their own addresses, besides the one everybody is given. */
export function createUser(
  state: GitHubState,
  args: { login: string; type?: Account["type"]; emails?: string[] },
): { login: string; id: number } {
  const account = createAccount(state, args.login, args.type)
  if (args.emails) account.otherEmails = args.emails
  return { login: account.login, id: account.id }
}

/** A repository to make. An owner that is not there yet is made. */
export type NewRepository = {
  owner: string
  name: string
  files?: Record<string, FileContent>
  isPrivate?: boolean
  defaultBranch?: string
  collaborators?: Record<string, Role>
}

/**
 * Makes a repository with one commit; collaborators that are not there yet are made. Event:
 * `installation_repositories.added` to apps that cover all of its owner's.
 */
export async function createRepository(state: GitHubState, args: NewRepository): Promise<{ repo: string }> {
  const repository = await makeRepository(state, {
    owner: state.accounts.get(args.owner.toLowerCase()) ?? createAccount(state, args.owner),
    name: args.name,
    files: args.files ?? { "README.md": `# ${args.name}\n` },
    isPrivate: args.isPrivate ?? false,
    defaultBranch: args.defaultBranch ?? "main",
  })
  const repo = fullNameOf(repository)
  for (const [login, role] of Object.entries(args.collaborators ?? {})) {
    if (!state.accounts.has(login.toLowerCase())) createAccount(state, login)
    addCollaborator(state, { repo, login, role })
  }
  coverRepository(state, repository)
  return { repo }
}

/** Gives a person a role, or another one. */
export function addCollaborator(state: GitHubState, args: In & { login: string; role: Role }): void {
  const { repository } = worldOf(state, args)
  const account = accountOf(state, args.login)
  repository.collaborators.set(account.login.toLowerCase(), { account, role: args.role })
}

/** Takes a person's role away. */
export function removeCollaborator(state: GitHubState, args: In & { login: string }): void {
  worldOf(state, args).repository.collaborators.delete(args.login.toLowerCase())
}

/** Renames a repository. Event: `repository.renamed`. */
export function renameRepository(state: GitHubState, args: By & { name: string }): { repo: string } {
  const world = worldOf(state, args)
  rename(world, actorIn(world, args, "admin"), args.name)
  return { repo: fullNameOf(world.repository) }
}

/**
 * Gives a repository to another owner, who is made when not there. Events: `installation_repositories.removed` to the
 * apps of the old owner; `.added` and `repository.transferred` to those that the new one has for all repositories.
 */
export function transferRepository(state: GitHubState, args: By & { to: string }): { repo: string } {
  const world = worldOf(state, args)
  const owner = state.accounts.get(args.to.toLowerCase()) ?? createAccount(state, args.to)
  transfer(world, keeperIn(world, args, "admin"), owner)
  return { repo: fullNameOf(world.repository) }
}

/** Archives a repository: nothing in it changes any more. Event: `repository.archived`. */
export function archiveRepository(state: GitHubState, args: By): void {
  const world = worldOf(state, args)
  setArchived(world, keeperIn(world, args, "admin"), true)
}

/** Brings an archived repository back. Event: `repository.unarchived`. */
export function unarchiveRepository(state: GitHubState, args: By): void {
  const world = worldOf(state, args)
  setArchived(world, keeperIn(world, args, "admin"), false)
}

/** Forks a repository under the acting person, with its branches. */
export async function fork(state: GitHubState, args: By): Promise<{ repo: string }> {
  const { repository } = worldOf(state, args)
  return { repo: fullNameOf(await forkRepository(state, repository, actorNamed(state, args.by).account)) }
}

/** Changes merge settings; what is left out stays. */
export function configureRepository(
  state: GitHubState,
  args: In & { mergeMethods?: MergeMethod[]; deleteBranchOnMerge?: boolean; allowAutoMerge?: boolean },
): void {
  const { repository } = worldOf(state, args)
  if (args.mergeMethods) repository.allowedMergeMethods = new Set(args.mergeMethods)
  repository.deleteBranchOnMerge = args.deleteBranchOnMerge ?? repository.deleteBranchOnMerge
  repository.allowAutoMerge = args.allowAutoMerge ?? repository.allowAutoMerge
}

/** What an app needs to be configured with. */
export type AppCredentials = {
  appId: number
  slug: string
  clientId: string
  privateKeyPem: string
  webhookSecret: string
  permissions: Permissions
  events: string[]
}

/** An app to register. The owner is made when not there; `metadata: read` is always granted. */
export type NewApp = {
  slug: string
  owner?: string
  permissions: Permissions
  events: string[]
  webhookSecret?: string
  hookUrl?: string
}

/** Registers an app. */
export function createApp(state: GitHubState, args: NewApp): AppCredentials {
  const owner = args.owner ?? "app-owner"
  const app = makeApp(state, {
    ...args,
    owner: state.accounts.get(owner.toLowerCase()) ?? createAccount(state, owner),
  })
  const { id: appId, slug, clientId, privateKeyPem, webhookSecret, permissions, events } = app
  return { appId, slug, clientId, privateKeyPem, webhookSecret, permissions, events }
}

/** Tells an app's webhooks where to go (HTTP mode). */
export function setHookUrl(state: GitHubState, args: { app: string; url: string }): void {
  appNamed(state, args.app).hookUrl = args.url
  state.onDelivery?.()
}

/**
 * Installs an app on repositories of one owner, or on all that an `owner` has and will have.
 * Event: `installation.created`.
 */
export function installApp(
  state: GitHubState,
  args: { app: string } & ({ repos: string[] } | { owner: string }),
): { installationId: number } {
  const on =
    "owner" in args ? accountOf(state, args.owner) : args.repos.map((repo) => worldOf(state, { repo }).repository)
  return { installationId: install(state, appNamed(state, args.app), on).id }
}

/** Takes an app off its account. Event: `installation.deleted`. */
export function uninstallApp(state: GitHubState, args: { installationId: number }): void {
  deleteInstallation(state, installationNumbered(state, args.installationId))
}

/** Suspends an installation. Event: `installation.suspend`. */
export function suspendApp(state: GitHubState, args: { installationId: number }): void {
  suspendInstallation(state, installationNumbered(state, args.installationId))
}

/** Lifts a suspension. Event: `installation.unsuspend`. */
export function unsuspendApp(state: GitHubState, args: { installationId: number }): void {
  unsuspendInstallation(state, installationNumbered(state, args.installationId))
}

/** Adds and removes repositories of an installation. Events: `installation_repositories.added`, `.removed`. */
export function changeInstallation(
  state: GitHubState,
  args: { installationId: number; add?: string[]; remove?: string[] },
): void {
  const installation = installationNumbered(state, args.installationId)
  const repositories = (names: string[]) => names.map((repo) => worldOf(state, { repo }).repository)
  if (args.add) changeInstalledRepositories(state, installation, { added: repositories(args.add) })
  if (args.remove) changeInstalledRepositories(state, installation, { removed: repositories(args.remove) })
}

/**
 * Registers an app anew. What is missing now is gone from its installations at once; what is new waits for
 * `acceptPermissions`. Its events change at once.
 */
export function changeApp(state: GitHubState, args: { app: string; permissions: Permissions; events: string[] }): void {
  changeRegistration(state, appNamed(state, args.app), args)
}

/** Accepts what an app asks for by now. Event: `installation.new_permissions_accepted`. */
export function acceptPermissions(state: GitHubState, args: { installationId: number }): void {
  accept(state, installationNumbered(state, args.installationId))
}

function installationNumbered(state: GitHubState, id: number): Installation {
  const installation = state.installations.get(id)
  if (!installation) throw refusal(404, `No installation ${id}`)
  return installation
}
