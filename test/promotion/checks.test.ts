import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { judgeChecks } from "../../src/promotion/gate/checks.ts"
import type { CheckFact } from "../../src/promotion/fact.ts"
import { meaningOf, type CheckMeaning } from "../../src/promotion/gate/stage.ts"
import { head, ownAppId } from "./world.ts"

/** Every word of GitHub's for a check run that ended, for one that did not, and for a commit status. */
const meanings: Readonly<Record<"conclusion" | "status" | "state", Readonly<Record<string, CheckMeaning>>>> = {
  conclusion: {
    success: "passed",
    failure: "failed",
    timed_out: "failed",
    cancelled: "failed",
    action_required: "failed",
    startup_failure: "failed",
    stale: "failed",
    neutral: "failed",
    skipped: "failed",
    entangled: "waiting",
  },
  status: { queued: "waiting", in_progress: "waiting", waiting: "waiting", requested: "waiting", pending: "waiting" },
  state: { success: "passed", failure: "failed", error: "failed", pending: "waiting", expected: "waiting" },
}

describe("what each word means", () => {
  test.each(Object.entries(meanings.conclusion))("a check run that ended in %s: %s", (conclusion, meaning) => {
    expect(meaningOf({ status: "completed", conclusion })).toBe(meaning)
  })

  test.each(Object.entries(meanings.status))("a check run that is %s: %s", (status, meaning) => {
    expect(meaningOf({ status, conclusion: null })).toBe(meaning)
    expect(meaningOf({ status, conclusion: "success" }), "left over from its last run").toBe(meaning)
  })

  test.each(Object.entries(meanings.state))("a commit status of %s: %s", (conclusion, meaning) => {
    expect(meaningOf({ status: "completed", conclusion })).toBe(meaning)
  })

  test("a run that ended without saying how is waited for", () => {
    expect(meaningOf({ status: "completed", conclusion: null })).toBe("waiting")
  })

  test("no word of an object's own makes a check pass", () => {
    for (const conclusion of ["constructor", "toString", "__proto__", "hasOwnProperty", "SUCCESS", " success"]) {
      expect(meaningOf({ status: "completed", conclusion })).toBe("waiting")
    }
  })

  test("the operators' page has the same table", () => {
    const page = readFileSync(resolve(import.meta.dirname, "../../docs/checks.md"), "utf8")
    const rows = [...page.matchAll(/^\| `(?<word>\w+)` \| (?<gate>passes|fails|waits) \|/gm)].map(({ groups }) => [
      groups?.["word"],
      groups?.["gate"],
    ])
    const gates = { passed: "passes", failed: "fails", waiting: "waits" }
    const { entangled: _, ...conclusions } = meanings.conclusion
    const known = Object.entries({ ...meanings.status, ...meanings.state, ...conclusions })
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(known.map(([word, meaning]) => [word, gates[meaning]])))
    expect(rows).toHaveLength(known.length)
    expect(page).toMatch(/^\| anything else \| waits \|/m)
    expect(page).toMatch(/^\| no report at all \| waits \|/m)
  })
})

const actions = { app: "github-actions", appId: 15_368 }
const other = { app: "other-ci", appId: 9 }
let ids = 0

function check(name: string, conclusion: string | null, more: Partial<CheckFact> = {}): CheckFact {
  ids += 1
  const status = conclusion === null ? "in_progress" : "completed"
  const place = { sha: head, url: null, atMs: 0 }
  return { source: "check-run", id: ids, name, ...actions, status, conclusion, ...place, ...more }
}

/** How requirements, written as `name` or `name@app`, stand against checks: the stage's status, and each outcome. */
function judged(require: readonly string[], checks: readonly CheckFact[]): string {
  const requirements = require.map((text) => {
    const [name = "", app = null] = text.split("@")
    return { name, app }
  })
  const stage = judgeChecks({ require: requirements, checks, ownAppId })
  return [stage.status, ...stage.requirements.map(({ outcome }) => outcome)].join(" ")
}

describe("which report counts", () => {
  const cases: readonly [title: string, require: string[], checks: CheckFact[], expected: string][] = [
    ["no check at all", ["build"], [], "pending missing"],
    ["another check only", ["build"], [check("lint", "success")], "running missing"],
    ["the check, not ended", ["build"], [check("build", null)], "running waiting"],
    ["the check, passed", ["build"], [check("build", "success")], "passed passed"],
    ["one of two passed", ["build", "test"], [check("build", "success")], "running passed missing"],
    ["one failed, one missing", ["build", "test"], [check("build", "failure")], "failed failed missing"],
    ["a name in another case", ["build"], [check("Build", "success")], "running missing"],
    ["a re-run that passed", ["build"], [check("build", "failure"), check("build", "success")], "passed passed"],
    ["a re-run that has not ended", ["build"], [check("build", "success"), check("build", null)], "running waiting"],
    [
      "a re-run told before the run it repeats",
      ["build"],
      [check("build", "success", { id: 9e9 }), check("build", "failure")],
      "passed passed",
    ],
    ["two apps, one fails", ["build"], [check("build", "success"), check("build", "failure", other)], "failed failed"],
    [
      "two apps, one has not ended",
      ["build"],
      [check("build", "success"), check("build", null, other)],
      "running waiting",
    ],
    [
      "bound to an app, which passed",
      ["build@github-actions"],
      [check("build", "success"), check("build", "failure", other)],
      "passed passed",
    ],
    [
      "bound to an app, another spoofs it",
      ["build@github-actions"],
      [check("build", "success", other)],
      "running missing",
    ],
    [
      "bound to an app, which failed, another spoofs it",
      ["build@github-actions"],
      [check("build", "failure"), check("build", "success", other)],
      "failed failed",
    ],
    [
      "a check run and a status of one name",
      ["build"],
      [check("build", "success"), check("build", "failure", { source: "status", app: null, appId: null })],
      "failed failed",
    ],
    [
      "a person's status for a bound check",
      ["build@github-actions"],
      [check("build", "success", { source: "status", app: null, appId: null })],
      "running missing",
    ],
    [
      "a pattern, all pass",
      ["test (*)"],
      [check("test (a)", "success"), check("test (b)", "success")],
      "passed passed",
    ],
    [
      "a pattern, one is skipped",
      ["test (*)"],
      [check("test (a)", "success"), check("test (b)", "skipped")],
      "failed failed",
    ],
    ["any check, and there is none", ["*"], [], "pending missing"],
    ["any check, and one fails", ["*"], [check("a", "success"), check("b", "neutral")], "failed failed"],
    [
      "our own check run only",
      ["*"],
      [check("Promotion gate", "success", { app: "portcullis", appId: ownAppId })],
      "pending missing",
    ],
    [
      "our own red gate beside a green check",
      ["*"],
      [check("Promotion gate", "failure", { app: "portcullis", appId: ownAppId }), check("a", "success")],
      "passed passed",
    ],
  ]
  for (const [title, require, checks, expected] of cases) {
    test(title, () => expect(judged(require, checks)).toBe(expected))
  }

  test("the order in which checks were told changes nothing", () => {
    const checks = [check("b", "success"), check("a", "failure"), check("a", "success"), check("a", null, other)]
    const input = { require: [{ name: "*", app: null }], ownAppId }
    const [there, back] = [checks, checks.toReversed()].map((list) => judgeChecks({ ...input, checks: list }))
    expect(there).toEqual(back)
  })
})
