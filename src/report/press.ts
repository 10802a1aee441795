import { commandOf, type ButtonName } from "../promotion/command/button.ts"
import type { HeardButton } from "../promotion/hearsay.ts"
import type { ReplyPart } from "../promotion/command/reply.ts"
import { buttonTexts } from "./button.ts"
import { gateCheckName } from "./check-run.ts"
import { healthCheckName } from "./health.ts"
import { sentence, who } from "./comment.ts"
import { code, mention } from "./markdown.ts"

type Pressed = Pick<HeardButton, "actor" | "press">

/** Hidden mark of what somebody was told about a button on one commit; the same is not told twice in a row. */
export function pressMark({ actor, press }: Pressed, parts: readonly ReplyPart[]): string {
  const whose = actor.id ?? actor.login.replaceAll(/[^\w-]/g, "")
  const what = [...new Set(parts.map((part) => ("why" in part ? part.why : part.kind)))].join("+")
  return `<!-- portcullis:button:${press.name}:${whose}:${press.headSha.slice(0, 12)}:${what} -->`
}

/** What whoever pressed a button has to know, in Markdown. There must be something to say. */
export function renderPressReply(pressed: Pressed, parts: readonly ReplyPart[]): string {
  const { name } = pressed.press
  const command = code(`/${commandOf(pressed.press).name}`)
  const checkRun = name === "roll-back" ? healthCheckName : gateCheckName
  const button = `the button **${buttonTexts[name].label}** on the check run ${code(checkRun)}`
  const lead = `${mention(pressed.actor.login)}, you pressed ${button}, which stands for ${command}.`
  const told = [...new Set(parts.map((part) => explain(part, name)))]
  return [lead, ...told, pressMark(pressed, parts)].join("\n\n")
}

function explain(part: ReplyPart, name: ButtonName): string {
  switch (part.kind) {
    case "button-outdated":
      return `Nothing was done: since the button was shown, there was a newer push, or the pull request was made to go into another branch. Next: look at the newest commit, ${code(part.headSha.slice(0, 12))}, and use the button on its own check run.`
    case "paused-since":
      return `This pull request was paused again after the button was shown (by ${who(part.pauses)}), and stays paused. Next: to end that as well, press **${buttonTexts[name].label}** once more.`
    case "status":
      return ""
    default:
      return sentence(part)
  }
}
