import { expect } from "vitest"
import { opensBy, promotes, tagAt } from "../harness/after-merge.ts"
import { useDatabase } from "../harness/scenario.ts"
import { passes, watchedHealth, watchedScenario, withoutPort } from "../harness/watched.ts"

useDatabase()

const probed = "{ window: 5m, probes: [{ url: SYSTEM/healthz, every: 1m, failures: 2 }] }"

watchedScenario(
  "a URL that answers until the end of the window proves the merge",
  async (t, system) => {
    const { sha } = await promotes(t)
    expect(watchedHealth(t, sha).line).toMatchInlineSnapshot(
      `"in_progress | Observing until 2026-11-20 12:05 UTC: 1 of 1 healthy so far"`,
    )
    await passes(t, 5)
    // Five times in the window, and once by the watch that begins at its end.
    expect(system.asked).toEqual(Array.from({ length: 6 }, () => "/healthz"))
    expect(await tagAt(t)).toBe(sha)
    expect(watchedHealth(t, sha).summary).toMatchInlineSnapshot(`
      "Pull request #1 was merged into \`main\`, and Portcullis watched what that did to the running system, for 5 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:05 UTC. The tag \`known-good/main\` was moved to this commit at 2026-11-20 12:05 UTC. Next: nothing has to be done.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | probe of \`http://shop.test/healthz\` | ✅ good | answered with 200 |

      **After the window**: still watched until 2026-11-21 12:05 UTC, for alerts alone. Nothing turned bad so far.

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>"
    `)
  },
  { health: probed },
)

watchedScenario(
  "a URL that fails as often in a row as is too many is unhealthy at once, and the change is taken back",
  async (t, system) => {
    const { sha } = await promotes(t)
    await passes(t, 1)
    system.status = 503
    await passes(t, 1)
    expect(watchedHealth(t, sha).status).toBe("in_progress")
    await passes(t, 1)
    expect(watchedHealth(t, sha)).toMatchInlineSnapshot(`
      {
        "conclusion": "failure",
        "line": "failure | Unhealthy: probe of http://shop.test/healthz failed 2 times in a row",
        "status": "completed",
        "summary": "Pull request #1 was merged into \`main\`, and Portcullis watched what that did to the running system, for 5 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Unhealthy.** Known-good stays where it was.

      It is being taken back by Portcullis itself: pull request #2. Promotions into the branch are paused until somebody resumes, if the config says so.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | probe of \`http://shop.test/healthz\` | ❌ bad | failed 2 times in a row (answered with 503) |

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>",
        "title": "Unhealthy: probe of http://shop.test/healthz failed 2 times in a row",
      }
    `)
    expect(opensBy(t).map(({ body }) => withoutPort(body))).toMatchInlineSnapshot(`
      [
        "Portcullis began this rollback by itself: probe of http://shop.test/healthz failed. The evidence is in *Promotion health* on <sha>.

      It takes out exactly the change of #1.

      Taken out:

      - #1

      <sub>rollback \`<run id>\` · run id \`<run id>\`</sub>",
      ]
    `)
    expect(await tagAt(t)).toBeNull()
  },
  { health: probed, rollback: "{ automatic: true }" },
)

watchedScenario(
  "a URL that nobody may ask proves nothing, and a person is asked",
  async (t, system) => {
    const { sha } = await promotes(t)
    await passes(t, 6)
    expect(system.asked).toEqual([])
    expect(watchedHealth(t, sha)).toMatchInlineSnapshot(`
      {
        "conclusion": "failure",
        "line": "failure | Inconclusive: probe of http://169.254.169.254/latest does not tell",
        "status": "completed",
        "summary": "Pull request #1 was merged into \`main\`, and Portcullis watched what that did to the running system, for 5 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Inconclusive: it could not be told until 2026-11-20 12:05 UTC whether this commit is healthy.** Known-good stays where it was.

      **Somebody has to decide**: nothing was taken back by itself, because the evidence is wanting, and the config wants a person then (\`health.no_data: ask\`). Next: comment \`/rollback\` on the pull request, or \`/rollback known-good\` to return the whole branch; or mend it by another pull request.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | probe of \`http://169.254.169.254/latest\` | ❔ cannot tell | Portcullis could not ask (whoever runs Portcullis does not list its host under \`PROBE_ALLOWED_HOSTS\`) |

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>",
        "title": "Inconclusive: probe of http://169.254.169.254/latest does not tell",
      }
    `)
    expect(await tagAt(t)).toBeNull()
  },
  {
    health: "{ window: 5m, probes: [{ url: http://169.254.169.254/latest, every: 1m }] }",
    rollback: "{ automatic: true }",
  },
)

const queried = '{ window: 5m, prometheus: [{ query: "sum(rate(errors[1m]))", below: 0.05 }] }'

watchedScenario(
  "a query that stays within its bounds proves the merge",
  async (t, system) => {
    system.value = "0.01"
    const { sha } = await promotes(t)
    await passes(t, 6)
    expect(system.asked).toMatchInlineSnapshot(`
      [
        "sum(rate(errors[1m]))",
        "sum(rate(errors[1m]))",
        "sum(rate(errors[1m]))",
        "sum(rate(errors[1m]))",
      ]
    `)
    expect(await tagAt(t)).toBe(sha)
    expect(watchedHealth(t, sha).summary).toMatchInlineSnapshot(`
      "Pull request #1 was merged into \`main\`, and Portcullis watched what that did to the running system, for 5 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Healthy.** Everything that was asked for was good when the window ended at 2026-11-20 12:05 UTC. The tag \`known-good/main\` was moved to this commit at 2026-11-20 12:05 UTC. Next: nothing has to be done.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | query \`sum(rate(errors[1m]))\` | ✅ good | 0.01 (must be below 0.05) |

      **After the window**: still watched until 2026-11-21 12:05 UTC, for alerts alone. Nothing turned bad so far.

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>"
    `)
  },
  { health: queried },
)

watchedScenario(
  "a query that leaves its bounds once is unhealthy",
  async (t, system) => {
    system.value = "0.01"
    const { sha } = await promotes(t)
    await passes(t, 2)
    system.value = "0.25"
    await passes(t, 1)
    expect(watchedHealth(t, sha)).toMatchInlineSnapshot(`
      {
        "conclusion": "failure",
        "line": "failure | Unhealthy: query sum(rate(errors[1m])) gave 0.25",
        "status": "completed",
        "summary": "Pull request #1 was merged into \`main\`, and Portcullis watched what that did to the running system, for 5 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Unhealthy.** Known-good stays where it was.

      **Somebody has to decide**: nothing was taken back by itself, because the config does not let Portcullis roll back by itself (\`rollback.automatic\`). Next: comment \`/rollback\` on the pull request, or \`/rollback known-good\` to return the whole branch; or mend it by another pull request.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | query \`sum(rate(errors[1m]))\` | ❌ bad | 0.25 (must be below 0.05) at 2026-11-20 12:03 UTC |

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>",
        "title": "Unhealthy: query sum(rate(errors[1m])) gave 0.25",
      }
    `)
  },
  { health: queried },
)

watchedScenario(
  "a query that gives no number does not tell, and the commit is not known-good",
  async (t, system) => {
    system.value = null
    const { sha } = await promotes(t)
    await passes(t, 6)
    expect(watchedHealth(t, sha)).toMatchInlineSnapshot(`
      {
        "conclusion": "failure",
        "line": "failure | Inconclusive: query sum(rate(errors[1m])) does not tell",
        "status": "completed",
        "summary": "Pull request #1 was merged into \`main\`, and Portcullis watched what that did to the running system, for 5 minutes. A commit that is healthy at the end is *known-good*: the one to go back to when something breaks.

      **Inconclusive: it could not be told until 2026-11-20 12:05 UTC whether this commit is healthy.** Known-good stays where it was.

      **Somebody has to decide**: nothing was taken back by itself, because the evidence is wanting, and the config wants a person then (\`health.no_data: ask\`). Next: comment \`/rollback\` on the pull request, or \`/rollback known-good\` to return the whole branch; or mend it by another pull request.

      | evidence | state | what was reported |
      | --- | --- | --- |
      | query \`sum(rate(errors[1m]))\` | ❔ cannot tell | no number was told (there is no such series) |

      <sub>run id \`<run id>\` · commit \`<short sha>\` · into \`main\`</sub>",
        "title": "Inconclusive: query sum(rate(errors[1m])) does not tell",
      }
    `)
    expect(await tagAt(t)).toBeNull()
  },
  { health: queried },
)

watchedScenario(
  "a data source that the host has not set up is named as what is wanting",
  async (t, system) => {
    const { sha } = await promotes(t)
    await passes(t, 6)
    expect(system.asked).toEqual([])
    expect(watchedHealth(t, sha).summary).toContain(
      "no number was told (whoever runs Portcullis has set up no data source of that name)",
    )
  },
  { health: "{ window: 5m, prometheus: [{ query: up, source: elsewhere, above: 0 }] }" },
)
