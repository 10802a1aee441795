import { latestOfEach, satisfies } from "../gate/checks.ts"
import { meaningOf } from "../gate/stage.ts"
import { checkLimit, type CheckFact } from "../fact.ts"
import {
  evidence,
  unreported,
  type EvidenceItem,
  type EvidenceReason,
  type EvidenceState,
  type Span,
} from "./evidence.ts"
import type { AskedRun, ConfirmingRun, HealthFacts } from "./reported.ts"
import type { HealthRules } from "./rules.ts"

/** One rule as judged, and the runs that would confirm what failed. */
export type JudgedRule = { item: EvidenceItem; reruns: readonly ConfirmingRun[] }

/** The checks of the commit that may count: the latest of each name and app, none of our own. */
export function countingChecks({
  checks,
  sha,
  ownAppId,
}: Pick<HealthFacts, "checks" | "sha" | "ownAppId">): CheckFact[] {
  return latestOfEach(checks.filter((check) => check.sha === sha && check.appId !== ownAppId))
}

/**
 * Judges one rule over the checks of the commit. Only `success` speaks for it, as in the gate. Against it speaks only what
 * says that something is broken: a check that was cancelled, skipped or never began has tested nothing, and nobody takes
 * a change back for that; so it is undecided.
 *
 * With `confirm`, a failure is run once more before it counts; if that is refused, or has not ended when the window is
 * over, the failure stands. A commit status cannot be run again by its id, so its failure counts at once.
 *
 * @param isWhole whether these are all checks of the commit that are in the facts, and not just as many as are read
 */
export function judgeCheckRule(
  rule: HealthRules["checks"][number],
  { latest, reruns, isWhole }: { latest: readonly CheckFact[]; reruns: readonly AskedRun[]; isWhole: boolean },
  span: Span,
): JudgedRule {
  const item = { kind: "check", name: rule.name, from: rule.app } as const
  const judged = latest
    .filter((check) => satisfies(rule, check))
    .map((check) => {
      const asked = reruns.find(({ name, app }) => name === check.name && app === check.app)
      return { check, asked, reason: reasonOf(check, { confirm: rule.confirm, asked }, span) }
    })
    .toSorted((a, b) => order.indexOf(a.reason) - order.indexOf(b.reason))
  const [worst] = judged
  if (worst === undefined) {
    // What was not read may well have been reported.
    const isUntold = span.isOver && !isWhole
    const standing = isUntold
      ? ({ state: "inconclusive", reason: "check-unread" } as const)
      : ({ state: unreported(span), reason: "nothing-reported" } as const)
    return { item: evidence({ ...item, ...standing }), reruns: [] }
  }
  const { check } = worst
  // One that failed may be among those that nobody has read.
  const reason = !isWhole && stateOf(worst.reason, span) === "good" ? "check-unread" : worst.reason
  const told = { atMs: check.atMs, url: check.url, numbers: { checks: judged.length } }
  const which = check.name === rule.name ? null : check.name
  const word = check.conclusion ?? check.status
  const wanted = judged.filter((one) => one.reason === "check-confirming" && one.asked === undefined)
  return {
    item: evidence({ ...item, state: stateOf(reason, span), reason, which, word, ...told }),
    reruns: wanted.map(({ check: { id, name, app, atMs } }) => ({ checkRunId: id, name, app, atMs })),
  }
}

/** What says that something is broken; everything else that is no success says nothing about the commit. */
const broken: readonly string[] = ["failure", "error", "timed_out"]

type Confirmation = { confirm: boolean; asked: AskedRun | undefined }

function reasonOf(check: CheckFact, confirmation: Confirmation, span: Span): CheckReason {
  const { confirm, asked } = confirmation
  switch (meaningOf(check)) {
    case "passed":
      if (check.atMs > span.endMs) return "check-late"
      return asked !== undefined && isAfter(check, asked) ? "check-passed-again" : "check-passed"
    case "waiting":
      return confirm && asked?.refused === false ? confirming(span) : "check-running"
    case "failed":
      return broken.includes(check.conclusion ?? "") ? failedReason(check, confirmation, span) : "check-untold"
  }
}

function failedReason(check: CheckFact, { confirm, asked }: Confirmation, span: Span): CheckReason {
  if (!confirm || check.source === "status") return "check-failed"
  if (asked === undefined) return confirming(span)
  if (isAfter(check, asked)) return "check-failed-again"
  return asked.refused ? "check-failed" : confirming(span)
}

function confirming({ isOver }: Span): CheckReason {
  return isOver ? "check-unconfirmed" : "check-confirming"
}

/** A confirming run is a new check run, or the same one begun anew. */
function isAfter(check: CheckFact, asked: AskedRun): boolean {
  return check.id > asked.checkRunId || check.atMs > asked.atMs
}

/** Whether all checks of a commit are there: of one that has as many as are read, there may be more. */
export function hasAllChecks({ checks, sha }: Pick<HealthFacts, "checks" | "sha">): boolean {
  return checks.filter((check) => check.sha === sha).length < checkLimit
}

type CheckReason = Extract<EvidenceReason, `check-${string}`>

/** Worst first. */
const order: readonly CheckReason[] = [
  "check-failed-again",
  "check-failed",
  "check-unconfirmed",
  "check-untold",
  "check-late",
  "check-unread",
  "check-confirming",
  "check-running",
  "check-passed-again",
  "check-passed",
]

function stateOf(reason: CheckReason, { isOver }: Span): EvidenceState {
  switch (reason) {
    case "check-failed-again":
    case "check-failed":
    case "check-unconfirmed":
      return "bad"
    case "check-untold":
    case "check-late":
    case "check-unread":
      return "inconclusive"
    case "check-confirming":
    case "check-running":
      return isOver ? "inconclusive" : "waiting"
    case "check-passed-again":
    case "check-passed":
      return "good"
  }
}
