import { expect } from "vitest"
import { enforceBuild, scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

/** Opens a pull request that lets everything pass which is required now. */
async function loosens(t: Scenario, config: string): Promise<OpenedPullRequest> {
  const text = config.replace("[build]", `["*"]`)
  const pr = await t.openPullRequest({ files: { ".github/promotion.yml": text } })
  await t.check(pr)
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked/)
  t.clock.advance(2000)
  return pr
}

scenario("an operator who approved by a comment takes it back by requesting changes", async (t) => {
  const pr = await loosens(t, enforceBuild)
  await t.says(pr, "olga", "/approve")
  await t.quiet()
  expect(t.gate(pr)?.line).toBe("success | Open: 1 of 1 stage passed")
  t.clock.advance(2000)
  await t.reviews(pr, "olga", "REQUEST_CHANGES")
  await t.quiet()
  expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked/)
  expect((await t.told()).findLast(([what]) => what.startsWith("approval_dismissed"))).toMatchObject([
    "approval_dismissed by portcullis",
    { approver: "olga", why: "withdrawn" },
  ])
  expect(await t.tryMerge(pr)).toMatch("Promotion gate")
})

const urgent = `${enforceBuild}urgent: { may_skip: [checks, review] }\n`

scenario(
  "nothing that may be passed over urgently is a change of the gate's own config",
  async (t) => {
    const pr = await loosens(t, urgent)
    await t.check(pr, { conclusion: "failure" })
    await t.quiet()
    t.clock.advance(2000)
    await t.says(pr, "olga", "/promote --urgent production is down")
    await t.quiet()
    expect(t.gate(pr)?.line).toMatch(/^failure \| Blocked/)
    const types = await t.ledgerTypes()
    expect(types).not.toContain("promotion_urgent")
    expect(types).not.toContain("promoted")
    expect(t.replies(pr).at(-1)).toMatch(/protected-path|loosens/)
  },
  { config: urgent },
)
