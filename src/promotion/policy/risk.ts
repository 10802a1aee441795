import type { Change, ChangedFile } from "../change/change.ts"
import { riskLevels, type RiskLevel, type RiskRule } from "../config/config-rules.ts"
import { pathMatcher } from "../change/path.ts"

/** What a change's risk is judged by. */
export type RiskInput = {
  rules: readonly RiskRule[]
  /** Null while it has not been read. */
  change: Change | null
  agent: boolean
  /** Names of the content rules that raise the risk; see the policy stage. */
  raised: readonly string[]
}

/**
 * Why a change is as risky as it is. `level` is what the reason alone makes of it, for `content` what the raise leads
 * to; `reason` is the config's word for it; `paths` are up to 20 of the paths that matched, `more` counts the rest.
 */
export type RiskReason = {
  level: RiskLevel
  why: "paths" | "changed-lines" | "agent" | "content" | "unknown" | "default"
  reason: string | null
  paths: readonly string[]
  more: number
}

/** A change's risk and all reasons for it, the gravest first and otherwise in the config's order. */
export type Risk = { level: RiskLevel; reasons: readonly RiskReason[] }

/** Most paths told for one reason. */
const limitPaths = 20

/**
 * Judges how risky a change is: the highest level of all rules that match, `low` when none does, and one level more if
 * any content rule raises it. What was not read could match every rule about paths or lines, so it makes the risk high
 * where such a rule is not met already.
 */
export function judgeRisk(input: RiskInput): Risk {
  const matches = input.rules.map((rule) => matchOf(rule, input))
  const reasons = matches.filter((match) => match !== null && match !== "unknown")
  if (matches.includes("unknown")) reasons.push(bare("high", "unknown"))
  const level = highest(reasons)
  const raisedLevel = riskLevels[riskLevels.indexOf(level) + 1] ?? "high"
  for (const name of input.raised) reasons.push({ ...bare(raisedLevel, "content"), reason: name })
  if (reasons.length === 0) reasons.push(bare("low", "default"))
  const gravestFirst = reasons.toSorted((a, b) => riskLevels.indexOf(b.level) - riskLevels.indexOf(a.level))
  return { level: highest(reasons), reasons: gravestFirst }
}

function bare(level: RiskLevel, why: RiskReason["why"]): RiskReason {
  return { level, why, reason: null, paths: [], more: 0 }
}

function highest(reasons: readonly RiskReason[]): RiskLevel {
  return riskLevels.findLast((level) => reasons.some((reason) => reason.level === level)) ?? "low"
}

/** The reason that a rule gives; null when it does not hold; `unknown` when what is unread could make it hold. */
function matchOf(rule: RiskRule, { change, agent }: RiskInput): RiskReason | "unknown" | null {
  if (rule.author === "agent" && !agent) return null
  const about = rule.paths !== undefined ? "paths" : rule.changed_lines_over !== undefined ? "changed-lines" : null
  if (about === null) return { ...bare(rule.level, "agent"), reason: rule.reason ?? null }
  const paths = matchingPaths(change?.files ?? [], rule)
  const fits = change !== null && paths !== null && hasMoreLines(change.files, rule)
  if (!fits) return change?.complete === true ? null : "unknown"
  const some = paths.slice(0, limitPaths)
  return { level: rule.level, why: about, reason: rule.reason ?? null, paths: some, more: paths.length - some.length }
}

function hasMoreLines(files: readonly ChangedFile[], { changed_lines_over: limit }: RiskRule): boolean {
  if (limit === undefined) return true
  const within = files.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0) <= limit
  return !within // so asked that a number that is none is over the limit
}

/**
 * Paths that a rule names, null when it names some and none matches. A renamed file counts by both its paths, and is
 * told by the one that matches, the new one first.
 */
function matchingPaths(files: readonly ChangedFile[], { paths: globs }: RiskRule): string[] | null {
  if (globs === undefined) return []
  const matcher = pathMatcher(globs)
  const paths = files.flatMap(({ path, previousPath, status }) => {
    if (matcher.find(path) !== null) return [path]
    const old = status === "copied" ? null : previousPath
    return old !== null && matcher.find(old) !== null ? [old] : []
  })
  return paths.length === 0 ? null : paths
}
