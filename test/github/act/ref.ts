/** Refs moved through the API or by a person's push, under branch protection. */
import { isAdmin } from "../access.ts"
import { refusal } from "../api.ts"
import { readCommit, readObject } from "../git-object.ts"
import { deleteRef, isValidRefName, readRef, updateRef } from "../git-ref.ts"
import type { Actor, World } from "../state.ts"
import { protectionProblems } from "./protection.ts"
import { refMoved } from "./push.ts"
import { refuseWorkflowChange } from "./workflow.ts"

/** Makes a ref; 422 when it exists, its name is bad or the object is missing. Emits `create` and `push`. */
export async function createRef(world: World, actor: Actor, plan: { ref: string; sha: string }): Promise<void> {
  const { store } = world.repository
  if (!isValidRefName(plan.ref))
    throw refusal(422, "Reference name must start with 'refs/' and contain at least two slashes.")
  if (!(await readObject(store, plan.sha))) throw refusal(422, "Object does not exist")
  if (plan.ref.startsWith("refs/heads/") && !(await readCommit(store, plan.sha)))
    throw refusal(422, "Reference update failed")
  const outcome = await updateRef(store, { ref: plan.ref, to: plan.sha, expectedOld: null })
  if (outcome !== "ok") throw refusal(422, "Reference already exists")
  await refMoved(world, actor, { ref: plan.ref, before: null, after: plan.sha })
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
  const { store } = world.repository
  const before = await readRef(store, ref)
  if (!before) throw refusal(422, "Reference does not exist")
  if (!(await readObject(store, sha))) throw refusal(422, "Object does not exist")
  if (ref.startsWith("refs/heads/")) {
    refuseByProtection(world, actor, plan)
    await refuseWorkflowChange(world, actor, { from: before, to: sha })
  }
  const outcome = await updateRef(store, { ref, to: sha, expectedOld: before, force })
  if (outcome === "moved") throw refusal(409, "Reference cannot be updated: is at another commit than expected")
  if (outcome === "not-fast-forward") throw refusal(422, "Update is not a fast forward")
  await refMoved(world, actor, { ref, before, after: sha })
}

/** Deletes a ref; 422 when it is missing or protected. Emits `delete` and `push`. */
export async function removeRef(world: World, actor: Actor, ref: string): Promise<void> {
  const { repository } = world
  const before = await readRef(repository.store, ref)
  if (!before) throw refusal(422, "Reference does not exist")
  const protection = repository.protections.get(ref.replace("refs/heads/", ""))
  if (protection && !protection.allowDeletions) throw refusal(422, "Cannot delete this protected branch")
  await deleteRef(repository.store, ref)
  await refMoved(world, actor, { ref, before, after: null })
}

/** Throws the 422 for a direct push that branch protection forbids. */
export function refuseByProtection(
  world: World,
  actor: Actor,
  push: { ref: string; sha: string; force: boolean },
): void {
  const { repository } = world
  const branch = push.ref.slice("refs/heads/".length)
  const protection = repository.protections.get(branch)
  if (!protection) return
  const isHeld = protection.enforceAdmins || !isAdmin(repository, actor)
  if (push.force && !protection.allowForcePushes && isHeld) throw refusal(422, "Cannot force-push to this branch")
  const [problem] = protectionProblems(repository, { branch, sha: push.sha, actor })
  if (problem !== undefined) throw refusal(422, problem)
}
