import { isTriedAgain, type MergeAttempt } from "../promotion/merge/merge.ts"
import { code, plain } from "./markdown.ts"

/** Whether GitHub said no to the newest attempt. */
export function isRefused(attempt: MergeAttempt | null): boolean {
  return attempt?.outcome === "refused"
}

/** What GitHub said when the app wanted to merge, and what helps. Empty as long as it said nothing against it. */
export function mergeSection(attempt: MergeAttempt | null): string {
  if (attempt === null || attempt.outcome !== "refused" || attempt.message === null) return ""
  const said = plain(attempt.message, 200)
  return `**Not merged**: Portcullis wanted to merge this, and GitHub refused: “${said}” ${advice(attempt.status)}${again(attempt)}`
}

/** GitHub's words name the rule; the status tells of what kind it is. */
function advice(status: number | null): string {
  switch (status) {
    case 403:
      return "Next: grant the app what it lacks on the installation's page (it cannot merge changes of workflow files without `workflows: write`), or merge by hand."
    case 405:
      return "Next: see to the branch's rules and the repository's merge methods (`merge.method` in the config), or merge by hand."
    case 409:
      return "Next: nothing, the head moved while it was merged, and the new one is judged for itself."
    default:
      return "Next: see to what GitHub says, or merge by hand."
  }
}

function again(attempt: MergeAttempt): string {
  if (attempt.status === 409) return ""
  return isTriedAgain(attempt)
    ? " It is tried again in a while."
    : ` It was tried ${attempt.count} times, and is not tried again by itself: comment ${code("/promote")} when that is settled.`
}
