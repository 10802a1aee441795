/** What follows from a ref that moved: `push`, `create` and `delete` events, pull requests that follow their branch. */
import { contains } from "../comparison.ts"
import { isAncestor, log } from "../git-history.ts"
import { readCommit, readTag } from "../git-object.ts"
import { readRef } from "../git-ref.ts"
import { emit, hasListeners } from "../hooks.ts"
import { isoNow } from "../state.ts"
import type { Actor, PullRequest, Repository, World } from "../state.ts"
import { pushCommitView } from "../view/commit.ts"
import { pushRepositoryView, repositoryPage } from "../view/repository.ts"
import { closePull, recordMerge, synchronizePull } from "./pull.ts"
import { ensureSuites } from "./suite.ts"

/** A move of a full ref name. `before` null: it is new; `after` null: it is gone. */
export type RefMove = { ref: string; before: string | null; after: string | null }

const nothing = "0".repeat(40)

/** Call this after a branch or tag has moved in git, whoever moved it. */
export async function refMoved(world: World, actor: Actor, move: RefMove): Promise<void> {
  if (move.before === move.after) return
  world.repository.pushedAt = isoNow(world.state)
  announceBirthOrDeath(world, actor, move)
  await emitPush(world, actor, move)
  if (!move.ref.startsWith("refs/heads/")) return
  const branch = move.ref.slice("refs/heads/".length)
  if (move.after) await ensureSuites(world, actor, { sha: move.after, branch, before: move.before })
  await followHead(world, actor, { branch, isGone: move.after === null })
  if (move.after) await closeLanded(world, actor, { branch, tip: move.after })
  else await closeOrphans(world, actor, branch)
}

async function emitPush(world: World, actor: Actor, move: RefMove): Promise<void> {
  const { state, repository } = world
  if (!hasListeners(state, repository, "push")) return
  const { before, after, ref } = move
  const peeled = after ? ((await readTag(repository.store, after))?.object ?? after) : undefined
  const headCommit = peeled ? await readCommit(repository.store, peeled) : undefined
  const commits = await newCommits(repository, move)
  const page = repositoryPage(state, repository)
  const payload = {
    repository: pushRepositoryView(state, repository),
    ref,
    before: before ?? nothing,
    after: after ?? nothing,
    created: before === null,
    deleted: after === null,
    forced: await isForced(repository, move),
    base_ref: null,
    compare: `${page}/compare/${(before ?? nothing).slice(0, 12)}...${(after ?? nothing).slice(0, 12)}`,
    commits: await Promise.all(commits.map((commit) => pushCommitView(state, repository, commit))),
    head_commit: headCommit ? await pushCommitView(state, repository, headCommit) : null,
    pusher: { name: actor.account.login, email: actor.account.email },
  }
  emit(state, { event: "push", repository, sender: actor.account, payload })
}

/** Commits this push brought, oldest first; for a new branch those the default branch lacks. */
async function newCommits(repository: Repository, move: RefMove) {
  if (!move.after || move.ref.startsWith("refs/tags/")) return []
  const defaultTip = await readRef(repository.store, `refs/heads/${repository.defaultBranch}`)
  const notIn = move.before ?? (defaultTip === move.after ? undefined : defaultTip)
  const commits = await log(repository.store, { from: move.after, ...(notIn ? { notIn } : {}), limit: 2048 })
  return commits.toReversed()
}

async function isForced(repository: Repository, move: RefMove): Promise<boolean> {
  if (!move.before || !move.after) return false
  return !(await isAncestor(repository.store, move.before, move.after))
}

function announceBirthOrDeath(world: World, actor: Actor, move: RefMove): void {
  const { state, repository } = world
  const kind = move.ref.startsWith("refs/tags/") ? "tag" : "branch"
  const common = { ref: move.ref.replace(/^refs\/(heads|tags)\//, ""), ref_type: kind, pusher_type: "user" }
  if (move.before === null) {
    const payload = { ...common, master_branch: repository.defaultBranch, description: repository.description }
    emit(state, { event: "create", repository, sender: actor.account, payload })
  }
  if (move.after === null) emit(state, { event: "delete", repository, sender: actor.account, payload: common })
}

/** Open pull requests of any repository follow their head branch; they are closed when it is gone. */
async function followHead(world: World, actor: Actor, head: { branch: string; isGone: boolean }): Promise<void> {
  const { state, repository } = world
  for (const base of state.repositories.values()) {
    const following = openPulls(base).filter(
      (pull) => pull.headRepository === repository && pull.headRef === head.branch,
    )
    for (const pull of following) {
      if (head.isGone) await closePull({ state, repository: base }, actor, pull)
      else await synchronizePull({ state, repository: base }, actor, pull)
    }
  }
}

/** A pull request whose head reached its base branch by a push counts as merged. */
async function closeLanded(world: World, actor: Actor, base: { branch: string; tip: string }): Promise<void> {
  const { repository } = world
  for (const pull of openPulls(repository)) {
    if (pull.baseRef !== base.branch) continue
    if (!(await contains(repository.store, base.tip, pull.headSha))) continue
    await recordMerge(world, actor, { pull, sha: base.tip, onto: null })
  }
}

/** Nothing can be merged into a branch that is gone. */
async function closeOrphans(world: World, actor: Actor, branch: string): Promise<void> {
  for (const pull of openPulls(world.repository)) {
    if (pull.baseRef === branch) await closePull(world, actor, pull)
  }
}

function openPulls(repository: Repository): PullRequest[] {
  return [...repository.pulls.values()].filter((pull) => pull.issue.state === "open")
}
