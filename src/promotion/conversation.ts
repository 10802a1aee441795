import type { Actor, EntryDraft } from "../ledger/entry.ts"
import { parseCommands, type Command } from "./command.ts"
import type { ConfigInForce, PromotionConfig } from "./config.ts"
import { isAskedAfter, type Pause } from "./pause.ts"
import { authorise, type Role } from "./permission.ts"
import type { Need } from "./snapshot.ts"
import { foldPauses } from "./state.ts"

/** A comment that has not been answered yet. */
export type CommentAsk = {
  key: string
  commentId: number
  /** Pull request or issue it was made on. */
  number: number
  onPullRequest: boolean
  body: string
  actor: Actor
  actorIsBot: boolean
  /** The delivery that told it, `delivery:<GUID>`. */
  cause: string | null
}

/** One thing a reply has to say; the words are made in `report/`. */
export type ReplyPart =
  | { kind: "denied"; command: Command["name"]; needs: Role; has: Role; why: "role" | "bot" }
  | { kind: "nothing-to-resume" }
  | { kind: "still-paused"; pauses: readonly Pause[] }
  /** The command was overtaken by pauses that were asked for after it. */
  | { kind: "paused-since"; pauses: readonly Pause[]; lifted: number }

/** The answer to one comment: a reaction always, a reply only when there is something to say. */
export type Answer = { reaction: "+1" | "-1" | "confused"; reply: readonly ReplyPart[] }

/** Everything a decision about the unanswered comments on one issue or pull request may use. */
export type ConversationSnapshot = {
  nowMs: number
  number: number
  /** Null: never read; nothing can be decided without it. */
  config: ConfigInForce | null
  /** In the order they were made. */
  comments: readonly CommentAsk[]
  pauses: readonly Pause[]
  /** Pause labels on pull requests are lifted by taking them off, not by a command; those still on. */
  labelledNumbers: ReadonlySet<number>
  roles: ReadonlyMap<string, Role>
}

/** What is to be done about the comments. With `needs` there is nothing else in it. */
export type ConversationPlan = {
  needs: readonly Need[]
  entries: readonly EntryDraft[]
  /** Answer by the ask's key; null where the comment holds no command. */
  answers: ReadonlyMap<string, Answer | null>
  pausesChanged: boolean
}

/** Decides about all unanswered comments, oldest first. Pure and total. */
export function decideConversation(snapshot: ConversationSnapshot): ConversationPlan {
  const empty: ConversationPlan = { needs: [], entries: [], answers: new Map(), pausesChanged: false }
  if (snapshot.comments.length === 0) return empty
  const asked = snapshot.comments.map((comment) => ({ comment, commands: parseCommands(comment.body) }))
  const logins = new Set(asked.flatMap(({ comment, commands }) => (commands.length > 0 ? [comment.actor.login] : [])))
  const unknown = [...logins].filter((login) => !snapshot.roles.has(login))
  if (logins.size > 0 && snapshot.config === null) return { ...empty, needs: [{ kind: "sight" }] }
  if (unknown.length > 0) return { ...empty, needs: unknown.map((login) => ({ kind: "role", login })) }
  const answers = new Map<string, Answer | null>()
  const entries: EntryDraft[] = []
  let pauses = snapshot.pauses
  for (const { comment, commands } of asked) {
    if (commands.length === 0 || snapshot.config === null) {
      answers.set(comment.key, null)
      continue
    }
    const outcome = runCommands({ snapshot, comment, commands, config: snapshot.config.config, pauses })
    answers.set(comment.key, outcome.answer)
    entries.push(...outcome.entries)
    pauses = outcome.pauses
  }
  const pausesChanged = entries.some((entry) => entry.type === "promotion_pause_changed")
  return { needs: [], entries, answers, pausesChanged }
}

type Run = {
  snapshot: ConversationSnapshot
  comment: CommentAsk
  commands: readonly Command[]
  config: PromotionConfig
  pauses: readonly Pause[]
}

type Outcome = { answer: Answer; entries: EntryDraft[]; pauses: readonly Pause[] }

function runCommands(run: Run): Outcome {
  const entries: EntryDraft[] = []
  const reply: ReplyPart[] = []
  let { pauses } = run
  for (const [place, command] of run.commands.entries()) {
    const step = runCommand({ ...run, pauses }, { command, place })
    entries.push(...step.entries)
    reply.push(...step.reply)
    for (const entry of step.entries) pauses = foldPauses(pauses, { ...entry, occurredAtMs: run.snapshot.nowMs })
  }
  const denied = reply.some((part) => part.kind === "denied")
  const reaction = denied ? "-1" : reply.some(isInVain) ? "confused" : "+1"
  return { answer: { reaction, reply }, entries, pauses }
}

function isInVain(part: ReplyPart): boolean {
  return part.kind === "nothing-to-resume" || (part.kind === "paused-since" && part.lifted === 0)
}

type Step = { entries: EntryDraft[]; reply: readonly ReplyPart[] }

function runCommand(run: Run, { command, place }: { command: Command; place: number }): Step {
  const { snapshot, comment, config } = run
  const key = `${comment.key}:${place}`
  const common = {
    runId: null,
    actor: comment.actor,
    pullRequest: comment.number,
    sha: null,
    branch: null,
    cause: comment.cause,
  }
  const needs = config.commands["pause-promotion"]
  const has = snapshot.roles.get(comment.actor.login) ?? "none"
  const effect = command.name === "pause-promotion" ? "tightens" : "loosens"
  const allowed = authorise({ actorIsBot: comment.actorIsBot, has, needs, effect })
  if (!allowed.allowed) {
    const payload = { command: command.name, comment_id: comment.commentId, needs, has }
    const denied: EntryDraft = { ...common, key: `${key}:denied`, type: "command_denied", payload }
    return { entries: [denied], reply: [{ kind: "denied", command: command.name, needs, has, why: allowed.why }] }
  }
  const received: EntryDraft = {
    ...common,
    key: `${key}:received`,
    type: "command_received",
    payload: { command: command.name, comment_id: comment.commentId },
  }
  const change = command.name === "pause-promotion" ? pause(run, { command, key }) : resume(run, { command, key })
  return { entries: [received, ...change.entries], reply: change.reply }
}

type Change = { command: Command; key: string }

function pause(run: Run, change: Change): Step {
  return {
    entries: [pauseEntry(run, { ...change, id: change.key, scope: "repository", source: "command" })],
    reply: [],
  }
}

/**
 * Ends every pause of the repository, and those of this pull request that no label holds any more.
 *
 * Named race: *the overtaken resume*. Webhooks overtake each other; a resume that arrives late ends only what was
 * asked for before it, since whoever gave it did not know of a later pause.
 */
function resume(run: Run, change: Change): Step {
  const { comment, pauses, snapshot } = run
  const over = pauses.filter((held) => held.scope === "repository" || held.number === comment.number)
  const later = over.filter((held) => isAskedAfter(held, comment.commentId))
  const liftable = over.filter(
    (held) => !later.includes(held) && (held.source === "command" || !snapshot.labelledNumbers.has(comment.number)),
  )
  const entries = liftable.map((held) => {
    const { id, scope, source } = held
    return pauseEntry(run, { command: change.command, key: `${change.key}:${id}`, id, scope, source })
  })
  const labelled = over.filter((held) => !liftable.includes(held) && !later.includes(held))
  const reply: ReplyPart[] = [
    ...(over.length === 0 ? [{ kind: "nothing-to-resume" } as const] : []),
    ...(labelled.length > 0 ? [{ kind: "still-paused", pauses: labelled } as const] : []),
    ...(later.length > 0 ? [{ kind: "paused-since", pauses: later, lifted: liftable.length } as const] : []),
  ]
  return { entries, reply }
}

type PauseChange = Change & Pick<Pause, "id" | "scope" | "source">

function pauseEntry(run: Run, change: PauseChange): EntryDraft {
  const { comment } = run
  return {
    key: `${change.key}:pause`,
    type: "promotion_pause_changed",
    runId: null,
    actor: comment.actor,
    pullRequest: comment.number,
    sha: null,
    branch: null,
    cause: comment.cause,
    payload: {
      change: change.command.name === "pause-promotion" ? "paused" : "resumed",
      pause_id: change.id,
      scope: change.scope,
      source: change.source,
      reason: change.command.reason,
    },
  }
}
