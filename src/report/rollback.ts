import type { NoRollback } from "../promotion/command/rollback-command.ts"
import type { ReplyPart } from "../promotion/command/reply.ts"
import type { RollbackRefusal } from "../promotion/rollback/plan-rollback.ts"
import { code } from "./markdown.ts"

/** Why no rollback begins, with the next step, in Markdown. */
export const noRollbackWords: Readonly<Record<RollbackRefusal | NoRollback, string>> = {
  "no-promotion-branch": "what lands on this branch is not followed: it is no promotion branch of the config.",
  advisory: "Portcullis runs in `advisory` mode here, and takes nothing back.",
  "not-merged": "this pull request is not merged; there is nothing to take back.",
  "not-landed": "its merge was not found on the branch yet. Next: ask again in a moment.",
  which:
    "on an issue nothing says which change is meant. Next: comment `/rollback` on the merged pull request, or `/rollback known-good` here.",
  "nothing-landed": "nothing has been promoted into the branch since Portcullis follows it.",
  "no-such-commit": "GitHub knows no tag or commit of that name here.",
  "not-on-branch": "that commit is not on the branch; it can only go back to a commit that it contains.",
  "not-automatic": "the config does not let Portcullis roll back by itself (`rollback.automatic`).",
  "rollback-in-progress":
    "another rollback of this branch is under way. Next: merge or close its pull request, or stop it there with `/abort`.",
  "already-out": "it was taken back already.",
  "is-a-rollback": "what landed is itself a rollback, and Portcullis never takes one back by itself.",
  "too-many-attempts": "it was tried as often as the config allows (`rollback.max_attempts`).",
  cooldown: "the last automatic rollback was too short a time ago (`rollback.cooldown`).",
  "target-failed": "what it would go back to has failed itself.",
  "no-known-good":
    "nothing has proved itself on this branch yet, so there is no known-good. Next: name a tag or a commit.",
  "nothing-to-take-out": "nothing came on the branch after that.",
  "ask-for": "it changes paths that code alone cannot take back (`rollback.ask_for`).",
  "paths-unknown": "GitHub did not tell which paths it changes.",
  "no-workflows-permission":
    "it changes workflow files, and the app has no `workflows` permission, without which GitHub refuses that. Next: a person does it by hand.",
}

/** The answer to whoever asked for a rollback, in Markdown. */
export function rollbackReply(part: Extract<ReplyPart, { kind: "rollback-begun" | "no-rollback" }>): string {
  if (part.kind === "no-rollback") return `${code("/rollback")} did nothing: ${noRollbackWords[part.why]}`
  const { branch, target, takesOut } = part
  const named = takesOut
    .slice(0, 20)
    .map((number) => (number === 0 ? "what was pushed past all pull requests" : `#${number}`))
  const more = takesOut.length > named.length ? ` and ${takesOut.length - named.length} more` : ""
  const back =
    target === null ? "takes out" : `returns ${code(branch, 100)} to ${code(target.slice(0, 12))} and takes out`
  return `Rolling back: a pull request follows that ${back} ${named.join(", ")}${more}.`
}
