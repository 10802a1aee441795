import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const config = `version: 1
mode: enforce
branches: { main: { stages: [policy] }, release: { stages: [policy] } }
`

/** What the gate says about taking the change back. */
function takingBack(t: Scenario, pr: OpenedPullRequest): string | undefined {
  return t
    .gate(pr)
    ?.summary.split("\n\n")
    .find((part) => part.startsWith("**Taking it back"))
}

async function sweep(t: Scenario): Promise<void> {
  t.clock.advance(120_000)
  await t.app.sweep()
  await t.quiet()
}

scenario(
  "the gate tells how the change could be taken back, and who else changes the same file",
  async (t) => {
    const first = await t.openPullRequest({ files: { "src/price.ts": "export const price = 1\n" } })
    await t.quiet()
    await sweep(t)
    await sweep(t)
    expect(takingBack(t, first)).toMatchInlineSnapshot(
      `"**Taking it back: reversible in one step**. GitHub lands only what merges without conflict, and a revert gives back what was there before."`,
    )
    const second = await t.openPullRequest({ files: { "src/price.ts": "export const price = 2\n", "b.ts": "1\n" } })
    await t.people.createBranch({ repo: t.repo, by: "olga", branch: "release", from: "main" })
    const elsewhere = await t.openPullRequest({
      base: "release",
      files: { "src/price.ts": "export const price = 3\n" },
    })
    await t.quiet()
    await sweep(t)
    await sweep(t)
    expect(takingBack(t, second)).toContain(`#${first.number} changes files that this one changes`)
    expect(takingBack(t, first)).toContain(`#${second.number} changes`)
    expect(takingBack(t, elsewhere)).not.toContain("#")
    // Once it is about something else, it stands in nobody's way any more.
    await t.people.closePullRequest({ repo: t.repo, by: "max", number: second.number })
    await t.quiet()
    await sweep(t)
    await sweep(t)
    expect(takingBack(t, first)).not.toContain("#")
  },
  { config },
)
