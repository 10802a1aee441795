import { clip } from "../../lib/clip.ts"
import { parseDurationMs } from "../../lib/duration.ts"
import { commandTable, type CommandName } from "./command-table.ts"

/** A command that was understood. `text`: what stood behind its name, for the ledger. */
export type Command = { text: string | null } &
  /** `branch`: this one alone; `own`: this pull request alone. */
  (
    | { name: "pause-promotion"; reason: string | null; forMs: number | null; branch: string | null; own: boolean }
    | { name: "resume-promotion"; reason: string | null }
    /** `sha`: the beginning of a commit id; null: none was named. */
    | { name: "approve"; sha: string | null }
    | { name: "reject"; reason: string }
    /** `urgent`: why it cannot wait; null: it can. */
    | { name: "promote"; urgent: string | null }
    | { name: "abort"; reason: string | null }
    /** `to`: `known-good`, a tag or a commit; null: this change alone is reverted. */
    | { name: "rollback"; to: string | null; reason: string | null }
    | { name: "promotion-status" }
    | { name: "recheck" }
    | { name: "help" }
  )

/** Why a known command was not understood; nothing of it is done. */
export type MisuseReason =
  | "unknown-option"
  | "option-twice"
  | "no-value"
  | "missing-reason"
  | "not-a-commit"
  | "surplus"
  | "not-on-an-issue"
  | "not-a-duration"
  | "two-scopes"
  | "not-a-branch-name"
  | "not-a-promotion-branch"

/** A known command that was not understood, and the word that was at fault. */
export type Misuse = { kind: "misuse"; name: CommandName; why: MisuseReason; word: string | null }

/** What a line of a comment says. */
export type Said =
  | { kind: "command"; command: Command }
  | Misuse
  /** No command, but one may have been meant. */
  | { kind: "near-miss"; said: string; name: CommandName }

/** Longest reason kept, in UTF-16 units. */
const limitReason = 300

/** Reads what stands behind a command's name. */
export function readArguments(name: CommandName, rest: string): Said {
  const split = splitOptions(name, rest)
  if ("kind" in split) return split
  const text = cut(rest)
  const reason = cut(split.text)
  switch (name) {
    case "pause-promotion":
      return readPause(split, { text, reason })
    case "resume-promotion":
    case "abort":
      return { kind: "command", command: { name, text, reason } }
    case "approve":
      return readApprove(reason)
    case "reject":
      return reason === null ? misused(name, "missing-reason") : { kind: "command", command: { name, text, reason } }
    case "promote":
      return readPromote(split.options.has("urgent"), reason)
    case "rollback":
      return readRollback(split, { text, reason })
    case "promotion-status":
    case "recheck":
    case "help":
      return { kind: "command", command: { name, text } }
  }
}

function misused(name: CommandName, why: MisuseReason, word: string | null = null): Misuse {
  return { kind: "misuse", name, why, word: word === null ? null : clip(word, 40) }
}

/** Longest pause that ends by itself: a year. */
const limitPauseMs = 365 * 24 * 3600 * 1000

/** Longest name of a branch. */
const limitBranch = 255

/** What git allows in no name of a branch, and patterns are made of: a pause of a pattern would be over no branch. */
const patternSign = /[*?[\\]/

function readPause({ options }: Split, said: { text: string | null; reason: string | null }): Said {
  const name = "pause-promotion"
  const duration = options.get("for")
  const forMs = duration === undefined ? null : (parseDurationMs(duration) ?? Number.NaN)
  if (forMs !== null && !(forMs <= limitPauseMs)) return misused(name, "not-a-duration", duration)
  const branch = options.get("branch") ?? null
  const own = options.has("pr")
  if (own && branch !== null) return misused(name, "two-scopes")
  if (branch !== null && patternSign.test(branch)) return misused(name, "not-a-branch-name", branch)
  if (branch !== null && branch.length > limitBranch) return misused(name, "not-a-promotion-branch", branch)
  return { kind: "command", command: { name, ...said, forMs, branch, own } }
}

const commitId = /^[0-9a-f]{7,64}$/i

/** An approval is worth too much to guess what was meant by other words. */
function readApprove(given: string | null): Said {
  const [word = null, more] = given?.split(/\s+/) ?? []
  if (word !== null && !commitId.test(word)) return misused("approve", "not-a-commit", word)
  if (more !== undefined) return misused("approve", "surplus", more)
  return { kind: "command", command: { name: "approve", text: given, sha: word?.toLowerCase() ?? null } }
}

function readPromote(urgent: boolean, reason: string | null): Said {
  if (urgent && reason === null) return misused("promote", "missing-reason", "--urgent")
  if (!urgent && reason !== null) return misused("promote", "surplus", reason.split(/\s+/)[0])
  const text = reason === null ? null : `--urgent ${reason}`
  return { kind: "command", command: { name: "promote", text, urgent: reason } }
}

/** One word alone that looks like a tag or a commit is one; every other text is a reason. */
const refLike = /^(?:[0-9a-f]{7,64}|(?=.*[0-9/])[\w][\w./-]{0,254})$/i

function readRollback({ options }: Split, said: { text: string | null; reason: string | null }): Said {
  const named = options.get("to") ?? null
  const { text, reason } = said
  if (named !== null && !/^[\w][\w./-]{0,254}$/.test(named)) return misused("rollback", "not-a-commit", named)
  const [first = "", ...rest] = reason?.split(/\s+/) ?? []
  const isTarget = first === "known-good" || (rest.length === 0 && refLike.test(first))
  if (named === null && isTarget) {
    return { kind: "command", command: { name: "rollback", text, to: first, reason: cut(rest.join(" ")) } }
  }
  return { kind: "command", command: { name: "rollback", text, to: named, reason } }
}

function cut(text: string): string | null {
  const short = clip(text.trim(), limitReason).trim()
  return short === "" ? null : short
}

/** Options by name, and the text that is left without them, its blanks as they were. */
type Split = { options: ReadonlyMap<string, string>; text: string }

/** Telephones make one long dash of two short ones; before a word that is no option it is a dash. */
const optionWord = /^(--|—)([a-z][a-z-]*)(?:=(.*))?$/is

type Option = { key: string; takes: "value" | "flag" | undefined; given: string | undefined }

function optionOf(word: string, known: Readonly<Record<string, "value" | "flag">>): Option | undefined {
  const [, dash, written = "", given] = optionWord.exec(word) ?? []
  const key = written.toLowerCase()
  const takes = Object.hasOwn(known, key) ? known[key] : undefined
  return dash === undefined || (dash === "—" && takes === undefined) ? undefined : { key, takes, given }
}

function splitOptions(name: CommandName, rest: string): Split | Misuse {
  const misuse = (why: MisuseReason, word: string): Misuse => misused(name, why, word)
  const options = new Map<string, string>()
  const kept: string[] = []
  const parts = rest.split(/(\s+)/)
  for (let at = 0; at < parts.length; at += 2) {
    const word = parts[at] ?? ""
    const option = optionOf(word, commandTable[name].options)
    if (option === undefined) {
      kept.push(word, parts[at + 1] ?? "")
      continue
    }
    const { key, takes, given } = option
    if (takes === undefined) return misuse("unknown-option", word)
    if (options.has(key)) return misuse("option-twice", word)
    if (takes === "value" && given === undefined) at += 2
    const value = takes === "value" ? (given ?? parts[at] ?? "") : "-"
    if (value === "" || value.startsWith("--")) return misuse("no-value", word)
    options.set(key, value)
  }
  return { options, text: kept.join("") }
}
