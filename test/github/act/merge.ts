/** The merge button, with GitHub's refusals. https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
import { isAtLeast, roleOf } from "../access.ts"
import { refusal } from "../api.ts"
import { compareCommits } from "../comparison.ts"
import { type Conflict, mergePullRequest } from "../git-merge.ts"
import { deleteRef, readRef, updateRef } from "../git-ref.ts"
import type { Actor, MergeMethod, PullRequest, World } from "../state.ts"
import { recordMerge } from "./pull.ts"
import { refMoved } from "./push.ts"
import { isBehind, landingRefusal } from "./rules.ts"
import { refuseWorkflowChange } from "./workflow.ts"
import { treeBaseOf } from "./wrong-landing.ts"

/**
 * A merge to make. `sha`: refuse unless the head is still this. Title and message default as on GitHub. `waits`: refuse
 * also what the actor might force through.
 */
export type MergePlan = {
  pull: PullRequest
  method: MergeMethod
  sha?: string | undefined
  title?: string | undefined
  message?: string | undefined
  waits?: boolean
}

const methodNames = { merge: "Merge commits", squash: "Squash merges", rebase: "Rebase merges" }

/**
 * Lands a pull request and returns the new tip of the base branch. Refuses with 405 (draft, closed, conflict,
 * protection, method not allowed), 409 (head moved) or 403. Emits `pull_request.closed` and `push`.
 */
export async function mergePull(world: World, actor: Actor, plan: MergePlan): Promise<string> {
  const { repository } = world
  const { pull } = plan
  const baseTip = await readRef(repository.store, `refs/heads/${pull.baseRef}`)
  if (!baseTip) throw refusal(405, "Pull Request is not mergeable")
  refuseByState(world, plan)
  await refuseByRules(world, actor, { plan, baseTip })
  const merged = await commitLanding(world, actor, { plan, base: baseTip, isFinal: true })
  if ("conflict" in merged) throw refusal(405, "Pull Request has merge conflicts")
  const ref = `refs/heads/${pull.baseRef}`
  const outcome = await updateRef(repository.store, { ref, to: merged.sha, expectedOld: baseTip, force: true })
  if (outcome !== "ok") throw refusal(405, "Base branch was modified. Review and try the merge again.")
  await recordMerge(world, actor, { pull, sha: merged.sha, onto: baseTip })
  await refMoved(world, actor, { ref, before: baseTip, after: merged.sha })
  await deleteHeadIfWanted(world, actor, pull)
  return merged.sha
}

/**
 * Makes the commits of a landing on `base` and moves no ref; the conflict if they cannot be made. Dated now, or `date`.
 * `isFinal`: the branch is to move to them at once.
 */
export async function commitLanding(
  world: World,
  actor: Actor,
  landing: { plan: MergePlan; base: string; isFinal: boolean; date?: Date },
): Promise<{ sha: string } | Conflict> {
  const { plan, base, date = world.state.clock.now() } = landing
  const { method, pull } = plan
  const { name, email } = method === "squash" ? pull.issue.author : actor.account
  return mergePullRequest(world.repository.store, {
    base,
    treeBase: await treeBaseOf(world.repository, pull, landing),
    head: pull.headSha,
    method,
    message: await commitMessage(world, plan, base),
    author: { name, email, date },
    committer: { name: "GitHub", email: "noreply@github.com", date },
  })
}

function refuseByState(world: World, plan: MergePlan): void {
  const { pull } = plan
  if (pull.mergedAt || pull.issue.state === "closed") throw refusal(405, "Pull Request is not mergeable")
  if (plan.sha !== undefined && plan.sha !== pull.headSha) {
    throw refusal(409, "Head branch was modified. Review and try the merge again.")
  }
  if (pull.draft) throw refusal(405, "Pull Request is still a draft")
  if (!world.repository.allowedMergeMethods.has(plan.method)) {
    throw refusal(405, `${methodNames[plan.method]} are not allowed on this repository.`)
  }
}

async function refuseByRules(world: World, actor: Actor, merge: { plan: MergePlan; baseTip: string }): Promise<void> {
  const { repository } = world
  const { pull } = merge.plan
  if (!actor.app && !isAtLeast(roleOf(repository, actor.account), "write")) {
    throw refusal(403, `Must have write access to merge this pull request.`)
  }
  const landing = { branch: pull.baseRef, sha: pull.headSha, actor, pull, waits: merge.plan.waits ?? false }
  const problem = landingRefusal(repository, landing)
  if (problem !== undefined) throw refusal(405, problem)
  if (await isBehind(repository, landing, merge.baseTip)) {
    throw refusal(405, "The head branch is not up to date with the base branch.")
  }
  await refuseWorkflowChange(world, actor, { from: merge.baseTip, to: pull.headSha })
}

async function commitMessage(world: World, plan: MergePlan, baseTip: string): Promise<string> {
  const { pull, method } = plan
  if (method === "rebase") return ""
  if (method === "merge") {
    const title =
      plan.title ?? `Merge pull request #${pull.number} from ${pull.headRepository.owner.login}/${pull.headRef}`
    return `${title}\n\n${plan.message ?? pull.issue.title}`.trim()
  }
  const { commits } = await compareCommits(world.repository.store, baseTip, pull.headSha)
  const list = commits.length > 1 ? commits.map((commit) => `* ${commit.message}`).join("\n\n") : ""
  return `${plan.title ?? `${pull.issue.title} (#${pull.number})`}\n\n${plan.message ?? list}`.trim()
}

/** Deletes the head branch of a landed pull request where the repository is set so. Emits `delete` and `push`. */
export async function deleteHeadIfWanted(world: World, actor: Actor, pull: PullRequest): Promise<void> {
  const { repository } = world
  if (!repository.deleteBranchOnMerge || pull.headRepository !== repository) return
  const ref = `refs/heads/${pull.headRef}`
  if (await deleteRef(repository.store, ref)) await refMoved(world, actor, { ref, before: pull.headSha, after: null })
}
