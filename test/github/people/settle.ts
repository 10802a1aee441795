/** Accounts, repositories, roles, apps and installations. */
import { accountOf, fullNameOf } from "../access.ts"
import { refusal } from "../api.ts"
import {
  changeInstalledRepositories,
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
import { plainProtection } from "../act/protection.ts"
import type { FileContent } from "../git-tree.ts"
import type { Account, GitHubState, Installation, MergeMethod, Permissions, Role } from "../state.ts"
import { actorIn, actorNamed, appNamed, worldOf } from "./who.ts"
import type { By, In } from "./who.ts"

/** Makes a person or an organisation. */
export function createUser(state: GitHubState, args: { login: string; type?: Account["type"] }): { login: string } {
  return { login: createAccount(state, args.login, args.type).login }
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

/** Makes a repository with one commit; collaborators that are not there yet are made. */
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

/** Rules of a branch. `app`: slug of the app that must report the check. */
export type NewProtection = In & {
  branch?: string
  checks?: (string | { name: string; app?: string })[]
  approvals?: number
  strict?: boolean
  enforceAdmins?: boolean
}

/** Protects a branch (the default one), replacing the rules it had. */
export function protectBranch(state: GitHubState, args: NewProtection): void {
  const { repository } = worldOf(state, args)
  const branch = args.branch ?? repository.defaultBranch
  const requiredChecks = (args.checks ?? []).map((check) => {
    if (typeof check === "string") return { context: check, appId: undefined }
    return { context: check.name, appId: check.app === undefined ? undefined : appNamed(state, check.app).id }
  })
  repository.protections.set(branch, {
    ...plainProtection(branch),
    requiredChecks,
    requiredApprovals: args.approvals ?? 0,
    strict: args.strict ?? false,
    enforceAdmins: args.enforceAdmins ?? false,
  })
}

/** Takes the rules of a branch away. */
export function unprotectBranch(state: GitHubState, args: In & { branch?: string }): void {
  const { repository } = worldOf(state, args)
  repository.protections.delete(args.branch ?? repository.defaultBranch)
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

/** Installs an app on repositories of one owner. Event: `installation.created`. */
export function installApp(state: GitHubState, args: { app: string; repos: string[] }): { installationId: number } {
  const repositories = args.repos.map((repo) => worldOf(state, { repo }).repository)
  return { installationId: install(state, appNamed(state, args.app), repositories).id }
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

function installationNumbered(state: GitHubState, id: number): Installation {
  const installation = state.installations.get(id)
  if (!installation) throw refusal(404, `No installation ${id}`)
  return installation
}
