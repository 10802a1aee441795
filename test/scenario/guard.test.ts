import { expect } from "vitest"
import { gateCheckName } from "../../src/report/check-run.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

const hourMs = 3600 * 1000

/** What the gate says about what stands around it; null: nothing. */
function around(t: Scenario, pr: OpenedPullRequest): string | null {
  return (
    t
      .gate(pr)
      ?.summary.split("\n\n")
      .find((_part, index, all) => all[index - 1] === "**Portcullis is not set up soundly here**") ?? null
  )
}

async function sweepAfter(t: Scenario, ms: number): Promise<void> {
  t.clock.advance(ms)
  await t.app.sweep()
  await t.quiet()
}

scenario(
  "a gate that nothing requires says so where people look, until somebody requires it",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.quiet()
    expect(around(t, pr)).toMatchInlineSnapshot(
      `"- The gate is not required on \`main\`, so GitHub lets anybody merge although it is shut. Next: require the check \`Promotion gate\` of this app, in a ruleset or in branch protection."`,
    )
    await t.people.protectBranch({ repo: t.repo, checks: [{ name: gateCheckName, app: "portcullis" }] })
    await sweepAfter(t, hourMs / 2)
    expect(around(t, pr)).not.toBeNull()
    await sweepAfter(t, hourMs)
    // Progress is shown a little later.
    await sweepAfter(t, hourMs)
    expect(around(t, pr)).toBeNull()
  },
  { requireGate: false },
)

scenario("a sound gate has nothing to tell of what stands around it, and it is looked at once an hour", async (t) => {
  const pr = await t.openPullRequest()
  await t.quiet()
  expect(around(t, pr)).toBeNull()
  t.github.calls.clear()
  await sweepAfter(t, hourMs / 2)
  await sweepAfter(t, hourMs / 4)
  const looks = (): number => t.github.calls.all().filter(({ path }) => path.includes("/rules/branches/main")).length
  expect(looks()).toBe(0)
  await sweepAfter(t, hourMs / 2)
  expect(looks()).toBe(1)
})

scenario("another app that reports a check of the gate's name is named", async (t) => {
  const pr = await t.openPullRequest()
  await t.check(pr, { name: gateCheckName, app: "other-ci" })
  await t.quiet()
  await sweepAfter(t, hourMs)
  expect(around(t, pr)).toMatchInlineSnapshot(
    `"- Another app reports a check that is named \`Promotion gate\` as well; it does not open the gate, but people may take it for the gate (\`other-ci\`). Next: find out what it is."`,
  )
  expect(t.gate(pr)?.line).toMatchInlineSnapshot(`"in_progress | Waiting: build not passed yet, 0 of 1 stage passed"`)
})

scenario(
  "GitHub does not answer what stands around the gate: everything else goes on, and it is asked again",
  async (t) => {
    t.tolerateErrors()
    const fault = t.github.faults.requests(
      { path: "/repos/acme/shop/rules/branches/main", times: 9 },
      { kind: "server-error" },
    )
    await t.install()
    const pr = await t.openPullRequest()
    await t.check(pr)
    await t.quiet()
    expect(t.gate(pr)?.conclusion).toBe("success")
    expect(around(t, pr)).toBeNull()
    expect(fault.fired()).toBeGreaterThan(0)
    t.github.faults.clear()
    await sweepAfter(t, hourMs / 10)
    await sweepAfter(t, hourMs / 10)
    expect(around(t, pr)).toContain("The gate is not required")
  },
  { requireGate: false, installed: false },
)
