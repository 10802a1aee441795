import { expect } from "vitest"
import { deploys, headOf, later, opensBy, promotes } from "../harness/after-merge.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const minute = 60_000

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, deployments: [production] }
    rollback: { automatic: true, merge: auto, pause_after: false }
`

const bad = { "src/shop.ts": "export const shop = 2\n" }

/** Lands a change that fails in production, and is taken back by the app. */
async function isTakenBack(t: Scenario): Promise<void> {
  const { sha } = await promotes(t, { files: bad })
  await deploys(t, { sha, state: "failure" })
  await t.check({ number: opensBy(t)[0]?.number ?? 0 })
  await t.quiet()
  await deploys(t, { sha: await headOf(t) })
  await later(t, 16 * minute)
  expect(opensBy(t).map(({ state }) => state)).toEqual(["merged"])
}

scenario(
  "what was taken back lands again only by an approval given since, whoever opens it and in however many commits",
  async (t) => {
    const before = await t.openPullRequest({ files: bad })
    await t.check(before)
    await t.people.review({ repo: t.repo, by: "olga", number: before.number, verdict: "APPROVE" })
    await t.quiet()
    expect(t.gate(before)?.line).toBe("success | Open: 1 of 1 stage passed")
    t.clock.advance(minute)
    await isTakenBack(t)
    expect(t.gate(before)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: 1 more approval needed (low risk, taken back before as #2), 1 of 2 stages passed"`,
    )

    expect((await t.ledgerTypes()).includes("approved")).toBe(false)

    const anew = await t.openPullRequest({ files: { "src/shop.ts": "export const shop = 'x'\n" }, by: "olga" })
    await t.people.pushToPullRequest({ repo: t.repo, by: "olga", number: anew.number, files: bad })
    await t.quiet()
    await t.check({ number: anew.number })
    await t.quiet()
    expect(t.gate(anew)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: 1 more approval needed (low risk, taken back before as #2), 1 of 2 stages passed"`,
    )
    expect(t.gate(anew)?.summary).toMatchInlineSnapshot(`
      "This pull request must not be merged into \`main\` yet:

      - **approval-required** — this is the change of #2, which was taken back on 2026-11-20 12:17 UTC. It lands again only with an approval given since, by people with the \`write\` role; approvals from before count no more, and waiting will not do. Next: approve in a GitHub review, or comment \`/approve\`.

      | stage | status | what was reported |
      | --- | --- | --- |
      | checks | ✅ passed | \`build\`: passed |
      | review | ⏳ pending | low risk: 0 of 1 approvals (none so far) |

      **Risk: low**

      - low: no rule makes it more than that

      **Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before. #1 changes files that this one changes: whatever of that lands after it may have to be taken back first.

      <sub>run id \`<run id>\` · head \`<short sha>\` · into \`main\`</sub>"
    `)
    await t.says(anew, "olga", "/approve")
    await t.quiet()
    expect(t.gate(anew)?.status).toBe("in_progress")
    await t.says(anew, "max", "/approve")
    await t.quiet()
    expect(t.gate(anew)?.line).toMatchInlineSnapshot(
      `"in_progress | Waiting: 1 more approval needed (low risk, taken back before as #2), 1 of 2 stages passed"`,
    )
  },
  { config },
)

scenario(
  "another change of the same file is not held",
  async (t) => {
    await isTakenBack(t)
    const mended = await t.openPullRequest({ files: { "src/shop.ts": "export const shop = 3\n" } })
    await t.check(mended)
    await t.quiet()
    expect(t.gate(mended)?.line).toBe("success | Open: 1 of 1 stage passed")
  },
  { config },
)
