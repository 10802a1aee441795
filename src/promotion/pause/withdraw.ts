import type { EffectDraft, EffectOutcome } from "../merge/effect.ts"
import type { PullRequestFact } from "../fact.ts"
import type { Pause } from "./pause.ts"
import type { Verdict } from "../gate/verdict.ts"

/** What takes a pull request off the way on which GitHub would land it by itself. */
export type WithdrawalKind = "dequeue" | "disable-auto-merge"

/** One that was decided on, and what came of it; null: not done yet. */
export type Withdrawal = { kind: WithdrawalKind; pause: string; outcome: EffectOutcome | null }

/** Whether GitHub would land a pull request by itself, as far as its auto-merge does not tell, and what was done against it. */
export type Landing = {
  /** In GitHub's merge queue, as last heard or seen. */
  queued: boolean
  /** Because of any pause there ever was, oldest first. */
  withdrawals: readonly Withdrawal[]
}

/** Most of one kind for one pause: a robot that switches it on again and again is not fought for ever. */
const limitWithdrawals = 5

/**
 * What must be taken off the way to the merge while a gate that is enforced is paused. What GitHub refused is not asked
 * again for the same pause, and nothing is asked for twice before the first was done.
 */
export function decideWithdrawals(input: {
  verdict: Verdict
  pullRequest: PullRequestFact
  landing: Landing
  runId: string
}): EffectDraft[] {
  const { verdict, pullRequest, landing, runId } = input
  const [oldest] = verdict.pauses
  if (verdict.mode !== "enforce" || oldest === undefined) return []
  const pause = pauseKey(oldest)
  const kinds: WithdrawalKind[] = [
    ...(landing.queued ? ["dequeue" as const] : []),
    ...(pullRequest.autoMerge ? ["disable-auto-merge" as const] : []),
  ]
  return kinds.flatMap((kind): EffectDraft[] => {
    const earlier = landing.withdrawals.filter((one) => one.kind === kind && one.pause === pause)
    const open = earlier.some(({ outcome }) => outcome === null || outcome.how === "refused")
    if (open || earlier.length >= limitWithdrawals) return []
    const key = `${withdrawalPrefix}${pullRequest.number}:${pause}:${kind}:${earlier.length}`
    return [{ key, runId, deed: { kind, pause } }]
  })
}

/** What the keys of these effects begin with. */
const withdrawalPrefix = "withdraw:"

/** Names one pause for good: a label may make one of the same id again. */
export function pauseKey({ id, atMs }: Pick<Pause, "id" | "atMs">): string {
  return `${id}@${atMs}`
}
