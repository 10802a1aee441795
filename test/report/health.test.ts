import { describe, expect, test } from "vitest"
import { healthCheckName, healthCore, renderHealth } from "../../src/report/health.ts"
import { at, check, deployment, failedProbe, judge, probe, query, signals, value } from "../promotion/health-world.ts"
import { contextOf, deployments, rules, shown } from "./health-view.ts"

// Every form in which the health of a merge is told, for people who have never heard of Portcullis.

const passed = [check({ name: "smoke eu" }), check({ id: 11, name: "smoke us" })]

describe("while the window runs", () => {
  test("and the commit is not deployed yet", () => {
    expect(shown(rules, { nowMs: at(1) }, { button: "rollback-1" })).toMatchInlineSnapshot(`
      "in_progress | Waiting until 2026-11-20 12:15 UTC for deployment to production

      Pull request #12 was merged into \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

      **Waiting for the deployment to \`production\`.** The window of 15 minutes begins when it has succeeded; that is waited for until 2026-11-20 12:15 UTC. Next: see to it that this commit is deployed there. To take it back at once, comment \`/rollback\` on #12.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ⏳ waiting | no deployment of this commit is known yet |
      | check \`smoke *\` | ⏳ waiting | not reported for this commit yet |
      | probe of \`https://shop.example.com/healthz\` | ⏳ waiting | looked at from the deployment on |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>

      [Roll back] Take this change back"
    `)
  })

  test("and some of it is well", () => {
    const facts = { deployments, checks: [check({ name: "smoke eu", status: "in_progress", conclusion: null })] }
    expect(shown(rules, { ...facts, probes: [probe(at(5))], nowMs: at(5) })).toMatchInlineSnapshot(`
      "in_progress | Observing until 2026-11-20 12:17 UTC: 2 of 3 healthy so far

      Pull request #12 was merged into \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

      **Observing from 2026-11-20 12:02 UTC until 2026-11-20 12:17 UTC.** Next: nothing has to be done. To take it back at once, comment \`/rollback\` on #12.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | check \`smoke *\` | ⏳ waiting | \`smoke eu\` in progress |
      | deployment to \`production\` | ✅ good so far | succeeded at 2026-11-20 12:02 UTC |
      | probe of \`https://shop.example.com/healthz\` | ✅ good so far | answers |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })

  test("and a failed check is run again, a probe failed once, another is not allowed", () => {
    const other = "https://internal.example.com/"
    const probes = [{ url: other, everyMs: 30_000, failures: 2 }, ...rules.probes]
    const outcomes = [failedProbe(at(5)), { ...probe(at(5)), url: other, ok: false, status: null, why: "not-allowed" }]
    const facts = { deployments, checks: [check({ name: "smoke eu", conclusion: "failure" })], probes: outcomes }
    expect(shown({ ...rules, probes }, { ...facts, nowMs: at(6) })).toMatchInlineSnapshot(`
      "in_progress | Observing until 2026-11-20 12:17 UTC: 1 of 4 healthy so far

      Pull request #12 was merged into \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

      **Observing from 2026-11-20 12:02 UTC until 2026-11-20 12:17 UTC.** Next: see to what cannot be told below; as long as it cannot, this commit is not known-good. To take it back at once, comment \`/rollback\` on #12.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | probe of \`https://internal.example.com/\` | ❔ cannot tell | Portcullis could not ask (whoever runs Portcullis does not list its host under \`PROBE_ALLOWED_HOSTS\`) |
      | check \`smoke *\` | ⏳ waiting | \`smoke eu\` failed, and is run once more on the same commit before that is believed |
      | probe of \`https://shop.example.com/healthz\` | ⏳ waiting | failed once (answered with 503); 2 in a row are too many |
      | deployment to \`production\` | ✅ good so far | succeeded at 2026-11-20 12:02 UTC |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })

  test("and nothing is asked for", () => {
    expect(shown({}, { nowMs: at(6) })).toMatchInlineSnapshot(`
      "in_progress | Observing until 2026-11-20 12:15 UTC: nothing was asked for, nothing bad so far

      Pull request #12 was merged into \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

      **Observing from 2026-11-20 12:00 UTC until 2026-11-20 12:15 UTC.** Nothing was asked for; only what is reported as critical counts. Next: nothing has to be done. To take it back at once, comment \`/rollback\` on #12.

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })

  test("time and repeated good news alone change nothing", () => {
    const measured = {
      ...rules,
      errorRate: { limit: 0.05, overBaseline: 0.25 },
      heartbeat: { staleAfterMs: 180_000 },
      prometheus: [query],
    }
    const upTo = (minutes: number): string => {
      const probes = [...Array(minutes * 2).keys()].map((index) => probe(at(2 + index / 2)))
      const window = signals({ requests: 1000 * minutes, heartbeatAtMs: at(minutes) }, at(minutes))
      const baseline = signals({ errors: 10, requests: 5000 })
      const facts = { deployments, checks: passed, probes, queries: [value(at(minutes), 1 / (minutes + 100))] }
      return shown(measured, { ...facts, signals: { window, baseline }, nowMs: at(minutes) })
    }
    expect(upTo(9)).toBe(upTo(7))
    expect(upTo(9)).toMatchInlineSnapshot(`
      "in_progress | Observing until 2026-11-20 12:17 UTC: 6 of 6 healthy so far

      Pull request #12 was merged into \`main\`, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.

      **Observing from 2026-11-20 12:02 UTC until 2026-11-20 12:17 UTC.** Next: nothing has to be done. To take it back at once, comment \`/rollback\` on #12.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ✅ good so far | succeeded at 2026-11-20 12:02 UTC |
      | check \`smoke *\` | ✅ good so far | passed (2 checks) |
      | probe of \`https://shop.example.com/healthz\` | ✅ good so far | answers |
      | error rate | ✅ good so far | not too high |
      | heartbeat | ✅ good so far | is heard |
      | query \`sum(rate(errors[5m]))\` | ✅ good so far | within its bounds |

      Baseline: 0.2% of the requests of the 24 hours before failed; 25% more than that is too much.

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
})

describe("healthy", () => {
  const facts = { deployments, checks: passed, probes: [probe(at(16.9))], nowMs: at(17) }
  const advanced = { status: "advanced", tag: "known-good/main", atMs: at(17) } as const

  test("and the tag was moved", () => {
    expect(shown(rules, facts, { knownGood: advanced })).toMatchInlineSnapshot(`
      "success | Healthy: known-good since 2026-11-20 12:17 UTC

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:17 UTC. The tag \`known-good/main\` was moved to this commit at 2026-11-20 12:17 UTC. Next: nothing has to be done.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ✅ good | succeeded at 2026-11-20 12:02 UTC |
      | check \`smoke *\` | ✅ good | passed (2 checks) |
      | probe of \`https://shop.example.com/healthz\` | ✅ good | answered with 200 |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })

  test("and what became of the tag otherwise", () => {
    const standings = [
      null,
      { status: "held", earlier: 11, because: "observed" },
      { status: "held", earlier: null, because: "unhealthy" },
      { status: "passed", tag: "known-good/main" },
      { status: "refused", tag: "known-good/main", why: "protected", words: "Repository rule violations found" },
    ] as const
    const told = standings.map((knownGood) => {
      const text = shown(rules, facts, { knownGood })
      return [text.split("\n")[0], text.split("\n\n")[2]].join("\n")
    })
    expect(told).toMatchInlineSnapshot(`
      [
        "success | Healthy: 3 of 3 good
      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:17 UTC. Next: nothing, the known-good tag is moved here.",
        "success | Healthy: 3 of 3 good, but an earlier promotion is still observed
      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:17 UTC. The earlier promotion #11, which this commit contains, is still observed, so the known-good tag stays where it is. Next: nothing, the tag is moved when that one is healthy.",
        "success | Healthy: 3 of 3 good, but an earlier promotion is unhealthy
      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:17 UTC. An earlier promotion, which this commit contains, is unhealthy, so the known-good tag stays where it is. Next: take that one back, or mend it by another change; the commit that contains the repair can be known-good.",
        "success | Healthy: 3 of 3 good
      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:17 UTC. The tag \`known-good/main\` names a later commit already, and is never moved back. Next: nothing has to be done.",
        "success | Healthy: 3 of 3 good, but the known-good tag could not be moved
      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:17 UTC. The tag \`known-good/main\` could not be moved here: a ruleset protects it (Repository rule violations found). Next: let this app pass that ruleset. It is tried again every hour.",
      ]
    `)
  })

  test("though nothing was asked for", () => {
    expect(shown({}, {}, { knownGood: { ...advanced, atMs: at(15) } })).toMatchInlineSnapshot(`
      "success | Healthy: known-good since 2026-11-20 12:15 UTC

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Healthy.** Nothing was asked for, and nothing bad was reported until 2026-11-20 12:15 UTC. To have it proven, name what to watch under \`health\` in \`.github/promotion.yml\`. The tag \`known-good/main\` was moved to this commit at 2026-11-20 12:15 UTC. Next: nothing has to be done.

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })

  test("with numbers of what was measured", () => {
    const measured = {
      errorRate: { limit: 0.05, overBaseline: 0.25 },
      heartbeat: { staleAfterMs: 180_000 },
      prometheus: [{ ...query, above: -1, source: "eu" }],
    }
    const window = signals({ errors: 3, requests: 1204, heartbeatAtMs: at(14), count: 2 }, at(14))
    const baseline = signals({ errors: 100, requests: 10_000 })
    const queries = [{ ...value(at(14), 0.0123), source: "eu" }]
    expect(shown(measured, { signals: { window, baseline }, queries })).toMatchInlineSnapshot(`
      "success | Healthy: 3 of 3 good

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:15 UTC. Next: nothing, the known-good tag is moved here.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | error rate | ✅ good | 0.249% of 1204 requests failed (limit 5%) |
      | heartbeat | ✅ good | is heard |
      | query \`sum(rate(errors[5m]))\` of \`eu\` | ✅ good | 0.0123 (must be below 0.05 and above -1) |
      | reported failures | ➖ decides nothing | 2 were reported, none of them critical |

      Baseline: 1% of the requests of the 24 hours before failed; 25% more than that is too much.

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
})

test("what is told elsewhere is left out", () => {
  const healthy = { deployments, checks: passed, probes: [probe(at(16.9))], nowMs: at(17) }
  const inputs = [{ nowMs: at(1) }, { deployments, nowMs: at(3) }, healthy, {}]
  const told = inputs.map((facts) => renderHealth(judge(rules, facts)).summary.split("\n\n"))
  expect(told.map(([lead, what]) => [lead, what])).toMatchInlineSnapshot(`
    [
      [
        "This commit landed, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.",
        "**Waiting for the deployment to \`production\`.** The window of 15 minutes begins when it has succeeded; that is waited for until 2026-11-20 12:15 UTC. Next: see to it that this commit is deployed there.",
      ],
      [
        "This commit landed, and Portcullis watches what that does to the running system, for 15 minutes. If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks.",
        "**Observing from 2026-11-20 12:02 UTC until 2026-11-20 12:17 UTC.** Next: nothing has to be done.",
      ],
      [
        "This commit landed, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.",
        "**Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:17 UTC.",
      ],
      [
        "This commit landed, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.",
        "**No data: nothing that was asked for was reported until 2026-11-20 12:15 UTC.** Known-good stays where it was.",
      ],
    ]
  `)
  expect(told.map((parts) => parts.length)).toEqual([3, 3, 3, 3])
})

test("the check run is called so", () => {
  expect(healthCheckName).toBe("Promotion health")
})

describe("what is written at once", () => {
  const core = (facts: Parameters<typeof judge>[1], more: Parameters<typeof contextOf>[0] = {}): string =>
    healthCore(judge(rules, facts), contextOf(more))

  test("one more piece of good news is progress, not another verdict", () => {
    const nowMs = at(5)
    expect(core({ deployments, checks: passed, nowMs })).toBe(core({ deployments, nowMs }))
    expect(core({ deployments, probes: [probe(at(4))], nowMs })).toBe(core({ deployments, nowMs }))
  })

  test("whatever begins, ends or is bad, and what becomes of it, is another verdict", () => {
    const failed = { deployments: [deployment({ state: "failure" })], nowMs: at(3) }
    const healthy = { deployments, checks: passed, probes: [probe(at(16.9))], nowMs: at(17) }
    const cores = [
      core({ nowMs: at(1) }),
      core({ deployments, nowMs: at(3) }),
      core({ nowMs: at(15) }),
      core(healthy),
      core(healthy, { knownGood: { status: "passed", tag: "x" } }),
      core(failed),
      core(failed, { rollback: 13 }),
      core(failed, { button: "rollback-1" }),
    ]
    expect(new Set(cores).size).toBe(cores.length)
  })
})
