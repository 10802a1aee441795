import type { Misuse, MisuseReason } from "../promotion/command/command-arguments.ts"
import { commandNames, commandTable } from "../promotion/command/command-table.ts"
import type { CommandRoles } from "../promotion/config/config-rules.ts"
import { code, table } from "./markdown.ts"

const faults: Readonly<Record<MisuseReason, (word: string) => string>> = {
  "unknown-option": (word) => `has no option ${word}`,
  "option-twice": (word) => `was given ${word} twice`,
  "no-value": (word) => `misses the value of ${word}`,
  "missing-reason": (word) => (word === "" ? "needs a reason" : `needs a reason with ${word}`),
  "not-a-commit": (word) => `takes a commit id of at least seven digits, which ${word} is not`,
  surplus: (word) => `does not know what to make of ${word}`,
  "not-on-an-issue": (word) => (word === "" ? "is for pull requests" : `takes ${word} on a pull request only`),
  "not-a-duration": (word) => `takes a duration such as 30m, 2h or 7d, a year at most, which ${word} is not`,
  "two-scopes": () => "pauses a branch or this pull request, not both",
  "not-a-branch-name": (word) =>
    `takes a branch's own name, not a pattern such as ${word} (one command pauses one branch; without \`--branch\` it pauses all)`,
  "not-a-promotion-branch": (word) => `takes a promotion branch, which ${word} is not here`,
}

/** What was wrong with a known command, in one sentence, and how it is written. */
export function explainMisuse({ name, why, word }: Misuse): string {
  const fault = faults[why](word === null ? "" : code(word, 60))
  return `${code(`/${name}`)} ${fault}, so nothing was done. It is written ${code(commandTable[name].usage, 200)}.`
}

/** All commands, what they do, and the role that each asks for here. */
export function helpText(roles: CommandRoles): string {
  const rows = commandNames.map((name) => {
    const { usage, does, role } = commandTable[name]
    return [code(usage, 200), role === null ? "as the stage `review` says" : code(roles[role]), does]
  })
  return table(["command", "role", "what it does"], rows)
}
