import { compareHealth, sizeOfHealth } from "./config-compare-health.ts"
import { valueDifference, type Pair } from "./config-compare-review.ts"
import { compareStages, sizeOfStages } from "./config-compare-stages.ts"
import {
  compareOthers,
  compareSets,
  globCovers,
  timeText,
  valueText,
  type ConfigDifference,
  type ConfigEffect,
} from "./config-difference.ts"
import { knownGoodTag } from "./config-rollback.ts"
import { rollbackStages, type BranchRules } from "./config.ts"

/**
 * What holds for a branch after the merge, in two configs. It opens no gate by itself; it loosens when something that
 * hurts may stay for longer, or when less than before is needed for the app to change the branch. What does the one of
 * these when it grows and the other when it shrinks, nobody can tell.
 */

/** A branch's rules, and the pattern that they are under. */
type Rule = { pattern: string; rules: BranchRules }

/** Keys that are compared here. */
export const keysAfterMerge: readonly (keyof BranchRules)[] = ["health", "known_good", "rollback", "promote_to"]

/** Compares `health`, `known_good`, `rollback` and `promote_to` of two rules that may hold for one branch. */
export function compareAfterMerge(path: string, { was, becomes }: Pair<Rule>): ConfigDifference[] {
  const [before, after] = [was.rules, becomes.rules]
  return [
    ...compareHealth(`${path}.health`, { was: before.health, becomes: after.health }),
    ...compareKnownGood(`${path}.known_good`, { was, becomes }),
    ...compareRollback(`${path}.rollback`, { was: before, becomes: after }),
    ...comparePromoteTo(`${path}.promote_to`, { was: before.promote_to, becomes: after.promote_to }),
  ]
}

/** How much work it is to compare two rules: each entry of their lists is held against each of the other's. */
export function stepsAfterMerge({ was, becomes }: Pair<BranchRules>): number {
  const stages = ({ rollback }: BranchRules): number => sizeOfStages(rollback.stages ?? [])
  return (
    sizeOfHealth(was.health) * sizeOfHealth(becomes.health) +
    (was.rollback.ask_for.length + 1) * (becomes.rollback.ask_for.length + 1) +
    stages(was) * stages(becomes)
  )
}

/** What the app may change by itself in a branch that becomes one to promote into, or that it leads on to. */
export function gainedAfterMerge(path: string, { rollback, promote_to: to }: BranchRules): ConfigDifference[] {
  const merge = { was: null, becomes: "auto" }
  return [
    ...(rollback.merge === "auto" ? [{ path: `${path}.rollback.merge`, ...merge, effect: "unclear" as const }] : []),
    ...(to?.merge === "auto"
      ? [{ path: `${path}.promote_to.merge`, was: null, becomes: `auto into ${to.branch}`, effect: "loosens" as const }]
      : []),
  ]
}

/** Under another name stands another commit, and which, the config does not tell. */
function compareKnownGood(path: string, { was, becomes }: Pair<Rule>): ConfigDifference[] {
  const [before, after] = [was.rules.known_good, becomes.rules.known_good]
  // Where only one of the patterns is a branch itself, that branch is what both are about.
  const branch = was.pattern.includes("*") ? becomes.pattern : was.pattern
  const same = knownGoodTag(was.rules, branch) === knownGoodTag(becomes.rules, branch)
  return [
    ...valueDifference(`${path}.tag`, {
      was: before.tag,
      becomes: after.tag,
      effect: same ? "neither" : "unclear",
    }),
    ...valueDifference(`${path}.keep_each`, {
      was: String(before.keep_each),
      becomes: String(after.keep_each),
      effect: "neither",
    }),
    ...compareOthers(path, { was: before, becomes: after, known: ["tag", "keep_each"] }),
  ]
}

function compareRollback(path: string, rules: Pair<BranchRules>): ConfigDifference[] {
  const [was, becomes] = [rules.was.rollback, rules.becomes.rollback]
  const one = (key: Exclude<keyof typeof was, "stages" | "ask_for">, effect: ConfigEffect): ConfigDifference[] => {
    const text = (value: boolean | number | string): string =>
      key === "cooldown" && typeof value === "number" ? (timeText(value) ?? "") : String(value)
    return valueDifference(`${path}.${key}`, { was: text(was[key]), becomes: text(becomes[key]), effect })
  }
  return [
    ...one("automatic", becomes.automatic ? "tightens" : "loosens"),
    ...one("merge", "unclear"),
    ...compareRollbackStages(`${path}.stages`, rules),
    ...one("max_attempts", "unclear"),
    ...one("cooldown", "unclear"),
    ...one("pause_after", becomes.pause_after ? "tightens" : "loosens"),
    ...compareSets<string>({
      path: `${path}.ask_for`,
      was: was.ask_for,
      becomes: becomes.ask_for,
      more: "unclear",
      shown: valueText,
      covers: (wide, narrow) => (globCovers(wide, narrow) ? "whole" : "no"),
    }),
    ...compareOthers(path, {
      was,
      becomes,
      known: ["automatic", "merge", "stages", "max_attempts", "cooldown", "pause_after", "ask_for"],
    }),
  ]
}

/** Without a list of its own a rollback goes by the branch's `checks`, and what becomes of those is told there. */
function compareRollbackStages(path: string, { was, becomes }: Pair<BranchRules>): ConfigDifference[] {
  const [before, after] = [was.rollback.stages, becomes.rollback.stages]
  if (before === null && after === null) return []
  const found = compareStages(path, { was: rollbackStages(was), becomes: rollbackStages(becomes) })
  if (found.length > 0 || (before !== null && after !== null)) return found
  const text = (stages: typeof before): string | null =>
    stages === null ? null : valueText(stages.map(({ kind }) => kind))
  return valueDifference(path, { was: text(before), becomes: text(after), effect: "neither" })
}

type To = BranchRules["promote_to"]

/** What is only opened goes through its own gate; what is merged without a person loosens. */
function comparePromoteTo(path: string, { was, becomes }: Pair<To>): ConfigDifference[] {
  const autos = (to: To): string[] => (to?.merge === "auto" ? [to.branch] : [])
  const [before, after] = [autos(was), autos(becomes)]
  return [
    ...valueDifference(`${path}.branch`, {
      was: was?.branch ?? null,
      becomes: becomes?.branch ?? null,
      effect: "neither",
    }),
    ...compareSets({
      path: `${path}.merge`,
      was: before,
      becomes: after,
      more: "loosens",
      shown: (branch) => `auto into ${branch}`,
    }),
    ...compareOthers(path, { was: was ?? {}, becomes: becomes ?? {}, known: ["branch", "merge"] }),
  ]
}
