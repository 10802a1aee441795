import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { CheckFact, DeploymentFact } from "../../src/promotion/fact.ts"
import { decideHealth } from "../../src/promotion/health/decide-health.ts"
import { judgeHealth, type Health, type HealthInput } from "../../src/promotion/health/judge-health.ts"
import { judgeWatch } from "../../src/promotion/health/watch.ts"
import { input, moment } from "./health-arbitrary.ts"
import { at, before, check, deployment, failedProbe, later, merged, probe, value, windowMs } from "./health-world.ts"

/** The moment from which on nothing in an input lies in the future, and every window is over. */
function afterAll(one: HealthInput): number {
  return Math.max(one.nowMs, one.startedAtMs, at(0)) + 2 * windowMs + at(60) - at(0)
}

/** One piece of bad evidence more. */
const worse: Readonly<Record<string, (one: HealthInput) => HealthInput>> = {
  "a failed deployment": (one) => ({
    ...one,
    deployments: [...one.deployments, newest(one.deployments, { state: "failure" })],
  }),
  "a failed deployment of a later commit": (one) => ({
    ...one,
    deployments: [...one.deployments, newest(one.deployments, { state: "failure", sha: later })],
  }),
  "a deployment of something else": (one) => ({
    ...one,
    deployments: [...one.deployments, newest(one.deployments, { sha: before })],
  }),
  "a failed check": (one) => ({ ...one, checks: [...one.checks, newestCheck(one.checks)] }),
  "each success a failure": (one) => ({
    ...one,
    checks: one.checks.map((each) => (each.conclusion === "success" ? { ...each, conclusion: "failure" } : each)),
  }),
  "a failed probe": (one) => ({ ...one, probes: [...one.probes, failedProbe(at(7))] }),
  "a failed probe right now": (one) => ({ ...one, probes: [failedProbe(one.nowMs), ...one.probes] }),
  "a probe that nobody could make": (one) => ({
    ...one,
    probes: [...one.probes, probe(at(7), { ok: false, status: null, why: "not-allowed" })],
  }),
  "a value outside": (one) => ({ ...one, queries: [...one.queries, value(at(9), 1)] }),
  "a query without an answer": (one) => ({ ...one, queries: [...one.queries, value(at(9), null)] }),
  "an error more": (one) =>
    withWindow(one, ({ errorRate, ...more }) => {
      const { errors, requests } = errorRate
      return { ...more, errorRate: { ...errorRate, errors: errors + 1, requests: requests + 1, reports: 1 } }
    }),
  "an older heartbeat": (one) =>
    withWindow(one, (window) => {
      return { ...window, heartbeatAtMs: window.heartbeatAtMs === null ? null : window.heartbeatAtMs - 60_000 }
    }),
  "a critical failure": (one) =>
    withWindow(one, (window) => {
      const { count, critical, lastAtMs } = window.failures
      return { ...window, failures: { count: count + 1, critical: critical + 1, lastAtMs } }
    }),
  "one failure more": (one) =>
    withWindow(one, (window) => {
      return { ...window, failures: { ...window.failures, count: window.failures.count + 1 } }
    }),
}

function newest(all: readonly DeploymentFact[], more: Partial<DeploymentFact>): DeploymentFact {
  return deployment({ ...more, id: Math.max(0, ...all.map(({ id }) => id)) + 1, createdAtMs: at(8) })
}

function newestCheck(all: readonly CheckFact[]): CheckFact {
  return check({ id: Math.max(0, ...all.map(({ id }) => id)) + 1, conclusion: "failure", atMs: at(8) })
}

type Window = HealthInput["signals"]["window"]

function withWindow(one: HealthInput, change: (window: Window) => Window): HealthInput {
  return { ...one, signals: { ...one.signals, window: change(one.signals.window) } }
}

/** How much a verdict speaks against a merge. */
const rank: Readonly<Record<Health, number>> = { healthy: 0, no_data: 1, inconclusive: 1, unhealthy: 2 }

const runs = { numRuns: 1000, seed: 1 }

describe("laws of every verdict", () => {
  test.each(Object.entries(worse))("%s never makes it better", (_, change) => {
    fc.assert(
      fc.property(input, (one) => {
        expect(rank[judgeHealth(change(one)).verdict]).toBeGreaterThanOrEqual(rank[judgeHealth(one).verdict])
      }),
      runs,
    )
  })

  test("healthy is only what is over, with every single thing that was asked for good", () => {
    let healthy = 0
    fc.assert(
      fc.property(input, (one) => {
        const { verdict, deadlineMs, startMs } = judgeHealth(one)
        if (verdict !== "healthy") return
        healthy += 1
        expect(one.nowMs).toBeGreaterThanOrEqual(deadlineMs)
        expect(deadlineMs - (startMs ?? deadlineMs)).toBe(windowMs)
        expect(whyNotHealthy(one)).toBe(null)
      }),
      runs,
    )
    expect(healthy).toBeGreaterThan(50)
  })

  test("it ends, and is looked at again until it does", () => {
    fc.assert(
      fc.property(input, (one) => {
        const { final, lookAgainAtMs, deadlineMs, wanted } = judgeHealth(one)
        expect(lookAgainAtMs === null).toBe(final)
        if (lookAgainAtMs !== null) {
          expect(lookAgainAtMs).toBeGreaterThan(one.nowMs)
          expect(lookAgainAtMs).toBeLessThanOrEqual(deadlineMs)
        }
        if (final) expect(wanted).toEqual({ probes: [], queries: [], reruns: [] })
        expect(judgeHealth({ ...one, nowMs: afterAll(one) }).final).toBe(true)
      }),
      runs,
    )
  })

  test("after the deadline the same reports give the same verdict, for ever", () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 1, max: 1e9 }), (one, moreMs) => {
        const nowMs = afterAll(one)
        expect(judgeHealth({ ...one, nowMs: nowMs + moreMs })).toEqual(judgeHealth({ ...one, nowMs }))
      }),
      runs,
    )
  })

  test("unhealthy stays so, whatever time passes", () => {
    fc.assert(
      fc.property(input, fc.integer({ min: 0, max: 60 }), (one, minutes) => {
        const nowMs = Math.max(afterAll(one) - 2 * windowMs, one.nowMs)
        if (judgeHealth({ ...one, nowMs }).verdict !== "unhealthy") return
        expect(judgeHealth({ ...one, nowMs: nowMs + minutes * 60_000 }).verdict).toBe("unhealthy")
      }),
      runs,
    )
  })

  test("the order in which things are told changes nothing", () => {
    fc.assert(
      fc.property(input, (one) => {
        const reversed = {
          ...one,
          deployments: one.deployments.toReversed(),
          checks: one.checks.toReversed(),
          probes: one.probes.toReversed(),
          queries: one.queries.toReversed(),
        }
        expect(judgeHealth(reversed)).toEqual(judgeHealth(one))
        expect(judgeHealth(one)).toEqual(judgeHealth(one))
      }),
      runs,
    )
  })

  test("known-good advances for what is healthy alone, and nothing is rolled back without the config's word", () => {
    fc.assert(
      fc.property(input, fc.boolean(), fc.constantFrom("ask", "roll-back"), (one, automatic, noData) => {
        const verdict = judgeHealth(one)
        const { step } = decideHealth(verdict, { automatic, noData })
        expect(step === "advance").toBe(verdict.verdict === "healthy" && verdict.final)
        expect(step === "wait").toBe(!verdict.final)
        if (step === "roll-back") expect(automatic).toBe(true)
      }),
      runs,
    )
  })

  test("the watch afterwards ends as well, and tells the same thing once", () => {
    fc.assert(
      fc.property(input, fc.option(moment), (one, supersededAtMs) => {
        const watch = judgeWatch({ ...one, fromMs: at(15), supersededAtMs })
        const keys = watch.alerts.map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
        expect(watch.lookAgainAtMs === null).toBe(watch.isOver)
        expect(judgeWatch({ ...one, fromMs: at(15), supersededAtMs, nowMs: at(25 * 60) }).isOver).toBe(true)
      }),
      runs,
    )
  })
})

/** Says in its own way what a healthy merge needs; null: it has it all. */
function whyNotHealthy(one: HealthInput): string | null {
  const lacks = lacking.find(({ isAsked, has }) => isAsked(one) && !has(one))
  return lacks?.what ?? null
}

const lacking: readonly { what: string; isAsked(one: HealthInput): boolean; has(one: HealthInput): boolean }[] = [
  {
    what: "each environment has it",
    isAsked: () => true,
    has: ({ rules, deployments }) => rules.deployments.every((name) => deployments.some((each) => isUp(each, name))),
  },
  {
    what: "a check passed",
    isAsked: ({ rules }) => rules.checks.length > 0,
    has: ({ checks }) => checks.some((each) => each.name.startsWith("smoke") && each.conclusion === "success"),
  },
  {
    what: "a probe went well",
    isAsked: ({ rules }) => rules.probes.length > 0,
    has: ({ probes }) => probes.some(({ ok }) => ok),
  },
  {
    what: "a value within was told",
    isAsked: ({ rules }) => rules.prometheus.length > 0,
    has: ({ queries }) => queries.some((each) => each.value === 0.01),
  },
  {
    what: "enough requests were reported",
    isAsked: ({ rules }) => rules.errorRate !== null,
    has: ({ signals: { window } }) => window.errorRate.requests >= 100,
  },
  {
    what: "a heartbeat was heard",
    isAsked: ({ rules }) => rules.heartbeat !== null,
    has: ({ signals: { window, baseline } }) => window.heartbeatAtMs !== null || baseline.heartbeatAtMs !== null,
  },
  {
    what: "no critical failure was reported",
    isAsked: () => true,
    has: ({ signals: { window } }) => window.failures.critical === 0,
  },
]

function isUp({ environment, state, sha }: DeploymentFact, name: string): boolean {
  return environment.toLowerCase() === name && state === "success" && (sha === merged || sha === later)
}
