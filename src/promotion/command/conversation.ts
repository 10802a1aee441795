import type { Actor, EntryDraft } from "../../ledger/entry.ts"
import { parseCommands } from "./command.ts"
import type { Said } from "./command-arguments.ts"
import { runCommand } from "./command-run.ts"
import { commandTable } from "./command-table.ts"
import { commandOf, type Press } from "./button.ts"
import type { Change } from "../change/change.ts"
import type { ConfigInForce } from "../config/config.ts"
import type { EffectDraft } from "../merge/effect.ts"
import type { HeadFact, PullRequestFact } from "../fact.ts"
import type { LaneEffectDraft } from "../lane/lane-deed.ts"
import { foldLanes, noLanes, type Rollback } from "../lane/lane-state.ts"
import type { Pause } from "../pause/pause.ts"
import type { LaneGround, NamedCommit } from "./rollback-command.ts"
import { isAgentAccount, type Role } from "../permission.ts"
import { answerOf, type Answer } from "./reply.ts"
import type { Run, Step } from "./run.ts"
import type { Need } from "../gate/snapshot.ts"
import { foldPauses, foldPromotion, type FoldableEntry, type PromotionState } from "../state.ts"

/** A comment, or a pressed button, that has not been answered yet. */
export type CommentAsk = {
  key: string
  /** Null where a button was pressed. */
  commentId: number | null
  /** The button, where one was pressed; its time is that of the delivery, and it has no body. */
  press?: Press
  /** Pull request or issue it was made on. */
  number: number
  onPullRequest: boolean
  /** When it was made, by GitHub's clock, which tells it to the second. */
  atMs: number
  body: string
  actor: Actor
  actorIsBot: boolean
  /** The delivery that told it, `delivery:<GUID>`. */
  cause: string | null
}

/** Everything a decision about the unanswered comments on one issue or pull request may use. */
export type ConversationSnapshot = {
  nowMs: number
  number: number
  /** Null: never read; nothing can be decided without it. */
  config: ConfigInForce | null
  /** In the order they were made. */
  comments: readonly CommentAsk[]
  pauses: readonly Pause[]
  /** Ids of pauses whose label is still on: that is lifted by taking it off, not by a command. */
  heldByLabel: ReadonlySet<string>
  /** Roles by login, and membership by `teamKey`, asked of GitHub in this pass. */
  roles: ReadonlyMap<string, Role>
  teams: ReadonlyMap<string, boolean>
  defaultBranch: string
  /** Null on an issue, or where nothing was heard of it yet. */
  pullRequest: PullRequestFact | null
  /** Whether the pull request was read from GitHub in this pass, at the head that is known now. */
  seen: boolean
  /** Whether GitHub knows it no more. */
  gone: boolean
  change: Change | null
  head: HeadFact | null
  /** When it was last made to go into another branch, milliseconds since 1970; null: never, or nobody told. */
  retargetedAtMs: number | null
  promotion: PromotionState | null
  /** Comments that were edited or deleted since they were made. */
  voided: ReadonlySet<number>
  /** The branch that a rollback would be of; null: nobody asks for one, or the branch is no promotion branch. */
  lane: LaneGround | null
  /** What GitHub says of commits and tags that were named, by what was said; null: it knows none of that name. */
  commits: ReadonlyMap<string, NamedCommit | null>
  /** UUIDv7 to be used if a promotion begins. */
  newRunId: string
}

/** What is to be done about the comments. With `needs` there is nothing else in it. */
export type ConversationPlan = {
  needs: readonly Need[]
  entries: readonly EntryDraft[]
  effects: readonly EffectDraft[]
  laneEffects: readonly LaneEffectDraft[]
  /** Answer by the ask's key; null where the comment holds no command. */
  answers: ReadonlyMap<string, Answer | null>
  pausesChanged: boolean
  /** Everything is to be read from GitHub again. */
  recheck: boolean
}

const idle: ConversationPlan = {
  needs: [],
  entries: [],
  effects: [],
  laneEffects: [],
  answers: new Map(),
  pausesChanged: false,
  recheck: false,
}

/** Decides about all unanswered comments, oldest first. Pure and total. */
export function decideConversation(snapshot: ConversationSnapshot): ConversationPlan {
  const asked = snapshot.comments.map((comment) => ({ comment, said: saidBy(comment) }))
  const { config } = snapshot
  if (asked.some(({ said }) => said.length > 0) && config === null) return { ...idle, needs: [{ kind: "sight" }] }
  const needs: Need[] = unknownRoles(snapshot, asked)
  const answers = new Map<string, Answer | null>()
  const steps: Step[] = []
  let { pauses, promotion, lane } = snapshot
  for (const { comment, said } of asked) {
    if (said.length === 0 || config === null) {
      answers.set(comment.key, null)
      continue
    }
    const outcome = answerComment({ snapshot, comment, config: config.config, pauses, promotion, lane }, said)
    answers.set(comment.key, outcome.answer)
    steps.push(...outcome.steps)
    ;({ pauses, promotion, lane } = outcome)
  }
  needs.push(...steps.flatMap((step) => step.needs ?? []))
  if (needs.length > 0) return { ...idle, needs: unique(needs) }
  const entries = steps.flatMap((step) => step.entries)
  return {
    needs: [],
    entries,
    effects: steps.flatMap((step) => step.effects ?? []),
    laneEffects: steps.flatMap((step) => step.laneEffects ?? []),
    answers,
    pausesChanged: entries.some((entry) => entry.type === "promotion_pause_changed"),
    recheck: steps.some((step) => step.recheck === true),
  }
}

function saidBy({ press, body }: CommentAsk): Said[] {
  return press === undefined ? parseCommands(body) : [{ kind: "command", command: commandOf(press) }]
}

type Asked = { comment: CommentAsk; said: readonly Said[] }

/** The role of everybody who gave a command that asks for one: once for each person. */
function unknownRoles({ roles }: ConversationSnapshot, asked: readonly Asked[]): Need[] {
  const logins = asked.flatMap(({ comment, said }) => (said.some(asksForRole) ? [comment.actor.login] : []))
  return [...new Set(logins)].filter((login) => !roles.has(login)).map((login) => ({ kind: "role", login }))
}

function asksForRole(said: Said): boolean {
  return said.kind === "command" && commandTable[said.command.name].role !== null
}

function unique(needs: readonly Need[]): Need[] {
  return [...new Map(needs.map((need) => [JSON.stringify(need), need])).values()]
}

type Answering = Omit<Run, "key">

type Outcome = { answer: Answer | null; steps: Step[] } & Pick<Run, "pauses" | "promotion" | "lane">

function answerComment(answering: Answering, said: readonly Said[]): Outcome {
  const { snapshot, comment, config } = answering
  const steps: Step[] = []
  let { pauses, promotion, lane } = answering
  // Two robots that hint at each other's words would never stop.
  const isAgent = isAgentAccount({ login: comment.actor.login, bot: comment.actorIsBot }, config.agents.logins)
  if (isAgent && said.every(({ kind }) => kind === "near-miss")) return { answer: null, steps, pauses, promotion, lane }
  for (const [place, one] of said.entries()) {
    const key = comment.press === undefined ? `${comment.key}:${place}` : comment.key
    const run: Run = { ...answering, pauses, promotion, lane, key }
    const step = one.kind === "command" ? runCommand(run, one.command) : { entries: [], reply: [one] }
    steps.push(step)
    for (const entry of step.entries) {
      const now = { ...entry, occurredAtMs: snapshot.nowMs }
      pauses = foldPauses(pauses, now)
      promotion = foldPromotion(ofRun(promotion, now.runId), now) ?? promotion
      lane = lane === null ? null : { ...lane, rollbacks: [...lanesAfter(lane, now).values()] }
    }
  }
  return { answer: answerOf(steps.flatMap((step) => step.reply)), steps, pauses, promotion, lane }
}

function lanesAfter({ rollbacks }: LaneGround, entry: FoldableEntry): ReadonlyMap<string, Rollback> {
  return foldLanes({ ...noLanes, rollbacks: new Map(rollbacks.map((one) => [one.id, one])) }, entry).rollbacks
}

/** An entry of another run begins a new promotion. */
function ofRun(promotion: PromotionState | null, runId: string | null): PromotionState | undefined {
  return promotion === null || (runId !== null && promotion.runId !== runId) ? undefined : promotion
}
