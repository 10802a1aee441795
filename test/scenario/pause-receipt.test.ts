import { expect } from "vitest"
import { findRepository } from "../github/access.ts"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

async function green(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  return pr
}

/** The receipts told on an issue or pull request, without their marks. */
function receipts(t: Scenario, pr: OpenedPullRequest): string[] {
  return t
    .replies(pr)
    .filter((body) => body.includes("portcullis:receipt:"))
    .map((body) => body.replace(/\n\n<!--.*-->$/, ""))
}

scenario("a pause is followed by a receipt of how many gates were shut", async (t) => {
  const first = await green(t)
  await green(t)
  await t.openPullRequest()
  await t.says(first, "olga", "/pause-promotion incident 42")
  await t.quiet()
  expect(receipts(t, first)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 2 of 2 gates shut in 0.0 s; none merged meanwhile.",
    ]
  `)
  await t.restart()
  await t.app.sweep()
  t.clock.advance(300_000)
  await t.quiet()
  expect(receipts(t, first)).toHaveLength(1)
})

scenario("the check of a changed config is no gate, so its green is none that a pause has left", async (t) => {
  const tighter = enforceBuild.replace("[build]", "[build, test]")
  const pr = await t.openPullRequest({ by: "max", files: { ".github/promotion.yml": tighter } })
  await t.check(pr)
  await t.quiet()
  expect(t.configCheck(pr)?.conclusion).toBe("success")
  const other = await green(t)
  await t.says(other, "olga", "/pause-promotion")
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("failure")
  expect(receipts(t, other)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 2 of 2 gates shut in 0.0 s; none merged meanwhile.",
    ]
  `)
})

scenario("where nothing was open the receipt says so", async (t) => {
  const issue = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
  await t.openPullRequest()
  await t.quiet()
  await t.says(issue, "olga", "/pause-promotion")
  await t.quiet()
  expect(receipts(t, issue)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. No gate was open, so there was nothing to shut; none merged meanwhile.",
    ]
  `)
})

scenario("of a branch, or for a time, it says so", async (t) => {
  const pr = await green(t)
  await t.says(pr, "olga", "/pause-promotion --branch main --for 2h")
  await t.quiet()
  await t.says(pr, "olga", "/pause-promotion --for 30m")
  await t.quiet()
  expect(receipts(t, pr)).toMatchInlineSnapshot(`
    [
      "Promotions into \`main\` are paused until 2026-11-20 14:00 UTC. 1 of 1 gate shut in 0.0 s; none merged meanwhile.",
      "Promotions are paused until 2026-11-20 12:30 UTC. No gate was open, so there was nothing to shut; none merged meanwhile.",
    ]
  `)
})

scenario("what was merged while the pause began is named, and what is out of its scope is not", async (t) => {
  const [first, second, other] = [await green(t), await green(t), await green(t)]
  t.clock.advance(60_000)
  await t.tryMerge(other)
  t.clock.advance(1000)
  await t.says(first, "olga", "/pause-promotion")
  t.clock.advance(1000)
  expect(await t.tryMerge(second, "olga")).toBeNull()
  await t.quiet()
  expect(receipts(t, first)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 1 of 1 gate shut in 0.0 s; one merge raced: #2 at 12:01:02 UTC, merged by &#64;olga.

    Next: look whether what was merged must be taken back.",
    ]
  `)
})

scenario("of many merges that raced twenty are named", async (t) => {
  const many = []
  for (let count = 0; count < 22; count += 1) many.push(await t.openPullRequest())
  const [first] = many
  for (const pr of many) await t.check(pr)
  await t.quiet()
  await t.says(first ?? { number: 0 }, "olga", "/pause-promotion")
  for (const pr of many) expect(await t.tryMerge(pr, "olga")).toBeNull()
  await t.quiet()
  const [receipt = ""] = receipts(t, first ?? { number: 0 })
  expect(receipt.split("\n")[0]).toBe(
    "Promotions are paused. No gate was open, so there was nothing to shut; 22 merges raced.",
  )
  expect(receipt).toContain("- and 2 more\n")
})

scenario("a gate that stays green is named after two minutes, with the reason", async (t) => {
  const pr = await green(t)
  const installation = [...t.github.state.installations.values()].find(({ app }) => app.id === t.credentials.appId)
  if (installation !== undefined) installation.permissions["checks"] = "read"
  await t.restart()
  await t.says(pr, "olga", "/pause-promotion")
  await t.quiet()
  expect(receipts(t, pr)).toEqual([])
  t.clock.advance(120_000)
  await t.quiet()
  expect(receipts(t, pr)).toMatchInlineSnapshot(`
    [
      "Promotions are paused. 0 of 1 gate shut in 120.0 s; none merged meanwhile.

    **Still green:**

    - #1, because GitHub refused it: Resource not accessible by integration

    Next: see to it by hand that these are not merged. Portcullis goes on trying to shut them.",
    ]
  `)
})

scenario("a pause that is lifted before all gates are shut says so", async (t) => {
  t.tolerateErrors()
  const [first] = [await green(t), await green(t)]
  const broken = t.github.faults.requests(
    { method: "PATCH", path: /check-runs/, times: 1000 },
    { kind: "server-error" },
  )
  await t.says(first, "olga", "/pause-promotion")
  await t.app.deliver()
  for (let round = 0; round < 12; round += 1) await t.app.step()
  expect(receipts(t, first)).toEqual([])
  await t.says(first, "olga", "/resume-promotion")
  await t.quiet()
  broken.cancel()
  await t.app.sweep()
  await t.quiet()
  expect(receipts(t, first)).toMatchInlineSnapshot(`
    [
      "The pause was lifted when 0 of 2 gates were shut; none merged meanwhile.",
    ]
  `)
  expect(t.gate(first)?.conclusion).toBe("success")
})

scenario("a receipt for an issue that is deleted meanwhile holds up no later one", async (t) => {
  t.tolerateErrors()
  const pr = await green(t)
  const issue = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
  const lost = t.github.faults.requests({ method: "POST", path: /comments$/ }, { kind: "network" })
  await t.says(issue, "olga", "/pause-promotion")
  await t.app.deliver()
  for (let step = 0; step < 50 && lost.fired() === 0; step += 1) await t.app.step()
  expect(lost.fired()).toBe(1)
  findRepository(t.github.state, t.repo)?.issues.delete(issue.number)
  await t.says(pr, "olga", "/pause-promotion --branch main")
  await t.quiet()
  await t.app.sweep()
  await t.quiet()
  expect(receipts(t, pr)).toHaveLength(1)
})

scenario(
  "a labelled issue has its receipt; of one labelled pull request its own gate tells all there is",
  async (t) => {
    const pr = await green(t)
    const issue = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
    await t.people.label({ repo: t.repo, by: "olga", number: pr.number, label: "promotion-paused" })
    await t.quiet()
    expect(receipts(t, pr)).toEqual([])
    const other = await green(t)
    await t.people.label({ repo: t.repo, by: "olga", number: issue.number, label: "promotion-paused" })
    await t.quiet()
    expect(receipts(t, issue)).toEqual(["Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile."])
    expect(receipts(t, other)).toEqual([])
  },
)

scenario(
  "in advisory mode nothing is shut, so there is no receipt",
  async (t) => {
    const pr = await green(t)
    await t.says(pr, "olga", "/pause-promotion")
    await t.quiet()
    expect(receipts(t, pr)).toEqual([])
  },
  { config: enforceBuild.replace("enforce", "advisory") },
)
