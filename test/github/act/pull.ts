/** Pull requests: opened, edited, pushed to, closed, and the events each of these sends. */
import { invalidField, refusal } from "../api.ts"
import { contains } from "../comparison.ts"
import { fetchFrom } from "../git.ts"
import { readRef, setRef } from "../git-ref.ts"
import { emit, hasListeners } from "../hooks.ts"
import { freshIds } from "../ids.ts"
import { isoNow } from "../state.ts"
import type { Account, Actor, Issue, PullRequest, Repository, World } from "../state.ts"
import { fullNameOf, isAtLeast, roleOf } from "../access.ts"
import { accountView } from "../view/account.ts"
import { pullView } from "../view/pull.ts"
import { newIssue, recordIssueEvent } from "./issue-record.ts"
import { peekMergeability } from "./mergeability.ts"
import { ensureSuites } from "./suite.ts"

/** A pull request to open. `headRepository` differs from the base's for a fork. */
export type PullPlan = {
  title: string
  body: string | null
  headRepository: Repository
  headRef: string
  baseRef: string
  draft: boolean
}

/** Opens a pull request; 422 when a branch is missing, nothing differs, or one is open already. Emits `opened`. */
export async function openPull(world: World, actor: Actor, plan: PullPlan): Promise<PullRequest> {
  const { repository } = world
  const baseSha = await readRef(repository.store, `refs/heads/${plan.baseRef}`)
  const headSha = await readRef(plan.headRepository.store, `refs/heads/${plan.headRef}`)
  if (!baseSha) throw invalidField("PullRequest", "base")
  if (!headSha) throw invalidField("PullRequest", "head")
  refuseSecondPull(repository, plan)
  await bringHead(repository, plan.headRepository, { headRef: plan.headRef, number: repository.nextNumber })
  if (await contains(repository.store, baseSha, headSha)) {
    const message = `No commits between ${plan.baseRef} and ${plan.headRef}`
    throw invalidField("PullRequest", "base", message)
  }
  const issue = newIssue(world, actor, { title: plan.title, body: plan.body })
  const pull = newPull(issue, plan, { headSha, baseSha })
  repository.pulls.set(pull.number, pull)
  await emitPull(world, actor, { pull, action: "opened" })
  if (plan.headRepository !== repository) await ensureSuites(world, actor, { sha: headSha, branch: null, before: null })
  return pull
}

function newPull(issue: Issue, plan: PullPlan, tips: { headSha: string; baseSha: string }): PullRequest {
  return {
    ...freshIds("PR"),
    number: issue.number,
    issue,
    headRepository: plan.headRepository,
    headRef: plan.headRef,
    baseRef: plan.baseRef,
    ...tips,
    draft: plan.draft,
    mergedAt: null,
    mergedBy: null,
    mergeCommitSha: null,
    landedOn: null,
    autoMerge: null,
    requestedReviewers: [],
    maintainerCanModify: false,
    mergeability: undefined,
  }
}

function refuseSecondPull(repository: Repository, plan: PullPlan): void {
  const twin = [...repository.pulls.values()].find(
    (pull) =>
      pull.issue.state === "open" &&
      pull.headRepository === plan.headRepository &&
      pull.headRef === plan.headRef &&
      pull.baseRef === plan.baseRef,
  )
  if (!twin) return
  const head = `${plan.headRepository.owner.login}:${plan.headRef}`
  const message = `A pull request already exists for ${head}.`
  throw refusal(422, "Validation Failed", [{ resource: "PullRequest", code: "custom", message }])
}

/** Copies the head branch into `refs/pull/N/head` of the base repository. */
async function bringHead(repository: Repository, from: Repository, head: { headRef: string; number: number }) {
  const target = `refs/pull/${head.number}/head`
  if (from !== repository) {
    await fetchFrom(repository.store, from.store, `+refs/heads/${head.headRef}:${target}`)
    return
  }
  const sha = await readRef(repository.store, `refs/heads/${head.headRef}`)
  if (sha) setRef(repository.store, target, sha)
}

/**
 * Takes auto-merge off a pull request that has it. Emits `auto_merge_disabled` with the reason. Besides by request, it
 * ends with the closing, and when somebody without write access changes what would be merged.
 */
export async function dropAutoMerge(
  world: World,
  actor: Actor,
  change: { pull: PullRequest; reason: string },
): Promise<void> {
  const { pull, reason } = change
  if (!pull.autoMerge) return
  pull.autoMerge = null
  await emitPull(world, actor, { pull, action: "auto_merge_disabled", extra: { reason } })
}

async function distrust(world: World, actor: Actor, change: { pull: PullRequest; reason: string }): Promise<void> {
  if (actor.app || isAtLeast(roleOf(world.repository, actor.account), "write")) return
  await dropAutoMerge(world, actor, change)
}

/** Follows a push to the head branch. Emits `synchronize` with `before` and `after`. */
export async function synchronizePull(world: World, actor: Actor, pull: PullRequest): Promise<void> {
  const { repository } = world
  const before = pull.headSha
  const after = await readRef(pull.headRepository.store, `refs/heads/${pull.headRef}`)
  if (!after || after === before) return
  await bringHead(repository, pull.headRepository, pull)
  pull.headSha = after
  pull.baseSha = (await readRef(repository.store, `refs/heads/${pull.baseRef}`)) ?? pull.baseSha
  pull.issue.updatedAt = isoNow(world.state)
  await emitPull(world, actor, { pull, action: "synchronize", extra: { before, after } })
  await distrust(world, actor, { pull, reason: "Head branch was pushed to by a user without write access" })
  if (pull.headRepository !== repository) await ensureSuites(world, actor, { sha: after, branch: null, before })
}

/** Title, body or base; only what is given changes. Emits `edited` with the old values. */
export async function editPull(
  world: World,
  actor: Actor,
  edit: { pull: PullRequest; title?: string; body?: string | null; base?: string },
): Promise<void> {
  const { pull } = edit
  const changes: Record<string, unknown> = {}
  if (edit.title !== undefined && edit.title !== pull.issue.title) {
    changes["title"] = { from: pull.issue.title }
    pull.issue.title = edit.title
  }
  if (edit.body !== undefined && edit.body !== pull.issue.body) {
    changes["body"] = { from: pull.issue.body ?? "" }
    pull.issue.body = edit.body
  }
  if (edit.base !== undefined && edit.base !== pull.baseRef) {
    const baseSha = await readRef(world.repository.store, `refs/heads/${edit.base}`)
    if (!baseSha) throw invalidField("PullRequest", "base")
    changes["base"] = { ref: { from: pull.baseRef }, sha: { from: pull.baseSha } }
    Object.assign(pull, { baseRef: edit.base, baseSha })
    recordIssueEvent(world, actor, { issueNumber: pull.number, event: "base_ref_changed" })
  }
  if (Object.keys(changes).length === 0) return
  pull.issue.updatedAt = isoNow(world.state)
  await emitPull(world, actor, { pull, action: "edited", extra: { changes } })
  if (changes["base"])
    await distrust(world, actor, { pull, reason: "Base branch was changed by a user without write access" })
}

/** Closes without merging. Emits `closed`; does nothing when it is closed. */
export async function closePull(world: World, actor: Actor, pull: PullRequest): Promise<void> {
  if (pull.issue.state === "closed") return
  shut(world, actor, pull)
  await dropAutoMerge(world, actor, { pull, reason: "Pull request was closed" })
  await emitPull(world, actor, { pull, action: "closed" })
}

/** Opens again; 422 when it was merged. Emits `reopened`. */
export async function reopenPull(world: World, actor: Actor, pull: PullRequest): Promise<void> {
  if (pull.issue.state === "open") return
  if (pull.mergedAt) throw invalidField("PullRequest", "state", "state cannot be changed. The pull request was merged.")
  Object.assign(pull.issue, { state: "open", closedAt: null, closedBy: null, updatedAt: isoNow(world.state) })
  recordIssueEvent(world, actor, { issueNumber: pull.number, event: "reopened" })
  await emitPull(world, actor, { pull, action: "reopened" })
}

/** Draft or ready. Emits `converted_to_draft` or `ready_for_review`. */
export async function setDraft(
  world: World,
  actor: Actor,
  change: { pull: PullRequest; draft: boolean },
): Promise<void> {
  const { pull, draft } = change
  if (pull.draft === draft) return
  pull.draft = draft
  pull.issue.updatedAt = isoNow(world.state)
  await emitPull(world, actor, { pull, action: draft ? "converted_to_draft" : "ready_for_review" })
}

/**
 * Records that a pull request landed as `sha`, on top of `onto` if GitHub itself landed it. Emits `closed` with
 * `merged: true`. The branch has moved already.
 */
export async function recordMerge(
  world: World,
  actor: Actor,
  merge: { pull: PullRequest; sha: string; onto: string | null },
): Promise<void> {
  const { pull, sha, onto } = merge
  const mergedAt = isoNow(world.state)
  Object.assign(pull, { mergedAt, mergedBy: actor.account, mergeCommitSha: sha, landedOn: onto, autoMerge: null })
  recordIssueEvent(world, actor, { issueNumber: pull.number, event: "merged", commitSha: sha })
  shut(world, actor, pull)
  await emitPull(world, actor, { pull, action: "closed" })
}

function shut(world: World, actor: Actor, pull: PullRequest): void {
  const closedAt = isoNow(world.state)
  Object.assign(pull.issue, { state: "closed", closedAt, closedBy: actor.account, updatedAt: closedAt })
  recordIssueEvent(world, actor, { issueNumber: pull.number, event: "closed" })
}

/** Asks somebody for a review. Emits `review_requested`. */
export async function requestReview(
  world: World,
  actor: Actor,
  ask: { pull: PullRequest; reviewer: Account },
): Promise<void> {
  ask.pull.requestedReviewers.push(ask.reviewer)
  const extra = { requested_reviewer: accountView(world.state, ask.reviewer) }
  await emitPull(world, actor, { pull: ask.pull, action: "review_requested", extra })
}

/** Sends one `pull_request` event with the pull request as it is now. */
export async function emitPull(
  world: World,
  actor: Actor,
  happened: { pull: PullRequest; action: string; extra?: Record<string, unknown> },
): Promise<void> {
  const { state, repository } = world
  if (!hasListeners(state, repository, "pull_request")) return
  const { pull, action, extra } = happened
  const shown = await pullView(world, pull, await peekMergeability(world, pull))
  const payload = { number: pull.number, pull_request: shown, ...extra }
  emit(state, { event: "pull_request", action, repository, sender: actor.account, payload })
}

/** `owner:branch` as the API names heads, or `owner:branch` of the given repository when no owner is named. */
export function headLabel(repository: Repository, head: string): { owner: string; ref: string } {
  const colon = head.indexOf(":")
  if (colon === -1) return { owner: repository.owner.login, ref: head }
  return { owner: head.slice(0, colon), ref: head.slice(colon + 1) }
}

/** The repository a head label means: this one, or the fork of that owner. */
export function headRepositoryOf(world: World, owner: string): Repository | undefined {
  const { state, repository } = world
  if (owner.toLowerCase() === repository.owner.login.toLowerCase()) return repository
  return [...state.repositories.values()].find(
    (other) => other.forkOf === repository && fullNameOf(other).toLowerCase().startsWith(`${owner.toLowerCase()}/`),
  )
}
