import { expect } from "vitest"
import { findRepository } from "../github/access.ts"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"
import { gateCheckName } from "../../src/report/check-run.ts"

useDatabase()

async function green(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  return pr
}

/** Commits of the groups that wait in the queue, first to last. */
function groups(t: Scenario): string[] {
  const entries = findRepository(t.github.state, t.repo)?.queueEntries ?? []
  return entries.flatMap((entry) => (entry.group ? [entry.group.headSha] : []))
}

function gateAt(t: Scenario, sha: string | undefined): string | null {
  const runs = findRepository(t.github.state, t.repo)?.checkRuns ?? []
  const run = runs.findLast((one) => one.headSha === sha && one.name === gateCheckName)
  return run === undefined ? null : `${run.conclusion ?? run.status} | ${run.output.title}`
}

async function pass(t: Scenario, sha: string | undefined): Promise<void> {
  await t.people.reportCheck({
    repo: t.repo,
    sha: sha ?? "",
    name: "build",
    app: "github-actions",
    conclusion: "success",
  })
}

function isMerged(t: Scenario, pr: OpenedPullRequest): boolean {
  return findRepository(t.github.state, t.repo)?.pulls.get(pr.number)?.mergedAt !== null
}

scenario("the merge queue's own commit gets a gate, and lands through it", async (t) => {
  await t.people.requireMergeQueue({ repo: t.repo })
  const pr = await green(t)
  await t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: pr.number })
  await t.quiet()
  const [group] = groups(t)
  expect(gateAt(t, group)).toMatchInlineSnapshot(`"in_progress | Waiting: checks of this group not passed yet"`)
  await pass(t, group)
  await t.quiet()
  expect(gateAt(t, group)).toMatchInlineSnapshot(`"success | Open: 1 pull request in the merge queue"`)
  expect(isMerged(t, pr)).toBe(true)
  expect((await t.ledgerTypes()).slice(-2)).toEqual(["promoted", "stage_changed"])
})

scenario("a pause turns the gates of the queue red as well", async (t) => {
  await t.people.requireMergeQueue({ repo: t.repo })
  const [first, second] = [await green(t), await green(t)]
  for (const pr of [first, second]) {
    await t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: pr.number })
  }
  await t.quiet()
  const shas = groups(t)
  expect(shas.length).toBeGreaterThan(0)
  await t.says(first, "olga", "/pause-promotion incident 42")
  await t.quiet()
  for (const sha of shas) expect(gateAt(t, sha)).toBe("failure | Blocked: paused by @olga")
  for (const sha of shas) await pass(t, sha)
  await t.quiet()
  expect([first, second].map((pr) => isMerged(t, pr))).toEqual([false, false])
})

scenario(
  "a group is shut while the gate of one of its members is",
  async (t) => {
    await t.people.requireMergeQueue({ repo: t.repo, settings: { max_entries_to_merge: 2, min_entries_to_merge: 2 } })
    const [first, second] = [await green(t), await green(t)]
    for (const pr of [first, second]) {
      await t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: pr.number })
    }
    await t.quiet()
    const shas = groups(t)
    expect(shas.length).toBeGreaterThan(0)
    await t.reviews(first, "olga", "REQUEST_CHANGES")
    await t.quiet()
    for (const sha of shas) await pass(t, sha)
    await t.quiet()
    expect(gateAt(t, shas.at(-1))).toMatchInlineSnapshot(`"failure | Blocked: the gate of #1 is shut"`)
    expect(isMerged(t, second)).toBe(false)
  },
  {
    config: `version: 1
mode: enforce
branches: { main: { stages: [{ checks: { require: [build] } }, review] } }
review: { low: { approvals: 0 } }
`,
  },
)

scenario(
  "a change that cannot wait counts as open in the queue, too, but the queue's own commit must pass its checks",
  async (t) => {
    await t.people.requireMergeQueue({ repo: t.repo })
    const pr = await t.openPullRequest()
    await t.check(pr, { conclusion: "failure" })
    await t.quiet()
    t.clock.advance(1000)
    await t.says(pr, "olga", "/promote --urgent production burns")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"success | Open, urgent, but GitHub refused the merge: checks passed over by @olga, 0 of 1 stage passed"`,
    )
    await t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: pr.number })
    await t.quiet()
    const [group] = groups(t)
    expect(gateAt(t, group)).toBe("in_progress | Waiting: checks of this group not passed yet")
    const runs = findRepository(t.github.state, t.repo)?.checkRuns ?? []
    expect(runs.findLast((one) => one.headSha === group)?.output.summary).toMatchInlineSnapshot(`
      "GitHub's merge queue made this commit of \`main\` and #1. It may land when every one of them is open by itself, nothing is paused, and the checks passed on this very commit.

      - #1: urgent, \`checks\` (it had failed) passed over by &#64;olga: “production burns”
      - checks: \`build\`: not reported for this commit"
    `)
    await pass(t, group)
    await t.quiet()
    expect(isMerged(t, pr)).toBe(true)
    expect((await t.ledgerTypes()).slice(-5)).toEqual([
      "promotion_urgent",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
    ])
  },
  { config: `${enforceBuild}urgent: { may_skip: [checks] }\n` },
)
