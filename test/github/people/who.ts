/** Names to things, for the acts of people: who acts (`by`), where (`repo`), on what (`number`, `sha`, `pull`). */
import { accountOf, findRepository, isAtLeast, roleOf } from "../access.ts"
import { refuseArchived } from "../act/archive.ts"
import { refusal } from "../api.ts"
import { readRef } from "../git-ref.ts"
import type { Actor, App, GitHubState, Issue, PullRequest, Role, World } from "../state.ts"

/** Where an act happens: `owner/name`. */
export type In = { repo: string }

/** Who acts: a login; `slug[bot]` acts as that app. */
export type By = In & { by: string }

/** A commit, named by itself or as the head of a pull request. */
export type AtCommit = { sha?: string; pull?: number }

/** The repository of an act. Throws for one nobody made: a mistake in the test. */
export function worldOf(state: GitHubState, { repo }: In): World {
  const repository = findRepository(state, repo)
  if (!repository) throw refusal(404, `No repository ${repo} on the test GitHub`)
  return { state, repository }
}

/**
 * The acting person or app; 403 when a person's role on the repository is weaker than `wanted`, or when the repository is
 * archived.
 */
export function actorIn(world: World, args: { by: string }, wanted: Role): Actor {
  refuseArchived(world.repository)
  return keeperIn(world, args, wanted)
}

/** The same for acts on the repository itself, which an archived one takes, too. */
export function keeperIn(world: World, { by }: { by: string }, wanted: Role): Actor {
  const actor = actorNamed(world.state, by)
  if (actor.app || isAtLeast(roleOf(world.repository, actor.account), wanted)) return actor
  throw refusal(403, `${by} needs the role ${wanted} on ${world.repository.owner.login}/${world.repository.name}`)
}

/** A person, or an app by its bot's login. */
export function actorNamed(state: GitHubState, login: string): Actor {
  const account = accountOf(state, login)
  const app = [...state.apps.values()].find((one) => one.bot === account)
  return { account, app }
}

/** An app by slug. */
export function appNamed(state: GitHubState, slug: string): App {
  const app = [...state.apps.values()].find((one) => one.slug === slug)
  if (!app) throw refusal(404, `No app ${slug} on the test GitHub`)
  return app
}

/** A pull request by number. */
export function pullNumbered(world: World, number: number): PullRequest {
  const pull = world.repository.pulls.get(number)
  if (!pull) throw refusal(404, `No pull request ${number}`)
  return pull
}

/** An issue, or the issue half of a pull request. */
export function issueNumbered(world: World, number: number): Issue {
  const issue = world.repository.issues.get(number)
  if (!issue) throw refusal(404, `No issue ${number}`)
  return issue
}

/** The commit an act is about; the default branch's tip when none is named. */
export async function shaOf(world: World, at: AtCommit): Promise<string> {
  if (at.sha !== undefined) return at.sha
  if (at.pull !== undefined) return pullNumbered(world, at.pull).headSha
  const { store, defaultBranch } = world.repository
  const tip = await readRef(store, `refs/heads/${defaultBranch}`)
  if (!tip) throw refusal(404, `No branch ${defaultBranch}`)
  return tip
}
