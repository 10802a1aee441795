import { barred, isOperator, type ApproverInput } from "../review/approval.ts"
import type { LabelAsk, Need } from "../gate/snapshot.ts"
import { isLabelled } from "../pause/label.ts"

/**
 * Whether the label of agents counts, or what must be asked to know it. Whoever set it, it only tightens. Taking it off
 * loosens, and so takes what approving a protected path takes: an operator who had no hand in the change. One that was
 * taken off by anybody else, or nobody knows by whom, counts as if it were still there.
 */
export function isAgentLabelled(
  changes: readonly LabelAsk[],
  { approver, label }: { approver: ApproverInput; label: string },
): boolean | readonly Need[] {
  if (isLabelled(approver.pullRequest.labels, label)) return true
  const [off, on] = [changes.find((one) => !one.on), changes.find((one) => one.on)]
  if (off === undefined || (on !== undefined && on.atMs > off.atMs)) return on !== undefined
  if (off.actor === null || off.actorIsBot || barred(off.actor, approver) !== null) return true
  const answer = isOperator(off.actor.login, approver)
  return typeof answer === "boolean" ? !answer : answer
}
