import { barred, entitled, operatorRole, type ApproverInput, type NotCounted } from "../review/approval.ts"
import type { Command } from "./command-arguments.ts"
import { deniedEntry, noStep, receivedEntry, type Run, type Step } from "./run.ts"
import type { Approver } from "../config/config-rules.ts"
import { configKey, rulesForBranch } from "../config/config.ts"
import type { EffectDraft } from "../merge/effect.ts"
import { promotionOf, type OpenPromotion } from "./open-promotion.ts"
import { whyOutdated } from "./press.ts"
import { isAgentAccount } from "../permission.ts"
import type { ReplyPart } from "./reply.ts"
import type { Need } from "../gate/snapshot.ts"
import { touchesConfig } from "../config/proposal.ts"
import { needsChange } from "../gate/verdict.ts"

type Approve = Extract<Command, { name: "approve" }>
type Reject = Extract<Command, { name: "reject" }>

/**
 * Approves the change at its head. Named race: *the push behind the comment*. A bare `/approve` is of what its author
 * saw, so a head that is as new as the comment, or newer, is not approved by it; nor is, by any, a base that is.
 */
export function approve(run: Run, command: Approve): Step {
  const found = promotionOf(run, command.name)
  if ("step" in found) return found.step
  const { pullRequest, rules, journal } = found.open
  // A change of the gate's own config may need an operator's approval wherever it goes.
  if (!needsChange(rules)) {
    const { change } = approverInput(run, found.open)
    if (change === null) return asks([{ kind: "change" }])
    if (!touchesConfig(change)) return says({ kind: "nothing-to-approve", baseRef: pullRequest.baseRef })
  }
  const answer = mayApprove(run, found.open)
  if (answer !== null) return typeof answer === "string" ? denied(run, { command, why: answer }) : asks(answer)
  const entries = [receivedEntry(run, command)]
  const fault = whyNotThis(run, command, found.open)
  if (fault !== null) return { entries, reply: [fault] }
  const { change } = approverInput(run, found.open)
  journal.add({
    key: `${run.key}:approved`,
    type: "approved",
    runId: journal.runId,
    actor: run.comment.actor,
    pullRequest: pullRequest.number,
    sha: pullRequest.headSha,
    branch: pullRequest.baseRef,
    cause: run.comment.cause,
    payload: {
      approval_id: run.key,
      source: sourceOf(run),
      patch_id: change?.patchId ?? null,
      config: run.snapshot.config === null ? null : configKey(run.snapshot.config),
    },
  })
  return { entries: [...entries, ...journal.entries], reply: [] }
}

function sourceOf({ comment }: Run): "command" | "button" {
  return comment.press === undefined ? "command" : "button"
}

/** Why this comment, or button, does not approve this head. */
function whyNotThis({ snapshot, comment }: Run, { sha }: Approve, open: OpenPromotion): ReplyPart | null {
  if (comment.press !== undefined) return whyOutdated(comment.press, open)
  const { headSha, baseRef } = open.pullRequest
  if (comment.commentId !== null && snapshot.voided.has(comment.commentId)) return { kind: "comment-changed" }
  // Into another branch it is another change, whichever commit is named.
  if ((snapshot.retargetedAtMs ?? 0) >= comment.atMs) return { kind: "base-is-newer", baseRef }
  if (sha !== null) return headSha.startsWith(sha) ? null : { kind: "not-the-head", said: sha, headSha }
  const since = snapshot.head?.sha === headSha ? snapshot.head.atMs : Number.POSITIVE_INFINITY
  return since < comment.atMs ? null : { kind: "push-is-newer", headSha }
}

/**
 * Ends the promotion and closes the pull request. Whoever may approve at some level may reject, and so may those who
 * had a hand in the change: their word opens nothing here. An agent may not.
 */
export function reject(run: Run, command: Reject): Step {
  const found = promotionOf(run, command.name)
  if ("step" in found) return found.step
  const { comment, config } = run
  const isAgent = isAgentAccount({ login: comment.actor.login, bot: comment.actorIsBot }, config.agents.logins)
  if (isAgent) return denied(run, { command, why: "agent" })
  const answer = entitled(comment.actor.login, approversOf(run), run.snapshot)
  if (answer === false) return denied(run, { command, why: "not-entitled" })
  if (answer !== true) return asks(answer)
  const { pullRequest, journal } = found.open
  journal.add({
    key: `${run.key}:rejected`,
    type: "rejected",
    runId: journal.runId,
    actor: comment.actor,
    pullRequest: pullRequest.number,
    sha: pullRequest.headSha,
    branch: pullRequest.baseRef,
    cause: comment.cause,
    payload: { reason: command.reason, comment_id: comment.commentId },
  })
  const entries = [receivedEntry(run, command), ...journal.entries]
  return { entries, reply: [], effects: effectsOfRejection(run, found.open) }
}

function effectsOfRejection(run: Run, { pullRequest, journal }: OpenPromotion): EffectDraft[] {
  const { config, snapshot, key } = run
  const { headRef, headSha, fork } = pullRequest
  const { runId } = journal
  const close: EffectDraft = { key: `${key}:1`, runId, deed: { kind: "close-pull-request" } }
  const protectedBranch =
    headRef === snapshot.defaultBranch ||
    rulesForBranch(config, { name: headRef, defaultBranch: snapshot.defaultBranch }) !== undefined
  if (!config.review.delete_rejected_branch || fork || protectedBranch) return [close]
  return [close, { key: `${key}:2`, runId, deed: { kind: "delete-branch", branch: headRef, sha: headSha } }]
}

/** Everybody whose approval counts at some level of risk, and operators. */
function approversOf({ config }: Run): Approver[] {
  const { low, medium, high } = config.review
  return [...[low, medium, high].flatMap(({ from }) => from), { kind: "role", role: operatorRole }]
}

/** Null: yes. Until the change is read, nobody can be told apart from one of its committers. */
function mayApprove(run: Run, open: OpenPromotion): NotCounted | readonly Need[] | null {
  const { comment, config } = run
  const input = approverInput(run, open)
  const bar = barred(comment.actor, input)
  if (bar !== null) return bar
  // Besides apps, what an app posts in a person's name is none of that person's word.
  if (isAgentAccount({ login: comment.actor.login, bot: comment.actorIsBot }, config.agents.logins)) return "agent"
  const answer = entitled(comment.actor.login, approversOf(run), input)
  if (answer === false) return "not-entitled"
  const needs: Need[] = input.change === null ? [{ kind: "change" }] : []
  if (answer !== true) needs.push(...answer)
  return needs.length === 0 ? null : needs
}

function approverInput({ snapshot, config }: Run, { pullRequest }: OpenPromotion): ApproverInput {
  const { change, head, roles, teams } = snapshot
  const known = change?.headSha === pullRequest.headSha && change.baseRef === pullRequest.baseRef ? change : null
  const pusher = head?.sha === pullRequest.headSha ? head.pusher : null
  return { pullRequest, pusher, change: known, agents: config.agents, roles, teams }
}

function denied(run: Run, { command, why }: { command: Approve | Reject; why: NotCounted }): Step {
  const entry = deniedEntry(run, command, { needs: "approver", has: why })
  return { entries: [entry], reply: [{ kind: "may-not-judge", command: command.name, why }] }
}

function says(part: ReplyPart): Step {
  return { ...noStep, reply: [part] }
}

function asks(needs: readonly Need[]): Step {
  return { ...noStep, needs }
}
