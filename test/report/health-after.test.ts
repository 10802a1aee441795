import { describe, expect, test } from "vitest"
import { explainEvidence } from "../../src/report/health.ts"
import { judgeWatch } from "../../src/promotion/health/watch.ts"
import { at, check, deployment, failedProbe, inputOf, judge, query } from "../promotion/health-world.ts"
import { rules, shown, shownOf } from "./health-view.ts"

describe("the day after", () => {
  const healthy = judge({}, {})
  const knownGood = { status: "advanced", tag: "known-good/main", atMs: at(15) } as const
  const watchOf = (nowMs: number, more: Parameters<typeof inputOf>[1] = {}) => {
    const input = inputOf({ probes: rules.probes, deployments: ["production"] }, { ...more, nowMs })
    return judgeWatch({ ...input, fromMs: at(15), supersededAtMs: null })
  }

  test("is watched for alerts", () => {
    const told = (nowMs: number) =>
      shownOf(healthy, { knownGood, watch: watchOf(nowMs) })
        .split("\n\n")
        .at(3)
    expect([told(at(60)), told(at(60 * 30))]).toMatchInlineSnapshot(`
      [
        "**After the window**: still watched until 2026-11-21 12:15 UTC, for alerts alone. Nothing turned bad so far.",
        "**After the window**: watched until 2026-11-21 12:15 UTC. Nothing turned bad.",
      ]
    `)
  })

  test("and what turned bad is told, without taking anything back", () => {
    const bad = {
      probes: [failedProbe(at(40)), failedProbe(at(45))],
      deployments: [deployment({ id: 3, state: "error", atMs: at(50) })],
    }
    expect(watchOf(at(60), bad).alerts.map(({ item }) => explainEvidence(item))).toEqual([
      "deployment to `production`: reported as error at 2026-11-20 12:50 UTC",
      "probe of `https://shop.example.com/healthz`: failed 2 times in a row (answered with 503)",
    ])
    expect(shownOf(healthy, { knownGood, watch: watchOf(at(60), bad) })).toMatchInlineSnapshot(`
      "success | Healthy: known-good since 2026-11-20 12:15 UTC, 2 alerts since

      Pull request #12 was merged into \`main\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Healthy.** Nothing was asked for, and nothing bad was reported until 2026-11-20 12:15 UTC. To have it proven, name what to watch under \`health\` in \`.github/promotion.yml\`. The tag \`known-good/main\` was moved to this commit at 2026-11-20 12:15 UTC. Next: nothing has to be done.

      **After the window**: still watched until 2026-11-21 12:15 UTC, for alerts alone. This turned bad:

      - deployment to \`production\`: reported as error at 2026-11-20 12:50 UTC
      - probe of \`https://shop.example.com/healthz\`: failed 2 times in a row (answered with 503)

      Nothing is taken back for that by itself. Next: look whether this change is the cause; if so, comment \`/rollback\` on #12.

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`main\`</sub>"
    `)
  })
})

describe("names that were chosen to do harm", () => {
  const evil = [
    "[click](https://evil.example) ![x](y)",
    "a | b `c` **d** <img src=x onerror=alert(1)><!-- ",
    "@acme/everyone #1 GH-2 www.evil.example",
    "line\nbreak\r\n## heading\n- item",
    "\u202Egnp.exe\u2066 zero\u200Bwidth\u0000nul",
  ]

  test("stay text wherever they stand", () => {
    const checks = evil.map((name, index) => check({ id: index + 1, name, conclusion: "failure" }))
    const hostile = {
      deployments: [evil[0] ?? ""],
      checks: evil.map((name) => ({ name, app: null, confirm: false })),
      probes: [{ url: evil[3] ?? "", everyMs: 30_000, failures: 1 }],
      prometheus: [{ ...query, query: evil[1] ?? "", source: evil[2] ?? "" }],
    }
    const facts = {
      checks,
      deployments: [deployment({ environment: evil[0] ?? "", state: evil[1] ?? "" })],
      probes: [{ ...failedProbe(at(3)), url: evil[3] ?? "", why: evil[2] ?? "", status: null }],
    }
    const standing = { status: "refused", tag: evil[1] ?? "", why: "other", words: evil[0] ?? "" } as const
    expect(shown(hostile, facts, { baseRef: evil[3] ?? "", knownGood: standing })).toMatchInlineSnapshot(`
      "failure | Unhealthy: check [click](https://evil.example) ![x](y) failed and 4 more

      Pull request #12 was merged into \`line break ## heading - item\`, and Portcullis watched what that did to the running system, for 15 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Unhealthy.** Known-good stays where it was. Portcullis takes this change back. Next: find out what broke; for the rollback nothing has to be done unless it asks.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | check \`[click](https://evil.example) ![x](y)\` | ❌ bad | failure |
      | check \`\`a ¦ b \`c\` **d** <img src=x onerror=alert(1)><!--\`\` | ❌ bad | failure |
      | check \`@acme/everyone #1 GH-2 www.evil.example\` | ❌ bad | failure |
      | check \`line break ## heading - item\` | ❌ bad | failure |
      | check \`gnp.exe zero width nul\` | ❌ bad | failure |
      | deployment to \`[click](https://evil.example) ![x](y)\` | ❔ cannot tell | a &#124; b &#96;c&#96; &#42;&#42;d&#42;&#42; &#60;img src=x onerror=alert(1)&#62;&#60;!--, and did not succeed in time |
      | probe of \`line break ## heading - item\` | ➖ nothing reported | not looked at, because the commit was not deployed in time |
      | query \`\`a ¦ b \`c\` **d** <img src=x onerror=alert(1)><!--\`\` of \`@acme/everyone #1 GH-2 www.evil.example\` | ➖ nothing reported | not looked at, because the commit was not deployed in time |

      <sub>run id \`01930000-0000-7000-8000-000000000001\` · commit \`aaaaaaaaaaaa\` · into \`line break ## heading - item\`</sub>"
    `)
    expect(shown({}, {}, { knownGood: standing }).split("\n\n")[2]).toMatchInlineSnapshot(
      `"**Healthy.** Nothing was asked for, and nothing bad was reported until 2026-11-20 12:15 UTC. To have it proven, name what to watch under \`health\` in \`.github/promotion.yml\`. The tag \`\`a ¦ b \`c\` **d** <img src=x onerror=alert(1)><!--\`\` could not be moved here: GitHub refused to move it (&#91;click&#93;(https&#58;//evil.example) !&#91;x&#93;(y)). Next: see whether a tag protection or a ruleset forbids it. It is tried again every hour."`,
    )
  })
})
