import type { Actor } from "../../ledger/entry.ts"
import { clip } from "../../lib/clip.ts"
import type { CommitsOfChange } from "../change/change.ts"
import type { AgentRules } from "../config/config-rules.ts"

/** What is known of those who made a change. */
export type AgentInput = {
  author: Actor
  /** Whether the label of agents counts: it is there, or whoever took it off may not. */
  labelled: boolean
  /** Null while they have not been read. */
  commits: CommitsOfChange | null
  rules: AgentRules
}

/** By which sign a change is an agent's work; `unknown`: not all commits could be read, and any might say so. */
export type AgentSign = "login" | "bot" | "label" | "trailer" | "unknown"

/** Whether a change is an agent's work, and whose task it was; texts have 200 characters at most, none of control. */
export type AgentJudgement = {
  agent: boolean
  how: AgentSign | null
  task: string | null
  run: string | null
  requester: string | null
}

/**
 * Judges whether a change is an agent's work. One sign is enough, and no sign takes another one back: taking the label
 * off, say, makes nobody human whose commits carry the trailer. A listed login counts among the people behind the
 * commits as well as for the author: an agent's commits in a person's pull request are still an agent's commits. Other
 * bots count as author only, or a robot that formats a person's branch would make it its own.
 *
 * The label alone is a weak sign, because it has to be set first.
 */
export function judgeAgent(input: AgentInput): AgentJudgement {
  const how = signOf(input)
  const first = (...keys: string[]): string | null => firstTrailer(input.commits, keys)
  return {
    agent: how !== null,
    how,
    task: first(input.rules.trailer),
    run: first("Agent-run"),
    requester: first("Agent-requester", "Requested-by"),
  }
}

function signOf({ author, labelled, commits, rules }: AgentInput): AgentSign | null {
  const logins = new Set(rules.logins.map(lower))
  const people = [author.login, ...(commits?.people ?? [])]
  if (people.some((login) => logins.has(lower(login)))) return "login"
  if (author.kind !== "user" || lower(author.login).endsWith("[bot]")) return "bot"
  if (labelled) return "label"
  if (commits?.trailers.some(({ key }) => lower(key) === lower(rules.trailer)) === true) return "trailer"
  return commits?.complete === true ? null : "unknown"
}

/** GitHub takes logins that differ in case for the same, and git does so with the names of trailers. */
function lower(text: string): string {
  return text.toLowerCase()
}

function firstTrailer(commits: CommitsOfChange | null, keys: readonly string[]): string | null {
  for (const key of keys) {
    for (const trailer of commits?.trailers ?? []) {
      const value = lower(trailer.key) === lower(key) ? clean(trailer.value) : ""
      if (value !== "") return value
    }
  }
  return null
}

/** One line of visible text: what steers a terminal, reverses text or is half a character is taken out. */
function clean(value: string): string {
  const visible = clip(value, 2000)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replaceAll(/\p{Cf}/gu, "")
  return clip(visible.trim(), 200).trim()
}
