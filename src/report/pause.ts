import type { PromotionConfig } from "../promotion/config/config.ts"
import { issueOfPause, type Pause } from "../promotion/pause/pause.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { bare, code, plain } from "./markdown.ts"
import { moment } from "./moment.ts"

/** Who paused, for a title: one line without Markdown. */
function who(pause: Pause): string {
  if (isByItself(pause)) return "Portcullis itself"
  return pause.actor.kind === "system" ? "a label" : `@${bare(pause.actor.login, 40)}`
}

/** Whether Portcullis paused by itself: after a rollback, or because what landed is not what was approved. */
function isByItself({ source }: Pause): boolean {
  return source === "rollback" || source === "landing"
}

/** The same, and until when. */
export function whoUntil(pause: Pause): string {
  return pause.untilMs === null ? who(pause) : `${who(pause)} until ${moment(pause.untilMs)}`
}

/** Most pauses told one by one. */
const limitPauses = 5

/** Why the pauses over a pull request shut its gate, and how each ends. */
export function explainPauses({ pauses, labelled, config }: Verdict): string {
  const lines = pauses.slice(0, limitPauses).map((pause) => {
    if (issueOfPause(pause) !== null || isByItself(pause)) return pauseSentence(pause)
    const gone = labelled ? "" : " The label is off by now, but nobody who may resume is known to have taken it off."
    if (pause.actor.kind === "system") {
      return `The pause label ${labelled ? "is" : "was"} on this pull request; GitHub did not say who set it.${gone}`
    }
    return `${pauseSentence(pause)}${pause.source === "label" ? gone : ""}`
  })
  const more = pauses.length - lines.length
  const rest = more > 0 ? ` ${more} more ${more === 1 ? "pause holds" : "pauses hold"}.` : ""
  return `${lines.join(" ")}${rest} Next: ${nextAfterPause(pauses, { labelled, config: config.config })}`
}

/** Who paused what, until when, and why, in a sentence. */
export function pauseSentence(pause: Pause): string {
  const reason = pause.reason === null ? "" : `: “${plain(pause.reason, 200)}”`
  const issue = issueOfPause(pause)
  // GitHub makes a link of it, and a merged pull request must not read as if it closed the issue.
  const how = issue !== null ? ` by the pause label on issue #${issue}` : byItsLabel(pause)
  const until = pause.untilMs === null ? "" : ` until ${moment(pause.untilMs)}`
  return `${plain(who(pause), 60)} paused ${whatIsPaused(pause)}${how}${until}${reason}.`
}

function byItsLabel({ source }: Pause): string {
  return source === "label" ? " by the pause label" : ""
}

function whatIsPaused({ scope, branch }: Pause): string {
  switch (scope) {
    case "repository":
      return "all promotions of this repository"
    case "branch":
      return `all promotions into ${code(branch ?? "", 100)}`
    case "pull-request":
      return "this pull request"
  }
}

/** A label that is off cannot be taken off: then the command ends its pause, too, if it is given on that pull request. */
function nextAfterPause(
  pauses: readonly Pause[],
  { labelled, config }: { labelled: boolean; config: PromotionConfig },
): string {
  const { label } = config.pause
  const somebody = `somebody with the ${code(config.commands["resume-promotion"])} role`
  const byCommand = pauses.filter((pause) => pause.source !== "label")
  const issues = pauses.map(issueOfPause).filter((number) => number !== null)
  const byLabel = pauses.some((pause) => pause.source === "label" && pause.scope === "pull-request")
  const off = byLabel && !labelled
  const here = off || byCommand.some((pause) => pause.scope === "pull-request")
  const wait = byCommand.length > 0 && byCommand.every((pause) => pause.untilMs !== null) ? "wait until then, or " : ""
  const steps = [
    ...(byCommand.length > 0 || off
      ? [`${wait}${somebody} comments \`/resume-promotion\`${here ? " on this pull request" : ""}`]
      : []),
    ...(issues.length > 0 ? [`${somebody} ${liftIssues(issues, label)}`] : []),
    ...(byLabel && labelled ? [`${somebody} takes the label ${code(label, 60)} off`] : []),
  ]
  return `${steps.join(", and ")}.`
}

/** Most issues named. */
const limitIssues = 5

function liftIssues(issues: readonly number[], label: string): string {
  const named = issues.slice(0, limitIssues).map((number) => `#${number}`)
  const more = issues.length > named.length ? ` and ${issues.length - named.length} more` : ""
  return `closes issue ${named.join(", ")}${more} or takes the label ${code(label, 60)} off it (where that is done, comments \`/resume-promotion\`)`
}
