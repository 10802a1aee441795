import { compareAfterMerge, gainedAfterMerge, keysAfterMerge, stepsAfterMerge } from "./config-compare-after.ts"
import { valueDifference, type Pair } from "./config-compare-review.ts"
import { compareStages, sizeOfStages } from "./config-compare-stages.ts"
import {
  compareOthers,
  compareSets,
  globCovers,
  limitSteps,
  opposite,
  sameInAnyOrder,
  tooMany,
  valueText,
  type ConfigDifference,
  type ConfigEffect,
} from "./config-difference.ts"
import { defaultRules, type BranchRules, type PromotionConfig } from "./config.ts"
import { branchMatches } from "../change/glob.ts"

/**
 * The key `branches` of two configs. For every branch the first pattern that fits holds, so what is compared is not key
 * with key: it is every pair of patterns, one of each config, that may both be the first for one branch.
 */

type Rule = { pattern: string; rules: BranchRules }

/** Most pairs of patterns compared; of more nobody could read the result. */
const limitPairs = 2500

/** Compares which branches are promotion branches, and the rules of each. */
export function compareBranches(
  configs: Pair<PromotionConfig>,
  { defaultBranch }: { defaultBranch: string },
): ConfigDifference[] {
  const [was, becomes] = [rulesOf(configs.was, defaultBranch), rulesOf(configs.becomes, defaultBranch)]
  if (sameRules(was, becomes)) return []
  const large = tooMany("branches", { was: was.length, becomes: becomes.length, of: "patterns" })
  if (was.length * becomes.length > limitPairs || (was.length + becomes.length) ** 2 > limitSteps) return [large]
  const met = pairs(was, becomes)
  if (met.reduce((sum, pair) => sum + stepsOf(pair), 0) > limitSteps) return [large]
  const found = [
    ...met.flatMap(([before, after]) => compareRules(pathOf(before, after), { was: before, becomes: after })),
    ...was.filter((one) => !isWithin(one, becomes)).flatMap((one) => gained(one, "loosens")),
    ...becomes.filter((one) => !isWithin(one, was)).flatMap((one) => gained(one, "tightens")),
  ]
  return [...new Map(found.map((one) => [JSON.stringify(one), one])).values()]
}

/** How much work it is to compare two rules: each entry of their lists is held against each of the other's. */
function stepsOf([before, after]: [Rule, Rule]): number {
  const required = ({ rules }: Rule): number => sizeOfStages(rules.stages)
  const sources = ({ rules }: Rule): number => (rules.from?.length ?? 0) + 1
  const later = stepsAfterMerge({ was: before.rules, becomes: after.rules })
  return sources(before) * sources(after) + required(before) * required(after) + later
}

function rulesOf({ branches }: PromotionConfig, defaultBranch: string): Rule[] {
  if (branches === undefined) return [{ pattern: defaultBranch, rules: defaultRules }]
  return Object.entries(branches).map(([pattern, rules]) => ({ pattern, rules }))
}

function sameRules(was: readonly Rule[], becomes: readonly Rule[]): boolean {
  return JSON.stringify(was) === JSON.stringify(becomes)
}

/** Every pair of rules that may hold for one branch, before and after. */
function pairs(was: readonly Rule[], becomes: readonly Rule[]): [Rule, Rule][] {
  const all = [...was, ...becomes]
  // A pattern that an earlier one of the same config covers is never the first.
  const firsts = (rules: readonly Rule[]) =>
    new Map(all.map((one) => [one, rules.findIndex((rule) => globCovers(rule.pattern, one.pattern))]))
  const [firstWas, firstBecomes] = [firsts(was), firsts(becomes)]
  const isReached = (covered: number | undefined, place: number): boolean =>
    covered === undefined || covered < 0 || covered >= place
  return was.flatMap((before, i) =>
    becomes.flatMap((after, j): [Rule, Rule][] => {
      const reached = [before, after].every(
        (one) => isReached(firstWas.get(one), i) && isReached(firstBecomes.get(one), j),
      )
      return reached && mayMeet(before.pattern, after.pattern) ? [[before, after]] : []
    }),
  )
}

/** Whether some branch may fit both patterns; true where it cannot be told easily. */
function mayMeet(one: string, other: string): boolean {
  if (!one.includes("*")) return branchMatches(other, one)
  if (!other.includes("*")) return branchMatches(one, other)
  const [segments, others] = [one.split("/"), other.split("/")]
  if (![...segments, ...others].includes("**") && segments.length !== others.length) return false
  const [begins, also] = [beginning(one), beginning(other)]
  return begins.startsWith(also) || also.startsWith(begins)
}

/** What every branch that fits begins with: `release/**` fits `release` as well. */
function beginning(pattern: string): string {
  return pattern.slice(0, pattern.indexOf("*")).replace(/\/$/, "")
}

function isWithin({ pattern }: Rule, rules: readonly Rule[]): boolean {
  return rules.some((rule) => globCovers(rule.pattern, pattern))
}

/** A branch that becomes one to promote into gets a gate; if the app merges there by itself, no person has to. */
function gained({ pattern, rules }: Rule, effect: "tightens" | "loosens"): ConfigDifference[] {
  const path = `branches.${pattern}`
  const text = valueText(rules.stages.map(({ kind }) => kind))
  const auto = valueText(rules.merge.auto)
  const found: ConfigDifference[] = [
    { path, was: null, becomes: text, effect: "tightens" },
    ...(rules.merge.auto.length === 0
      ? []
      : [{ path: `${path}.merge.auto`, was: null, becomes: auto, effect: "loosens" as const }]),
    ...gainedAfterMerge(path, rules),
  ]
  if (effect === "tightens") return found
  return found.map((one) => ({ ...one, was: one.becomes, becomes: one.was, effect: opposite(one.effect) }))
}

function pathOf(before: Rule, after: Rule): string {
  return before.pattern === after.pattern
    ? `branches.${after.pattern}`
    : `branches.${after.pattern} (was under ${before.pattern})`
}

function compareRules(path: string, pair: Pair<Rule>): ConfigDifference[] {
  const [was, becomes] = [pair.was.rules, pair.becomes.rules]
  const found = [
    ...compareFrom(`${path}.from`, { was: was.from, becomes: becomes.from }),
    ...compareStages(`${path}.stages`, { was: was.stages, becomes: becomes.stages }),
    ...valueDifference(`${path}.merge.method`, {
      was: was.merge.method,
      becomes: becomes.merge.method,
      effect: "neither",
    }),
    ...compareSets({
      path: `${path}.merge.auto`,
      was: was.merge.auto,
      becomes: becomes.merge.auto,
      more: "loosens",
      shown: valueText,
    }),
    ...compareOthers(`${path}.merge`, { was: was.merge, becomes: becomes.merge, known: ["method", "auto"] }),
    ...compareAfterMerge(path, pair),
    ...compareOthers(path, { was, becomes, known: ["from", "stages", "merge", ...keysAfterMerge] }),
  ]
  if (found.length > 0 || sameInAnyOrder(was, becomes)) return found
  return [{ path, was: valueText(was), becomes: valueText(becomes), effect: "unclear" }]
}

/** Without a list any branch may come, and any fork. */
function compareFrom(path: string, { was, becomes }: Pair<readonly string[] | null>): ConfigDifference[] {
  if (was === null || becomes === null) {
    const text = (from: readonly string[] | null): string | null => (from === null ? null : valueText(from))
    const effect: ConfigEffect = was === null ? "tightens" : "loosens"
    return valueDifference(path, { was: text(was), becomes: text(becomes), effect })
  }
  const covers = (wide: string, narrow: string) => (globCovers(wide, narrow) ? "whole" : "no")
  return compareSets({ path, was, becomes, more: "loosens", shown: valueText, covers })
}
