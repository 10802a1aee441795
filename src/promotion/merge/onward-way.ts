import { rulesForBranch, type ConfigInForce } from "../config/config.ts"
import type { PullRequestFact } from "../fact.ts"
import type { Snapshot } from "../gate/snapshot.ts"

/** How the app's own promotion pull request is judged. */
export type OnwardWay = {
  /** The branch that its head is the known-good commit of. */
  source: string
  /** Whether that may go on: nothing of it is being taken out of its branch. */
  stands: boolean
  /** Whether the app merges it by itself when its gate is open. */
  merges: boolean
}

/**
 * The way of a pull request by which the app promotes the known-good commit of one branch into another: at exactly the
 * head that the app made, and while the config leads from the one to the other. Null: it is none.
 */
export function onwardWay({
  snapshot: { onward, repository },
  pullRequest,
  config,
}: {
  snapshot: Pick<Snapshot, "onward" | "repository">
  pullRequest: Pick<PullRequestFact, "headSha" | "baseRef">
  config: ConfigInForce
}): OnwardWay | null {
  if (onward?.headSha !== pullRequest.headSha) return null
  const { source, stands, newest } = onward
  const rules = rulesForBranch(config.config, { name: source, defaultBranch: repository.defaultBranch })
  if (rules?.promote_to?.branch !== pullRequest.baseRef) return null
  return { source, stands, merges: stands && newest && rules.promote_to.merge === "auto" }
}

/** The pull request as the rule about source branches takes it: such a one comes from the branch that it promotes. */
export function fromItsSource(way: OnwardWay | null, pullRequest: PullRequestFact): PullRequestFact {
  return way?.stands === true ? { ...pullRequest, headRef: way.source } : pullRequest
}
