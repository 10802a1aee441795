import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"

useDatabase()

const twoChecks = `version: 1
mode: enforce
branches:
  main:
    stages:
      - checks:
          require:
            - build
            - { name: "test (*)", app: github-actions }
`

scenario(
  "every check a glob matches must succeed, from the app it is bound to",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.check(pr, { name: "test (unit)", app: "other-ci" })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: test (*) not passed yet, 0 of 1 stage passed"`,
    )
    await t.check(pr, { name: "test (unit)" })
    await t.check(pr, { name: "test (e2e)", conclusion: "failure" })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: test (e2e) failed, 0 of 1 stage passed"`)
    await t.check(pr, { name: "test (e2e)", newRun: true })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 1 of 1 stage passed"`)
  },
  { config: twoChecks },
)

scenario(
  "a check of the required name from another app passes an unbound requirement only with all its namesakes",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr, { conclusion: "failure" })
    await t.check(pr, { app: "other-ci" })
    await t.quiet()
    expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: build failed, 0 of 1 stage passed"`)
  },
)

for (const conclusion of ["neutral", "skipped", "cancelled", "timed_out", "action_required"]) {
  scenario(`a required check that ended ${conclusion} holds the gate shut`, async (t) => {
    const pr = await t.openPullRequest()
    await t.check(pr, { conclusion })
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("failure")
    expect(await t.tryMerge(pr)).toMatch(/Promotion gate/)
  })
}

scenario("a push shuts the gate for the new head, whatever the old one had passed", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  await t.push(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
  expect(await t.ledgerTypes(8)).toMatchInlineSnapshot(`
    [
      "promotion_blocked",
    ]
  `)
})

scenario("a required commit status counts like a check run", async (t) => {
  const pr = await t.openPullRequest()
  await t.people.setStatus({ repo: t.repo, by: "max", pull: pr.number, context: "build", state: "pending" })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
  await t.people.setStatus({ repo: t.repo, by: "max", pull: pr.number, context: "build", state: "success" })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"success | Open: 1 of 1 stage passed"`)
  await t.people.setStatus({ repo: t.repo, by: "max", pull: pr.number, context: "build", state: "error" })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"failure | Blocked: build failed, 0 of 1 stage passed"`)
})

scenario("running a passed check again shuts the gate until it has passed again", async (t) => {
  const pr = await t.openPullRequest()
  const id = await t.check(pr)
  await t.quiet()
  t.clock.advance(60_000)
  await t.people.rerunCheck({ repo: t.repo, by: "max", id })
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("a draft is held until it is ready for review", async (t) => {
  const pr = await t.openPullRequest({ draft: true })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(
    `"failure | Blocked: the pull request is a draft, 1 of 1 stage passed"`,
  )
  await t.people.draftPullRequest({ repo: t.repo, by: "max", number: pr.number, draft: false })
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
})

scenario("what a webhook claims never opens the gate: GitHub is asked first", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr, { conclusion: "failure" })
  await t.quiet()
  // A forged "success", well signed: as if an older delivery came late, or a signer's key had leaked.
  await t.check(pr, { newRun: true, conclusion: null })
  await t.quiet()
  const [delivery] = t.github.deliveries
    .log()
    .filter((one) => one.event === "check_run")
    .slice(-1)
  expect(delivery).toBeDefined()
  expect(t.gate(pr)?.conclusion).not.toBe("success")
})

scenario("more than a hundred checks on one head are all read before the gate opens", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  for (let index = 0; index < 120; index += 1) await t.check(pr, { name: `lint ${index}` })
  t.github.deliveries.takePending()
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.conclusion).toBe("success")
  const reads = t.github.calls.work().filter((call) => call.graphqlName === "Sight")
  expect(reads).toHaveLength(2)
})

scenario("progress of a shut gate is written once it stands still, a verdict at once", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  t.github.calls.clear()
  await t.check(pr, { name: "build", conclusion: null })
  await t.quiet()
  expect(t.github.calls.writes()).toEqual([])
  t.clock.advance(61_000)
  await t.quiet()
  expect(t.github.calls.writes()).toHaveLength(1)
  expect(t.gate(pr)?.summary).toContain("running")
})
