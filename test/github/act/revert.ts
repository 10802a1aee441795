/** GitHub's "Revert" button. https://docs.github.com/en/graphql/reference/mutations#revertpullrequest */
import { refusal } from "../api.ts"
import { diffFiles } from "../git-diff.ts"
import { revertCommit } from "../git-merge.ts"
import type { Commit } from "../git-object.ts"
import { readRef } from "../git-ref.ts"
import type { Actor, PullRequest, World } from "../state.ts"
import { landedCommits } from "./landed.ts"
import { openPull } from "./pull.ts"
import { createRef } from "./ref.ts"
import { refuseWorkflowChange } from "./workflow.ts"

/** A revert to make. Title and body default as on GitHub. */
export type RevertPlan = { pull: PullRequest; title?: string | undefined; body?: string | undefined; draft: boolean }

const unable =
  "This pull request could not be reverted automatically. It may have already been reverted, or the content may have changed since it was merged."

/**
 * Takes back what a merged pull request brought: its commits reverted, newest first, on top of its base branch, on a
 * branch `revert-<number>-<head branch>`, and a pull request of that. 422 when it is not merged, cannot be reverted
 * without a conflict, nothing is left to revert, or there is such a branch. Emits what a new branch and pull request do.
 */
export async function revertPull(world: World, actor: Actor, plan: RevertPlan): Promise<PullRequest> {
  const { repository } = world
  const { pull } = plan
  if (pull.mergeCommitSha === null || pull.mergedAt === null) throw refusal(422, "Pull request is not merged")
  const tip = await readRef(repository.store, `refs/heads/${pull.baseRef}`)
  if (!tip) throw refusal(422, unable)
  const headRef = `revert-${pull.number}-${pull.headRef}`
  const ref = `refs/heads/${headRef}`
  if (await readRef(repository.store, ref)) throw refusal(422, `A ref named "${ref}" already exists in the repository.`)
  const sha = await revertOnto(world, actor, { pull, tip, commits: await commitsOf(world, pull) })
  if ((await diffFiles(repository.store, tip, sha)).length === 0) throw refusal(422, unable)
  await refuseWorkflowChange(world, actor, { from: tip, to: sha })
  await createRef(world, actor, { ref, sha })
  return openPull(world, actor, {
    title: plan.title ?? `Revert "${pull.issue.title}"`,
    body: plan.body ?? `Reverts ${repository.owner.login}/${repository.name}#${pull.number}`,
    headRepository: repository,
    headRef,
    baseRef: pull.baseRef,
    draft: plan.draft,
  })
}

/** The commits to revert; 422 for a pull request that was merged by hand without a merge commit, which tells nothing. */
async function commitsOf({ repository }: World, pull: PullRequest): Promise<Commit[]> {
  const landed = await landedCommits(repository, pull)
  const isKnown = landed.length > 0 && (pull.landedOn !== null || landed[0]?.parents[1] === pull.headSha)
  if (!isKnown) throw refusal(422, unable)
  return landed
}

async function revertOnto(
  { state, repository }: World,
  actor: Actor,
  revert: { pull: PullRequest; tip: string; commits: readonly Commit[] },
): Promise<string> {
  const author = { name: actor.account.name, email: actor.account.email, date: state.clock.now() }
  let onto = revert.tip
  for (const commit of revert.commits) {
    const [subject = ""] = commit.message.split("\n", 1)
    const made = await revertCommit(repository.store, {
      commit: commit.sha,
      onto,
      ...(commit.parents.length > 1 && { mainline: 1 }),
      author,
      message: `Revert "${subject}"\n\nThis reverts commit ${commit.sha}.`,
    })
    if ("conflict" in made) throw refusal(422, unable)
    onto = made.sha
  }
  return onto
}
