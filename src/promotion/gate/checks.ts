import type { Requirement } from "../config/config.ts"
import type { CheckFact } from "../fact.ts"
import { nameMatches } from "../change/glob.ts"
import { meaningOf, type ChecksStage, type JudgedCheck, type JudgedRequirement } from "./stage.ts"

/** What the stage is judged by: the requirements, all checks reported for exactly this head, and our own app's id. */
export type ChecksInput = { require: readonly Requirement[]; checks: readonly CheckFact[]; ownAppId: number }

/**
 * Judges the `checks` stage.
 *
 * Of several runs with one name from one app only the latest counts (a re-run replaces what it repeats); the same
 * name from two apps is two checks, and both must pass unless the requirement is bound to one. A requirement that
 * matches nothing is `missing`, and a head without any check has passed nothing. Our own check runs never count.
 */
export function judgeChecks(input: ChecksInput): ChecksStage {
  const latest = latestOfEach(input.checks.filter((check) => check.appId !== input.ownAppId))
  const requirements = input.require.map((requirement) => judgeRequirement(requirement, latest))
  const outcomes = requirements.map((judged) => judged.outcome)
  if (outcomes.includes("failed")) return { kind: "checks", status: "failed", requirements }
  if (outcomes.every((outcome) => outcome === "passed")) return { kind: "checks", status: "passed", requirements }
  const begun = latest.length > 0
  return { kind: "checks", status: begun ? "running" : "pending", requirements }
}

/** The latest report of each name and app, in the order of their names. */
export function latestOfEach(checks: readonly CheckFact[]): CheckFact[] {
  const latest = new Map<string, CheckFact>()
  for (const check of checks) {
    const key = JSON.stringify([check.source, check.name, check.app])
    const known = latest.get(key)
    if (known === undefined || check.id > known.id) latest.set(key, check)
  }
  return [...latest.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id - b.id))
}

function judgeRequirement(requirement: Requirement, latest: readonly CheckFact[]): JudgedRequirement {
  const checks = latest.filter((check) => satisfies(requirement, check)).map(judgeCheck)
  const meanings = checks.map((check) => check.meaning)
  if (checks.length === 0) return { requirement, outcome: "missing", checks }
  if (meanings.includes("failed")) return { requirement, outcome: "failed", checks }
  return { requirement, outcome: meanings.includes("waiting") ? "waiting" : "passed", checks }
}

/** Whether a check is one of those that a rule names. */
export function satisfies(requirement: Requirement, check: CheckFact): boolean {
  if (requirement.app !== null && check.app !== requirement.app) return false
  return nameMatches(requirement.name, check.name)
}

function judgeCheck(check: CheckFact): JudgedCheck {
  const word = check.conclusion ?? check.status
  return { name: check.name, app: check.app, word, meaning: meaningOf(check), url: check.url }
}
