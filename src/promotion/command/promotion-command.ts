import type { Command } from "./command-arguments.ts"
import { receivedEntry, type Run, type Step } from "./run.ts"
import { promotionOf } from "./open-promotion.ts"
import { stopRollback } from "./rollback-command.ts"
import { whyOutdated } from "./press.ts"
import { whyNotUrgent } from "./urgent-command.ts"

type Abort = Extract<Command, { name: "abort" }>
type Promote = Extract<Command, { name: "promote" }>

/** Ends the promotion at this head; the pull request stays open. Of what is being taken back, stops that. */
export function abort(run: Run, command: Abort): Step {
  const stopped = stopRollback(run, command)
  if (stopped !== null) return stopped
  const found = promotionOf(run, command.name)
  if ("step" in found) return received(run, command, found.step)
  const { pullRequest, journal } = found.open
  journal.add({
    key: `${run.key}:aborted`,
    type: "aborted",
    runId: journal.runId,
    actor: run.comment.actor,
    pullRequest: pullRequest.number,
    sha: pullRequest.headSha,
    branch: pullRequest.baseRef,
    cause: run.comment.cause,
    payload: { why: "command", reason: command.reason },
  })
  return { entries: [receivedEntry(run, command), ...journal.entries], reply: [] }
}

/** Writes down that the promotion was asked for, at this head and by someone who may. */
export function promote(run: Run, command: Promote): Step {
  const found = promotionOf(run, command.name)
  if ("step" in found) return received(run, command, found.step)
  if (run.config.mode === "advisory") return received(run, command, { entries: [], reply: [{ kind: "advisory" }] })
  const { press } = run.comment
  const outdated = press === undefined ? null : whyOutdated(press, found.open)
  if (outdated !== null) return received(run, command, { entries: [], reply: [outdated] })
  const { pullRequest, journal } = found.open
  const { urgent } = command
  const not = urgent === null ? null : whyNotUrgent(run, pullRequest)
  if (not !== null) return received(run, command, { entries: [], reply: [not] })
  const place = { runId: journal.runId, sha: pullRequest.headSha, branch: pullRequest.baseRef }
  // The pull request's own pass does it, or answers why not: it alone knows the gate.
  journal.add({ ...receivedEntry(run, command), ...place })
  return { entries: journal.entries, reply: [] }
}

/** In vain, but permitted and understood; a step that asks holds nothing else. */
function received(run: Run, command: Command, step: Step): Step {
  return step.needs === undefined ? { ...step, entries: [receivedEntry(run, command), ...step.entries] } : step
}
