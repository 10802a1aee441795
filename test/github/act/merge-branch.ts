/** Merging a commit into a branch without a pull request. */
import { contains } from "../comparison.ts"
import { mergePullRequest } from "../git-merge.ts"
import { readRef, updateRef } from "../git-ref.ts"
import type { Actor, World } from "../state.ts"
import { refMoved } from "./push.ts"
import { refuseByProtection } from "./ref.ts"

/** Merges with a merge commit. The branch must exist; its protection holds. Emits `push`. */
export async function mergeInto(
  world: World,
  actor: Actor,
  plan: { branch: string; headSha: string; message: string },
): Promise<{ sha: string } | "contained" | "conflict"> {
  const { store } = world.repository
  const ref = `refs/heads/${plan.branch}`
  const tip = await readRef(store, ref)
  if (!tip) throw new Error(`No branch ${plan.branch} to merge into`)
  if (await contains(store, tip, plan.headSha)) return "contained"
  const author = { name: actor.account.name, email: actor.account.email, date: world.state.clock.now() }
  const { headSha: head, message } = plan
  const merged = await mergePullRequest(store, { base: tip, head, method: "merge", message, author })
  if ("conflict" in merged) return "conflict"
  refuseByProtection(world, actor, { ref, sha: merged.sha, force: false })
  const outcome = await updateRef(store, { ref, to: merged.sha, expectedOld: tip })
  if (outcome !== "ok") return "conflict"
  await refMoved(world, actor, { ref, before: tip, after: merged.sha })
  return merged
}
