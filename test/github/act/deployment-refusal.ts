/** What keeps GitHub from making a deployment: the ref is behind the default branch, or its checks did not pass. */
import { refusal } from "../api.ts"
import { contains } from "../comparison.ts"
import { readRef } from "../git-ref.ts"
import type { Actor, Repository, World } from "../state.ts"
import { latestRuns } from "../view/check.ts"
import { deployableSha } from "./deployment.ts"
import { mergeInto } from "./merge-branch.ts"

/**
 * Merges the default branch into a branch that is behind it, and tells so: no deployment is made then. 409 for a
 * conflict, and for a tag or SHA that is behind, into which nothing can be merged. Undefined when nothing is behind.
 */
export async function mergeDefaultInto(world: World, actor: Actor, ref: string): Promise<string | undefined> {
  const { store, defaultBranch } = world.repository
  const sha = await deployableSha(world, ref)
  const tip = await readRef(store, `refs/heads/${defaultBranch}`)
  if (!tip || (await contains(store, sha, tip))) return undefined
  const branch = ref.replace(/^refs\/heads\//, "")
  const isBranch = (await readRef(store, `refs/heads/${branch}`)) !== undefined
  const message = `Merge ${defaultBranch} into ${branch}`
  const merged = isBranch ? await mergeInto(world, actor, { branch, headSha: tip, message }) : "conflict"
  if (merged === "conflict") throw refusal(409, `Conflict merging ${defaultBranch} into ${ref}.`)
  return merged === "contained" ? undefined : `Auto-merged ${defaultBranch} into ${ref} on deployment.`
}

/** 409 unless these contexts, or all that were ever reported on the commit, are successful: skipped is not. */
export async function refuseByContexts(
  world: World,
  wanted: { ref: string; contexts: readonly string[] | undefined },
): Promise<void> {
  const reported = contextsOf(world.repository, await deployableSha(world, wanted.ref))
  const contexts = wanted.contexts
    ? wanted.contexts.flatMap((context) => {
        const own = reported.filter((one) => one.context === context)
        return own.length > 0 ? own : [{ context, state: "pending" }]
      })
    : reported
  if (contexts.every(({ state }) => state === "success")) return
  throw refusal(409, `Conflict: Commit status checks failed for ${wanted.ref}.`, [
    { contexts, resource: "Deployment", field: "required_contexts", code: "invalid" },
  ])
}

/** Commit statuses by context and check runs by name, the newest of each. */
function contextsOf(repository: Repository, sha: string): { context: string; state: string }[] {
  const statuses = repository.statuses.filter((status) => status.sha === sha)
  const newest = [...new Map(statuses.map((status) => [status.context, status])).values()]
  const runs = latestRuns(repository.checkRuns.filter((run) => run.headSha === sha))
  return [
    ...newest.map(({ context, state }) => ({ context, state })),
    ...runs.map(({ name, status, conclusion }) => ({
      context: name,
      state: status === "completed" ? (conclusion ?? "pending") : "pending",
    })),
  ]
}
