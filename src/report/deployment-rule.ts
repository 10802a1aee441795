import type { DeploymentDecision, DeploymentReason } from "../promotion/deployment/deployment-rule.ts"
import { bare } from "./markdown.ts"

const words: Readonly<Record<DeploymentReason, string>> = {
  "unknown-commit":
    "no promotion that Portcullis knows has this commit (unknown-commit). Next: deploy what landed on a promotion branch, or the head of an open pull request into one.",
  "promotion-paused": "promotions are paused. It goes on by itself when the pause ends.",
  "landing-mismatch":
    "what landed with this commit is not what was approved (landing_mismatch). Next: see the check run Promotion health on it.",
  "rollback-in-progress": "this change, or one that it contains, is being taken back.",
  "rolled-back": "this change was taken back.",
  "contains-taken-back":
    "this commit contains a change that was taken back later (contains-taken-back). Next: deploy a newer commit of the branch.",
  rejected: "this change was rejected.",
  expired: "nobody decided about this change in time.",
  aborted: "this promotion was ended.",
  failed: "taking this change back has failed. Next: a person decides.",
  "gate-shut": "the gate of its pull request is shut",
}

const leads = { approved: "Approved", rejected: "Rejected", held: "On hold" } as const

/** What GitHub shows beside the environment: plain text, far below its 1,024 characters. */
export function explainDeployment(
  { decision, reasons, blockReasons }: DeploymentDecision,
  environment: string,
): string {
  const lead = `${leads[decision]} by Portcullis for ${bare(environment, 60)}`
  if (reasons.length === 0) return `${lead}: the promotion of this commit is in order.`
  const shut = blockReasons.slice(0, 8).join(", ")
  const told = reasons.map((reason) => {
    if (reason !== "gate-shut") return words[reason]
    return `${words[reason]}${shut === "" ? "" : ` (${shut})`}. It goes on by itself when that opens.`
  })
  return `${lead}: ${told.join(" Besides, ")}`
}
