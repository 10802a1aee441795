import { effectOfRisk, type Pair, valueDifference } from "./config-compare-review.ts"
import {
  byStrictness,
  compareOthers,
  compareSets,
  globCovers,
  globsCover,
  valueText,
  type ConfigDifference,
  type Cover,
} from "./config-difference.ts"
import type { ContentRule, PolicyRules } from "./config-rules.ts"
import type { PromotionConfig } from "./config.ts"
import { alwaysProtected } from "../policy/policy.ts"

/** The keys `policy` and `agents` of two configs. */

/** Compares the rules over the diff. */
export function comparePolicy(configs: Pair<PromotionConfig>): ConfigDifference[] {
  const [was, becomes] = [configs.was.policy, configs.becomes.policy]
  const pair = { was, becomes }
  return [
    ...comparePaths("policy.protected_paths", {
      was: [...was.protected_paths, ...alwaysProtected],
      becomes: [...becomes.protected_paths, ...alwaysProtected],
    }),
    ...comparePaths("policy.forbidden_paths", { was: was.forbidden_paths, becomes: becomes.forbidden_paths }),
    ...compareScope(pair),
    ...valueDifference("policy.max_changed_lines", {
      was: String(was.max_changed_lines),
      becomes: String(becomes.max_changed_lines),
      effect: byStrictness(-was.max_changed_lines, -becomes.max_changed_lines),
    }),
    ...compareWords("policy.description.require_sections", {
      was: was.description.require_sections,
      becomes: becomes.description.require_sections,
    }),
    ...compareWords("policy.syntax", { was: was.syntax, becomes: becomes.syntax }),
    ...compareContent(configs),
    ...compareOthers("policy.description", {
      was: was.description,
      becomes: becomes.description,
      known: ["require_sections"],
    }),
    ...compareOthers("policy", {
      was,
      becomes,
      known: ["protected_paths", "forbidden_paths", "scope", "max_changed_lines", "description", "syntax", "content"],
    }),
  ]
}

function comparePaths(path: string, pair: Pair<readonly string[]>): ConfigDifference[] {
  const covers = (wide: string, narrow: string): Cover => (globCovers(wide, narrow) ? "whole" : "no")
  return compareSets({ path, ...pair, more: "tightens", shown: valueText, covers })
}

function compareWords(path: string, pair: Pair<readonly string[]>): ConfigDifference[] {
  return compareSets({ path, ...pair, more: "tightens", shown: valueText })
}

/** No scope at all is the widest one. */
function compareScope({ was, becomes }: Pair<PolicyRules>): ConfigDifference[] {
  const path = "policy.scope"
  if ((was.scope.length === 0) !== (becomes.scope.length === 0)) {
    const effect = was.scope.length === 0 ? "tightens" : "loosens"
    return [{ path, was: valueText(was.scope), becomes: valueText(becomes.scope), effect }]
  }
  const covers = (wide: string, narrow: string): Cover => (globCovers(wide, narrow) ? "whole" : "no")
  return compareSets({ path, was: was.scope, becomes: becomes.scope, more: "loosens", shown: valueText, covers })
}

function compareContent(configs: Pair<PromotionConfig>): ConfigDifference[] {
  const rulesOf = ({ policy }: PromotionConfig, raising: boolean): ContentRule[] =>
    policy.content.filter(({ action }) => (action === "raise-risk") === raising)
  const compared = (raising: boolean): ConfigDifference[] =>
    compareSets<ContentRule>({
      size: ({ paths }) => (paths?.length ?? 0) + 1,
      path: "policy.content",
      was: rulesOf(configs.was, raising),
      becomes: rulesOf(configs.becomes, raising),
      more: raising ? effectOfRisk(configs, "tightens") : "tightens",
      shown: valueText,
      covers: contentCovers,
    })
  return [...compared(false), ...compared(true)]
}

/**
 * A rule makes another one needless if it looks for the same in as many files, and is no milder. Of a file that is moved
 * into a rule's paths nothing can be read, and of one that is moved within them nothing must be: so wider paths are
 * not stricter for every change.
 */
function contentCovers(wide: ContentRule, narrow: ContentRule): Cover {
  const asStrict = wide.action === narrow.action || wide.action === "block"
  if (wide.added !== narrow.added || !asStrict) return "no"
  if (wide.paths === undefined || narrow.paths === undefined) return wide.paths === narrow.paths ? "whole" : "no"
  if (!globsCover(wide.paths, narrow.paths)) return "no"
  return globsCover(narrow.paths, wide.paths) ? "whole" : "mostly"
}

/** Compares how agents are recognised. More of them tighten: their approvals do not count, and their changes need more. */
export function compareAgents(configs: Pair<PromotionConfig>): ConfigDifference[] {
  const [was, becomes] = [configs.was.agents, configs.becomes.agents]
  const one = (key: "label" | "trailer"): ConfigDifference[] => {
    const alike = was[key].toLowerCase() === becomes[key].toLowerCase()
    const effect = alike ? "neither" : "unclear"
    return valueDifference(`agents.${key}`, { was: was[key], becomes: becomes[key], effect })
  }
  return [
    ...compareSets<string>({
      path: "agents.logins",
      was: was.logins,
      becomes: becomes.logins,
      more: effectOfRisk(configs, "tightens"),
      key: (login) => login.toLowerCase(),
      shown: valueText,
    }),
    ...one("label"),
    ...one("trailer"),
    ...compareOthers("agents", { was, becomes, known: ["logins", "label", "trailer"] }),
  ]
}
