import { systemActor, type Actor, type EntryDraft } from "../ledger/entry.ts"
import type { PromotionConfig } from "./config.ts"
import type { PullRequestFact } from "./fact.ts"
import { labelPauseId } from "./pause.ts"
import { authorise, type Role } from "./permission.ts"
import type { LabelAsk, Need, Snapshot } from "./snapshot.ts"

/** What follows from the pause label as it stands now: nothing, a question first, or an entry. */
export type LabelDecision = { needs: Need | null; entry: EntryDraft | null; answered: string | null }

const nothing: LabelDecision = { needs: null, entry: null, answered: null }

type LabelInput = { pullRequest: PullRequestFact; config: PromotionConfig; snapshot: Snapshot; runId: string | null }

/** Whether a label is among these; GitHub takes names that differ only in case for one. */
export function isLabelled(labels: readonly string[], label: string): boolean {
  return labels.some((one) => one.toLowerCase() === label.toLowerCase())
}

/**
 * Brings the pause in line with the label on the pull request.
 *
 * The one who set or took off the label must have the permission now. Whoever set it unseen, the pause holds; taken
 * off unseen, it holds as well: a gate that cannot tell stays shut.
 */
export function decideLabel(input: LabelInput): LabelDecision {
  const { pullRequest, config, snapshot } = input
  const on = isLabelled(pullRequest.labels, config.pause.label)
  const holds = snapshot.pauses.some((pause) => pause.id === labelPauseId(pullRequest.number))
  if (on === holds) return nothing
  const ask = askBehind(snapshot.labelAsks, on)
  if (ask?.answered === true) return nothing
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
  const key = `unseen:${input.pullRequest.number}:${input.snapshot.nowMs}`
  return { ...nothing, entry: pauseEntry(input, { on, actor: systemActor, key, cause: null }) }
}

function decideSeen(input: LabelInput, seen: { ask: LabelAsk; actor: Actor; has: Role }): LabelDecision {
  const { ask, actor, has } = seen
  const needs = input.config.commands["pause-promotion"]
  const effect = ask.on ? "tightens" : "loosens"
  const answer = authorise({ actorIsBot: ask.actorIsBot, has, needs, effect })
  if (answer.allowed)
    return {
      needs: null,
      entry: pauseEntry(input, { on: ask.on, actor, key: ask.key, cause: ask.cause }),
      answered: ask.key,
    }
  const entry: EntryDraft = {
    ...place(input),
    cause: ask.cause,
    key: `${ask.key}:denied`,
    type: "command_denied",
    actor,
    payload: { command: ask.on ? "label-set" : "label-removed", comment_id: null, needs, has },
  }
  return { needs: null, entry, answered: ask.key }
}

type LabelChange = { on: boolean; actor: Actor; key: string; cause: string | null }

function pauseEntry(input: LabelInput, change: LabelChange): EntryDraft {
  return {
    ...place(input),
    cause: change.cause,
    key: `${change.key}:pause`,
    type: "promotion_pause_changed",
    actor: change.actor,
    payload: {
      change: change.on ? "paused" : "resumed",
      pause_id: labelPauseId(input.pullRequest.number),
      scope: "pull-request",
      source: "label",
      reason: null,
    },
  }
}

function place(input: LabelInput) {
  const { pullRequest } = input
  return {
    runId: input.runId,
    pullRequest: pullRequest.number,
    sha: pullRequest.headSha,
    branch: pullRequest.baseRef,
    cause: null,
  }
}
