/**
 * Landing wrongly, as GitHub's merge queue did on 2026-04-23: a squash commit stands on the right commit, but its tree was
 * merged upon an older one, so that what landed in between is undone. 2,092 pull requests landed so, all reported as merged.
 */
import { mergeBase } from "../git-history.ts"
import type { PullRequest, Repository } from "../state.ts"

/**
 * How landings on a branch go wrong. `onto`: the commit that trees are merged upon; null: where each pull request left the
 * base. `when`: `made` gives also a queue's groups the wrong tree; `moved` shows right ones to the checks, and makes
 * other commits in the moment when the branch moves.
 */
export type WrongLanding = { onto: string | null; when: "made" | "moved" }

const wrongs = new WeakMap<Repository, Map<string, WrongLanding>>()

/** Makes landings on a branch go wrong from now on; undefined: right again. */
export function setWrongLanding(repository: Repository, branch: string, wrong: WrongLanding | undefined): void {
  const known = wrongs.get(repository) ?? new Map<string, WrongLanding>()
  wrongs.set(repository, known)
  if (wrong) known.set(branch, wrong)
  else known.delete(branch)
}

/** How landings on a branch go wrong now; undefined when they do not. */
export function wrongLandingOf(repository: Repository, branch: string): WrongLanding | undefined {
  return wrongs.get(repository)?.get(branch)
}

/** The commit that the tree of a landing on `base` is merged upon: that one, unless landings go wrong. */
export async function treeBaseOf(
  repository: Repository,
  pull: PullRequest,
  landing: { base: string; isFinal: boolean },
): Promise<string> {
  const wrong = wrongLandingOf(repository, pull.baseRef)
  if (!wrong || (wrong.when === "moved" && !landing.isFinal)) return landing.base
  return wrong.onto ?? (await mergeBase(repository.store, landing.base, pull.headSha)) ?? landing.base
}
