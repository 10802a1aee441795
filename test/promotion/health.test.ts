import { describe, expect, test } from "vitest"
import { decideHealth } from "../../src/promotion/health/decide-health.ts"
import { judgeHealth } from "../../src/promotion/health/judge-health.ts"
import {
  at,
  before,
  check,
  deployment,
  inputOf,
  judge,
  later,
  ownAppId,
  query,
  signals,
  told,
  url,
} from "./health-world.ts"

describe("nothing is asked for", () => {
  test("a window in which nothing bad was reported is a healthy one, and not before it is over", () => {
    expect(told(judge({}, { nowMs: at(15) - 1 }))).toBe("no_data so far")
    expect(told(judge({}, { nowMs: at(15) }))).toBe("healthy")
    expect(judge({}, { nowMs: at(14) })).toMatchObject({ deadlineMs: at(15), lookAgainAtMs: at(15) })
  })

  test("a critical failure that was reported is bad at once all the same", () => {
    const window = signals({ count: 1, critical: 1 }, at(3))
    expect(told(judge({}, { nowMs: at(4), signals: { window, baseline: signals() } }))).toBe(
      "unhealthy; failures bad (critical-failure)",
    )
  })

  test("clearly more failures than on the day before want a person, a few decide nothing", () => {
    const window = signals({ count: 3 })
    const few = { window: signals({ count: 2 }), baseline: signals() }
    expect(told(judge({}, { signals: few }))).toBe("healthy; failures inconclusive (few-failures)")
    expect(told(judge({}, { signals: { window, baseline: signals() } }))).toBe(
      "inconclusive; failures inconclusive (many-failures)",
    )
    // 96 windows a day: 144 failures a day are one and a half in each.
    const usual = { window, baseline: signals({ count: 144 }) }
    expect(told(judge({}, { signals: usual }))).toBe("healthy; failures inconclusive (few-failures)")
  })
})

describe("when the window runs", () => {
  test("from the merge, or from when it became known", () => {
    expect(judge({}).deadlineMs).toBe(at(15))
    expect(judge({}, { startedAtMs: at(60), nowMs: at(61) })).toMatchObject({ startMs: at(60), deadlineMs: at(75) })
  })

  test("with deployments named, from the moment when the last of them has succeeded", () => {
    const staging = deployment({ environment: "staging", atMs: at(4) })
    const production = deployment({ id: 2, atMs: at(9) })
    const rules = { deployments: ["production", "staging"] }
    const waiting = judge(rules, { deployments: [staging], nowMs: at(5) })
    expect(waiting).toMatchObject({ startMs: null, deadlineMs: at(15), lookAgainAtMs: at(15) })
    expect(judge(rules, { deployments: [staging, production], nowMs: at(10) })).toMatchObject({
      startMs: at(9),
      deadlineMs: at(24),
    })
  })

  test("that is waited for as long as a window, and then it is over", () => {
    const rules = { deployments: ["production"], probes: [{ url, everyMs: 30_000, failures: 2 }] }
    expect(told(judge(rules, { nowMs: at(15) }))).toBe(
      "no_data; deployment missing (nothing-reported); probe missing (not-begun)",
    )
    const running = deployment({ state: "in_progress" })
    expect(told(judge({ deployments: ["production"] }, { deployments: [running] }))).toBe(
      "inconclusive; deployment inconclusive (deployment-running)",
    )
  })

  test("what succeeded too late was not watched, and is not healthy however late it is judged", () => {
    const deployments = [deployment({ atMs: at(15) + 1 })]
    expect(told(judge({ deployments: ["production"] }, { deployments, nowMs: at(100) }))).toBe(
      "inconclusive; deployment inconclusive (deployment-late)",
    )
    expect(told(judge({ deployments: ["production"] }, { deployments: [deployment({ atMs: at(15) })] }))).toBe(
      "inconclusive so far; deployment good (deployed)",
    )
  })

  test("a deployment that was retired by its own successor had begun the window in time", () => {
    const first = deployment({ state: "inactive", createdAtMs: at(1), atMs: at(17) })
    const again = deployment({ id: 2, createdAtMs: at(16), atMs: at(17) })
    const verdict = judge({ deployments: ["production"] }, { deployments: [first, again], nowMs: at(18) })
    expect(verdict).toMatchObject({ startMs: at(15), deadlineMs: at(30), final: false })
  })

  test("clocks that went ahead do not keep it from ending", () => {
    const years = 4 * 365 * 24 * 60
    expect(judge({}, { startedAtMs: at(years) })).toMatchObject({ verdict: "healthy", deadlineMs: at(15) })
    expect(judge({}, { mergedAtMs: at(1), nowMs: at(0) - 1, startedAtMs: at(years) }).deadlineMs).toBe(at(15) - 1)
    const ahead = [deployment({ createdAtMs: at(years), atMs: at(years) })]
    expect(judge({ deployments: ["production"] }, { deployments: ahead, nowMs: at(3) })).toMatchObject({
      startMs: at(3),
      deadlineMs: at(18),
    })
  })
})

describe("deployments", () => {
  const rules = { deployments: ["production"] }
  const of = (...deployments: readonly ReturnType<typeof deployment>[]): string =>
    told(judge(rules, { deployments, laterShas: [later], nowMs: at(30) }))

  test.each([
    ["success of this very commit", [{}], "healthy; deployment good (deployed)"],
    ["whatever the case of its name", [{ environment: "Production" }], "healthy; deployment good (deployed)"],
    ["failure", [{ state: "failure" }], "unhealthy; deployment bad (deployment-failed)"],
    ["error", [{ state: "error" }], "unhealthy; deployment bad (deployment-failed)"],
    ["another environment", [{ environment: "staging" }], "no_data; deployment missing (nothing-reported)"],
    ["another commit", [{ sha: before }], "no_data; deployment missing (nothing-reported)"],
    [
      "a newer failure hides the older success",
      [{}, { id: 2, state: "failure" }],
      "unhealthy; deployment bad (deployment-failed)",
    ],
    [
      "a newer success mends the older failure",
      [{ state: "failure" }, { id: 2 }],
      "healthy; deployment good (deployed)",
    ],
    [
      "deployed again, not done yet",
      [{}, { id: 2, state: "queued" }],
      "inconclusive; deployment inconclusive (deployment-running)",
    ],
    [
      "a word nobody has heard of",
      [{}, { id: 2, state: "entangled" }],
      "inconclusive; deployment inconclusive (deployment-running)",
    ],
    ["taken down", [{ state: "inactive" }], "inconclusive; deployment inconclusive (deployment-inactive)"],
    [
      "something else deployed since",
      [{}, { id: 2, sha: before }],
      "inconclusive; deployment inconclusive (deployment-replaced)",
    ],
    ["a later commit that contains it", [{ sha: later }], "healthy; deployment good (deployed-later)"],
    [
      "a later commit that failed says nothing about it",
      [{}, { id: 2, sha: later, state: "failure" }],
      "healthy; deployment good (deployed)",
    ],
    [
      "nor does a later commit alone that failed",
      [{ sha: later, state: "failure" }],
      "no_data; deployment missing (nothing-reported)",
    ],
    [
      "a later commit does not mend it",
      [{ state: "failure" }, { id: 2, sha: later }],
      "unhealthy; deployment bad (deployment-failed)",
    ],
    [
      "a later commit overtook it",
      [{ state: "in_progress" }, { id: 2, sha: later }],
      "healthy; deployment good (deployed-later)",
    ],
    [
      "retired by a later commit",
      [{ state: "inactive" }, { id: 2, sha: later }],
      "healthy; deployment good (deployed-later)",
    ],
  ])("%s", (_, deployments, expected) => {
    expect(of(...deployments.map((one) => deployment(one)))).toBe(expected)
    expect(of(...deployments.map((one) => deployment(one)).toReversed())).toBe(expected)
  })

  test("a failure is final at once, one that comes after the window counts, a success after it does not", () => {
    const failed = deployment({ state: "failure", atMs: at(2) })
    expect(judge(rules, { deployments: [failed], nowMs: at(2) })).toMatchObject({
      verdict: "unhealthy",
      final: true,
      wanted: { probes: [] },
      lookAgainAtMs: null,
    })
    const lateFailure = deployment({ id: 2, state: "failure", createdAtMs: at(40) })
    expect(of(deployment(), lateFailure)).toBe("unhealthy; deployment bad (deployment-failed)")
    expect(of(deployment(), deployment({ id: 2, sha: before, createdAtMs: at(40) }))).toBe(
      "healthy; deployment good (deployed)",
    )
    const mended = deployment({ id: 2, createdAtMs: at(40) })
    expect(of(deployment({ state: "failure" }), mended)).toBe("unhealthy; deployment bad (deployment-failed)")
  })
})

describe("checks", () => {
  const smoke = { name: "smoke*", app: null, confirm: false }
  const of = (rule: typeof smoke, more: Parameters<typeof judge>[1]): string => told(judge({ checks: [rule] }, more))

  test.each([
    ["success", "healthy; check good (check-passed)"],
    ["failure", "unhealthy; check bad (check-failed)"],
    ["timed_out", "unhealthy; check bad (check-failed)"],
    ["error", "unhealthy; check bad (check-failed)"],
    ["cancelled", "inconclusive; check inconclusive (check-untold)"],
    ["skipped", "inconclusive; check inconclusive (check-untold)"],
    ["neutral", "inconclusive; check inconclusive (check-untold)"],
    ["stale", "inconclusive; check inconclusive (check-untold)"],
    ["action_required", "inconclusive; check inconclusive (check-untold)"],
    ["startup_failure", "inconclusive; check inconclusive (check-untold)"],
    ["entangled", "inconclusive; check inconclusive (check-running)"],
    [null, "inconclusive; check inconclusive (check-running)"],
  ])("that say %s", (conclusion, expected) => {
    expect(of(smoke, { checks: [check({ conclusion })] })).toBe(expected)
  })

  test("that count: on this commit, of the app that is asked for, none of ours, the latest of each name", () => {
    const missing = "no_data; check missing (nothing-reported)"
    expect(of(smoke, { checks: [check({ sha: before })] })).toBe(missing)
    expect(of(smoke, { checks: [check({ appId: ownAppId })] })).toBe(missing)
    expect(of(smoke, { checks: [check({ name: "build" })] })).toBe(missing)
    expect(told(judge({ checks: [{ ...smoke, app: "circleci" }] }, { checks: [check()] }))).toBe(missing)
    const again = [check({ conclusion: "failure" }), check({ id: 11 })]
    expect(of(smoke, { checks: again })).toBe("healthy; check good (check-passed)")
    const others = [check(), check({ id: 11, name: "smoke 2", conclusion: "failure" })]
    expect(of(smoke, { checks: others })).toBe("unhealthy; check bad (check-failed)")
  })

  test("of which there are as many as are read prove nothing, but one that failed still counts", () => {
    const many = Array.from({ length: 998 }, (_, index) => check({ id: 100 + index, name: `unit ${index}` }))
    const known = [check(), ...many]
    expect(of(smoke, { checks: known })).toBe("healthy; check good (check-passed)")
    const asManyAsAreRead = [...known, check({ id: 11, name: "lint" })]
    expect(of(smoke, { checks: asManyAsAreRead })).toBe("inconclusive; check inconclusive (check-unread)")
    const failed = [...asManyAsAreRead, check({ id: 12, conclusion: "failure" })]
    expect(of(smoke, { checks: failed })).toBe("unhealthy; check bad (check-failed)")
  })

  test("one that passed after the window is not proven in time", () => {
    expect(of(smoke, { checks: [check({ atMs: at(15) + 1 })], nowMs: at(16) })).toBe(
      "inconclusive; check inconclusive (check-late)",
    )
  })
})

describe("a failed check that is to be confirmed", () => {
  const rules = { checks: [{ name: "smoke", app: null, confirm: true }] }
  const failed = check({ conclusion: "failure" })
  const asked = { checkRunId: 10, name: "smoke", app: "github-actions", atMs: at(5), refused: false }
  const of = (more: Parameters<typeof judge>[1]): string => told(judge(rules, { nowMs: at(6), ...more }))

  test("is run once more, once", () => {
    const first = judge(rules, { checks: [failed], nowMs: at(6) })
    expect(told(first)).toBe("inconclusive so far; check waiting (check-confirming)")
    const { refused: _, ...wanted } = asked
    expect(first.wanted.reruns).toEqual([wanted])
    expect(judge(rules, { checks: [failed], reruns: [asked], nowMs: at(6) }).wanted.reruns).toEqual([])
  })

  test("waits for that run, new or begun anew", () => {
    const waiting = "inconclusive so far; check waiting (check-confirming)"
    expect(of({ checks: [failed], reruns: [asked] })).toBe(waiting)
    const running = { status: "in_progress", conclusion: null } as const
    expect(of({ checks: [failed, check({ id: 11, ...running })], reruns: [asked] })).toBe(waiting)
    expect(of({ checks: [check({ ...running, atMs: at(6) })], reruns: [asked] })).toBe(waiting)
  })

  test("is bad when that run fails, or could not be begun, or has not ended in time", () => {
    const bad = "unhealthy; check bad (check-failed-again)"
    expect(of({ checks: [failed, check({ id: 11, conclusion: "failure" })], reruns: [asked] })).toBe(bad)
    expect(of({ checks: [check({ conclusion: "failure", atMs: at(6) })], reruns: [asked] })).toBe(bad)
    expect(of({ checks: [failed], reruns: [{ ...asked, refused: true }] })).toBe("unhealthy; check bad (check-failed)")
    const unconfirmed = "unhealthy; check bad (check-unconfirmed)"
    expect(of({ checks: [failed], reruns: [asked], nowMs: at(15) })).toBe(unconfirmed)
    expect(of({ checks: [failed], nowMs: at(15) })).toBe(unconfirmed)
    const running = check({ id: 11, status: "queued", conclusion: null })
    expect(of({ checks: [failed, running], reruns: [asked], nowMs: at(15) })).toBe(unconfirmed)
  })

  test("is good when that run passes", () => {
    expect(of({ checks: [failed, check({ id: 11 })], reruns: [asked], nowMs: at(15) })).toBe(
      "healthy; check good (check-passed-again)",
    )
  })

  test("a commit status cannot be run again, so its failure counts at once; what was cancelled is not run again", () => {
    expect(of({ checks: [check({ source: "status", conclusion: "failure" })] })).toBe(
      "unhealthy; check bad (check-failed)",
    )
    expect(judge(rules, { checks: [check({ conclusion: "cancelled" })], nowMs: at(6) }).wanted.reruns).toEqual([])
  })
})

describe("several of them together", () => {
  const rules = { deployments: ["production"], checks: [{ name: "smoke", app: null, confirm: false }] }

  test("what was reported and what was not", () => {
    expect(told(judge(rules, { deployments: [deployment({ atMs: at(0) })] }))).toBe(
      "inconclusive; deployment good (deployed); check missing (nothing-reported)",
    )
    expect(judge(rules, { nowMs: at(3) }).verdict).toBe("no_data")
    expect(judge(rules, { nowMs: at(3), checks: [check({ status: "queued", conclusion: null })] }).verdict).toBe(
      "inconclusive",
    )
  })

  test("one that is bad is enough, and at once", () => {
    const verdict = judge(rules, { nowMs: at(6), checks: [check({ conclusion: "failure" })] })
    expect(told(verdict)).toBe("unhealthy; deployment waiting (nothing-reported); check bad (check-failed)")
  })

  test("the same thing named twice is asked for once", () => {
    const probes = [
      { url, everyMs: 30_000, failures: 2 },
      { url, everyMs: 60_000, failures: 1 },
    ]
    const verdict = judge({ probes, prometheus: [query, query] }, { nowMs: at(1) })
    expect(verdict.wanted).toEqual({ probes: [url], queries: [{ query: query.query, source: "default" }], reruns: [] })
  })
})

describe("what follows from a verdict", () => {
  const policies = [
    { noData: "ask", automatic: false },
    { noData: "ask", automatic: true },
    { noData: "roll-back", automatic: false },
    { noData: "roll-back", automatic: true },
  ] as const
  const followsFrom = (more: Partial<Parameters<typeof decideHealth>[0]>): string[] =>
    policies.map((policy) => {
      const { verdict = "healthy", final = true, startMs = at(0), items = [] } = more
      const { step, reason } = decideHealth({ verdict, final, startMs, items }, policy)
      return `${step} (${reason})`
    })

  test("in each case, by the config: ask, ask and automatic, roll back but not automatic, roll back", () => {
    const smoke = { checks: [{ name: "smoke", app: null, confirm: false }] }
    const { items } = judgeHealth(inputOf(smoke, { checks: [check()] }))
    expect({
      waiting: followsFrom({ verdict: "no_data", final: false, startMs: null }),
      running: followsFrom({ verdict: "inconclusive", final: false }),
      healthy: followsFrom({ items }),
      "healthy, nothing asked for": followsFrom({}),
      unhealthy: followsFrom({ verdict: "unhealthy" }),
      "no data": followsFrom({ verdict: "no_data" }),
      inconclusive: followsFrom({ verdict: "inconclusive" }),
    }).toMatchInlineSnapshot(`
      {
        "healthy": [
          "advance (healthy)",
          "advance (healthy)",
          "advance (healthy)",
          "advance (healthy)",
        ],
        "healthy, nothing asked for": [
          "advance (nothing-asked)",
          "advance (nothing-asked)",
          "advance (nothing-asked)",
          "advance (nothing-asked)",
        ],
        "inconclusive": [
          "ask (inconclusive)",
          "ask (inconclusive)",
          "ask (inconclusive)",
          "roll-back (inconclusive)",
        ],
        "no data": [
          "ask (no-data)",
          "ask (no-data)",
          "ask (no-data)",
          "roll-back (no-data)",
        ],
        "running": [
          "wait (window-running)",
          "wait (window-running)",
          "wait (window-running)",
          "wait (window-running)",
        ],
        "unhealthy": [
          "ask (unhealthy)",
          "roll-back (unhealthy)",
          "ask (unhealthy)",
          "roll-back (unhealthy)",
        ],
        "waiting": [
          "wait (deployment-awaited)",
          "wait (deployment-awaited)",
          "wait (deployment-awaited)",
          "wait (deployment-awaited)",
        ],
      }
    `)
  })
})
