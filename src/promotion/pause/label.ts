import { systemActor, type Actor, type EntryDraft } from "../../ledger/entry.ts"
import { clip } from "../../lib/clip.ts"
import type { PromotionConfig } from "../config/config.ts"
import type { IssueFact, PullRequestFact } from "../fact.ts"
import type { IssueChange } from "../hearsay.ts"
import { issuePauseId, labelPauseId, pausePayload, type Pause } from "./pause.ts"
import { authorise, isAgentAccount, type Role } from "../permission.ts"
import type { LabelAsk, Need, Snapshot } from "../gate/snapshot.ts"

/** Why a change of the pause label counts for nothing; its author is told in a comment. */
export type LabelDenial = {
  on: boolean
  actor: Actor
  needs: Role
  has: Role
  why: "role" | "bot"
  /** On an issue: how it came; `label` when the label itself was changed. */
  issue?: IssueChange | "label"
}

/** What follows from the pause label as it stands now: nothing, a question first, or an entry. */
export type LabelDecision = {
  needs: Need | null
  entry: EntryDraft | null
  answered: string | null
  denied: LabelDenial | null
}

const nothing: LabelDecision = { needs: null, entry: null, answered: null, denied: null }

/** What is known of the label, and of who changed it. */
type Known = Pick<Snapshot, "pauses" | "labelAsks" | "roles" | "sight" | "nowMs">

/** Whether the label holds now, and the pause that is to hold with it. */
type LabelInput = {
  on: boolean
  held: Pick<Pause, "id" | "scope" | "source" | "branch" | "untilMs">
  reason: string | null
  place: Pick<EntryDraft, "runId" | "pullRequest" | "sha" | "branch">
  config: PromotionConfig
  snapshot: Known
}

/** Whether a label is among these; GitHub takes names that differ only in case for one. */
export function isLabelled(labels: readonly string[], label: string): boolean {
  return labels.some((one) => one.toLowerCase() === label.toLowerCase())
}

const byLabel = { source: "label", branch: null, untilMs: null } as const

/** Brings the pause of a pull request in line with the label on it. */
export function decideLabel(input: {
  pullRequest: PullRequestFact
  config: PromotionConfig
  snapshot: Known
  runId: string | null
}): LabelDecision {
  const { pullRequest, config, snapshot, runId } = input
  const { number, labels, headSha, baseRef } = pullRequest
  return decideSwitch({
    on: isLabelled(labels, config.pause.label),
    held: { ...byLabel, id: labelPauseId(number), scope: "pull-request" },
    reason: null,
    place: { runId, pullRequest: number, sha: headSha, branch: baseRef },
    config,
    snapshot,
  })
}

/** Longest reason kept, in UTF-16 units. */
const limitReason = 300

/** Brings the pause of the repository in line with the label on an open issue; its title says why. */
export function decideIssueLabel(input: { issue: IssueFact; config: PromotionConfig; snapshot: Known }): LabelDecision {
  const { issue, config, snapshot } = input
  const title = clip(issue.title.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim(), limitReason).trim()
  return decideSwitch({
    on: issue.open && isLabelled(issue.labels, config.pause.label),
    held: { ...byLabel, id: issuePauseId(issue.number), scope: "repository" },
    reason: title === "" ? null : title,
    place: { runId: null, pullRequest: issue.number, sha: null, branch: null },
    config,
    snapshot,
  })
}

/**
 * Brings a pause in line with its label.
 *
 * The one who set or took off the label must have the permission now. Whoever set it unseen, the pause holds; taken
 * off unseen, it holds as well: a gate that cannot tell stays shut. But an account that is gone pauses no repository:
 * templates let anybody open an issue with a label.
 */
function decideSwitch(input: LabelInput): LabelDecision {
  const { on, held, snapshot } = input
  const holds = snapshot.pauses.some((pause) => pause.id === held.id)
  if (on === holds) return nothing
  const ask = askBehind(snapshot.labelAsks, on)
  if (ask?.answered === true) return nothing
  if (ask !== null && ask.actor === null && held.scope === "repository") return nothing
  if (ask === null || ask.actor === null) return decideUnseen(input, on)
  const has = snapshot.roles.get(ask.actor.login)
  if (has === undefined) return { ...nothing, needs: { kind: "role", login: ask.actor.login } }
  return decideSeen(input, { ask, actor: ask.actor, has })
}

/** Webhook and timeline may tell one change a little apart in time. */
const sameChangeMs = 5000

/**
 * The change that led to the label being on (or off): the newest one that way, unless a later one went the other way,
 * for then the change that matters was never told. Answered if it, or its other telling, was.
 */
function askBehind(asks: readonly LabelAsk[], on: boolean): LabelAsk | null {
  const ask = asks.find((one) => one.on === on)
  const opposite = asks.find((one) => one.on !== on)
  if (ask === undefined || (opposite !== undefined && opposite.atMs > ask.atMs)) return null
  const tellings = asks.filter((one) => one.on === on && ask.atMs - one.atMs <= sameChangeMs)
  const answered = tellings.some((one) => one.answered && one.actor?.login === ask.actor?.login)
  const between = opposite !== undefined && ask.atMs - opposite.atMs <= sameChangeMs
  return { ...ask, answered: ask.answered || (answered && !between) }
}

function decideUnseen(input: LabelInput, on: boolean): LabelDecision {
  if (input.snapshot.sight === "none") return { ...nothing, needs: { kind: "sight" } }
  if (!on) return nothing
  const key = `unseen:${input.held.id}:${input.snapshot.nowMs}`
  return { ...nothing, entry: pauseEntry(input, { on, actor: systemActor, key, cause: null }) }
}

function decideSeen(input: LabelInput, seen: { ask: LabelAsk; actor: Actor; has: Role }): LabelDecision {
  const { ask, actor, has } = seen
  const { agents, commands } = input.config
  const needs = commands[ask.on ? "pause-promotion" : "resume-promotion"]
  const isAgent = isAgentAccount({ login: actor.login, bot: ask.actorIsBot }, agents.logins)
  const answer = authorise({ isAgent, has, needs, effect: ask.on ? "tightens" : "loosens" })
  if (answer.allowed) {
    const entry = pauseEntry(input, { on: ask.on, actor, key: ask.key, cause: ask.cause })
    return { ...nothing, entry, answered: ask.key }
  }
  const onIssue: Pick<LabelDenial, "issue"> = input.held.scope === "repository" ? { issue: ask.by ?? "label" } : {}
  const entry: EntryDraft = {
    ...input.place,
    cause: ask.cause,
    key: `${ask.key}:denied`,
    type: "command_denied",
    actor,
    payload: { command: commandOf(ask), comment_id: null, needs, has },
  }
  return {
    ...nothing,
    entry,
    answered: ask.key,
    denied: { ...onIssue, on: ask.on, actor, needs, has, why: answer.why },
  }
}

/** A change of the label as the ledger names it, where it names commands. */
function commandOf({ on, by }: LabelAsk): string {
  if (by !== null) return `issue-${by}`
  return on ? "label-set" : "label-removed"
}

type LabelChange = { on: boolean; actor: Actor; key: string; cause: string | null }

function pauseEntry({ held, place, reason }: LabelInput, change: LabelChange): EntryDraft {
  return {
    ...place,
    cause: change.cause,
    key: `${change.key}:pause`,
    type: "promotion_pause_changed",
    actor: change.actor,
    payload: pausePayload(held, change.on ? { change: "paused", reason } : { change: "resumed", reason: null }),
  }
}
