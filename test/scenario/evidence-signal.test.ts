import { expect } from "vitest"
import { deploys, healthOf, later, promotes, tagAt } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import { signalSender, takingSignals } from "../harness/signals.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000

const watching = (health: string) => ({
  config: `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: ${health}
`,
  stand: takingSignals,
})

const rate = (errors: number, requests: number): unknown => ({ type: "error_rate", errors, requests })
const heartbeat = { type: "heartbeat", source: "worker-1" }

/** Title and evidence of the check run on a commit. */
function told(t: Scenario, sha: string): string[] {
  const { line, summary } = healthOf(t, sha) ?? expect.fail("no check run")
  const said = summary.split("\n").filter((one) => one.startsWith("| ") && !/^\| (?:evidence|---)/.test(one))
  return [line, ...said, ...(/^Baseline.*$/m.exec(summary) ?? [])]
}

scenario(
  "requests that seldom fail, as on the day before, prove the merge",
  async (t) => {
    const send = await signalSender(t)
    await send({ signals: [rate(10, 1000)] })
    await later(t, 60 * minute)
    const { sha } = await promotes(t)
    await later(t, 10 * minute)
    expect(await send({ signals: [rate(3, 300)] })).toEqual({ status: 200, body: { stored: 1 } })
    await t.quiet()
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "in_progress | Observing until 2026-11-20 13:15 UTC: 1 of 1 healthy so far",
        "| error rate | ✅ good so far | not too high |",
        "Baseline: 1% of the requests of the 24 hours before failed; 25% more than that is too much.",
      ]
    `)
    await later(t, 6 * minute)
    expect(await tagAt(t)).toBe(sha)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 13:16 UTC",
        "| error rate | ✅ good | 1% of 300 requests failed (limit 5%) |",
        "Baseline: 1% of the requests of the 24 hours before failed; 25% more than that is too much.",
      ]
    `)
  },
  watching("{ window: 15m, error_rate: { limit: 5%, over_baseline: 25% } }"),
)

scenario(
  "requests that fail more often than on the day before are unhealthy, though under the limit",
  async (t) => {
    const send = await signalSender(t)
    await send({ signals: [rate(10, 1000)] })
    await later(t, 60 * minute)
    const { sha } = await promotes(t)
    await send({ signals: [rate(8, 300)] })
    await t.quiet()
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Unhealthy: 8 of 300 requests failed",
        "| error rate | ❌ bad | 2.67% of 300 requests failed (limit 5%); that is more than 25% over the day before (1%) |",
        "Baseline: 1% of the requests of the 24 hours before failed; 25% more than that is too much.",
      ]
    `)
    expect((await t.ledger()).at(-1)).toMatchObject({ type: "health_failed", payload: { verdict: "unhealthy" } })
  },
  watching("{ window: 15m, error_rate: { limit: 5%, over_baseline: 25% } }"),
)

scenario(
  "a message that is sent again, or by somebody else, is not counted",
  async (t) => {
    const send = await signalSender(t)
    const { sha } = await promotes(t)
    const message = { id: "report-1", signals: [rate(4, 104)] }
    expect(await send(message)).toEqual({ status: 200, body: { stored: 1 } })
    expect(await send(message)).toEqual({ status: 200, body: { stored: 0, duplicate: true } })
    const sentAtMs = t.clock.now().getTime()
    await later(t, 6 * minute)
    const late = await send({ ...message, id: "report-2", sentAtMs })
    const forged = await send({ ...message, id: "report-3", secret: "thirty-two other characters, or more" })
    expect([late.status, forged.status]).toEqual([401, 401])
    expect(t.logged.map(({ msg, reason }) => [msg, reason])).toEqual([
      ["signals refused", "stale"],
      ["signals refused", "signature"],
    ])
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "in_progress | Observing until 2026-11-20 12:15 UTC: 1 of 1 healthy so far",
        "| error rate | ✅ good so far | not too high |",
      ]
    `)
    await later(t, 4 * minute)
    await send({ signals: [rate(0, 10)] })
    await later(t, 6 * minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 12:16 UTC",
        "| error rate | ✅ good | 3.51% of 114 requests failed (limit 5%) |",
      ]
    `)
  },
  watching("{ window: 15m, error_rate: { limit: 5% } }"),
)

scenario(
  "a system that is heard until the end proves the merge",
  async (t) => {
    const send = await signalSender(t)
    const { sha } = await promotes(t)
    for (let passed = 0; passed < 15; passed += 1) {
      await send({ signals: [heartbeat] })
      await later(t, minute)
    }
    expect(await tagAt(t)).toBe(sha)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "success | Healthy: known-good since 2026-11-20 12:15 UTC",
        "| heartbeat | ✅ good | is heard |",
      ]
    `)
  },
  watching("{ window: 15m, heartbeat: { stale_after: 3m } }"),
)

scenario(
  "a system that falls silent is unhealthy as soon as that lasts too long",
  async (t) => {
    const send = await signalSender(t)
    const { sha } = await promotes(t)
    await send({ signals: [heartbeat] })
    await later(t, 3 * minute)
    expect(healthOf(t, sha)?.status).toBe("in_progress")
    await later(t, minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Unhealthy: no heartbeat since 2026-11-20 12:00 UTC",
        "| heartbeat | ❌ bad | not heard since 2026-11-20 12:00 UTC |",
      ]
    `)
  },
  watching("{ window: 15m, heartbeat: { stale_after: 3m } }"),
)

scenario(
  "a system that was never heard proves nothing",
  async (t) => {
    const { sha } = await promotes(t)
    await later(t, 16 * minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | No data: heartbeat not reported",
        "| heartbeat | ➖ nothing reported | nothing was reported in time |",
      ]
    `)
    expect(await tagAt(t)).toBeNull()
    expect((await t.ledger()).at(-1)).toMatchObject({ type: "health_failed", payload: { verdict: "no_data" } })
  },
  watching("{ window: 15m, heartbeat: { stale_after: 3m } }"),
)

scenario(
  "a critical failure is unhealthy without being asked for, and what its words give away is not kept",
  async (t) => {
    const send = await signalSender(t)
    const { sha } = await promotes(t)
    const message = "login failed at https://pay.example.com/?token=abc password: hunter2"
    await send({ signals: [{ type: "failure", severity: "critical", message }] })
    await t.quiet()
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "failure | Unhealthy: a critical failure was reported",
        "| reported failures | ❌ bad | 1 was reported, 1 of them critical |",
      ]
    `)
    const [kept] = await t.database.prisma.signal.findMany()
    expect(kept?.message).toMatchInlineSnapshot(`"login failed at [secret] password: [secret]"`)
  },
  watching("{ window: 15m }"),
)

scenario(
  "what staging reports of itself says nothing about a branch that is deployed to production",
  async (t) => {
    const send = await signalSender(t)
    const { sha } = await promotes(t)
    await deploys(t, { sha })
    await send({
      environment: "staging",
      signals: [heartbeat, { type: "failure", severity: "critical", message: "no" }],
    })
    await later(t, 14 * minute)
    expect(told(t, sha)).toMatchInlineSnapshot(`
      [
        "in_progress | Observing until 2026-11-20 12:15 UTC: 1 of 2 healthy so far",
        "| heartbeat | ⏳ waiting | never heard yet |",
        "| deployment to \`production\` | ✅ good so far | succeeded at 2026-11-20 12:00 UTC |",
      ]
    `)
    await send({ environment: "Production", signals: [heartbeat] })
    await later(t, minute)
    expect(await tagAt(t)).toBe(sha)
  },
  watching("{ window: 15m, deployments: [production], heartbeat: { stale_after: 3m } }"),
)
