import { expect, test } from "vitest"
import type { Misuse } from "../../src/promotion/command/command-arguments.ts"
import { commandNames, commandTable } from "../../src/promotion/command/command-table.ts"
import { parseCommands } from "../../src/promotion/command/command.ts"
import { builtInConfig } from "../../src/promotion/config/config.ts"
import { explainMisuse, helpText } from "../../src/report/command.ts"
import { renderReply } from "../../src/report/comment.ts"

/** What is said of each misuse in a comment. */
function told(body: string): string[] {
  return parseCommands(body)
    .filter((said): said is Misuse => said.kind === "misuse")
    .map(explainMisuse)
}

test("the help lists every command with its role", () => {
  expect(helpText(builtInConfig.commands)).toMatchInlineSnapshot(`
    "| command | role | what it does |
    | --- | --- | --- |
    | \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\` | \`write\` | turns every gate red until somebody resumes; or those of one branch, or this one |
    | \`/resume-promotion [reason]\` | \`write\` | ends the pauses over this pull request; on an issue, those of the repository and its branches |
    | \`/approve [commit]\` | as the stage \`review\` says | approves this change, at its newest commit |
    | \`/reject <reason>\` | as the stage \`review\` says | ends this promotion and closes the pull request |
    | \`/promote [--urgent <reason>]\` | \`write\` | merges now, if the gate is open; urgently, past what the config lets be skipped |
    | \`/abort [reason]\` | \`write\` | ends this promotion and leaves the pull request open |
    | \`/rollback [reason], /rollback known-good, /rollback <tag or commit>\` | \`write\` | takes this merged change back by a pull request; or returns the branch to known-good, or to a commit |
    | \`/promotion-status\` | \`read\` | answers with what holds the gate |
    | \`/recheck\` | \`write\` | reads everything from GitHub again |
    | \`/help\` | \`read\` | answers with this list |"
  `)
})

test("every misuse is told in a sentence, with the usage", () => {
  expect(
    told(
      "/pause-promotion --now\n/pause-promotion --for ever\n/pause-promotion --pr --branch main\n/pause-promotion --branch release/*\n/pause-promotion --for\n/resume-promotion --for 2h\n/reject\n/promote --urgent\n/approve lgtm\n/promote now",
    ),
  ).toMatchInlineSnapshot(`
    [
      "\`/pause-promotion\` has no option \`--now\`, so nothing was done. It is written \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\`.",
      "\`/pause-promotion\` takes a duration such as 30m, 2h or 7d, a year at most, which \`ever\` is not, so nothing was done. It is written \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\`.",
      "\`/pause-promotion\` pauses a branch or this pull request, not both, so nothing was done. It is written \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\`.",
      "\`/pause-promotion\` takes a branch's own name, not a pattern such as \`release/*\` (one command pauses one branch; without \`--branch\` it pauses all), so nothing was done. It is written \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\`.",
      "\`/pause-promotion\` misses the value of \`--for\`, so nothing was done. It is written \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\`.",
      "\`/resume-promotion\` has no option \`--for\`, so nothing was done. It is written \`/resume-promotion [reason]\`.",
      "\`/reject\` needs a reason, so nothing was done. It is written \`/reject <reason>\`.",
      "\`/promote\` needs a reason with \`--urgent\`, so nothing was done. It is written \`/promote [--urgent <reason>]\`.",
      "\`/approve\` takes a commit id of at least seven digits, which \`lgtm\` is not, so nothing was done. It is written \`/approve [commit]\`.",
      "\`/promote\` does not know what to make of \`now\`, so nothing was done. It is written \`/promote [--urgent <reason>]\`.",
    ]
  `)
})

test("what is no command, and what does not follow", () => {
  const near = parseCommands("/pause-promotoin")[0]
  if (near?.kind !== "near-miss") throw new Error("no near miss")
  expect(renderReply([near], 42)).toMatchInlineSnapshot(`
    "\`/pause-promotoin\` is no command. Did you mean \`/pause-promotion\`? Nothing was done; \`/help\` lists all commands.

    <!-- portcullis:reply:42 -->"
  `)
  expect(renderReply([{ kind: "no-rollback", why: "already-out" }], 42)).toMatchInlineSnapshot(`
    "\`/rollback\` did nothing: it was taken back already.

    <!-- portcullis:reply:42 -->"
  `)
})

test("the words of a stranger do no harm", () => {
  expect(told("/pause-promotion --<b>`@olga`[x](y)|")).toEqual([])
  expect(told("/pause-promotion --x=`@olga`[x](y)|")).toMatchInlineSnapshot(`
    [
      "\`/pause-promotion\` has no option \`\`--x=\`@olga\`[x](y)¦\`\`, so nothing was done. It is written \`/pause-promotion [reason] [--for 2h] [--branch main] [--pr]\`.",
    ]
  `)
})

test("every usage begins with its command", () => {
  for (const name of commandNames) expect(commandTable[name].usage).toMatch(new RegExp(`^/${name}(?: |$)`))
})
