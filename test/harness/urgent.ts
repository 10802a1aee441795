import { expect } from "vitest"
import { findRepository } from "../github/access.ts"
import type { OpenedPullRequest, Scenario } from "./verbs.ts"

/** A config whose urgent way passes over checks, beside policy and review. */
export const urgentConfig = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }, policy, review]
    merge: { method: squash }
review:
  low: { approvals: 1 }
policy:
  protected_paths: ["deploy/**"]
agents: { logins: ["robo"] }
urgent: { may_skip: [checks, deployment] }
`

/** The same, with nothing that may be skipped. */
export const nothingUrgent = urgentConfig.replace("urgent: { may_skip: [checks, deployment] }\n", "")

/** What somebody says for whom it cannot wait. */
export const urgently = "/promote --urgent production burns"

/** Whether a pull request was merged on GitHub. */
export function isMerged(t: Scenario, pr: OpenedPullRequest): boolean {
  return findRepository(t.github.state, t.repo)?.pulls.get(pr.number)?.mergedAt !== null
}

/** A pull request whose check failed and that is approved; its newest push is a minute old. */
export async function failing(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr, { conclusion: "failure" })
  await t.reviews(pr, "olga")
  await t.quiet()
  t.clock.advance(60_000)
  expect(t.gate(pr)?.line).toBe("failure | Blocked: build failed, 2 of 3 stages passed")
  return pr
}

/** The newest reply of the app, without its mark, when all is quiet. */
export async function lastWords(t: Scenario, pr: OpenedPullRequest): Promise<string | undefined> {
  await t.quiet()
  return t.replies(pr).at(-1)?.split("\n\n<!--")[0]
}
