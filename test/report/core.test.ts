import { describe, expect, test } from "vitest"
import { verdictCore } from "../../src/report/check-run.ts"
import { badConfig, passed, pauseBy, verdictOf, type Situation } from "./verdict.ts"

describe("what is written at once", () => {
  const core = (situation: Situation): string => verdictCore(verdictOf(situation))

  test("one more check passed is progress, not another verdict", () => {
    const require = ["build", "test"]
    expect(core({ require, checks: passed })).toBe(core({ require }))
    expect(core({ require, checks: [{ name: "build", says: null }] })).toBe(core({ require }))
  })

  test("whatever opens, shuts, or changes why it is shut is another verdict", () => {
    const verdicts = [
      {},
      { checks: passed },
      { checks: [{ name: "build", says: "failure" }] },
      { draft: true },
      { pauses: [pauseBy("olga")] },
      { pauses: [pauseBy("max")] },
      { invalid: badConfig },
      { invalid: `${badConfig}more: 1\n` },
      { invalid: badConfig, lastValid: false },
      { mode: "advisory" as const },
      { require: ["build", "test"], checks: [{ name: "build", says: "failure" }] },
      { require: ["build", "test"], checks: ["build", "test"].map((name) => ({ name, says: "failure" })) },
    ].map(core)
    expect(new Set(verdicts).size).toBe(verdicts.length - 1)
    expect(core({ require: ["build", "test"], checks: [{ name: "build", says: "failure" }] })).toBe(verdicts[2])
  })
})
