/** Making accounts and repositories, and who may work in them. */
import { join } from "node:path"
import { fullNameOf } from "../access.ts"
import { createStore, fetchFrom } from "../git.ts"
import { commitFiles } from "../git-tree.ts"
import type { FileContent } from "../git-tree.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Account, Actor, GitHubState, Repository } from "../state.ts"

/** Makes an account; the login must be new. */
export function createAccount(state: GitHubState, login: string, type: Account["type"] = "User"): Account {
  if (state.accounts.has(login.toLowerCase())) throw new Error(`${login} exists already on the test GitHub`)
  const ids = freshIds(type === "Bot" ? "BOT" : type === "User" ? "U" : "O")
  const email = `${ids.id}+${login}@users.noreply.github.test`
  const organization = type === "Organization" ? { members: new Map(), teams: new Map() } : undefined
  const account: Account = { ...ids, login, type, name: login, email, ...(organization && { organization }) }
  state.accounts.set(login.toLowerCase(), account)
  return account
}

/** How a new repository is to be. `files`: content of the first commit, made by the owner. */
export type RepositoryPlan = {
  owner: Account
  name: string
  files: Record<string, FileContent>
  isPrivate?: boolean
  defaultBranch?: string
}

/** Makes a repository with one commit on its default branch. Tells nobody. */
export async function createRepository(state: GitHubState, plan: RepositoryPlan): Promise<Repository> {
  const repository = await emptyRepository(state, plan)
  await commitFiles(repository.store, {
    branch: repository.defaultBranch,
    files: plan.files,
    message: "Initial commit",
    author: { name: plan.owner.name, email: plan.owner.email, date: state.clock.now() },
  })
  return repository
}

/** Copies a repository with its branches under another owner. */
export async function forkRepository(state: GitHubState, source: Repository, owner: Account): Promise<Repository> {
  const { name, isPrivate, defaultBranch } = source
  const fork = await emptyRepository(state, { owner, name, isPrivate, defaultBranch, files: {} })
  fork.forkOf = source
  await fetchFrom(fork.store, source.store, "+refs/heads/*:refs/heads/*")
  return fork
}

/** Renames a repository; the old name goes on working. Emits `repository.renamed`. */
export function renameRepository(
  world: { state: GitHubState; repository: Repository },
  actor: Actor,
  name: string,
): void {
  const { state, repository } = world
  const from = repository.name
  repository.name = name
  repository.updatedAt = isoNow(state)
  state.repositoryIdsByName.set(fullNameOf(repository).toLowerCase(), repository.id)
  const payload = { changes: { repository: { name: { from } } } }
  emit(state, { event: "repository", action: "renamed", repository, sender: actor.account, payload })
}

async function emptyRepository(state: GitHubState, plan: RepositoryPlan): Promise<Repository> {
  const fullName = `${plan.owner.login}/${plan.name}`.toLowerCase()
  if (state.repositoryIdsByName.has(fullName)) throw new Error(`${fullName} exists already on the test GitHub`)
  const ids = freshIds("R")
  const now = isoNow(state)
  const repository: Repository = {
    ...ids,
    owner: plan.owner,
    name: plan.name,
    description: null,
    isPrivate: plan.isPrivate ?? false,
    isArchived: false,
    defaultBranch: plan.defaultBranch ?? "main",
    store: await createStore(join(state.dir, `${ids.id}.git`)),
    forkOf: undefined,
    collaborators: new Map(),
    nextNumber: 1,
    issues: new Map(),
    pulls: new Map(),
    labels: [],
    comments: [],
    reviews: [],
    issueEvents: [],
    checkSuites: [],
    checkRuns: [],
    statuses: [],
    protections: new Map(),
    rulesets: [],
    mergeQueues: new Map(),
    queueEntries: [],
    deployments: [],
    environments: [],
    workflowRuns: [],
    allowedMergeMethods: new Set(["merge", "squash", "rebase"]),
    allowAutoMerge: true,
    deleteBranchOnMerge: false,
    createdAt: now,
    updatedAt: now,
    pushedAt: now,
  }
  repository.labels.push({
    ...freshIds("LA"),
    name: "bug",
    color: "d73a4a",
    description: "Something isn't working",
    isDefault: true,
  })
  state.repositories.set(repository.id, repository)
  state.repositoryIdsByName.set(fullName, repository.id)
  return repository
}
