import type { MergeAttempt } from "../promotion/merge/merge.ts"
import type { Pause } from "../promotion/pause/pause.ts"
import type { PromotionState } from "../promotion/state.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { gateTitle, reasonsSection } from "./check-run.ts"
import { code, plain } from "./markdown.ts"
import { mergeSection } from "./merge.ts"
import { pauseSentence } from "./pause.ts"
import { urgentSection } from "./urgent.ts"

/** What is told of: the verdict, the promotion it is about, and the newest attempt of the app to merge the head. */
type ToTell = { verdict: Verdict | null; promotion: PromotionState | null; merge: MergeAttempt | null }

/** The gate of a pull request now, in Markdown. */
export function pullRequestStatus({ verdict, promotion, merge }: ToTell): string {
  if (verdict !== null) {
    const title = plain(gateTitle(verdict, { merge }), 200)
    const sections = [`**${title}**`, urgentSection(verdict), reasonsSection(verdict), mergeSection(merge)]
    return sections.filter((text) => text !== "").join("\n\n")
  }
  if (promotion === null) return "This pull request has no gate: it is closed, or not into a promotion branch."
  if (promotion.state === "promoted_pending_health") return "This pull request was merged, so its gate is done."
  return `This pull request has no gate now: its promotion ended (${code(promotion.state)}).`
}

/** Most pauses told one by one. */
const limitPauses = 10

/** What holds a repository now, in Markdown. */
export function repositoryStatus({ pauses, open }: { pauses: readonly Pause[]; open: number }): string {
  const count = `${open === 0 ? "No" : open} ${open === 1 ? "promotion is" : "promotions are"} open.`
  if (pauses.length === 0) return `Nothing is paused here. ${count}`
  const lines = pauses.slice(0, limitPauses).map((pause) => `- ${pauseSentence(pause)}`)
  const more = pauses.length - lines.length
  return [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n") + `\n\n${count}`
}
