/** Refs moved through the API or by a person's push, under branch protection. */
import { isAdmin } from "../access.ts"
import { refusal } from "../api.ts"
import { readCommit, readObject } from "../git-object.ts"
import { isAncestor } from "../git-history.ts"
import { deleteRef, isValidRefName, readRef, updateRef } from "../git-ref.ts"
import type { Actor, World } from "../state.ts"
import { refMoved } from "./push.ts"
import { changeRefusal, landingRefusal } from "./rules.ts"
import { refuseNewWorkflows, refuseWorkflowChange } from "./workflow.ts"

/** A ref to move. `before`: where it is, null for a new one; `after`: where to, null to delete it. */
export type RefPlan = { ref: string; before: string | null; after: string | null; force: boolean }

/** Makes a ref; 422 when it exists, its name is bad or the object is missing. Emits `create` and `push`. */
export async function createRef(world: World, actor: Actor, plan: { ref: string; sha: string }): Promise<void> {
  await changeRef(world, actor, { ref: plan.ref, before: null, after: plan.sha, force: false })
}

/**
 * Moves a ref; 422 when it is missing, the move is no fast-forward and not forced, or protection forbids it.
 * https://docs.github.com/en/rest/git/refs#update-a-reference
 */
export async function moveRef(
  world: World,
  actor: Actor,
  plan: { ref: string; sha: string; force: boolean },
): Promise<void> {
  const { ref, sha, force } = plan
  const before = await readRef(world.repository.store, ref)
  if (!before) throw refusal(422, "Reference does not exist")
  await changeRef(world, actor, { ref, before, after: sha, force })
}

/** Deletes a ref; 422 when it is missing or protected. Emits `delete` and `push`. */
export async function removeRef(world: World, actor: Actor, ref: string): Promise<void> {
  const before = await readRef(world.repository.store, ref)
  if (!before) throw refusal(422, "Reference does not exist")
  await changeRef(world, actor, { ref, before, after: null, force: false })
}

async function changeRef(world: World, actor: Actor, plan: RefPlan): Promise<void> {
  await judgeRefChange(world, actor, plan)
  await applyRefChange(world, actor, plan)
}

/** Throws what GitHub has against a change of a ref: a bad name, a missing object, a rule, no fast-forward. */
export async function judgeRefChange(world: World, actor: Actor, plan: RefPlan): Promise<void> {
  const { repository } = world
  const { ref, before, after, force } = plan
  if (!isValidRefName(ref))
    throw refusal(422, "Reference name must start with 'refs/' and contain at least two slashes.")
  const isBranch = ref.startsWith("refs/heads/")
  if (after === null) {
    refuseDeletion(world, actor, ref)
    return
  }
  if (!(await readObject(repository.store, after))) throw refusal(422, "Object does not exist")
  if (isBranch && !(await readCommit(repository.store, after))) throw refusal(422, "Reference update failed")
  if (before === null) {
    if (await readRef(repository.store, ref)) throw refusal(422, "Reference already exists")
    refuseNewRef(world, actor, ref)
    if (isBranch) await refuseNewWorkflows(world, actor, after)
    return
  }
  const isForced = !(await isAncestor(repository.store, before, after))
  if (isBranch) {
    refuseByProtection(world, actor, { ref, sha: after, force: force && isForced })
    await refuseWorkflowChange(world, actor, { from: before, to: after })
  } else refuseTagMove(world, actor, ref)
  if (isForced && !force) throw refusal(422, "Update is not a fast forward")
}

/** Makes a change of a ref that was judged, with all that follows; 409 when the ref has moved meanwhile. */
export async function applyRefChange(world: World, actor: Actor, plan: RefPlan): Promise<void> {
  const { store } = world.repository
  const { ref, before, after, force } = plan
  if (after === null) await deleteRef(store, ref)
  else {
    const outcome = await updateRef(store, { ref, to: after, expectedOld: before, force: force || before === null })
    if (outcome === "moved" && before === null) throw refusal(422, "Reference already exists")
    if (outcome !== "ok") throw refusal(409, "Reference cannot be updated: is at another commit than expected")
  }
  await refMoved(world, actor, { ref, before, after })
}

function refuseDeletion({ repository }: World, actor: Actor, ref: string): void {
  const protection = repository.protections.get(ref.replace("refs/heads/", ""))
  if (protection && !protection.allowDeletions) throw refusal(422, "Cannot delete this protected branch")
  refuse(changeRefusal(repository, { ref, actor, kind: "delete" }))
  if (ref === `refs/heads/${repository.defaultBranch}`) throw refusal(422, "Cannot delete the default branch")
}

function refuseTagMove({ repository }: World, actor: Actor, ref: string): void {
  refuse(changeRefusal(repository, { ref, actor, kind: "move-tag" }))
  refuse(changeRefusal(repository, { ref, actor, kind: "force" }))
}

/** Throws the 422 for a new branch or tag that a ruleset forbids. Checks are not asked of it: only the push is judged. */
export function refuseNewRef({ repository }: World, actor: Actor, ref: string): void {
  refuse(changeRefusal(repository, { ref, actor, kind: "create" }))
}

/** Throws the 422 for a direct push that branch protection or a ruleset forbids. `force`: it is no fast-forward. */
export function refuseByProtection(
  world: World,
  actor: Actor,
  push: { ref: string; sha: string; force: boolean },
): void {
  const { repository } = world
  const branch = push.ref.slice("refs/heads/".length)
  const protection = repository.protections.get(branch)
  const isHeld = protection && (protection.enforceAdmins || !isAdmin(repository, actor))
  if (push.force && isHeld && !protection.allowForcePushes) throw refusal(422, "Cannot force-push to this branch")
  const forced = push.force ? changeRefusal(repository, { ref: push.ref, actor, kind: "force" }) : undefined
  refuse(forced ?? landingRefusal(repository, { branch, sha: push.sha, actor }))
}

function refuse(problem: string | undefined): void {
  if (problem !== undefined) throw refusal(422, problem)
}
