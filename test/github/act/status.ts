/** Commit statuses. */
import { refusal } from "../api.ts"
import { readCommit } from "../git-object.ts"
import { listRefs } from "../git-ref.ts"
import { emit } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { fullNameOf } from "../access.ts"
import { contains } from "../comparison.ts"
import { activeRules } from "./rules.ts"
import { isoNow } from "../state.ts"
import type { Actor, CommitStatus, World } from "../state.ts"
import { hookCommitView } from "../view/commit.ts"
import { repositoryUrl } from "../view/repository.ts"

/** A commit status to set; context defaults to `default`. */
export type StatusPlan = {
  sha: string
  state: CommitStatus["state"]
  context?: string | undefined
  description?: string | null | undefined
  targetUrl?: string | null | undefined
}

/** Sets a status; 422 when there is no such commit. Emits `status`. */
export async function setStatus(world: World, actor: Actor, plan: StatusPlan): Promise<CommitStatus> {
  const { state, repository } = world
  const commit = await readCommit(repository.store, plan.sha)
  if (!commit) throw refusal(422, `No commit found for SHA: ${plan.sha}`)
  const now = isoNow(state)
  const status: CommitStatus = {
    ...freshIds("SC"),
    sha: plan.sha,
    state: plan.state,
    context: plan.context ?? "default",
    description: plan.description ?? null,
    targetUrl: plan.targetUrl ?? null,
    creator: actor.account,
    app: actor.app,
    createdAt: now,
    updatedAt: now,
  }
  repository.statuses.push(status)
  const payload = {
    id: status.id,
    sha: status.sha,
    name: fullNameOf(repository),
    avatar_url: `${state.urls.html}/avatars/${actor.account.id}?v=4`,
    target_url: status.targetUrl,
    context: status.context,
    description: status.description,
    state: status.state,
    commit: hookCommitView(state, repository, commit),
    branches: await branchesWith(world, plan.sha),
    created_at: now,
    updated_at: now,
  }
  emit(state, { event: "status", repository, sender: actor.account, payload })
  return status
}

/** Branches that contain a commit, ten at most. */
async function branchesWith(world: World, sha: string) {
  const { repository, state } = world
  const found = []
  for (const tip of await listRefs(repository.store, "refs/heads/")) {
    if (found.length === 10 || !(await contains(repository.store, tip.sha, sha))) continue
    const name = tip.ref.slice("refs/heads/".length)
    const url = `${repositoryUrl(state, repository)}/commits/${tip.sha}`
    found.push({
      name,
      commit: { sha: tip.sha, url },
      protected: repository.protections.has(name) || activeRules(repository, name).length > 0,
    })
  }
  return found
}
