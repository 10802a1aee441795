import type { ConfigInForce } from "../config/config.ts"
import type { Pause } from "./pause.ts"
import { modeOf } from "../gate/verdict.ts"

/** What decides whether, and for which branches, a ruleset has to refuse every update. */
export type HardStopInput = {
  /** Null: not known now. */
  config: ConfigInForce | null
  pauses: readonly Pause[]
  defaultBranch: string
}

/**
 * The refs that a ruleset has to shut now, as GitHub's rulesets name them, in
 * order; none: there must be no ruleset. Null: nobody knows, so what stands is left as it is.
 *
 * A pause of one pull request shuts no branch.
 */
export function hardStopRefs({ config, pauses, defaultBranch }: HardStopInput): string[] | null {
  if (config === null) return null
  if (!config.config.pause.hard_stop || modeOf(config) !== "enforce") return []
  const promotionBranches = config.config.branches === undefined ? [defaultBranch] : Object.keys(config.config.branches)
  const paused = pauses.flatMap(({ scope, branch }) => {
    if (scope === "repository") return promotionBranches
    return scope === "branch" && branch !== null && !branch.includes("*") ? [branch] : []
  })
  return [...new Set(paused.filter((name) => !foreignSign.test(name)).flatMap(asRefs))].toSorted()
}

/**
 * Special to GitHub and not to us. Neither configs nor commands take them any more, since no branch can be named so; one
 * that was taken before must shut no other branch.
 */
const foreignSign = /[?[\\]/

/**
 * A last segment `**` fits one segment alone at GitHub (Ruby's `File.fnmatch` with `FNM_PATHNAME`), and in the config any
 * number, none included.
 */
function asRefs(pattern: string): string[] {
  const ref = `refs/heads/${pattern}`
  if (!ref.endsWith("/**")) return [ref]
  const whole = pattern === "**" ? [] : [ref.slice(0, -3)]
  return [...whole, `${ref}/*`]
}

/** What a hard stop came to: the refs it shuts, or why it is not in force. */
export type HardStopOutcome = { refs: readonly string[]; problem: string | null }

/** What GitHub would not have, in its words, and whether a ruleset of ours stands there all the same. */
export type HardStopProblem = { problem: string; stands: boolean }
