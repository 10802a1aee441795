import type { ReplyPart } from "../promotion/command/reply.ts"
import type { StageResult, StageStatus } from "../promotion/gate/stage.ts"
import type { PassedOver, UrgentWay } from "../promotion/merge/urgent-ask.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { bare, code, mention, plain } from "./markdown.ts"
import { moment } from "./moment.ts"

/** Words about `/promote --urgent`: who asked, why, what was passed over, and what never is. */

const command = code("/promote --urgent")
const setting = `${code("urgent.may_skip")} in ${code(".github/promotion.yml")} on the default branch`
const never =
  "a pause, a rejection, an expiry, a draft, a conflict, an invalid config, and the rules of `policy` with its protected paths"

const stood: Readonly<Record<StageStatus, string>> = {
  pending: "was still pending",
  running: "was still running",
  passed: "had passed",
  failed: "had failed",
  skipped: "was skipped",
}

/** What was passed over and by whom, for the title: without Markdown. Empty where nothing was. */
export function urgentHeadline({ urgent }: Verdict): string {
  if (urgent === null) return ""
  return `${urgent.passedOver.map(({ stage }) => stage).join(" and ")} passed over by @${bare(urgent.by.login, 40)}`
}

/** Why a stage counts as skipped, for the table; empty where it does not. */
export function skippedDetail({ kind, status }: StageResult, { urgent }: Verdict): string {
  const one = urgent?.passedOver.find(({ stage }) => stage === kind)
  if (urgent === null || one === undefined || status !== "skipped") return ""
  return `passed over as urgent by ${mention(urgent.by.login)} (“${plain(urgent.reason, 80)}”): it ${stood[one.status]}<br>`
}

/** What was passed over, by whom and why, in a line of Markdown. */
export function urgentWords({ by, reason, passedOver }: UrgentWay): string {
  return `${stagesStood(passedOver)} passed over by ${mention(by.login)}: “${plain(reason, 80)}”`
}

/** Who let the change past what, when and why, and what held all the same. Empty where nothing was passed over. */
export function urgentSection({ urgent, stages }: Verdict): string {
  if (urgent === null) return ""
  const { by, reason, atMs, passedOver } = urgent
  const others = stages.filter(({ kind }) => passedOver.every(({ stage }) => stage !== kind))
  const passed =
    others.length === 0 ? [] : [`- not passed over, and passed: ${others.map(({ kind }) => code(kind)).join(", ")}`]
  return [
    `**Urgent: not every stage passed.** ${mention(by.login)} asked for this at ${moment(atMs)} by ${command}: “${plain(reason, 300)}”`,
    "",
    `- passed over: ${stagesStood(passedOver)}`,
    ...passed,
    `- never passed over: ${never}`,
    "",
    "It holds for this commit only, and stands on the ledger (`promotion_urgent`). Next: after the merge, see to what was passed over.",
  ].join("\n")
}

function stagesStood(passedOver: readonly PassedOver[]): string {
  return passedOver.map(({ stage, status }) => `${code(stage)} (it ${stood[status]})`).join(", ")
}

/** That the gate was opened, and past what. */
export function urgentReply({ passedOver, headSha }: Extract<ReplyPart, { kind: "urgent" }>): string {
  return [
    `**Urgent**: the gate is open for ${code(headSha.slice(0, 12))} although not every stage passed. Passed over: ${stagesStood(passedOver)}.`,
    "Portcullis merges it now; if GitHub refuses, the check run says why. It stands on the ledger with your name and reason. Next: see to what was passed over.",
  ].join(" ")
}

/** Why nothing came of an urgent ask at a shut gate. */
export function heldReply({
  reasons,
  urgent: { held, maySkip },
}: {
  reasons: readonly string[]
  urgent: { held: readonly string[]; maySkip: readonly string[] }
}): string {
  const shut = `Not merged: the gate is shut (${listed(reasons)}).`
  if (maySkip.length === 0) {
    return `${shut} This repository lets ${command} pass over nothing: ${setting} names no stage. What is missing stands in the check run; ask again when it is open.`
  }
  const may = `${command} may pass over ${listed(maySkip)} here`
  return `${shut} ${may}; what holds it all the same: ${listed(held)}. What to do about it stands in the check run; ask again when it is done.`
}

function listed(words: readonly string[]): string {
  return words.map((word) => code(word, 40)).join(", ")
}

/** Why an urgent ask is not of this head and base. */
export function notUrgently({ why, headSha, baseRef }: Extract<ReplyPart, { kind: "not-urgently" }>): string {
  const again = `Look at ${code(headSha.slice(0, 12))}, and comment ${command} with the reason again if it still cannot wait.`
  switch (why) {
    case "pushed-since":
      return `${command} was refused: a push came after your comment or with it, and only what you saw is let past. ${again}`
    case "retargeted-since":
      return `${command} was refused: the pull request was made to go into ${code(baseRef)} after your comment or with it. ${again}`
    case "comment-changed":
      return `${command} was refused: the comment was edited or deleted since it was made. Make a new one.`
  }
}
