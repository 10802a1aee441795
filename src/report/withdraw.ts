import type { WithdrawalKind } from "../promotion/pause/withdraw.ts"
import type { Snapshot } from "../promotion/gate/snapshot.ts"
import { plain } from "./markdown.ts"

/** What GitHub would do by itself with a pull request, and what pauses did against that. */
export type LandingToTell = Snapshot["landing"] & { autoMerge: boolean }

const done: Readonly<Record<WithdrawalKind, string>> = {
  dequeue:
    "**Out of the merge queue**: this pull request was in GitHub's merge queue while promotions were paused, and was taken out. Next: once the pause is over, a person puts it back; Portcullis does not.",
  "disable-auto-merge":
    "**Auto-merge is off**: GitHub's auto-merge was on while promotions were paused, and was switched off. Next: once the pause is over, a person switches it on again; Portcullis does not.",
}

const refused: Readonly<Record<WithdrawalKind, string>> = {
  dequeue: "**Still in the merge queue**: promotions are paused, and GitHub refused to take this pull request out",
  "disable-auto-merge": "**Auto-merge is still on**: promotions are paused, and GitHub refused to switch it off",
}

/** What was taken off its way because of a pause, and who puts it back. Empty when nothing was, or it is back already. */
export function withdrawnSection(landing: LandingToTell | null): string {
  if (landing === null) return ""
  const kinds: [WithdrawalKind, boolean][] = [
    ["dequeue", landing.queued],
    ["disable-auto-merge", landing.autoMerge],
  ]
  const told = kinds.map(([kind, on]) => {
    const outcome = landing.withdrawals.findLast((one) => one.kind === kind)?.outcome ?? null
    if (outcome?.how === "refused" && on) {
      return `${refused[kind]} (“${plain(outcome.words, 200)}”). Next: a person does it by hand. This gate is shut all the same.`
    }
    return (outcome?.how === "done" || outcome?.how === "not-needed") && !on ? done[kind] : ""
  })
  return told.filter((text) => text !== "").join("\n\n")
}
