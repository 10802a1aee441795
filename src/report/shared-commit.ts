import { buttonTexts } from "./button.ts"
import type { GateContent } from "./check-run.ts"

/**
 * The gate of a pull request that is open by itself, while another open pull request with the same head is shut.
 *
 * A check run binds to a commit, not to a pull request: GitHub would let the green of one through for the other. So the
 * commit shows green only when all of its pull requests' gates are open.
 */
export function renderSharedCommit(content: GateContent, shutNumbers: readonly number[]): GateContent {
  if (content.conclusion !== "success" || shutNumbers.length === 0) return content
  const others = shutNumbers.map((number) => `#${number}`).join(", ")
  const whose = shutNumbers.length === 1 ? "whose gate is shut" : "whose gates are shut"
  const lead =
    `This pull request has passed, but its newest commit is also the newest commit of ${others}, ${whose}. GitHub keeps ` +
    "one `Promotion gate` for one commit, so green here would open it there. Next: see to the other pull request, close " +
    "it, or push a commit of its own to one of them."
  return {
    status: "completed",
    conclusion: "failure",
    title: `Blocked: its commit is also that of ${others}, ${whose}`,
    annotations: content.annotations,
    actions: (content.actions ?? []).filter(({ label }) => label !== buttonTexts.promote.label),
    summary: `${lead}\n\n${content.summary}`,
  }
}
