import { expect, test } from "vitest"
import {
  decideDeployment,
  type DeploymentDecision,
  type PromotionThere,
} from "../../src/promotion/deployment/deployment-rule.ts"
import type { LifecycleState } from "../../src/promotion/state.ts"

// What must hold of every answer to a deployment that waits, over every commit of up to two promotions.

const states: readonly LifecycleState[] = [
  ...(["proposed", "ready", "promoted_pending_health", "known_good", "rolling_back", "rolled_back"] as const),
  ...(["failed", "rejected", "expired", "aborted"] as const),
]

const reasons = [
  [],
  ["deployment-pending"],
  ["deployment-failed", "observation-running"],
  ["deployment-pending", "promotion-paused"],
  ["checks-failed"],
]

/** Every promotion, as far as it matters here. */
const all: readonly PromotionThere[] = states.flatMap((state) =>
  reasons.flatMap((blockReasons) =>
    [true, false].flatMap((landed) =>
      (["clean", "mismatch", "unknown", "unasked", null] as const).flatMap((integrity) =>
        [true, false].flatMap((restores) =>
          [true, false].flatMap((paused) =>
            ([null, { number: 2, underWay: true }, { number: 2, underWay: false }] as const).map((taint) => ({
              number: 1,
              state,
              blockReasons,
              landed,
              integrity,
              restores,
              paused,
              taint,
            })),
          ),
        ),
      ),
    ),
  ),
)

/** Promotions of one commit: none, one, or two of which the second is one of a few. */
function* commits(): Generator<readonly PromotionThere[]> {
  yield []
  for (const one of all) yield [one]
  for (const one of all) for (const other of all.filter((_, index) => index % 37 === 0)) yield [one, other]
}

const isUnderWay = ({ state }: PromotionThere): boolean => state === "proposed" || state === "ready"
const hasLanded = ({ state }: PromotionThere): boolean => state === "promoted_pending_health" || state === "known_good"

/** Whether nothing at all speaks for a deployment of this promotion's commit. */
function speaksForNothing(there: PromotionThere): boolean {
  if (!isUnderWay(there) && !(hasLanded(there) && there.landed)) return true
  if (there.paused && !there.restores) return true
  if (hasLanded(there)) return there.integrity === "mismatch" || there.taint !== null
  const isOfDeployment =
    there.blockReasons.length > 0 && there.blockReasons.every((one) => /^(deployment|observation)-/.test(one))
  return there.state === "proposed" && !isOfDeployment
}

/** Whether nothing that may happen yet could let its commit be deployed. */
function isLost(there: PromotionThere): boolean {
  const ended = ["rejected", "expired", "aborted", "rolled_back"]
  return ended.includes(there.state) || (hasLanded(there) && there.landed && there.taint?.underWay === false)
}

/** The law that an answer breaks; null when it keeps them all. */
function brokenBy(there: readonly PromotionThere[], { decision, reasons: why }: DeploymentDecision): string | null {
  if (there.length === 0 && decision !== "held") return "unknown is neither green nor red"
  if (decision === "approved" && there.every(speaksForNothing)) return "what nothing speaks for is not approved"
  if (decision === "approved" && why.length > 0) return "what is approved needs no reason"
  if (decision !== "approved" && why.length === 0) return "what is not approved says why"
  if (decision === "rejected" && !there.every(isLost)) return "only what has ended is refused for good"
  if (decision === "held" && there.length > 0 && there.every(isLost)) return "what has ended does not wait"
  return null
}

test("unknown is never approved, a pause holds all but a rollback, and only what has ended is refused", () => {
  const broken = new Map<string, readonly PromotionThere[]>()
  const seen = new Map<string, number>()
  for (const there of commits()) {
    const answer = decideDeployment(there, { enforced: true })
    const law = brokenBy(there, answer)
    if (law !== null && !broken.has(law)) broken.set(law, there)
    seen.set(answer.decision, (seen.get(answer.decision) ?? 0) + 1)
  }
  expect(broken).toEqual(new Map())
  for (const decision of ["approved", "held", "rejected"]) expect(seen.get(decision)).toBeGreaterThan(100)
})

test("where nothing is enforced nothing is held", () => {
  const held = [...commits()].filter((there) => decideDeployment(there, { enforced: false }).decision !== "approved")
  expect(held).toEqual([])
})
