import { describe, expect, test } from "vitest"
import { healthTitle } from "../../src/report/health.ts"
import {
  at,
  before,
  check,
  deployment,
  failedProbe,
  judge,
  probe,
  query,
  signals,
  value,
} from "../promotion/health-world.ts"
import { contextOf, deployments, rules, shown, shownOf } from "./health-view.ts"

// What a person reads of a merge that is not healthy.

describe("unhealthy", () => {
  const failed = { deployments: [deployment({ state: "failure" })], nowMs: at(3) }

  test("and taken back by itself", () => {
    expect(shown(rules, failed)).toMatchInlineSnapshot(`
      "failure | Unhealthy: deployment to production failed

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Unhealthy.** Known-good stays where it was. Portcullis takes this change back. Next: find out what broke; for the rollback nothing has to be done unless it asks.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ❌ bad | reported as failure at 2026-11-20 12:02 UTC |
      | check \`smoke *\` | ➖ not waited for | not reported for this commit yet |
      | probe of \`https://shop.example.com/healthz\` | ➖ not waited for | looked at from the deployment on |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
    expect(shown(rules, failed, { rollback: 13 }).split("\n\n")[2]).toMatchInlineSnapshot(
      `"**Unhealthy.** Known-good stays where it was. Pull request #13 takes this change back. Next: see there whether it needs you, and find out what broke."`,
    )
  })

  test("and left to a person, with what stands in the way", () => {
    const policy = { noData: "ask", automatic: false } as const
    expect(shown(rules, failed, { policy, button: "rollback-1" })).toMatchInlineSnapshot(`
      "failure | Unhealthy: deployment to production failed

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Unhealthy.** Known-good stays where it was. Nothing is taken back without a person here (\`rollback.automatic\` is not set). Next: comment \`/rollback\` on #12, or mend it by another change.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ❌ bad | reported as failure at 2026-11-20 12:02 UTC |
      | check \`smoke *\` | ➖ not waited for | not reported for this commit yet |
      | probe of \`https://shop.example.com/healthz\` | ➖ not waited for | looked at from the deployment on |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>

      [Roll back] Take this change back"
    `)
    const notes = ["Not taken back by itself, because it changes `db/migrations/1.sql`."]
    expect(shown(rules, failed, { notes }).split("\n\n").slice(2, 4)).toMatchInlineSnapshot(`
      [
        "**Unhealthy.** Known-good stays where it was. Portcullis takes this change back. Next: find out what broke; for the rollback nothing has to be done unless it asks.",
        "Not taken back by itself, because it changes \`db/migrations/1.sql\`.",
      ]
    `)
  })

  test("pushed without a pull request, in advisory mode", () => {
    const policy = { noData: "ask", automatic: false } as const
    expect(shown({}, critical, { number: null, mode: "advisory", policy })).toMatchInlineSnapshot(`
      "neutral | Unhealthy: a critical failure was reported

      This commit was pushed to \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. It runs in \`advisory\` mode here: it judges and records, and takes nothing back.

      **Unhealthy.** Known-good stays where it was. Nothing is taken back without a person here. Next: comment \`/rollback known-good\` on any issue or pull request, or mend it by another change.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | reported failures | ❌ bad | 3 were reported, 1 of them critical |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })

  const critical = {
    nowMs: at(3),
    signals: { window: signals({ count: 3, critical: 1 }, at(2)), baseline: signals() },
  }

  test("in each way", () => {
    const smoke = { checks: [{ name: "smoke", app: "github-actions", confirm: true }] }
    const fails = check({ conclusion: "timed_out" })
    const asked = { checkRunId: 10, name: "smoke", app: "github-actions", atMs: at(5), refused: false }
    const rate = { errorRate: { limit: 0.05, overBaseline: 0.25 } }
    const signalled = (window: ReturnType<typeof signals>) => {
      return { signals: { window, baseline: signals({ errors: 100, requests: 10_000 }) } }
    }
    const verdicts = [
      judge({ checks: [{ ...smoke.checks[0], name: "smoke", app: null, confirm: false }] }, { checks: [fails] }),
      judge(smoke, { checks: [{ ...fails, id: 11 }], reruns: [asked] }),
      judge(smoke, { checks: [fails], reruns: [asked] }),
      judge({ probes: rules.probes }, { probes: [failedProbe(at(3)), failedProbe(at(4))] }),
      judge(
        { probes: rules.probes },
        { probes: [3, 4].map((m) => ({ ...failedProbe(at(m)), status: null, why: "tls" })) },
      ),
      judge(rate, signalled(signals({ errors: 60, requests: 1000 }))),
      judge(rate, signalled(signals({ errors: 20, requests: 1000 }))),
      judge({ heartbeat: { staleAfterMs: 180_000 } }, signalled(signals({ heartbeatAtMs: at(3) }))),
      judge({ prometheus: [query] }, { queries: [value(at(3), 0.5)] }),
      judge({}, critical),
    ]
    expect(verdicts.map(lines)).toMatchInlineSnapshot(`
      [
        [
          "Unhealthy: check smoke failed",
          "| check \`smoke\` | ❌ bad | timed out |",
        ],
        [
          "Unhealthy: check smoke of app github-actions failed twice",
          "| check \`smoke\` of app \`github-actions\` | ❌ bad | timed out, also when it was run again |",
        ],
        [
          "Unhealthy: check smoke of app github-actions failed, and was not run again in time",
          "| check \`smoke\` of app \`github-actions\` | ❌ bad | failed, and was not done running again when the window ended |",
        ],
        [
          "Unhealthy: probe of https://shop.example.com/healthz failed 2 times in a row",
          "| probe of \`https://shop.example.com/healthz\` | ❌ bad | failed 2 times in a row (answered with 503) |",
        ],
        [
          "Unhealthy: probe of https://shop.example.com/healthz failed 2 times in a row",
          "| probe of \`https://shop.example.com/healthz\` | ❌ bad | failed 2 times in a row (no secure connection) |",
        ],
        [
          "Unhealthy: 60 of 1000 requests failed",
          "| error rate | ❌ bad | 6% of 1000 requests failed (limit 5%) |",
        ],
        [
          "Unhealthy: 20 of 1000 requests failed",
          "| error rate | ❌ bad | 2% of 1000 requests failed (limit 5%); that is more than 25% over the day before (1%) |",
        ],
        [
          "Unhealthy: no heartbeat since 2026-11-20 12:03 UTC",
          "| heartbeat | ❌ bad | not heard since 2026-11-20 12:03 UTC |",
        ],
        [
          "Unhealthy: query sum(rate(errors[5m])) gave 0.5",
          "| query \`sum(rate(errors[5m]))\` | ❌ bad | 0.5 (must be below 0.05) at 2026-11-20 12:03 UTC |",
        ],
        [
          "Unhealthy: a critical failure was reported",
          "| reported failures | ❌ bad | 3 were reported, 1 of them critical |",
        ],
      ]
    `)
  })
})

/** The title, and the rows of the table. */
function lines(verdict: ReturnType<typeof judge>): string[] {
  const rows = shownOf(verdict)
    .split("\n")
    .filter((line) => /^\| (?!evidence|---)/.test(line))
  return [healthTitle(verdict, contextOf()), ...rows]
}

describe("not known", () => {
  test("because nothing was reported", () => {
    expect(shown(rules, {})).toMatchInlineSnapshot(`
      "failure | No data: deployment to production not reported and 2 more

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **No data: nothing that was asked for was reported until 2026-11-20 12:15 UTC.** Known-good stays where it was. Nothing is taken back either: that is for a person to say. Next: look at what is missing below, and at the system itself; if it is not well, comment \`/rollback\` on #12; if it is, the next merge that is healthy can be known-good.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | deployment to \`production\` | ➖ nothing reported | nothing was reported in time |
      | check \`smoke *\` | ➖ nothing reported | nothing was reported in time |
      | probe of \`https://shop.example.com/healthz\` | ➖ nothing reported | not looked at, because the commit was not deployed in time |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
    const policy = { noData: "roll-back", automatic: true } as const
    expect(shown(rules, {}, { policy }).split("\n\n")[2]).toMatchInlineSnapshot(
      `"**No data: nothing that was asked for was reported until 2026-11-20 12:15 UTC.** Known-good stays where it was. Here that is taken back, too (\`no_data: roll-back\`). Portcullis takes this change back. Next: find out what broke; for the rollback nothing has to be done unless it asks."`,
    )
  })

  test("because what was reported does not tell", () => {
    const facts = { deployments, checks: [check({ name: "smoke eu", conclusion: "cancelled" })], nowMs: at(17) }
    expect(shown(rules, facts)).toMatchInlineSnapshot(`
      "failure | Inconclusive: check smoke eu was cancelled and 1 more

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Inconclusive: it could not be told until 2026-11-20 12:17 UTC whether this commit is healthy.** Known-good stays where it was. Nothing is taken back either: that is for a person to say. Next: look at what is missing below, and at the system itself; if it is not well, comment \`/rollback\` on #12; if it is, the next merge that is healthy can be known-good.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | check \`smoke *\` | ❔ cannot tell | \`smoke eu\` cancelled, which says neither yes nor no |
      | probe of \`https://shop.example.com/healthz\` | ➖ nothing reported | nothing was reported in time |
      | deployment to \`production\` | ✅ good | succeeded at 2026-11-20 12:02 UTC |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })

  test("in each way", () => {
    const smoke = { checks: [{ name: "smoke", app: null, confirm: false }] }
    const production = { deployments: ["production"] }
    const over = { errorRate: { limit: null, overBaseline: 0.25 } }
    const heartbeat = { heartbeat: { staleAfterMs: 180_000 } }
    const signalled = (window: ReturnType<typeof signals>) => ({ signals: { window, baseline: signals() } })
    const late = { nowMs: at(60) }
    const verdicts = [
      judge(production, { deployments: [deployment({ state: "in_progress" })] }),
      judge(production, { deployments: [deployment({ atMs: at(16) })], ...late }),
      judge(production, { deployments: [deployment(), deployment({ id: 2, sha: before })], ...late }),
      judge(production, { deployments: [deployment({ state: "inactive" })], ...late }),
      judge(smoke, { checks: [check({ status: "in_progress", conclusion: null })] }),
      judge(smoke, { checks: [check({ atMs: at(16) })], ...late }),
      judge({ probes: rules.probes }, { probes: [probe(at(2))] }),
      judge({ probes: rules.probes }, { probes: [failedProbe(at(14))] }),
      judge({ prometheus: [query] }, { queries: [value(at(14), null)] }),
      judge(over, signalled(signals({ errors: 1, requests: 40 }))),
      judge(over, signalled(signals({ errors: 1, requests: 400 }))),
      judge(over, signalled(signals({ errors: 1, requests: 400 }, at(2)))),
      judge(heartbeat, { ...signalled(signals({ heartbeatAtMs: at(3) })), listeningSinceMs: at(14) }),
      judge({ heartbeat: { staleAfterMs: 9e6 } }, signalled(signals({ heartbeatAtMs: at(-3) }))),
      judge({}, signalled(signals({ count: 7 }))),
    ]
    expect(verdicts.map(lines)).toMatchInlineSnapshot(`
      [
        [
          "Inconclusive: deployment to production did not end in time",
          "| deployment to \`production\` | ❔ cannot tell | in progress, and did not succeed in time |",
        ],
        [
          "Inconclusive: deployment to production does not tell",
          "| deployment to \`production\` | ❔ cannot tell | succeeded at 2026-11-20 12:16 UTC, too late to be watched for a whole window |",
        ],
        [
          "Inconclusive: something else was deployed to production",
          "| deployment to \`production\` | ❔ cannot tell | another commit (\`bbbbbbbbbbbb\`) was deployed there since: success at 2026-11-20 12:02 UTC |",
        ],
        [
          "Inconclusive: deployment to production does not tell",
          "| deployment to \`production\` | ❔ cannot tell | was taken down at 2026-11-20 12:02 UTC |",
        ],
        [
          "Inconclusive: check smoke did not end in time",
          "| check \`smoke\` | ❔ cannot tell | in progress, and did not end in time |",
        ],
        [
          "Inconclusive: check smoke does not tell",
          "| check \`smoke\` | ❔ cannot tell | passed at 2026-11-20 12:16 UTC, after the window |",
        ],
        [
          "Inconclusive: probe of https://shop.example.com/healthz does not tell",
          "| probe of \`https://shop.example.com/healthz\` | ❔ cannot tell | nothing was reported after 2026-11-20 12:02 UTC |",
        ],
        [
          "Inconclusive: probe of https://shop.example.com/healthz failed",
          "| probe of \`https://shop.example.com/healthz\` | ❔ cannot tell | failed once (answered with 503); 2 in a row are too many |",
        ],
        [
          "Inconclusive: query sum(rate(errors[5m])) does not tell",
          "| query \`sum(rate(errors[5m]))\` | ❔ cannot tell | no number was told (no answer in time) |",
        ],
        [
          "Inconclusive: error rate does not tell",
          "| error rate | ❔ cannot tell | 2.5% of 40 requests failed; fewer than 100 requests that succeeded are too few to judge by |",
        ],
        [
          "Inconclusive: error rate does not tell",
          "| error rate | ❔ cannot tell | the day before tells too few requests to compare with, and no \`limit\` is given |",
        ],
        [
          "Inconclusive: error rate does not tell",
          "| error rate | ❔ cannot tell | the day before tells too few requests to compare with, and no \`limit\` is given |",
        ],
        [
          "Inconclusive: heartbeat does not tell",
          "| heartbeat | ❔ cannot tell | nothing was reported after 2026-11-20 12:03 UTC |",
        ],
        [
          "Inconclusive: heartbeat does not tell",
          "| heartbeat | ❔ cannot tell | not heard since the watch began |",
        ],
        [
          "Inconclusive: 7 failures were reported",
          "| reported failures | ❔ cannot tell | 7 were reported, none of them critical, clearly more than on the day before |",
        ],
      ]
    `)
  })
})
