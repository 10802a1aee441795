import { expect } from "vitest"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"

useDatabase()

const config = (stages: string): string => `version: 1
mode: enforce
branches:
  main: { stages: ${stages} }
`

/** Status, risk and agent of every evaluation on the ledger. */
async function evaluations(t: Scenario): Promise<unknown[]> {
  return (await t.ledger()).flatMap((entry) => {
    if (entry.type !== "policy_evaluated") return []
    const { status, risk, agent } = entry.payload
    return [{ status, risk, agent }]
  })
}

const byItsBot = { how: "bot", task: null, run: null, requester: null }
const byItsLabel = { ...byItsBot, how: "label" }

scenario(
  "without a policy stage, too, the ledger says that a change is an agent's, and whose task it is",
  async (t) => {
    const pr = await t.openPullRequest({ by: "shipwright[bot]" })
    await t.check(pr)
    await t.quiet()
    expect(await evaluations(t)).toEqual([{ status: "none", risk: "low", agent: byItsBot }])
    const message = "Mend the login\n\nAgent-task: SHOP-17\nAgent-run: run-4\nAgent-requester: olga\n"
    const files = { "src/login.ts": "export const login = 2\n" }
    await t.people.pushToPullRequest({ repo: t.repo, by: "shipwright[bot]", number: pr.number, files, message })
    await t.quiet()
    const agent = { how: "bot", task: "SHOP-17", run: "run-4", requester: "olga" }
    expect((await evaluations(t)).slice(1)).toEqual([{ status: "none", risk: "low", agent }])
    expect(t.gate(pr)?.summary).toContain("its author is an app (task SHOP-17, run run-4, asked for by olga)")
  },
  { config: config("[{ checks: { require: [build] } }, review]") },
)

scenario(
  "a label that makes a change an agent's is on the ledger and in the gate at once, though no stage changes",
  async (t) => {
    const pr = await t.openPullRequest()
    await t.quiet()
    t.clock.advance(2000)
    const before = t.gate(pr)?.line
    await t.people.label({ repo: t.repo, by: "olga", number: pr.number, label: "agent" })
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(before)
    expect(t.gate(pr)?.summary).toContain("Taken for an agent's work: it carries the label of agents")
    expect(await evaluations(t)).toEqual([
      { status: "passed", risk: "low", agent: null },
      { status: "passed", risk: "low", agent: byItsLabel },
    ])
    await t.people.unlabel({ repo: t.repo, by: "olga", number: pr.number, label: "agent" })
    await t.quiet()
    expect(t.gate(pr)?.summary).not.toContain("agent's work")
    expect((await evaluations(t)).slice(2)).toEqual([{ status: "passed", risk: "low", agent: null }])
  },
  { config: config("[policy, review]") },
)

scenario(
  "where only checks are asked for, no commits are read and agents are not recognised",
  async (t) => {
    const pr = await t.openPullRequest({ by: "shipwright[bot]" })
    await t.quiet()
    expect(await evaluations(t)).toEqual([])
    expect(t.gate(pr)?.summary).not.toContain("agent")
  },
  { config: config("[{ checks: { require: [build] } }]") },
)

scenario(
  "an agent's mark is taken off by an operator who had no hand in the change, and by nobody else",
  async (t) => {
    const pr = await t.openPullRequest({ files: { ".github/workflows/build.yml": "on: [push]\n" } })
    const [shut, open] = [/^failure \| Blocked: \S+build\.yml is protected/, "success | Open: 1 of 1 stage passed"]
    const marks = async (who: string): Promise<void> => {
      await t.people.label({ repo: t.repo, by: "olga", number: pr.number, label: "Agent" })
      await t.quiet()
      expect(t.gate(pr)?.line).toMatch(shut)
      t.clock.advance(2000)
      await t.people.unlabel({ repo: t.repo, by: who, number: pr.number, label: "Agent" })
      await t.quiet()
    }
    await t.quiet()
    expect(t.gate(pr)?.line).toBe(open)
    for (const who of ["max", "tess", "shipwright[bot]"]) {
      t.clock.advance(2000)
      await marks(who)
      expect(t.gate(pr)?.line, who).toMatch(shut)
      expect(t.gate(pr)?.summary).toContain("counts until an operator who had no hand in the change takes it off")
    }
    t.clock.advance(2000)
    await marks("olga")
    expect(t.gate(pr)?.line).toBe(open)
  },
  { config: config("[policy]") },
)
