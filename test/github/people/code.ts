/** Commits, branches and tags, as people push them. */
import { refusal } from "../api.ts"
import { createRef, moveRef, refuseByProtection, refuseNewRef, removeRef } from "../act/ref.ts"
import { refMoved } from "../act/push.ts"
import { readCommit, writeTag } from "../git-object.ts"
import { isAncestor } from "../git-history.ts"
import { deleteRef, readRef, setRef } from "../git-ref.ts"
import { commitFiles, readFile as fileAt, resolveRevision } from "../git-tree.ts"
import type { FileContent } from "../git-tree.ts"
import type { Actor, GitHubState, World } from "../state.ts"
import { actorIn, worldOf } from "./who.ts"
import type { By, In } from "./who.ts"

/** Files to commit; `null` deletes. `parents`: other parents than the branch's tip, which is a force push then. */
export type NewCommit = By & {
  branch?: string
  files: Record<string, FileContent>
  message?: string
  parents?: string[]
}

/** Commits and pushes (default branch if none is named). A branch that is not there starts at the default branch. */
export async function commit(state: GitHubState, args: NewCommit): Promise<{ sha: string }> {
  const world = worldOf(state, args)
  const actor = actorIn(world, args, "write")
  return { sha: await pushFiles(world, actor, args) }
}

/** The same for whoever may; used by acts that commit on the way. */
export async function pushFiles(world: World, actor: Actor, args: Omit<NewCommit, "repo" | "by">): Promise<string> {
  const { store, defaultBranch } = world.repository
  const branch = args.branch ?? defaultBranch
  const ref = `refs/heads/${branch}`
  const before = (await readRef(store, ref)) ?? null
  const start = before ?? (await readRef(store, `refs/heads/${defaultBranch}`))
  const parents = args.parents ?? (start ? [start] : [])
  const sha = await commitFiles(store, {
    branch,
    files: args.files,
    parents,
    message: args.message ?? `Change ${Object.keys(args.files).join(", ")}`,
    author: { name: actor.account.name, email: actor.account.email, date: world.state.clock.now() },
  })
  const force = before !== null && !(await isAncestor(store, before, sha))
  try {
    if (before === null) refuseNewRef(world, actor, ref)
    else refuseByProtection(world, actor, { ref, sha, force })
  } catch (error) {
    if (before === null) await deleteRef(store, ref)
    else setRef(store, ref, before)
    throw error
  }
  await refMoved(world, actor, { ref, before, after: sha })
  return sha
}

/** Makes a branch at a branch, tag or SHA (the default branch). */
export async function createBranch(
  state: GitHubState,
  args: By & { branch: string; from?: string },
): Promise<{ sha: string }> {
  const world = worldOf(state, args)
  const sha = await requireRevision(world, args.from ?? world.repository.defaultBranch)
  await createRef(world, actorIn(world, args, "write"), { ref: `refs/heads/${args.branch}`, sha })
  return { sha }
}

/** Moves a branch to any commit, by force if told so. */
export async function pushBranch(
  state: GitHubState,
  args: By & { branch: string; to: string; force?: boolean },
): Promise<{ sha: string }> {
  const world = worldOf(state, args)
  const sha = await requireRevision(world, args.to)
  const actor = actorIn(world, args, "write")
  await moveRef(world, actor, { ref: `refs/heads/${args.branch}`, sha, force: args.force ?? false })
  return { sha }
}

/** Deletes a branch; open pull requests from it are closed. */
export async function deleteBranch(state: GitHubState, args: By & { branch: string }): Promise<void> {
  const world = worldOf(state, args)
  await removeRef(world, actorIn(world, args, "write"), `refs/heads/${args.branch}`)
}

/** Sets a tag; annotated when a message is given. An existing one is moved, by force. */
export async function tag(
  state: GitHubState,
  args: By & { name: string; at: string; message?: string },
): Promise<{ sha: string }> {
  const world = worldOf(state, args)
  const actor = actorIn(world, args, "write")
  const { store } = world.repository
  const object = await requireRevision(world, args.at)
  const tagger = { name: actor.account.name, email: actor.account.email, date: state.clock.now() }
  const sha =
    args.message === undefined
      ? object
      : await writeTag(store, { object, type: "commit", tag: args.name, message: args.message, tagger })
  const ref = `refs/tags/${args.name}`
  if (await readRef(store, ref)) await moveRef(world, actor, { ref, sha, force: true })
  else await createRef(world, actor, { ref, sha })
  return { sha }
}

/** Deletes a tag. */
export async function deleteTag(state: GitHubState, args: By & { name: string }): Promise<void> {
  const world = worldOf(state, args)
  await removeRef(world, actorIn(world, args, "write"), `refs/tags/${args.name}`)
}

/** Text of a file at a branch, tag or SHA (the default branch); undefined when it is not there. */
export async function readFile(
  state: GitHubState,
  args: In & { path: string; at?: string },
): Promise<{ text: string } | undefined> {
  const { repository } = worldOf(state, args)
  const file = await fileAt(repository.store, args.at ?? repository.defaultBranch, args.path)
  return file && { text: file.bytes.toString() }
}

/** The commit a branch, tag or SHA names. */
export async function resolve(state: GitHubState, args: In & { revision: string }): Promise<{ sha: string }> {
  return { sha: await requireRevision(worldOf(state, args), args.revision) }
}

async function requireRevision(world: World, revision: string): Promise<string> {
  const sha = await resolveRevision(world.repository.store, revision)
  if (!sha || !(await readCommit(world.repository.store, sha))) throw refusal(404, `No commit ${revision}`)
  return sha
}
