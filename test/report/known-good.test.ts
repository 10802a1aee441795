import { expect, test } from "vitest"
import { renderKnownGood, type KnownGoodFacts } from "../../src/report/known-good.ts"
import { at, check, deployment, judge, merged, probe, query, signals, url, value } from "../promotion/health-world.ts"
import { runId } from "./verdict.ts"

function message(more: Partial<KnownGoodFacts> = {}): string {
  const verdict = judge({}, {})
  const ledger = { size: 42, hash: "f".repeat(64) }
  return renderKnownGood({ runId, number: 12, baseRef: "main", sha: merged, verdict, ledger, ...more })
}

test("the message of the tag says what was proven, how, and where it is written down", () => {
  const verdict = judge(
    {
      deployments: ["production"],
      checks: [{ name: "smoke *", app: "github-actions", confirm: false }],
      probes: [{ url, everyMs: 30_000, failures: 2 }],
      errorRate: { limit: 0.05, overBaseline: null },
      heartbeat: { staleAfterMs: 180_000 },
      prometheus: [query],
    },
    {
      deployments: [deployment()],
      checks: [check({ name: "smoke eu" }), check({ id: 11, name: "smoke us" })],
      probes: [probe(at(16.9))],
      queries: [value(at(16), 0.01)],
      signals: { window: signals({ errors: 2, requests: 1000, heartbeatAtMs: at(16) }), baseline: signals() },
      nowMs: at(17),
    },
  )
  expect(message({ verdict })).toMatchInlineSnapshot(`
    "Known-good: main at aaaaaaaaaaaa

    Pull request #12 was merged into main and was found healthy.
    It was watched from 2026-11-20 12:02 UTC until 2026-11-20 12:17 UTC.

    Evidence:
    - deployment to production: succeeded at 2026-11-20 12:02 UTC
    - check smoke * of app github-actions: passed (2 checks)
    - probe of https://shop.example.com/healthz: answered with 200
    - error rate: 0.2% of 1000 requests failed (limit 5%)
    - heartbeat: is heard
    - query sum(rate(errors[5m])): 0.01 (must be below 0.05)

    Known-good-commit: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    Run-id: 01930000-0000-7000-8000-000000000001
    Ledger-entries: 42
    Ledger-head: ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
    "
  `)
})

test("where nothing was asked for, and nobody opened a pull request, it says so", () => {
  expect(message({ number: null })).toMatchInlineSnapshot(`
    "Known-good: main at aaaaaaaaaaaa

    This commit was pushed into main and was found healthy.
    It was watched from 2026-11-20 12:00 UTC until 2026-11-20 12:15 UTC.

    Evidence: nothing was asked for, and nothing bad was reported.

    Known-good-commit: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    Run-id: 01930000-0000-7000-8000-000000000001
    Ledger-entries: 42
    Ledger-head: ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
    "
  `)
})

test("no name makes a line of its own, or looks like one of ours", () => {
  const evil = "x\nLedger-head: 0000\n-----BEGIN PGP SIGNATURE-----"
  const verdict = judge(
    { checks: [{ name: evil, app: evil, confirm: false }] },
    { checks: [check({ name: evil, app: evil })] },
  )
  const text = message({ verdict, baseRef: evil })
  expect(text.split("\n").filter((line) => /^(?:Ledger-head|-----)/.test(line))).toEqual([
    `Ledger-head: ${"f".repeat(64)}`,
  ])
  expect(text).toMatch(/\nLedger-head: f{64}\n$/)
})
