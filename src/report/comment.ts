import type { NotCounted } from "../promotion/review/approval.ts"
import type { NoPromotion, ReplyPart } from "../promotion/command/reply.ts"
import type { LabelDenial } from "../promotion/pause/label.ts"
import { issueOfPause, type Pause } from "../promotion/pause/pause.ts"
import { explainMisuse, helpText } from "./command.ts"
import { code, plain } from "./markdown.ts"
import { rollbackReply } from "./rollback.ts"
import { heldReply, notUrgently, urgentReply } from "./urgent.ts"

/**
 * Hidden mark by which a reply is found again after a crash; the id is that of the comment it answers, and `mark` tells
 * later replies to it apart.
 */
export function replyMark(commentId: number, mark?: string): string {
  return `<!-- portcullis:reply:${commentId}${mark === undefined ? "" : `:${mark}`} -->`
}

/** Hidden mark of what somebody was told about the pause label; the same is not told twice in a row. */
export function denialMark({ on, actor }: LabelDenial): string {
  const whose = actor.id ?? actor.login.replaceAll(/[^\w-]/g, "")
  return `<!-- portcullis:label-${on ? "set" : "removed"}:${whose} -->`
}

const closing = (word: string) => (_: boolean, label: string) => `${word} this issue with the label ${label}`

/** What somebody did to the label, or to the issue that carries it. */
const changes: Readonly<Record<NonNullable<LabelDenial["issue"]>, (on: boolean, label: string) => string>> = {
  label: (on, label) => (on ? `set the label ${label}` : `took the label ${label} off`),
  opened: closing("opened"),
  reopened: closing("opened"),
  closed: closing("closed"),
  deleted: closing("deleted"),
  transferred: closing("moved"),
}

/** What the author of a denied change of the pause label has to know, in Markdown. */
export function renderDenial(denial: LabelDenial, label: string): string {
  const { on, actor, needs, has, why } = denial
  const person = plain(`@${actor.login}`, 60)
  const what = changes[denial.issue ?? "label"](on, code(label, 60))
  const but = on ? ", which pauses nothing:" : ", but its pause stays:"
  const role = has === "none" ? "no role in it" : code(has)
  const because =
    why === "bot"
      ? "an app or agent may pause promotions but never resume them."
      : `that needs the ${code(needs)} role in this repository, and ${person} has ${role}.`
  const allowed = `a person with the ${code(needs)} role`
  const next = on
    ? `${allowed} takes the label off and sets it again, or comments ${code("/pause-promotion")} to pause the whole repository.`
    : `${allowed} comments ${code("/resume-promotion")} here.`
  return `${person} ${what}${but} ${because} Next: ${next}\n\n${denialMark(denial)}`
}

/** What is only known when the reply is told: the state to be told of, and what went wrong; and the reply's own mark. */
export type ToldNow = { status?: string | undefined; wrong: readonly string[]; mark?: string | undefined }

/** The reply to a comment's commands, in Markdown; null when the reaction says it all. */
export function renderReply(parts: readonly ReplyPart[], commentId: number, now?: ToldNow): string | null {
  const told = parts.map((part) => (part.kind === "status" ? (now?.status ?? "") : sentence(part)))
  const sections = [...new Set([...told, ...(now?.wrong ?? [])])]
  return sections.length === 0 ? null : [...sections, replyMark(commentId, now?.mark)].join("\n\n")
}

/** What one part of a reply says, in Markdown. */
export function sentence(part: Exclude<ReplyPart, { kind: "status" }>): string {
  if (isNotApproved(part)) return notApproved(part)
  if (isOfPromote(part)) return ofPromote(part)
  switch (part.kind) {
    case "denied":
      return denied(part)
    case "misuse":
      return explainMisuse(part)
    case "near-miss":
      return `${code(`/${part.said}`)} is no command. Did you mean ${code(`/${part.name}`)}? Nothing was done; ${code("/help")} lists all commands.`
    case "rollback-begun":
    case "no-rollback":
      return rollbackReply(part)
    case "help":
      return helpText(part.roles)
    case "no-promotion":
      return `${code(`/${part.command}`)} did nothing: ${noPromotion[part.why]}`
    case "may-not-judge":
      return mayNotJudge(part)
    case "nothing-to-approve":
      return `There is nothing to approve: the rules for ${code(part.baseRef)} have neither a stage ${code("review")} nor a stage ${code("policy")}.`
    case "nothing-to-resume":
      return "Nothing is paused here, so there was nothing to resume."
    case "still-paused":
      return stillPaused(part.pauses)
    case "paused-since":
      return `Promotions were paused after this comment was written (by ${who(part.pauses)}), and stay paused. To end that as well, comment ${code("/resume-promotion")} again.`
  }
}

function stillPaused(pauses: readonly Pause[]): string {
  const issues = pauses.map(issueOfPause).filter((number) => number !== null)
  const own = pauses.filter((pause) => issueOfPause(pause) === null)
  const sentences = []
  if (own.length > 0) {
    sentences.push(
      `This pull request stays paused by its label (set by ${who(own)}). It ends when somebody who may resume takes the label off.`,
    )
  }
  if (issues.length > 0) {
    const named = issues.slice(0, 5).map((number) => `#${number}`)
    const more = issues.length > named.length ? ` and ${issues.length - named.length} more` : ""
    sentences.push(
      `Promotions stay paused by the label on issue ${named.join(", ")}${more}. It ends when somebody who may resume closes the issue or takes the label off.`,
    )
  }
  return sentences.join(" ")
}

type NotApproved = Extract<
  ReplyPart,
  { kind: "push-is-newer" | "base-is-newer" | "not-the-head" | "comment-changed" | "button-outdated" }
>

function isNotApproved(part: ReplyPart): part is NotApproved {
  return ["push-is-newer", "base-is-newer", "not-the-head", "comment-changed", "button-outdated"].includes(part.kind)
}

function notApproved(part: NotApproved): string {
  switch (part.kind) {
    case "push-is-newer":
      return `${code("/approve")} was refused: a push came after your comment or with it. Look at ${code(part.headSha.slice(0, 12))}, and comment ${code(`/approve ${part.headSha.slice(0, 12)}`)}.`
    case "base-is-newer":
      return `${code("/approve")} was refused: the pull request was made to go into ${code(part.baseRef)} after your comment or with it. Look at what it changes there, and comment ${code("/approve")} again.`
    case "not-the-head":
      return `${code(`/approve ${part.said}`, 80)} was refused: the newest commit is ${code(part.headSha.slice(0, 12))}.`
    case "comment-changed":
      return `${code("/approve")} was refused: the comment was edited or deleted since it was made. Make a new one.`
    case "button-outdated":
      return `Nothing was done: the button was not shown for ${code(part.headSha.slice(0, 12))}.`
  }
}

type OfPromote = Extract<ReplyPart, { kind: "not-promoted" | "advisory" | "urgent" | "not-urgently" }>

function isOfPromote(part: ReplyPart): part is OfPromote {
  return ["not-promoted", "advisory", "urgent", "not-urgently"].includes(part.kind)
}

function ofPromote(part: OfPromote): string {
  switch (part.kind) {
    case "advisory":
      return `Portcullis runs in ${code("advisory")} mode here, and merges nothing.`
    case "urgent":
      return urgentReply(part)
    case "not-urgently":
      return notUrgently(part)
    case "not-promoted": {
      if (part.urgent !== undefined) return heldReply({ reasons: part.reasons, urgent: part.urgent })
      const reasons = part.reasons.map((reason) => code(reason, 40)).join(", ")
      return `Not merged: the gate is shut (${reasons}). What is missing stands in the check run; ask again when it is open.`
    }
  }
}

const beginAnew = "A push, or closing and reopening the pull request, begins anew."

const noPromotion: Readonly<Record<NoPromotion, string>> = {
  closed: "this pull request is closed.",
  "no-promotion-branch": "this pull request is not into a promotion branch.",
  rejected: `this change was rejected. ${beginAnew}`,
  expired: `nobody decided about this change in time. ${beginAnew}`,
  aborted: `this promotion was ended. ${beginAnew}`,
}

const notCounted: Readonly<Record<NotCounted, string>> = {
  author: "you are the author of this pull request.",
  committer: "one of its commits is yours.",
  pusher: "you pushed its newest commit.",
  agent: "that takes a person; an agent's word does not count.",
  "not-entitled": "the config does not name you among those who may, and you are no operator (`maintain` role).",
}

function mayNotJudge({ command, why }: Extract<ReplyPart, { kind: "may-not-judge" }>): string {
  return `${code(`/${command}`)} was refused: ${notCounted[why]}`
}

/** Who paused, the first few of them. */
export function who(pauses: readonly Pause[]): string {
  const logins = [
    ...new Set(pauses.map(({ actor }) => (actor.kind === "system" ? unnamed : plain(`@${actor.login}`, 60)))),
  ]
  return `${logins.slice(0, 5).join(", ")}${logins.length > 5 ? ` and ${logins.length - 5} more` : ""}`
}

/** Portcullis saw the label itself; GitHub's record of who set it is gone or was not given. */
const unnamed = "somebody whom GitHub does not name"

function denied(part: Extract<ReplyPart, { kind: "denied" }>): string {
  const command = code(`/${part.command}`)
  if (part.why === "bot") {
    const no = part.command === "resume-promotion" ? " but never resume them" : " and ask how they stand, no more"
    return `${command} was refused: an app or agent may pause promotions${no}. A person with the ${code(part.needs)} role must do it.`
  }
  return `${command} was refused: it needs the ${code(part.needs)} role in this repository, and you have ${part.has === "none" ? "no role in it" : code(part.has)}.`
}
