import type { GroupVerdict } from "../promotion/merge/merge-group.ts"
import type { GateContent } from "./check-run.ts"
import { code, upTo } from "./markdown.ts"
import { whoUntil } from "./pause.ts"
import { checksDetail } from "./stage.ts"
import { urgentWords } from "./urgent.ts"

/** Renders the gate of a merge group's commit, for whoever wonders why the queue does not move. */
export function renderMergeGroup(verdict: GroupVerdict): GateContent {
  const members = verdict.members?.map((number) => `#${number}`).join(", ") ?? "unknown pull requests"
  const lead = `GitHub's merge queue made this commit of ${code(verdict.baseRef)} and ${members}. It may land when every one of them is open by itself, nothing is paused, and the checks passed on this very commit.`
  const { shown, left } = upTo(linesOf(verdict), 16 * 1024)
  const list = [...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n")
  const summary = [lead, list].filter((text) => text !== "").join("\n\n")
  return { ...outcome(verdict), title: title(verdict), summary, annotations: [] }
}

function isWaiting({ members, pauses, shut, checks }: GroupVerdict): boolean {
  return members !== null && pauses.length === 0 && shut.length === 0 && checks?.status !== "failed"
}

function outcome(verdict: GroupVerdict): Pick<GateContent, "status" | "conclusion"> {
  if (verdict.open) return { status: "completed", conclusion: "success" }
  if (verdict.mode === "advisory") return { status: "completed", conclusion: "neutral" }
  if (isWaiting(verdict)) return { status: "in_progress", conclusion: null }
  return { status: "completed", conclusion: "failure" }
}

function title(verdict: GroupVerdict): string {
  const count = verdict.members?.length ?? 0
  const of = `${count} ${count === 1 ? "pull request" : "pull requests"}`
  if (verdict.open) return `Open: ${of} in the merge queue`
  const word = verdict.mode === "advisory" ? "Advisory, holds nothing" : isWaiting(verdict) ? "Waiting" : "Blocked"
  return `${word}: ${why(verdict)}`
}

function why({ members, pauses, shut, checks }: GroupVerdict): string {
  const [pause] = pauses
  if (pause !== undefined) return `paused by ${whoUntil(pause)}`
  if (members === null) return "GitHub does not tell which pull requests are in this group"
  if (shut.length > 0) return `the gate of ${shut.map(({ number }) => `#${number}`).join(", ")} is shut`
  return checks?.status === "failed" ? "a check failed on this group" : "checks of this group not passed yet"
}

function linesOf(verdict: GroupVerdict): string[] {
  return [
    ...verdict.shut.map(
      ({ number, reasons }) => `- #${number}: ${reasons.length === 0 ? "could not be judged" : reasons.join(", ")}`,
    ),
    ...verdict.urgent.map(({ number, way }) => `- #${number}: urgent, ${urgentWords(way)}`),
    ...(verdict.checks === null ? [] : [`- checks: ${checksDetail(verdict.checks)}`]),
  ]
}
