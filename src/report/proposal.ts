import { proposalReason, type ConfigProposal } from "../promotion/config/proposal.ts"
import { loosens } from "../promotion/config/config-compare.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { code } from "./markdown.ts"

/** The block reasons that a change of the gate's own config may have. */
type ProposalReason = NonNullable<ReturnType<typeof proposalReason>>

/** Such a reason in a few words, without Markdown; null where the change does not give it. */
export function proposalHeadline(reason: ProposalReason, { proposal }: Verdict): string | null {
  if (proposal === null || proposalReason(proposal) !== reason) return null
  return reason === "config-invalid"
    ? "the gate's config would not be valid any more"
    : `this change ${deed(proposal)} the gate's own config`
}

function deed({ status }: ConfigProposal): string {
  if (status === "removed") return "removes"
  return status === "base-unread" ? "may loosen" : "loosens"
}

/** Such a reason with the next step; nothing where the change does not give it. */
export function explainProposal(reason: ProposalReason, { proposal }: Verdict): string[] {
  if (proposal === null || proposalReason(proposal) !== reason) return []
  if (reason === "config-invalid") {
    return [
      "`.github/promotion.yml` as this pull request would make it is not valid. Next: mend the lines that the check run `Promotion config` names, and push.",
    ]
  }
  const step =
    "Next: have an operator (the `maintain` role) who had no hand in it approve, in a GitHub review or by `/approve`; the check run `Promotion config` names every rule."
  return [
    `this change ${deed(proposal)} the gate's own config: ${whatOf(proposal)}. ${sayApprovedBefore(proposal)}${step}`,
  ]
}

/** That an approval was of a comparison with another config, with a space behind it; empty where it was not. */
export function sayApprovedBefore({ approvedBefore }: ConfigProposal): string {
  return approvedBefore
    ? "The config in force has changed since this was approved, so that approval was of another comparison and does not count here. "
    : ""
}

function whatOf(proposal: ConfigProposal): string {
  switch (proposal.status) {
    case "removed":
      return "without `.github/promotion.yml` nothing is held any more"
    case "base-unread":
      return `it takes rules from ${code(proposal.of)}, and nobody has read those yet`
    case "valid":
    case "invalid":
      return countOf(proposal)
  }
}

/** How many rules a change of the config loosens. */
export function countOf({ differences }: ConfigProposal): string {
  const count = differences.filter(loosens).length
  return `${count} ${count === 1 ? "rule lets" : "rules let"} pass what is held now, or may do so`
}
