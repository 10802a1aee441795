/** Who may see and do what: roles of people, permissions of installations. */
import { refusal } from "./api.ts"
import type { Need } from "./api.ts"
import { isOwner } from "./organization.ts"
import type { Account, Actor, Caller, GitHubState, Installation, Repository, Role } from "./state.ts"

const roles: Role[] = ["read", "triage", "write", "maintain", "admin"]

/** Stands in a route's needs for what every person who can read may do: comment, review, open. No app has it. */
export const participation = "participation"

/** An account by login in any case; throws for a login nobody made, as that is a mistake in the test. */
export function accountOf(state: GitHubState, login: string): Account {
  const account = state.accounts.get(login.toLowerCase())
  if (!account) throw new Error(`No account ${login} on the test GitHub`)
  return account
}

/** A repository by `owner/name` in any case; old names of renamed repositories are followed. */
export function findRepository(state: GitHubState, fullName: string): Repository | undefined {
  const id = state.repositoryIdsByName.get(fullName.toLowerCase())
  return id === undefined ? undefined : state.repositories.get(id)
}

/** `owner/name`. */
export function fullNameOf(repository: Repository): string {
  return `${repository.owner.login}/${repository.name}`
}

/**
 * The role of an account on a repository; undefined for none. A public repository gives everyone `read`. Teams give no
 * roles here: whoever is to have one is made a collaborator.
 */
export function roleOf(repository: Repository, account: Account): Role | undefined {
  if (account.id === repository.owner.id || isOwner(repository.owner.organization, account)) return "admin"
  return repository.collaborators.get(account.login.toLowerCase())?.role ?? (repository.isPrivate ? undefined : "read")
}

/** True when `role` is at least `wanted`. */
export function isAtLeast(role: Role | undefined, wanted: Role): boolean {
  return role !== undefined && roles.indexOf(role) >= roles.indexOf(wanted)
}

/** Live installations that see a repository. */
export function installationsOf(state: GitHubState, repository: Repository): Installation[] {
  return [...state.installations.values()].filter(
    (installation) => !installation.deleted && installation.repositoryIds.has(repository.id),
  )
}

/**
 * How an actor stands to a repository: GitHub's `author_association`. Never a permission.
 * https://docs.github.com/en/graphql/reference/enums#commentauthorassociation
 */
export function associationOf(
  repository: Repository,
  account: Account,
): "OWNER" | "MEMBER" | "COLLABORATOR" | "CONTRIBUTOR" | "NONE" {
  if (account.id === repository.owner.id) return "OWNER"
  if (repository.owner.organization?.members.get(account.id)?.state === "active") return "MEMBER"
  if (repository.collaborators.has(account.login.toLowerCase())) return "COLLABORATOR"
  const hasLanded = [...repository.pulls.values()].some((pull) => pull.mergedAt && pull.issue.author.id === account.id)
  return hasLanded ? "CONTRIBUTOR" : "NONE"
}

/**
 * True when the caller can see the repository at all. GitHub hides what it does not show: the answer to "no" is 404.
 */
export function canSee(caller: Caller, repository: Repository): boolean {
  if (caller.kind === "installation") {
    const { installation, repositoryIds } = caller.token
    return installation.repositoryIds.has(repository.id) && (repositoryIds?.has(repository.id) ?? true)
  }
  if (caller.kind === "person") return roleOf(repository, caller.account) !== undefined
  return !repository.isPrivate
}

/** The role a person needs for what a permission allows an app. */
function roleFor(need: Need): Role {
  if (need.level === "read") return need.permission === "administration" ? "admin" : "read"
  if (need.permission === "administration") return "admin"
  if (need.permission === participation) return "read"
  return need.permission === "issues" ? "triage" : "write"
}

function isGranted(need: Need, caller: Caller, repository: Repository): boolean {
  if (caller.kind === "person") return isAtLeast(roleOf(repository, caller.account), roleFor(need))
  if (caller.kind !== "installation") return need.level === "read" && !repository.isPrivate
  if (need.permission === "metadata") return true
  const level = caller.token.permissions[need.permission]
  return level === "write" || level === need.level
}

/**
 * Lets a caller pass who has any one of the needs; throws the refusal GitHub gives otherwise: 403
 * "Resource not accessible by integration" for an app, 403 or 404 for a person.
 */
export function demand(needs: Need[], caller: Caller, repository: Repository): void {
  if (needs.some((need) => isGranted(need, caller, repository))) return
  if (caller.kind === "installation") throw refusal(403, "Resource not accessible by integration")
  if (caller.kind === "anonymous") throw refusal(401, "Requires authentication")
  throw refusal(403, "Must have admin rights to Repository.")
}

/** True for an actor that branch protection lets through when admins are not held to it. */
export function isAdmin(repository: Repository, actor: Actor): boolean {
  return !actor.app && roleOf(repository, actor.account) === "admin"
}
