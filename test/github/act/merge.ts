/** The merge button, with GitHub's refusals. https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request */
import { isAtLeast, roleOf } from "../access.ts"
import { refusal } from "../api.ts"
import { compareCommits } from "../comparison.ts"
import { mergePullRequest } from "../git-merge.ts"
import { deleteRef, readRef, updateRef } from "../git-ref.ts"
import type { Actor, MergeMethod, PullRequest, World } from "../state.ts"
import { recordMerge } from "./pull.ts"
import { isBehind, protectionProblems } from "./protection.ts"
import { refMoved } from "./push.ts"
import { refuseWorkflowChange } from "./workflow.ts"

/** A merge to make. `sha`: refuse unless the head is still this. Title and message default as on GitHub. */
export type MergePlan = {
  pull: PullRequest
  method: MergeMethod
  sha?: string | undefined
  title?: string | undefined
  message?: string | undefined
}

const methodNames = { merge: "Merge commits", squash: "Squash merges", rebase: "Rebase merges" }

/**
 * Lands a pull request and returns the new tip of the base branch. Refuses with 405 (draft, closed, conflict,
 * protection, method not allowed), 409 (head moved) or 403. Emits `pull_request.closed` and `push`.
 */
export async function mergePull(world: World, actor: Actor, plan: MergePlan): Promise<string> {
  const { repository, state } = world
  const { pull } = plan
  const baseTip = await readRef(repository.store, `refs/heads/${pull.baseRef}`)
  if (!baseTip) throw refusal(405, "Pull Request is not mergeable")
  refuseByState(world, plan)
  await refuseByRules(world, actor, { plan, baseTip })
  const author = { name: actor.account.name, email: actor.account.email, date: state.clock.now() }
  const merged = await mergePullRequest(repository.store, {
    base: baseTip,
    head: pull.headSha,
    method: plan.method,
    message: await commitMessage(world, plan, baseTip),
    author:
      plan.method === "squash" ? { ...author, name: pull.issue.author.name, email: pull.issue.author.email } : author,
    committer: { name: "GitHub", email: "noreply@github.com", date: state.clock.now() },
  })
  if ("conflict" in merged) throw refusal(405, "Pull Request has merge conflicts")
  const ref = `refs/heads/${pull.baseRef}`
  const outcome = await updateRef(repository.store, { ref, to: merged.sha, expectedOld: baseTip, force: true })
  if (outcome !== "ok") throw refusal(405, "Base branch was modified. Review and try the merge again.")
  await recordMerge(world, actor, { pull, sha: merged.sha })
  await refMoved(world, actor, { ref, before: baseTip, after: merged.sha })
  await deleteHeadIfWanted(world, actor, pull)
  return merged.sha
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
  const problems = protectionProblems(repository, { branch: pull.baseRef, sha: pull.headSha, actor, pull })
  const [first] = problems
  if (first !== undefined) {
    throw refusal(
      405,
      problems.length > 1 ? `${problems.length} of the rules are not met: ${problems.join(" ")}` : first,
    )
  }
  if (await isBehind(repository, pull, merge.baseTip)) {
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

async function deleteHeadIfWanted(world: World, actor: Actor, pull: PullRequest): Promise<void> {
  const { repository } = world
  if (!repository.deleteBranchOnMerge || pull.headRepository !== repository) return
  const ref = `refs/heads/${pull.headRef}`
  if (await deleteRef(repository.store, ref)) await refMoved(world, actor, { ref, before: pull.headSha, after: null })
}
