import { describe, expect, test } from "vitest"
import { judgeWatch, type Watch, type WatchInput } from "../../src/promotion/health/watch.ts"
import {
  at,
  check,
  deployment,
  failedProbe,
  inputOf,
  later,
  probe,
  query,
  signals,
  url,
  value,
} from "./health-world.ts"

const dayEndMs = at(15 + 24 * 60)

function watch(rules: Partial<WatchInput["rules"]>, more: Partial<WatchInput> = {}): Watch {
  return judgeWatch({ ...inputOf(rules), fromMs: at(15), supersededAtMs: null, nowMs: at(60), ...more })
}

function alerts(one: Watch): string[] {
  return one.alerts.map(({ key, item }) => `${key}: ${item.reason}`)
}

describe("a healthy merge is watched for another day", () => {
  test("and then no more, or until a later commit takes its place", () => {
    expect(watch({})).toEqual({ alerts: [], untilMs: dayEndMs, isOver: false, wanted: none, lookAgainAtMs: dayEndMs })
    expect(watch({}, { nowMs: dayEndMs })).toMatchObject({ isOver: true, lookAgainAtMs: null })
    expect(watch({}, { supersededAtMs: at(50) })).toMatchObject({ untilMs: at(50), isOver: true })
    expect(watch({}, { supersededAtMs: at(5) })).toMatchObject({ untilMs: at(15), isOver: true })
  })

  test("what turns bad is an alert, each with a name of its own", () => {
    const rules = {
      deployments: ["production"],
      checks: [{ name: "nightly *", app: null, confirm: true }],
      probes: [{ url, everyMs: 30_000, failures: 2 }],
      errorRate: { limit: 0.05, overBaseline: null },
      heartbeat: { staleAfterMs: 3 * 60_000 },
      prometheus: [query],
    }
    const bad = watch(rules, {
      deployments: [deployment(), deployment({ id: 2, state: "failure", createdAtMs: at(40) })],
      checks: [check({ name: "nightly e2e", conclusion: "failure", atMs: at(50) })],
      probes: [probe(at(16)), failedProbe(at(21)), failedProbe(at(26)), probe(at(31))],
      queries: [value(at(20), 1)],
      signals: {
        window: signals({ errors: 60, requests: 1000, heartbeatAtMs: at(20), count: 1, critical: 1 }, at(50)),
        baseline: signals(),
      },
    })
    expect(alerts(bad)).toMatchInlineSnapshot(`
      [
        "deployment:production: deployment-failed",
        "check:nightly *: check-failed",
        "probe:https://shop.example.com/healthz: outside",
        "error-rate:: over-limit",
        "heartbeat:: silent",
        "prometheus:sum(rate(errors[5m])):default: outside",
        "failures:: critical-failure",
      ]
    `)
    expect(bad.wanted).toEqual(none)
  })

  test("what is missing, unknown or only half bad alarms nobody", () => {
    const rules = {
      deployments: ["production"],
      checks: [{ name: "smoke", app: null, confirm: false }],
      probes: [{ url, everyMs: 30_000, failures: 2 }],
      heartbeat: { staleAfterMs: 60_000 },
      prometheus: [query],
    }
    const probes = [
      failedProbe(at(14)),
      failedProbe(at(16)),
      probe(at(21), { ok: false, status: null, why: "bad-url" }),
    ]
    const quiet = watch(rules, {
      probes,
      queries: [value(at(20), null)],
      checks: [check({ conclusion: "cancelled" })],
      laterShas: [later],
      deployments: [deployment(), deployment({ id: 2, sha: later, state: "failure" })],
      signals: { window: signals({ count: 9 }), baseline: signals() },
    })
    expect(alerts(quiet)).toEqual([])
  })

  test("nothing is asked for more often than every five minutes, nor after the end", () => {
    const rules = { probes: [{ url, everyMs: 30_000, failures: 2 }], prometheus: [query] }
    const probes = [probe(at(56))]
    const queries = [value(at(58), 0)]
    expect(watch(rules, { probes, queries })).toMatchObject({ wanted: none, lookAgainAtMs: at(61) })
    expect(watch(rules, { probes, queries, nowMs: at(61) }).wanted.probes).toEqual([url])
    expect(watch(rules, { probes, queries, nowMs: dayEndMs }).wanted).toEqual(none)
  })

  test("what happens after its end is none of its alerts", () => {
    const rules = { deployments: ["production"], probes: [{ url, everyMs: 30_000, failures: 1 }] }
    const failed = deployment({ id: 2, state: "failure", createdAtMs: at(55) })
    const more = { deployments: [deployment(), failed], probes: [failedProbe(at(55))] }
    expect(alerts(watch(rules, { ...more, supersededAtMs: at(50) }))).toEqual([])
    expect(alerts(watch(rules, { ...more, supersededAtMs: at(55) }))).toHaveLength(2)
  })
})

const none = { probes: [], queries: [], reruns: [] }
