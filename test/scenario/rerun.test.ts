import { expect } from "vitest"
import { gateCheckName } from "../../src/report/check-run.ts"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

/** GitHub's own record of our newest gate on a pull request's head. */
function gateRun({ github, repositoryId, credentials }: Scenario, pr: OpenedPullRequest) {
  const repository = github.state.repositories.get(repositoryId)
  const sha = repository?.pulls.get(pr.number)?.headSha
  const runs = repository?.checkRuns.filter(
    (run) => run.headSha === sha && run.name === gateCheckName && run.app.id === credentials.appId,
  )
  const newest = runs?.at(-1)
  if (repository === undefined || newest === undefined) return expect.fail("no gate")
  return { repository, run: newest, count: runs?.length }
}

/** Writes to GitHub, by path, and how often GitHub was read. */
function calls({ github }: Scenario): string[] {
  return github.calls.work().map((call) => `${call.method} ${call.template}`)
}

scenario(
  '"Re-run" on an open gate reads the pull request and writes the gate anew, though nothing changed',
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    t.github.calls.clear()
    await t.people.rerunCheck({ repo: t.repo, by: "max", id: gateRun(t, pr).run.id })
    await t.quiet()
    expect(calls(t)).toEqual(["POST /graphql", "PATCH /repos/:owner/:repo/check-runs/:id"])
    expect(t.gate(pr)?.conclusion).toBe("success")
    t.github.calls.clear()
    await t.people.rerunSuite({ repo: t.repo, by: "max", app: "portcullis", pull: pr.number })
    await t.quiet()
    expect(calls(t)).toEqual(["POST /graphql", "PATCH /repos/:owner/:repo/check-runs/:id"])
    await t.app.sweep()
    await t.quiet()
    expect(calls(t).filter((call) => call.startsWith("PATCH"))).toHaveLength(1)
  },
)

scenario('"Re-run" on a shut gate finds what was never heard of', async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  t.github.faults.deliveries({ event: "check_run", times: 9 }, { kind: "drop" })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.status).toBe("in_progress")
  t.github.faults.clear()
  await t.people.rerunCheck({ repo: t.repo, by: "max", id: gateRun(t, pr).run.id })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario('"Re-run" heard while the gate is being written is not lost in the writing', async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  await t.says(pr, "olga", "/pause-promotion")
  await t.app.deliver()
  const { prisma } = t.database
  // The pause is decided, and its red is intended, when the button is pressed.
  while ((await prisma.pause.count()) === 0) await t.app.step()
  await t.people.rerunCheck({ repo: t.repo, by: "max", id: gateRun(t, pr).run.id })
  t.github.calls.clear()
  const patch = { method: "PATCH", path: /check-runs/ }
  const slow = t.github.faults.requests(patch, { kind: "latency", latencyMs: 200 })
  const writing = t.app.step()
  while (slow.fired() === 0) await new Promise((again) => setTimeout(again, 5))
  await t.app.deliver()
  await t.app.work.drain()
  await writing
  await t.quiet()
  expect(calls(t).filter((call) => call.startsWith("PATCH"))).toHaveLength(2)
  expect(t.gate(pr)?.conclusion).toBe("failure")
})

scenario("another app's button is none of our business", async (t) => {
  const pr = await t.openPullRequest()
  const id = await t.check(pr)
  await t.quiet()
  t.github.calls.clear()
  await t.people.rerunCheck({ repo: t.repo, by: "max", id })
  await t.quiet()
  expect(calls(t)).toEqual(["PATCH /repos/:owner/:repo/check-runs/:id"])
  expect(t.gate(pr)?.status).toBe("in_progress")
})

scenario(
  "a gate that shows another result than it was left with is found by the sweep, and written again",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr, { conclusion: "failure" })
    await t.quiet()
    gateRun(t, pr).run.conclusion = "success"
    expect(t.gate(pr)?.conclusion).toBe("success")
    t.clock.advance(60_000)
    await t.app.sweep()
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("failure | Blocked: build failed, 0 of 1 stage passed")
    t.github.calls.clear()
    t.clock.advance(60_000)
    await t.app.sweep()
    await t.quiet()
    expect(calls(t).filter((call) => call.includes("check-runs"))).toEqual([])
  },
)

scenario("a gate that is gone is made again", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  const { repository } = gateRun(t, pr)
  repository.checkRuns = repository.checkRuns.filter(({ name }) => name !== gateCheckName)
  expect(t.gate(pr)).toBeNull()
  t.clock.advance(60_000)
  await t.app.sweep()
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  expect(gateRun(t, pr).count).toBe(1)
})

scenario(
  "a newer run under the gate's name, made with the app's own credentials, is brought to the truth",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr, { conclusion: "failure" })
    await t.quiet()
    await t.check(pr, { name: gateCheckName, app: "portcullis", newRun: true })
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
    t.clock.advance(60_000)
    await t.app.sweep()
    await t.quiet()
    expect(t.gate(pr)?.line).toBe("failure | Blocked: build failed, 0 of 1 stage passed")
    expect(gateRun(t, pr).count).toBe(2)
  },
)

scenario("two pull requests on one commit do not take each other's gate for a forged one", async (t) => {
  await t.people.createBranch({ repo: t.repo, by: "max", branch: "release" })
  await t.people.unprotectBranch({ repo: t.repo })
  const rules = `${enforceBuild}  release:\n    stages: []\n`
  await t.people.commit({ repo: t.repo, by: "olga", files: { ".github/promotion.yml": rules } })
  const first = await t.openPullRequest()
  await t.quiet()
  expect(t.gate(first)?.status).toBe("in_progress")
  await t.people.openPullRequest({ repo: t.repo, by: "max", head: "feature-1", base: "release" })
  await t.quiet()
  expect(gateRun(t, first)).toMatchObject({ count: 2, run: { conclusion: "failure" } })
  // At first, that nothing requires these gates is told a little later.
  for (const told of [undefined, [], []]) {
    t.github.calls.clear()
    t.clock.advance(90_000)
    await t.app.sweep()
    await t.quiet()
    if (told !== undefined) expect(calls(t).filter((call) => call.includes("check-runs"))).toEqual(told)
  }
})
