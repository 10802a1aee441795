import type { Press } from "./button.ts"
import type { Command } from "./command-arguments.ts"
import type { OpenPromotion } from "./open-promotion.ts"
import type { ReplyPart } from "./reply.ts"
import { receivedEntry, type Run, type Step } from "./run.ts"

/**
 * Why a press is not about what is there now; null: it is. The head may have been pushed, or made to go into another
 * branch, since the button was shown, and what its presser looked at was something else.
 */
export function whyOutdated(press: Press, { pullRequest, promotion }: OpenPromotion): ReplyPart | null {
  const { headSha } = pullRequest
  if (press.headSha === headSha && press.ofMs === promotion.proposedAtMs) return null
  return { kind: "button-outdated", headSha }
}

/** What comes of pressing a button on a pull request that is closed: nothing. Null where it is open, or no button. */
export function pressedInVain(run: Run, command: Command): Step | null {
  const { comment, snapshot } = run
  if (comment.press === undefined) return null
  const { gone, seen, pullRequest } = snapshot
  if (!gone && (!seen || pullRequest === null)) return { needs: [{ kind: "sight" }], entries: [], reply: [] }
  if (!gone && pullRequest?.state === "open") return null
  const reply = [{ kind: "no-promotion", command: command.name, why: "closed" }] as const
  return { entries: [receivedEntry(run, command)], reply }
}
