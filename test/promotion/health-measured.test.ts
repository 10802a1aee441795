import { describe, expect, test } from "vitest"
import { at, deployment, failedProbe, judge, probe, query, signals, told, url, value } from "./health-world.ts"

// Evidence that is asked for again and again, or that the running system reports of itself.

describe("probes", () => {
  const rules = { probes: [{ url, everyMs: 30_000, failures: 2 }] }
  const of = (probes: readonly ReturnType<typeof probe>[], nowMs = at(15)): string =>
    told(judge(rules, { probes, nowMs }))
  const good = probe(at(14.5))

  test("are asked for at once, and again each time", () => {
    expect(judge(rules, { nowMs: at(0) }).wanted.probes).toEqual([url])
    const asked = judge(rules, { probes: [probe(at(0))], nowMs: at(0.25) })
    expect(asked).toMatchObject({ wanted: { probes: [] }, lookAgainAtMs: at(0.5) })
    expect(judge(rules, { probes: [probe(at(0))], nowMs: at(0.5) }).wanted.probes).toEqual([url])
  })

  test("are not asked for before the commit is deployed, and from then on only count", () => {
    const named = { ...rules, deployments: ["production"] }
    const probes = [failedProbe(at(0)), failedProbe(at(1))]
    expect(judge(named, { probes, nowMs: at(1) })).toMatchObject({ wanted: { probes: [] }, verdict: "no_data" })
    expect(judge(named, { probes, deployments: [deployment()], nowMs: at(2) })).toMatchObject({
      wanted: { probes: [url] },
      verdict: "inconclusive",
    })
  })

  test("are bad after so many failures in a row, also if they went well afterwards", () => {
    expect(of([failedProbe(at(1)), probe(at(2)), failedProbe(at(3)), good])).toBe("healthy; probe good (within)")
    const twice = [failedProbe(at(1)), failedProbe(at(2)), good]
    expect(of(twice)).toBe("unhealthy; probe bad (outside)")
    expect(of(twice.toReversed())).toBe("unhealthy; probe bad (outside)")
    expect(of([failedProbe(at(14))], at(14))).toBe("inconclusive so far; probe waiting (failing)")
    expect(of([failedProbe(at(14))])).toBe("inconclusive; probe inconclusive (failing)")
  })

  test("that nobody may or can make tell nothing, and do not stand between two failures", () => {
    const refusals = ["not-allowed", "bad-url", "address-refused", "redirect-refused", "anything new"]
    for (const why of refusals) {
      const refused = probe(at(14.5), { ok: false, status: null, why })
      expect(of([refused])).toBe("inconclusive; probe inconclusive (untold)")
      expect(of([failedProbe(at(14)), refused, failedProbe(at(14.75))])).toBe("unhealthy; probe bad (outside)")
    }
    const down = [
      "not-resolved",
      "timeout",
      "connection",
      "tls",
      "not-http",
      "too-large",
      "too-many-redirects",
      "status",
    ]
    for (const why of down) {
      const failing = { ok: false, status: null, why }
      expect(of([probe(at(1), failing), probe(at(2), failing)])).toBe("unhealthy; probe bad (outside)")
    }
  })

  test("that went well long ago say nothing of the rest of the window", () => {
    expect(of([probe(at(13))])).toBe("inconclusive; probe inconclusive (stale)")
    expect(of([probe(at(13.5))])).toBe("healthy; probe good (within)")
    expect(of([])).toBe("no_data; probe missing (nothing-reported)")
    expect(of([probe(at(15) + 1)], at(16))).toBe("no_data; probe missing (nothing-reported)")
  })
})

describe("a query", () => {
  const rules = { prometheus: [query] }
  const of = (...queries: readonly ReturnType<typeof value>[]): string => told(judge(rules, { queries }))

  test("is asked each minute, and at least five times", () => {
    expect(judge(rules, { nowMs: at(0.5) })).toMatchObject({ wanted: { queries: [] }, lookAgainAtMs: at(1) })
    expect(judge(rules, { nowMs: at(1) }).wanted.queries).toEqual([{ query: query.query, source: "default" }])
    const short = judge({ ...rules, windowMs: 10_000 }, { nowMs: at(0) })
    expect(short.lookAgainAtMs).toBe(at(0) + 2000)
  })

  test("must stay within its bounds, each time", () => {
    expect(of(value(at(14), 0.04))).toBe("healthy; prometheus good (within)")
    expect(of(value(at(14), 0.05))).toBe("unhealthy; prometheus bad (outside)")
    expect(of(value(at(3), 0.06), value(at(14), 0.01))).toBe("unhealthy; prometheus bad (outside)")
    const between = { ...query, above: 0.01 }
    expect(told(judge({ prometheus: [between] }, { queries: [value(at(14), 0.01)] }))).toMatch(/^unhealthy/)
    expect(told(judge({ prometheus: [between] }, { queries: [value(at(14), 0.02)] }))).toMatch(/^healthy/)
  })

  test("that tells no number tells nothing", () => {
    expect(of(value(at(14), null))).toBe("inconclusive; prometheus inconclusive (untold)")
    expect(of(value(at(14), Number.NaN))).toBe("inconclusive; prometheus inconclusive (untold)")
    expect(of(value(at(14), 0.01), value(at(14.9), null))).toBe("healthy; prometheus good (within)")
    expect(of(value(at(1), 0.01), value(at(14.9), null))).toBe("inconclusive; prometheus inconclusive (untold)")
    expect(of()).toBe("no_data; prometheus missing (nothing-reported)")
    expect(told(judge({ prometheus: [{ ...query, source: "other" }] }, { queries: [value(at(14), 0)] }))).toBe(
      "no_data; prometheus missing (nothing-reported)",
    )
    const unbound = { ...query, below: null }
    expect(told(judge({ prometheus: [unbound] }, { queries: [value(at(14), 0)] }))).toMatch(/^inconclusive/)
  })
})

describe("the error rate", () => {
  const of = (
    rule: { limit: number | null; overBaseline: number | null },
    window: ReturnType<typeof signals>,
    baseline = signals({ errors: 100, requests: 10_000 }),
  ): string => told(judge({ errorRate: rule }, { signals: { window, baseline } }))
  const limit = { limit: 0.05, overBaseline: null }
  const over = { limit: null, overBaseline: 0.25 }

  test("must not be over its limit", () => {
    expect(of(limit, signals({ errors: 50, requests: 1000 }))).toBe("healthy; error-rate good (within)")
    expect(of(limit, signals({ errors: 51, requests: 1000 }))).toBe("unhealthy; error-rate bad (over-limit)")
  })

  test("of few requests tells only what more of them could not make good", () => {
    expect(of(limit, signals({ errors: 1, requests: 2 }))).toBe(
      "inconclusive; error-rate inconclusive (too-few-requests)",
    )
    expect(of(limit, signals({ errors: 0, requests: 99 }))).toMatch(/^inconclusive/)
    expect(of(limit, signals({ errors: 1, requests: 100 }))).toMatch(/^inconclusive/)
    expect(of(limit, signals({ errors: 1, requests: 101 }))).toMatch(/^healthy/)
    expect(of(limit, signals({ errors: 6, requests: 6 }))).toBe("unhealthy; error-rate bad (over-limit)")
  })

  test("must not be clearly more than on the day before", () => {
    expect(of(over, signals({ errors: 12, requests: 1000 }))).toBe("healthy; error-rate good (within)")
    expect(of(over, signals({ errors: 13, requests: 1000 }))).toBe("unhealthy; error-rate bad (over-baseline)")
    const spotless = signals({ errors: 0, requests: 10_000 })
    expect(of(over, signals({ errors: 4, requests: 1000 }), spotless)).toBe("healthy; error-rate good (within)")
    expect(of(over, signals({ errors: 5, requests: 1000 }), spotless)).toMatch(/^unhealthy/)
  })

  test("without a day before to compare with is told by the limit alone, or not at all", () => {
    const fine = signals({ errors: 20, requests: 1000 })
    const scarce = signals({ errors: 0, requests: 99 })
    expect(of({ limit: 0.05, overBaseline: 0.25 }, fine, scarce)).toBe("healthy; error-rate good (within)")
    expect(of(over, fine, scarce)).toBe("inconclusive; error-rate inconclusive (no-baseline)")
  })

  test("that was last reported in the first half says nothing of the second", () => {
    expect(of(limit, signals({ requests: 1000 }, at(7)))).toBe("inconclusive; error-rate inconclusive (stale)")
    expect(of(limit, signals())).toBe("no_data; error-rate missing (nothing-reported)")
  })
})

describe("the heartbeat", () => {
  const rules = { heartbeat: { staleAfterMs: 3 * 60_000 } }
  const of = (heard: { window?: number; baseline?: number }, more: Parameters<typeof judge>[1] = {}): string => {
    const [window, baseline] = [heard.window ?? null, heard.baseline ?? null].map((heartbeatAtMs) =>
      signals({ heartbeatAtMs }),
    )
    return told(judge(rules, { signals: { window: window ?? signals(), baseline: baseline ?? signals() }, ...more }))
  }

  test("that goes on is good, silence is bad, and is looked at when it would be", () => {
    expect(of({ window: at(12) })).toBe("healthy; heartbeat good (beating)")
    expect(of({ window: at(12) - 1 })).toBe("unhealthy; heartbeat bad (silent)")
    const window = signals({ heartbeatAtMs: at(2) })
    const inTime = judge(rules, { signals: { window, baseline: signals() }, nowMs: at(4) })
    expect(inTime).toMatchObject({ verdict: "inconclusive", lookAgainAtMs: at(5) + 1 })
    expect(judge(rules, { signals: { window, baseline: signals() }, nowMs: at(5) + 1 }).verdict).toBe("unhealthy")
  })

  test("of the old version says nothing of this one, and the new one has its time to begin", () => {
    expect(of({ baseline: at(-60) }, { nowMs: at(3) })).toBe("inconclusive so far; heartbeat waiting (not-since-start)")
    expect(of({ baseline: at(-60) }, { nowMs: at(3) + 1 })).toBe("unhealthy; heartbeat bad (silent)")
    const slow = judge(
      { heartbeat: { staleAfterMs: 60 * 60_000 } },
      { signals: { window: signals(), baseline: signals({ heartbeatAtMs: at(-1) }) } },
    )
    expect(told(slow)).toBe("inconclusive; heartbeat inconclusive (not-since-start)")
  })

  test("that never was is missing", () => {
    expect(of({}, { nowMs: at(14) })).toBe("no_data so far; heartbeat waiting (nothing-reported)")
    expect(of({})).toBe("no_data; heartbeat missing (nothing-reported)")
  })

  test("that nobody was there to hear is nobody's silence", () => {
    expect(of({ window: at(5) }, { listeningSinceMs: at(14) })).toBe("inconclusive; heartbeat inconclusive (stale)")
    expect(of({ window: at(5) }, { listeningSinceMs: at(11) })).toBe("unhealthy; heartbeat bad (silent)")
  })

  test("is judged late as it stood at the end", () => {
    expect(of({ window: at(14) }, { nowMs: at(200) })).toBe("healthy; heartbeat good (beating)")
  })
})
