import type { Command } from "./command-arguments.ts"
import type { MergeAttempt } from "../merge/merge.ts"
import type { Pause } from "../pause/pause.ts"
import type { PromotionState } from "../state.ts"
import type { Verdict } from "../gate/verdict.ts"

/** A button on the gate's check run, or (`roll-back`) on that of what landed; each stands for a command. */
export type ButtonName = "approve" | "promote" | "pause" | "resume" | "roll-back"

/**
 * A button as it was shown. `ofMs` says what was to be seen then, as a moment in milliseconds since 1970: of `approve`
 * and `promote`, since when this head had been proposed for this base; of `resume`, when the newest pause that it ends
 * began; null of `pause` and `roll-back`, which are of no moment: the commit says what is taken back. So a press that is worked off late does nothing that its presser did
 * not see, however late: GitHub tells no time of a press.
 */
export type Button = { name: ButtonName; ofMs: number | null }

/** A button that somebody pressed on the check run of this commit. */
export type Press = Button & { headSha: string }

/** What GitHub keeps of a button, and tells when it is pressed: 20 characters at most. */
export function buttonIdentifier({ name, ofMs }: Button): string {
  return ofMs === null ? name : `${name}-${ofMs.toString(36)}`
}

/** Reads it back; undefined for what none of our buttons is called. */
export function parseButton(identifier: string): Button | undefined {
  if (identifier === "pause" || identifier === "roll-back") return { name: identifier, ofMs: null }
  const [, name, moment] = /^(approve|promote|resume)-([0-9a-z]{1,10})$/.exec(identifier) ?? []
  if (moment === undefined) return undefined
  return { name: name as Exclude<ButtonName, "pause" | "roll-back">, ofMs: Number.parseInt(moment, 36) }
}

/** The command that a pressed button stands for. */
export function commandOf({ name, headSha }: Press): Command {
  switch (name) {
    case "approve":
      return { name: "approve", text: null, sha: headSha }
    case "promote":
      return { name: "promote", text: null, urgent: null }
    case "pause":
      return { name: "pause-promotion", text: "--pr", reason: null, forMs: null, branch: null, own: true }
    case "resume":
      return { name: "resume-promotion", text: null, reason: null }
    case "roll-back":
      return { name: "rollback", text: null, to: null, reason: null }
  }
}

/** What the buttons follow from. */
export type ButtonInput = {
  verdict: Verdict
  /** The promotion that the verdict is about. */
  promotion: PromotionState
  /** The newest attempt of the app to merge the head; null: none. */
  attempt: MergeAttempt | null
  /** Whether the config, or GitHub's own auto-merge, merges an open gate without anybody asking. */
  mergesItself: boolean
}

/**
 * The buttons that are of use now, three at most. In `advisory` mode nothing is held and nothing merged, so there is
 * nothing to promote or pause; an approval is recorded all the same.
 */
export function offeredButtons(input: ButtonInput): Button[] {
  const { verdict, promotion } = input
  const buttons: Button[] = []
  if (wantsApproval(verdict)) buttons.push({ name: "approve", ofMs: promotion.proposedAtMs })
  if (wantsPromote(input)) buttons.push({ name: "promote", ofMs: promotion.proposedAtMs })
  const liftable = verdict.pauses.filter((pause) => isOwn(pause) && !(verdict.labelled && pause.source === "label"))
  if (liftable.length > 0) buttons.push({ name: "resume", ofMs: Math.max(...liftable.map(({ atMs }) => atMs)) })
  else if (verdict.pauses.length === 0 && verdict.mode === "enforce") buttons.push({ name: "pause", ofMs: null })
  return buttons
}

/** Whether a pause is over one pull request alone: only such a one is ended by a button. */
export function isOwn({ scope }: Pick<Pause, "scope">): boolean {
  return scope === "pull-request"
}

function wantsApproval({ stages, reasons }: Verdict): boolean {
  if (reasons.some((reason) => reason === "rejected" || reason === "expired" || reason === "aborted")) return false
  return stages.some((stage) => {
    if (stage.kind === "policy") return stage.violations.some(({ needs }) => needs === "operator")
    if (stage.kind !== "review" || stage.status === "passed") return false
    return stage.approvals.filter(({ not }) => not === null).length < stage.needed
  })
}

/** Who has asked for the merge already, or need not ask, is shown no button; unless GitHub refused, and asking helps. */
function wantsPromote({ verdict, promotion, attempt, mergesItself }: ButtonInput): boolean {
  if (!verdict.open || verdict.mode !== "enforce") return false
  const underWay = mergesItself || promotion.asked?.sha === verdict.headSha
  return !underWay || attempt?.outcome === "refused"
}
