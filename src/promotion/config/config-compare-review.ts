import {
  approverCovers,
  approverText,
  byStrictness,
  compareOthers,
  compareSets,
  globsCover,
  sameInAnyOrder,
  timeText,
  valueText,
  type ConfigDifference,
  type ConfigEffect,
  type Cover,
} from "./config-difference.ts"
import { riskLevels, type Approver, type ReviewRules, type RiskRule } from "./config-rules.ts"
import type { PromotionConfig } from "./config.ts"

/** The keys `review` and `risk` of two configs: whose approval a change needs, and how risky it is. */

type Demand = ReviewRules["medium"] & { auto_approve_after?: number | undefined }

/** Two values of one key. */
export type Pair<Value> = { was: Value; becomes: Value }

/** Compares the demands of every level, and who may object. */
export function compareReview({ was, becomes }: Pair<ReviewRules>): ConfigDifference[] {
  const agents: ConfigEffect = becomes.agents === "two-humans" ? "tightens" : "loosens"
  return [
    ...riskLevels.flatMap((level) => compareDemand(`review.${level}`, { was: was[level], becomes: becomes[level] })),
    ...objectorDifferences({ was, becomes }),
    ...valueDifference("review.agents", { was: was.agents, becomes: becomes.agents, effect: agents }),
    ...valueDifference("review.expires_after", {
      was: timeText(was.expires_after),
      becomes: timeText(becomes.expires_after),
      effect: byStrictness(-(was.expires_after ?? Infinity), -(becomes.expires_after ?? Infinity)),
    }),
    ...valueDifference("review.delete_rejected_branch", {
      was: String(was.delete_rejected_branch),
      becomes: String(becomes.delete_rejected_branch),
      effect: "neither",
    }),
    ...compareOthers("review", {
      was,
      becomes,
      known: [...riskLevels, "agents", "expires_after", "delete_rejected_branch"],
    }),
  ]
}

/** One difference if the values differ, none otherwise. */
export function valueDifference(
  path: string,
  { was, becomes, effect }: Pair<string | null> & { effect: ConfigEffect },
): ConfigDifference[] {
  return was === becomes ? [] : [{ path, was, becomes, effect }]
}

function compareDemand(path: string, { was, becomes }: Pair<Demand>): ConfigDifference[] {
  return [
    ...valueDifference(`${path}.approvals`, {
      was: String(was.approvals),
      becomes: String(becomes.approvals),
      effect: byStrictness(neededOf(was), neededOf(becomes)),
    }),
    ...valueDifference(`${path}.auto_approve_after`, {
      was: timeText(was.auto_approve_after),
      becomes: timeText(becomes.auto_approve_after),
      effect: byStrictness(waitOf(was), waitOf(becomes)),
    }),
    ...compareSets<Approver>({
      path: `${path}.from`,
      was: was.from,
      becomes: becomes.from,
      more: "loosens",
      shown: approverText,
      covers: approverCovers,
    }),
    ...compareOthers(path, { was, becomes, known: ["approvals", "auto_approve_after", "from"] }),
  ]
}

/** Approvals that a level really asks for: where waiting would do as well, no approval at all does not. */
function neededOf({ approvals, auto_approve_after: wait }: Demand): number {
  return wait === undefined ? approvals : Math.max(1, approvals)
}

/** How long to wait until no approval is needed, in milliseconds: none where none is needed, for ever without a rule. */
function waitOf({ approvals, auto_approve_after: wait }: Demand): number {
  return wait ?? (approvals === 0 ? 0 : Infinity)
}

/** Whoever may approve at some level may also ask for changes, which shuts the gate: fewer of them loosen. */
function objectorDifferences({ was, becomes }: Pair<ReviewRules>): ConfigDifference[] {
  const found = compareSets<Approver>({
    path: "review",
    was: objectors(was),
    becomes: objectors(becomes),
    more: "tightens",
    key: (approver) => approverText(approver).toLowerCase(),
    shown: (approver) => `${approverText(approver)} may ask for changes`,
    covers: approverCovers,
  })
  return found.filter(({ effect }) => effect !== "neither")
}

function objectors({ low, medium, high }: ReviewRules): Approver[] {
  const all: Approver[] = [{ kind: "role", role: "write" }, ...low.from, ...medium.from, ...high.from]
  return [...new Map(all.map((approver) => [approverText(approver).toLowerCase(), approver])).values()]
}

/**
 * What raising the risk of a change does: it tightens where every level asks for at least as much as the one below it.
 * Where a higher level may ask for less, or is merged without a person while a lower one is not, nobody can tell.
 */
export function effectOfRisk(configs: Pair<PromotionConfig>, effect: ConfigEffect): ConfigEffect {
  if (effect === "neither") return effect
  return isMonotone(configs.was) && isMonotone(configs.becomes) ? effect : "unclear"
}

function isMonotone({ review, branches }: PromotionConfig): boolean {
  const { low, medium, high, agents } = review
  const rises = (lax: Demand, strict: Demand): boolean => {
    if (neededOf(lax) === 0 && agents === "never-count") return true
    const same = strict.from.every((one) => lax.from.some((other) => approverCovers(other, one) === "whole"))
    return same && neededOf(strict) >= neededOf(lax) && waitOf(strict) >= waitOf(lax)
  }
  const autos = Object.values(branches ?? {}).map(({ merge }) => merge.auto)
  const sunken = autos.every((auto) =>
    auto.every((level) => riskLevels.slice(0, riskLevels.indexOf(level)).every((one) => auto.includes(one))),
  )
  return rises(low, medium) && rises(medium, high) && sunken
}

/** Compares the rules of risk. Their order does not matter, nor does the reason that people are told. */
export function compareRisk(configs: Pair<PromotionConfig>): ConfigDifference[] {
  const [was, becomes] = [configs.was.risk, configs.becomes.risk]
  const found = compareSets<RiskRule>({
    size: ({ paths }) => (paths?.length ?? 0) + 1,
    path: "risk",
    was,
    becomes,
    more: effectOfRisk(configs, "tightens"),
    key: conditionKey,
    shown: valueText,
    covers: riskCovers,
  })
  if (found.length > 0 || sameInAnyOrder(was, becomes)) return found
  return [{ path: "risk", was: valueText(was), becomes: valueText(becomes), effect: "neither" }]
}

function conditionKey({ reason: _reason, ...rule }: RiskRule): string {
  return JSON.stringify([rule.level, rule.paths?.toSorted(), rule.changed_lines_over, rule.author])
}

/**
 * A rule makes another one needless if it holds whenever that one does, for a level as high. Of a change that GitHub
 * does not tell whole, what is unread makes the risk high where a rule does not hold already: so of two rules below
 * `high`, the wider one may make of such a change less than the narrower one.
 */
function riskCovers(wide: RiskRule, narrow: RiskRule): Cover {
  const rises = riskLevels.indexOf(wide.level) >= riskLevels.indexOf(narrow.level)
  const ofAuthor = wide.author === undefined || wide.author === narrow.author
  if (!rises || !ofAuthor || !holdsAsOften(wide, narrow)) return "no"
  const alike = conditionKey({ ...wide, level: "low" }) === conditionKey({ ...narrow, level: "low" })
  return alike || wide.level === "high" ? "whole" : "mostly"
}

function holdsAsOften(wide: RiskRule, narrow: RiskRule): boolean {
  const paths = wide.paths === undefined || (narrow.paths !== undefined && globsCover(wide.paths, narrow.paths))
  const over = wide.changed_lines_over
  const lines = over === undefined || (narrow.changed_lines_over !== undefined && over <= narrow.changed_lines_over)
  return paths && lines
}
