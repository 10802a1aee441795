import type { Command } from "./command-arguments.ts"
import { commandTable } from "./command-table.ts"
import { approve, reject } from "./judge-command.ts"
import { pause, resume } from "./pause-command.ts"
import { authorise, isAgentAccount } from "../permission.ts"
import { abort, promote } from "./promotion-command.ts"
import { rollback } from "./rollback-command.ts"
import { deniedEntry, noStep, receivedEntry, type Run, type Step } from "./run.ts"

/** Runs one command, if whoever gave it may. */
export function runCommand(run: Run, command: Command): Step {
  const { name } = command
  if (commandTable[name].onPullRequest && !run.comment.onPullRequest) {
    return { ...noStep, reply: [{ kind: "misuse", name, why: "not-on-an-issue", word: null }] }
  }
  return deny(run, command) ?? carryOut(run, command)
}

function carryOut(run: Run, command: Command): Step {
  switch (command.name) {
    case "pause-promotion":
      return pause(run, command)
    case "resume-promotion":
      return resume(run, command)
    case "approve":
      return approve(run, command)
    case "reject":
      return reject(run, command)
    case "promote":
      return promote(run, command)
    case "abort":
      return abort(run, command)
    case "rollback":
      return rollback(run, command)
    case "promotion-status":
      return { entries: [receivedEntry(run, command)], reply: [{ kind: "status" }] }
    case "recheck":
      return { entries: [receivedEntry(run, command)], reply: [], recheck: true }
    case "help":
      return { entries: [receivedEntry(run, command)], reply: [{ kind: "help", roles: run.config.commands }] }
  }
}

/** The refusal, where the role that the command asks for is wanting. */
function deny(run: Run, command: Command): Step | null {
  const { snapshot, comment, config } = run
  const { role, effect } = commandTable[command.name]
  const urgent = command.name === "promote" && command.urgent !== null
  const asked = urgent ? "promote-urgent" : role
  if (asked === null) return null
  const needs = config.commands[asked]
  const has = snapshot.roles.get(comment.actor.login) ?? "none"
  const isAgent = isAgentAccount({ login: comment.actor.login, bot: comment.actorIsBot }, config.agents.logins)
  const answer = authorise({ isAgent, has, needs, effect })
  if (answer.allowed) return null
  const entry = deniedEntry(run, command, { needs, has })
  const said = urgent ? "promote --urgent" : command.name
  return { entries: [entry], reply: [{ kind: "denied", command: said, needs, has, why: answer.why }] }
}
