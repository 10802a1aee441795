import { expect, test } from "vitest"
import { judgeHealth, type HealthInput } from "../../src/promotion/health/judge-health.ts"
import {
  at,
  before,
  check,
  deployment,
  failedProbe,
  inputOf,
  probe,
  query,
  signals,
  url,
  value,
} from "./health-world.ts"

/** What one kind of evidence can be, with what must be said of it when the window is over. */
type Choice = {
  rules: Partial<HealthInput["rules"]>
  facts: Partial<HealthInput>
  says: "good" | "bad" | "open" | "none"
}

const rate = { errorRate: { limit: 0.05, overBaseline: null } }
const smoke = { checks: [{ name: "smoke", app: null, confirm: false }] }
const probed = { probes: [{ url, everyMs: 30_000, failures: 1 }] }
const queried = { prometheus: [query] }
const deployed = { deployments: ["production"] }
const nothing: Choice = { rules: {}, facts: {}, says: "good" }
const atOnce = { createdAtMs: at(0), atMs: at(0) }

const choices: readonly (readonly Choice[])[] = [
  [
    nothing,
    { rules: deployed, facts: { deployments: [deployment(atOnce)] }, says: "good" },
    { rules: deployed, facts: { deployments: [deployment({ ...atOnce, state: "failure" })] }, says: "bad" },
    {
      rules: deployed,
      facts: { deployments: [deployment(atOnce), deployment({ ...atOnce, id: 2, sha: before })] },
      says: "open",
    },
  ],
  [
    nothing,
    { rules: smoke, facts: { checks: [check()] }, says: "good" },
    { rules: smoke, facts: { checks: [check({ conclusion: "failure" })] }, says: "bad" },
    { rules: smoke, facts: { checks: [check({ conclusion: "skipped" })] }, says: "open" },
    { rules: smoke, facts: {}, says: "none" },
  ],
  [
    nothing,
    { rules: probed, facts: { probes: [probe(at(14.9))] }, says: "good" },
    { rules: probed, facts: { probes: [failedProbe(at(3))] }, says: "bad" },
    {
      rules: probed,
      facts: { probes: [probe(at(14), { ok: false, status: null, why: "not-allowed" })] },
      says: "open",
    },
    { rules: probed, facts: {}, says: "none" },
  ],
  [
    nothing,
    { rules: queried, facts: { queries: [value(at(14.9), 0)] }, says: "good" },
    { rules: queried, facts: { queries: [value(at(14.9), 1)] }, says: "bad" },
    { rules: queried, facts: { queries: [value(at(14.9), null)] }, says: "open" },
    { rules: queried, facts: {}, says: "none" },
  ],
  [
    nothing,
    { rules: rate, facts: { signals: { window: signals({ requests: 1000 }), baseline: signals() } }, says: "good" },
    {
      rules: rate,
      facts: { signals: { window: signals({ errors: 99, requests: 99 }), baseline: signals() } },
      says: "bad",
    },
    { rules: rate, facts: { signals: { window: signals({ requests: 10 }), baseline: signals() } }, says: "open" },
    { rules: rate, facts: {}, says: "none" },
  ],
]

function every(kinds: readonly (readonly Choice[])[]): Choice[][] {
  const [first, ...rest] = kinds
  return first === undefined ? [[]] : every(rest).flatMap((more) => first.map((one) => [one, ...more]))
}

test("of every small set of evidence the verdict is what its pieces say", () => {
  const seen = new Map<string, number>()
  for (const chosen of every(choices)) {
    const one = inputOf(
      Object.assign({}, ...chosen.map((each) => each.rules)) as Choice["rules"],
      Object.assign({}, ...chosen.map(({ facts }) => facts)) as Choice["facts"],
    )
    const says = chosen.filter((each) => each !== nothing).map((each) => each.says)
    const { verdict } = judgeHealth(one)
    const rest = says.every((word) => word === "none") ? "no_data" : "inconclusive"
    const expected = says.includes("bad") ? "unhealthy" : says.every((word) => word === "good") ? "healthy" : rest
    expect(verdict, JSON.stringify(one)).toBe(expected)
    const early = judgeHealth({ ...one, nowMs: at(15) - 1 })
    expect(early.verdict, "before the end nothing is healthy").not.toBe("healthy")
    expect(early.final).toBe(early.verdict === "unhealthy")
    seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
  }
  expect(Object.fromEntries(seen)).toMatchInlineSnapshot(`
    {
      "healthy": 32,
      "inconclusive": 721,
      "no_data": 15,
      "unhealthy": 1732,
    }
  `)
})
