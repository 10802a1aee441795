import { expect } from "vitest"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

/** A change below `src/auth` needs an approval, every other one none. */
export const config = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }, review] }
risk:
  - { level: high, paths: ["src/auth/**"], reason: authentication }
review:
  low: { approvals: 0 }
  high: { approvals: 1, from: ["user:tess", "user:max"] }
commands: { promote: maintain }
`
/** Files of a change that needs one. */
export const risky = { "src/auth/login.ts": "export const login = 1\n" }
/** The gate where nothing is missing. */
export const open = "success | Open: 2 of 2 stages passed"
/** The gate of a risky change whose check passed. */
export const waiting = "in_progress | Waiting: 1 more approval needed (high risk), 1 of 2 stages passed"

/** A risky change whose check passed, a moment ago. */
export async function risks(t: Scenario, by = "olga"): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest({ files: risky, by })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(waiting)
  t.clock.advance(2000)
  return pr
}

/** A change of low risk, whose gate is open. */
export async function harmless(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toBe(open)
  t.clock.advance(2000)
  return pr
}
