/** What happens to a whole repository in its life: another owner, archived, brought back. */
import { findRepository } from "../access.ts"
import { refusal } from "../api.ts"
import { emit } from "../hooks.ts"
import { isoNow } from "../state.ts"
import type { Account, Actor, World } from "../state.ts"
import { accountView, organizationView } from "../view/account.ts"
import { changeInstalledRepositories, coverRepository } from "./app.ts"

/** Archives a repository, or brings it back. Emits `repository.archived` or `.unarchived`; 422 when it is so already. */
export function setArchived({ state, repository }: World, actor: Actor, isArchived: boolean): void {
  if (repository.isArchived === isArchived) {
    throw refusal(422, `Repository is ${isArchived ? "already" : "not"} archived`)
  }
  repository.isArchived = isArchived
  repository.updatedAt = isoNow(state)
  const action = isArchived ? "archived" : "unarchived"
  emit(state, { event: "repository", action, repository, sender: actor.account, payload: {} })
}

/**
 * Gives a repository to another owner; its old name goes on working. Apps of the old owner lose it and hear
 * `installation_repositories.removed`; those that cover all of the new owner's repositories hear `.added`, and they alone
 * `repository.transferred`, as GitHub says of that event. 422 when the new owner has one of this name.
 */
export function transferRepository(world: World, actor: Actor, owner: Account): void {
  const { state, repository } = world
  const from = repository.owner
  const fullName = `${owner.login}/${repository.name}`
  const other = findRepository(state, fullName)
  if (other && other !== repository) throw refusal(422, `${fullName} exists already`)
  if (from === owner) throw refusal(422, `${fullName} is where the repository is`)
  const before = [...state.installations.values()].filter(
    (one) => !one.deleted && one.repositoryIds.has(repository.id) && one.account === from,
  )
  repository.owner = owner
  repository.collaborators.delete(owner.login.toLowerCase())
  if (from.type === "User") repository.collaborators.set(from.login.toLowerCase(), { account: from, role: "write" })
  repository.updatedAt = isoNow(state)
  state.repositoryIdsByName.set(fullName.toLowerCase(), repository.id)
  for (const installation of before) changeInstalledRepositories(state, installation, { removed: [repository] })
  coverRepository(state, repository)
  const was = from.organization ? { organization: organizationView(state, from) } : { user: accountView(state, from) }
  const payload = { changes: { owner: { from: was } } }
  emit(state, { event: "repository", action: "transferred", repository, sender: actor.account, payload })
}
