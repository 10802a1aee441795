import type { EntryDraft } from "../../ledger/entry.ts"
import type { Command, MisuseReason } from "./command-arguments.ts"
import { rulesForBranch } from "../config/config.ts"
import { isOwn } from "./button.ts"
import { isAskedAfter, isOver, pausePayload, type Pause } from "../pause/pause.ts"
import { pressedInVain } from "./press.ts"
import type { ReplyPart } from "./reply.ts"
import { noStep, receivedEntry, type Run, type Step } from "./run.ts"

type PauseCommand = Extract<Command, { name: "pause-promotion" }>
type ResumeCommand = Extract<Command, { name: "resume-promotion" }>

/**
 * Pauses the promotions of the repository, of one branch, or of this pull request. A pause with an end is counted from
 * the comment: late work does not make it longer.
 */
export function pause(run: Run, command: PauseCommand): Step {
  const inVain = pressedInVain(run, command)
  if (inVain !== null) return inVain
  const { comment, config, snapshot, key } = run
  const { name, branch, own, forMs, reason } = command
  const misuse = (why: MisuseReason, word: string): Step => ({
    ...noStep,
    reply: [{ kind: "misuse", name, why, word }],
  })
  if (own && !comment.onPullRequest) return misuse("not-on-an-issue", "--pr")
  if (branch !== null) {
    const rules = rulesForBranch(config, { name: branch, defaultBranch: snapshot.defaultBranch })
    if (rules === undefined) return misuse("not-a-promotion-branch", branch)
  }
  const scope = own ? "pull-request" : branch === null ? "repository" : "branch"
  const untilMs = forMs === null ? null : comment.atMs + forMs
  const held = { id: key, scope, source: "command", branch, untilMs } as const
  return { entries: [receivedEntry(run, command), pauseEntry(run, { change: "paused", reason, held, key })], reply: [] }
}

/**
 * Ends every pause over this pull request, or on an issue, those of the repository and its branches; but none that a
 * label still holds. The button ends those of this pull request alone, and of them no others than it was shown for.
 *
 * Named race: *the overtaken resume*. Webhooks overtake each other; a resume that arrives late ends only what was
 * asked for before it, since whoever gave it did not know of a later pause.
 */
export function resume(run: Run, command: ResumeCommand): Step {
  const inVain = pressedInVain(run, command)
  if (inVain !== null) return inVain
  const { comment, pauses, snapshot } = run
  const baseRef = snapshot.pullRequest?.baseRef
  if (comment.onPullRequest && baseRef === undefined && !snapshot.gone) {
    return { ...noStep, needs: [{ kind: "sight" }] }
  }
  const place = { number: comment.number, baseRef: baseRef ?? "" }
  const over = pauses
    .filter((held) => (comment.onPullRequest ? isOver(held, place) : held.scope !== "pull-request"))
    .filter((held) => comment.press === undefined || isOwn(held))
  const later = over.filter((held) => isAskedAfter(held, comment))
  const liftable = over.filter(
    (held) => !later.includes(held) && (held.source === "command" || !snapshot.heldByLabel.has(held.id)),
  )
  const change = { change: "resumed", reason: command.reason } as const
  const entries = liftable.map((held) => pauseEntry(run, { ...change, held, key: `${run.key}:${held.id}` }))
  const labelled = over.filter((held) => !liftable.includes(held) && !later.includes(held))
  const reply: ReplyPart[] = [
    ...(over.length === 0 ? [{ kind: "nothing-to-resume" } as const] : []),
    ...(labelled.length > 0 ? [{ kind: "still-paused", pauses: labelled } as const] : []),
    ...(later.length > 0 ? [{ kind: "paused-since", pauses: later, lifted: liftable.length } as const] : []),
  ]
  return { entries: [receivedEntry(run, command), ...entries], reply }
}

type PauseChange = {
  change: "paused" | "resumed"
  held: Pick<Pause, "id" | "scope" | "source" | "branch" | "untilMs">
  key: string
  reason: string | null
}

function pauseEntry({ comment }: Run, { change, held, key, reason }: PauseChange): EntryDraft {
  return {
    key: `${key}:pause`,
    type: "promotion_pause_changed",
    runId: null,
    actor: comment.actor,
    pullRequest: comment.number,
    sha: null,
    branch: held.branch,
    cause: comment.cause,
    payload: pausePayload(held, { change, reason }),
  }
}
