import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

// Ways in which an approval could come to count for what nobody approved.

const config = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }, review] }
review:
  low: { approvals: 1, from: [write, "user:rita"] }
  expires_after: 7d
`

/** Makes the pull request go into another branch. */
async function retarget(t: Scenario, pr: OpenedPullRequest, base: string): Promise<void> {
  t.clock.advance(1000)
  await t.people.editPullRequest({ repo: t.repo, by: "max", number: pr.number, base })
  t.clock.advance(1000)
}

scenario(
  "an approval given before the change went into this branch counts no more, also if nobody told of it",
  async (t) => {
    await t.people.createBranch({ repo: t.repo, by: "max", branch: "topic", from: "main" })
    const files = { "evil.txt": "nobody looked at this\n" }
    await t.people.commit({ repo: t.repo, by: "max", branch: "topic", files })
    await t.people.createBranch({ repo: t.repo, by: "max", branch: "more", from: "topic" })
    await t.people.commit({ repo: t.repo, by: "max", branch: "more", files: { "more.txt": "harmless\n" } })
    const pr = await t.people.openPullRequest({ repo: t.repo, by: "max", head: "more", base: "topic", title: "More" })
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)).toBeNull()
    t.github.faults.deliveries({ event: "pull_request", action: "edited" }, { kind: "drop" })
    await retarget(t, pr, "main")
    await t.app.sweep()
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting: 1 more approval needed/)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
  },
  { config },
)

scenario(
  "another branch voids an approval, and coming back does not bring it back",
  async (t) => {
    await t.people.createBranch({ repo: t.repo, by: "max", branch: "topic", from: "main" })
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    await retarget(t, pr, "topic")
    await t.quiet()
    await retarget(t, pr, "main")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^in_progress \| Waiting: 1 more approval needed/)
  },
  { config },
)

scenario(
  "taking a push back does not bring back the approval that it voided",
  async (t) => {
    const pr = { ...(await t.openPullRequest({ head: "again" })), head: "again" }
    const { sha } = await t.people.resolve({ repo: t.repo, revision: pr.head })
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    await t.push(pr)
    await t.quiet()
    await t.people.pushBranch({ repo: t.repo, by: "max", branch: pr.head, to: sha, force: true })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: an approval went stale/)
    await t.reviews(pr, "olga")
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
  },
  { config },
)

scenario(
  "what was approved in time does not expire while something else holds it up",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.reviews(pr, "olga")
    await t.quiet()
    t.clock.advance(8 * 24 * 3600_000)
    await t.check(pr, { conclusion: "failure", newRun: true })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked: build failed/)
    await t.check(pr, { newRun: true })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("success | Open: 2 of 2 stages passed")
    expect(await t.ledgerTypes()).not.toContain("expired")
  },
  { config },
)
