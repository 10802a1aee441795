import fc from "fast-check"
import { expect, test } from "vitest"
import { judgeChecks } from "../../src/promotion/gate/checks.ts"
import type { CheckFact } from "../../src/promotion/fact.ts"
import type { Verdict } from "../../src/promotion/gate/verdict.ts"
import { renderGate } from "../../src/report/check-run.ts"
import { head, nowMs, ownAppId } from "../promotion/world.ts"
import { pauseBy, pauseByLabel, runId, verdictOf, type Situation } from "./verdict.ts"
import { anyText } from "../harness/any-text.ts"

// GitHub refuses a check run whose summary has 65,535 bytes or more, and the old gate would go on being shown.

function assertFits(verdict: Verdict): void {
  const { title, summary } = renderGate(verdict, { runId })
  expect(Buffer.byteLength(summary)).toBeLessThan(65_535)
  expect(title.length).toBeLessThanOrEqual(200)
  expect(title).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(`${title}${summary}`.isWellFormed()).toBe(true)
}

const sign = fc.constantFrom("x", "検", "💥", "`", "|", "<", "&", "\n", "\u202E", " ")
const word = fc
  .tuple(sign, fc.integer({ min: 1, max: 200 }), anyText({ maxLength: 20 }))
  .map(([one, times, more]) => `${one.repeat(times)}${more}`.slice(0, 200).toWellFormed())
const said = fc.record({
  name: word,
  says: fc.oneof(word, fc.constantFrom("success", "failure", null)),
  app: fc.option(word),
})

const situation: fc.Arbitrary<Situation> = fc
  .record({
    mode: fc.constantFrom("advisory", "enforce"),
    require: fc.array(fc.oneof(word, fc.constantFrom("*", "x*"), fc.record({ name: word, app: word })), {
      minLength: 1,
      maxLength: 100,
      size: "max",
    }),
    checks: fc.array(said, { maxLength: 60, size: "max" }),
    pauses: fc.array(
      fc.oneof(
        fc.tuple(word, word).map(([login, reason]) => pauseBy(login, reason)),
        fc.constant(pauseByLabel(null)),
      ),
      { maxLength: 12 },
    ),
    draft: fc.boolean(),
    partial: fc.boolean(),
    lastValid: fc.boolean(),
    keys: fc.array(word, { maxLength: 25 }),
  })
  .map(({ keys, ...more }) => {
    const invalid = ["version: 1", ...keys.map((key) => `${JSON.stringify(key)}: 1`)].join("\n")
    return keys.length === 0 ? more : { ...more, invalid }
  })

test("every gate that the config's limits allow is one that GitHub takes", () => {
  fc.assert(
    fc.property(situation, (one) => assertFits(verdictOf(one))),
    { numRuns: 100, seed: 1 },
  )
})

test.each(["x", "検", "💥", "`", "<", "&"])("so is the largest there can be, written in %s", (letter) => {
  const long = (index: number): string => `${index}${letter.repeat(100)}`
  const indices = Array.from({ length: 100 }, (_, index) => index)
  const checks = indices.flatMap((index): CheckFact[] =>
    ["a", "b", "c", "d", "e", "f"].map((app) => ({
      source: "check-run",
      id: 1,
      name: long(index),
      app,
      appId: 1,
      sha: head,
      status: "completed",
      conclusion: `failure ${long(0)}`,
      url: null,
      atMs: nowMs,
    })),
  )
  const require = indices.map((index) => ({ name: `${long(index).slice(0, 150).toWellFormed()}*`, app: null }))
  const invalid = `version: 1\n${indices.map((index) => `${JSON.stringify(long(index))}: 1`).join("\n")}`
  const pauses = indices.map((index) => pauseBy(long(index), letter.repeat(300)))
  const stages = [judgeChecks({ require, checks, ownAppId })]
  assertFits({ ...verdictOf({ invalid, lastValid: false, draft: true, pauses }), stages })
})

test("of many long problems of a config as many are told as have room, and the others counted", () => {
  const keys = Array.from({ length: 20 }, (_, index) => `${JSON.stringify(`${index}${"検".repeat(190)}`)}: 1`)
  const { summary } = renderGate(verdictOf({ invalid: `version: 1\n${keys.join("\n")}` }), { runId })
  const told = [...summary.matchAll(/^- line /gm)].length
  expect(told).toBeGreaterThan(10)
  expect(summary).toContain(`\n- and ${20 - told} more\n`)
})
