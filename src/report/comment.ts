import type { ReplyPart } from "../promotion/conversation.ts"
import type { Pause } from "../promotion/pause.ts"
import { code, plain } from "./markdown.ts"

/** Hidden mark by which a reply is found again after a crash; the id is that of the comment it answers. */
export function replyMark(commentId: number): string {
  return `<!-- portcullis:reply:${commentId} -->`
}

/** The reply to a comment's commands, in Markdown; null when the reaction says it all. */
export function renderReply(parts: readonly ReplyPart[], commentId: number): string | null {
  if (parts.length === 0) return null
  return [...parts.map(sentence), replyMark(commentId)].join("\n\n")
}

function sentence(part: ReplyPart): string {
  switch (part.kind) {
    case "denied":
      return denied(part)
    case "nothing-to-resume":
      return "Nothing is paused here, so there was nothing to resume."
    case "still-paused":
      return `This pull request stays paused by its label (set by ${who(part.pauses)}). It ends when an operator takes the label off.`
    case "paused-since":
      return `Promotions were paused after this comment was written (by ${who(part.pauses)}), and stay paused. To end that as well, comment ${code("/resume-promotion")} again.`
  }
}

function who(pauses: readonly Pause[]): string {
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
    return `${command} was refused: an app may pause promotions but never resume them. A person with the ${code(part.needs)} role must do it.`
  }
  return `${command} was refused: it needs the ${code(part.needs)} role in this repository, and you have ${part.has === "none" ? "no role in it" : code(part.has)}.`
}
