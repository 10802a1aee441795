import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"
import { judgeDeployment } from "../../src/promotion/deployment/deployment-stage.ts"
import type { DeploymentFact } from "../../src/promotion/fact.ts"
import { decide } from "../../src/promotion/gate/decide.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { deploymentOf, deployments, deploymentStates } from "./deployment-world.ts"
import { brokenLaw, isOpen } from "./laws.ts"
import { head, mergeAsks, nowMs, olderHead, promotions, pulls, snapshotOf, unchangedFile } from "./world.ts"

const minuteMs = 60_000
const rules = { environment: "staging", observeMs: 5 * minuteMs }

function judge(facts: readonly DeploymentFact[], now = nowMs) {
  return judgeDeployment({ rules, deployments: facts, sha: head, nowMs: now })
}

/** Status and reason in one line, with the time until it is to be looked at again. */
function said(...facts: readonly DeploymentFact[]): string {
  const { status, reason, observedAtMs } = judge(facts)
  const look = observedAtMs === null ? "" : `, look in ${(observedAtMs - nowMs) / minuteMs}m`
  return `${status}: ${reason ?? "-"}${look}`
}

describe("the newest deployment to an environment", () => {
  test("passes once it has been well for long enough, at that very moment", () => {
    const fresh = deploymentOf({ atMs: nowMs - 2 * minuteMs })
    expect(said(fresh)).toBe("running: observation-running, look in 3m")
    expect(judge([fresh], nowMs + 3 * minuteMs - 1).status).toBe("running")
    expect(judge([fresh], nowMs + 3 * minuteMs)).toMatchObject({ status: "passed", reason: null, observedAtMs: null })
  })

  test.each([
    ["error", "failed: deployment-failed"],
    ["failure", "failed: deployment-failed"],
    ["inactive", "pending: deployment-pending"],
    ["in_progress", "running: deployment-pending"],
    ["queued", "pending: deployment-pending"],
    ["pending", "pending: deployment-pending"],
    ["success", "passed: -"],
    ["waiting", "pending: deployment-pending"],
    ["entangled", "pending: deployment-pending"],
    ["SUCCESS", "pending: deployment-pending"],
  ])("in the state %s", (state, expected) => {
    expect(said(deploymentOf({ state }))).toBe(expected)
  })

  test("is of no use while none is known, or when it is of another commit or to another environment", () => {
    const waits = "pending: deployment-pending"
    expect(said()).toBe(waits)
    expect(said(deploymentOf({ sha: olderHead }))).toBe(waits)
    expect(said(deploymentOf({ sha: olderHead, state: "failure" }))).toBe(waits)
    expect(said(deploymentOf({ environment: "production" }))).toBe(waits)
    expect(said(deploymentOf({ environment: "Staging" }))).toBe("passed: -")
  })

  test("is not hidden by an older success, nor by the order in which they are told", () => {
    const success = deploymentOf()
    const others = [deploymentOf({ id: 12, state: "failure" }), deploymentOf({ id: 12, sha: olderHead })]
    expect(others.map((other) => said(success, other))).toEqual([
      "failed: deployment-failed",
      "pending: deployment-pending",
    ])
    expect(others.map((other) => said(other, success))).toEqual(others.map((other) => said(success, other)))
    expect(said(deploymentOf({ id: 9, state: "failure" }), success)).toBe("passed: -")
    expect(said(deploymentOf({ id: 12, environment: "STAGING", state: "error" }), success)).toBe(
      "failed: deployment-failed",
    )
  })

  test("one more that is not well never makes it pass, and an older one changes nothing", () => {
    let passed = 0
    fc.assert(
      fc.property(deployments, fc.constantFrom(...deploymentStates), (facts, state) => {
        const before = judge(facts)
        if (before.status === "passed") passed += 1
        expect(judge([...facts, deploymentOf({ id: 0, state })]).status).toBe(
          facts.some(({ environment }) => environment.toLowerCase() === "staging")
            ? before.status
            : judge([deploymentOf({ state })]).status,
        )
        const newer = deploymentOf({ id: 99, state, sha: olderHead })
        expect(judge([...facts, newer]).status).toBe("pending")
        if (state !== "success") expect(judge([...facts, { ...newer, sha: head }]).status).not.toBe("passed")
      }),
      { numRuns: 2000, seed: 1 },
    )
    expect(passed).toBeGreaterThan(100)
  })
})

function configOf(more: object = {}): ConfigInForce {
  const stages = [{ deployment: { environment: "staging" } }]
  const config = promotionConfigSchema.parse({ version: 1, mode: "enforce", branches: { main: { stages } }, ...more })
  return { status: "valid", blob: "d".repeat(40), config }
}

const config = configOf()
const deployed: Snapshot = {
  ...snapshotOf({
    config,
    pull: pulls["open into main"] ?? null,
    checks: [],
    pauses: [],
    label: { on: false, asks: [], roles: new Map() },
    promotion: null,
    sight: "complete",
  }),
  deployments: [deploymentOf()],
}

describe("a gate that asks for one", () => {
  test("is open when it is well, and its stage stands on the ledger", () => {
    const plan = decide(deployed)
    expect(plan.verdict).toMatchObject({ open: true, reasons: [] })
    expect(plan.entries.map(({ type, payload }) => ({ type, payload }))).toContainEqual({
      type: "stage_changed",
      payload: { stage: "deployment", status: "passed" },
    })
  })

  test("is shut while nothing is known of it, and looks again when it will have been well for long enough", () => {
    expect(decide({ ...deployed, deployments: [] }).verdict?.reasons).toEqual(["deployment-pending"])
    const atMs = nowMs - minuteMs
    const plan = decide({ ...deployed, deployments: [deploymentOf({ atMs })] })
    expect(plan.verdict?.reasons).toEqual(["observation-running"])
    expect(plan.lookAgainAtMs).toBe(atMs + 5 * minuteMs)
    expect(
      decide({ ...deployed, nowMs: atMs + 5 * minuteMs, deployments: [deploymentOf({ atMs })] }).verdict?.open,
    ).toBe(true)
  })

  test("shuts again when a later deployment takes the environment", () => {
    const ready = promotions["ready"] ?? null
    const taken = {
      ...deployed,
      promotion: ready,
      sight: "none",
      deployments: [deploymentOf(), deploymentOf({ id: 11, sha: olderHead })],
    } as const
    const plan = decide(taken)
    expect(plan.needs).toEqual([])
    expect(plan.verdict).toMatchObject({ open: false, reasons: ["deployment-pending"] })
    expect(plan.entries.map(({ type }) => type)).toContain("promotion_blocked")
  })

  test("is passed over by the urgent way only where the config says so", () => {
    const promotion = promotions["urgently asked for"] ?? null
    const failed = { ...deployed, promotion, deployments: [deploymentOf({ state: "failure" })] }
    expect(decide(failed).verdict?.open).toBe(false)
    const skipping = configOf({ urgent: { may_skip: ["deployment"] } })
    const plan = decide({ ...failed, config: skipping, headConfig: unchangedFile(skipping) })
    expect(plan.verdict).toMatchObject({
      open: true,
      urgent: { passedOver: [{ stage: "deployment", status: "failed" }] },
    })
  })

  test("keeps every law, whatever is deployed", () => {
    let [open, shut] = [0, 0]
    const worlds = fc.record({
      deployments,
      promotion: fc.constantFrom(...Object.values(promotions)),
      asked: fc.constantFrom(...Object.values(mergeAsks)),
      sight: fc.constantFrom("none", "partial", "complete", "complete"),
      config: fc.constantFrom(
        config,
        configOf({ urgent: { may_skip: ["deployment"] } }),
        configOf({ mode: "advisory" }),
      ),
    })
    fc.assert(
      fc.property(worlds, ({ asked, promotion, ...world }) => {
        const known = promotion === null || asked === null ? promotion : { ...promotion, asked }
        const snapshot: Snapshot = {
          ...deployed,
          ...world,
          promotion: known,
          headConfig: unchangedFile(world.config),
        }
        expect(brokenLaw(snapshot)).toBeNull()
        if (isOpen(decide(snapshot))) open += 1
        else shut += 1
      }),
      { numRuns: 4000, seed: 1 },
    )
    expect(Math.min(open, shut)).toBeGreaterThan(200)
  })
})
