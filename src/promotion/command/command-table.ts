import type { CommandRoles } from "../config/config-rules.ts"
import type { Effect } from "../permission.ts"

/** Every command that is known, in the order in which `/help` lists them. */
export const commandNames = [
  "pause-promotion",
  "resume-promotion",
  "approve",
  "reject",
  "promote",
  "abort",
  "rollback",
  "promotion-status",
  "recheck",
  "help",
] as const

/** Name of a command, without its slash. */
export type CommandName = (typeof commandNames)[number]

/** What there is to know of a command before it is run. */
export type CommandRow = {
  /** Key of the config's `commands` that names the role; null: whoever the review stage lets approve. */
  role: keyof CommandRoles | null
  effect: Effect
  usage: string
  /** What it does, in one line. */
  does: string
  /** Options and whether a value follows; none unless named. */
  options: Readonly<Record<string, "value" | "flag">>
  /** Whether it is of use on a pull request only. */
  onPullRequest: boolean
}

const ordinary = { options: {}, onPullRequest: false } as const

/** The one table of commands: parsing, permission, hints and `/help` all go by it. */
export const commandTable: Readonly<Record<CommandName, CommandRow>> = {
  "pause-promotion": {
    ...ordinary,
    role: "pause-promotion",
    effect: "tightens",
    usage: "/pause-promotion [reason] [--for 2h] [--branch main] [--pr]",
    does: "turns every gate red until somebody resumes; or those of one branch, or this one",
    options: { for: "value", branch: "value", pr: "flag" },
  },
  "resume-promotion": {
    ...ordinary,
    role: "resume-promotion",
    effect: "loosens",
    usage: "/resume-promotion [reason]",
    does: "ends the pauses over this pull request; on an issue, those of the repository and its branches",
  },
  approve: {
    ...ordinary,
    role: null,
    effect: "loosens",
    usage: "/approve [commit]",
    does: "approves this change, at its newest commit",
    onPullRequest: true,
  },
  reject: {
    ...ordinary,
    role: null,
    effect: "loosens",
    usage: "/reject <reason>",
    does: "ends this promotion and closes the pull request",
    onPullRequest: true,
  },
  promote: {
    ...ordinary,
    role: "promote",
    effect: "loosens",
    usage: "/promote [--urgent <reason>]",
    does: "merges now, if the gate is open; urgently, past what the config lets be skipped",
    options: { urgent: "flag" },
    onPullRequest: true,
  },
  abort: {
    ...ordinary,
    role: "abort",
    effect: "loosens",
    usage: "/abort [reason]",
    does: "ends this promotion and leaves the pull request open",
    onPullRequest: true,
  },
  rollback: {
    ...ordinary,
    role: "rollback",
    effect: "loosens",
    usage: "/rollback [reason], /rollback known-good, /rollback <tag or commit>",
    does: "takes this merged change back by a pull request; or returns the branch to known-good, or to a commit",
    options: { to: "value" },
  },
  "promotion-status": {
    ...ordinary,
    role: "promotion-status",
    effect: "reads",
    usage: "/promotion-status",
    does: "answers with what holds the gate",
  },
  recheck: {
    ...ordinary,
    role: "recheck",
    effect: "loosens",
    usage: "/recheck",
    does: "reads everything from GitHub again",
  },
  help: { ...ordinary, role: "help", effect: "reads", usage: "/help", does: "answers with this list" },
}
