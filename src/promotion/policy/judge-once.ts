import type { Change } from "../change/change.ts"
import { judgePolicy, type PolicyInput, type PolicyStage } from "./policy.ts"

/** Most judgements kept of one change: under the config of now and of a moment ago, with and without an operator. */
const limitKept = 8

type Kept = { input: PolicyInput; stage: PolicyStage }

const judgements = new WeakMap<Change, Kept[]>()

/**
 * Judges the policy, once for equal input. The diff may be large and the rules many, and a pull request is judged anew
 * whenever one of its checks reports. The result is the same as without memory: the input decides it alone.
 */
export function judgePolicyOnce(input: PolicyInput): PolicyStage {
  const { change } = input
  if (change === null) return judgePolicy(input)
  const kept = judgements.get(change) ?? []
  const known = kept.find((one) => isSame(one.input, input))
  if (known !== undefined) return known.stage
  const stage = judgePolicy(input)
  judgements.set(change, [{ input, stage }, ...kept].slice(0, limitKept))
  return stage
}

function isSame(one: PolicyInput, other: PolicyInput): boolean {
  const [pull, same] = [one.pullRequest, other.pullRequest]
  return (
    one.rules === other.rules &&
    one.from === other.from &&
    one.agent === other.agent &&
    one.operatorApproved === other.operatorApproved &&
    pull.headRef === same.headRef &&
    pull.fork === same.fork &&
    pull.body === same.body
  )
}
