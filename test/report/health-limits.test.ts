import fc from "fast-check"
import { expect, test } from "vitest"
import type { EvidenceItem } from "../../src/promotion/health/evidence.ts"
import { judgeHealth, type HealthVerdict } from "../../src/promotion/health/judge-health.ts"
import { judgeWatch } from "../../src/promotion/health/watch.ts"
import { renderHealth } from "../../src/report/health.ts"
import { renderKnownGood } from "../../src/report/known-good.ts"
import { input } from "../promotion/health-arbitrary.ts"
import { at, judge, merged } from "../promotion/health-world.ts"
import { contextOf } from "./health-view.ts"
import { runId } from "./verdict.ts"

// GitHub refuses a check run whose summary has 65,535 bytes or more, and the old one would go on being shown.

const ledger = { size: 42, hash: "f".repeat(64) }

function assertFits(verdict: HealthVerdict, more: Parameters<typeof contextOf>[0] = {}): void {
  const { title, summary, actions = [] } = renderHealth(verdict, contextOf(more))
  expect(Buffer.byteLength(summary)).toBeLessThan(65_535)
  expect(title.length).toBeLessThanOrEqual(250)
  expect(title).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  for (const { label, description, identifier } of actions) {
    expect([label.length <= 20, description.length <= 40, identifier.length <= 20]).toEqual([true, true, true])
  }
  const message = renderKnownGood({ runId, number: 12, baseRef: "main", sha: merged, verdict, ledger })
  expect(Buffer.byteLength(message)).toBeLessThan(8 * 1024)
  expect(`${title}${summary}${message}`.isWellFormed()).toBe(true)
}

const letters = ["x", "検", "💥", "`", "<", "&", "|", "\n"]

test("whatever is reported, GitHub takes it, and no word of ours is missing", () => {
  fc.assert(
    fc.property(input, (one) => {
      const verdict = judgeHealth(one)
      const watch = judgeWatch({ ...one, fromMs: at(15), supersededAtMs: null })
      assertFits(verdict, { watch, button: "rollback-1" })
      const { title, summary } = renderHealth(verdict, contextOf({ watch }))
      expect(`${title}${summary}`).not.toMatch(/undefined|null|NaN|\[object/)
    }),
    { numRuns: 500, seed: 1 },
  )
})

test.each(letters)("so is the most that a config may ask for, written in %j", (letter) => {
  const long = (index: number): string => `${index}${letter.repeat(300)}`
  const base = judge({}, { nowMs: at(20) })
  const item = (index: number, state: EvidenceItem["state"]): EvidenceItem => ({
    kind: "check",
    name: long(index),
    from: long(index),
    which: long(index),
    state,
    reason: "check-untold",
    word: long(index),
    numbers: {},
    atMs: at(5),
    url: null,
    required: true,
  })
  for (const state of ["bad", "good", "inconclusive"] as const) {
    const items = Array.from({ length: 300 }, (_, index) => item(index, state))
    const verdict = { bad: "unhealthy", good: "healthy", inconclusive: "inconclusive" } as const
    const alerts = items.map((one) => ({ key: one.name, item: one }))
    const watch = { alerts, untilMs: at(2000), isOver: false }
    assertFits({ ...base, items, verdict: verdict[state] }, { watch, baseRef: long(0) })
    const { summary } = renderHealth({ ...base, items, verdict: verdict[state] }, contextOf())
    const told = [...summary.matchAll(/^\| check /gm)].length
    expect(told).toBeGreaterThan(20)
    if (letter !== "\n") expect(summary).toContain(`and ${300 - told} more`)
  }
})
