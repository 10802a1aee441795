import { landedBy, opensBy } from "../harness/after-merge.ts"
import type { Scenario } from "../harness/verbs.ts"
import type { Path, Step, Trail } from "./path.ts"

/**
 * The path of a change that proves itself, and of one that does not: known-good, unhealthy, taken back by itself, and
 * known-good again.
 */

const config = `version: 1
mode: enforce
branches:
  main:
    stages: [{ checks: { require: [build] } }]
    health: { window: 15m, deployments: [production] }
    rollback: { automatic: true, merge: auto }
`

const quarter = 15 * 60_000

/** Opens a change of the shop, whose check passes at once. */
const opens = (content: string): Step => ({
  name: `opened: ${content}`,
  who: "people",
  act: async (t, trail) => {
    trail.pr = await t.openPullRequest({ files: { "src/shop.ts": content } })
    await t.check(trail.pr)
  },
})

const merges: Step = {
  name: "merged",
  who: "people",
  act: (t, { pr }) => t.people.mergePullRequest({ repo: t.repo, by: "max", number: pr.number, method: "squash" }),
}

const deploys = (state: "success" | "failure", of: (t: Scenario, trail: Trail) => number): Step => ({
  name: `its deployment ends: ${state}`,
  who: "people",
  act: (t, trail) => {
    const ref = landedBy(t, { number: of(t, trail) })
    return t.people.deploy({ repo: t.repo, by: "max", ref, environment: "production", state })
  },
})

const windowEnds: Step = {
  name: "its window ends",
  who: "people",
  act: async (t) => t.clock.advance(quarter),
}

const minuteLater = (name: string): Step => ({
  name,
  who: "app",
  act: async (t) => {
    t.clock.advance(60_000)
    await t.app.sweep()
  },
})

/** The pull request that the app opened. */
function ownPull(t: Scenario): number {
  const own = opensBy(t).at(-1)
  if (own === undefined) throw new Error("the app opened no pull request")
  return own.number
}

const proves: readonly Step[] = [
  { ...deploys("success", (_, { pr }) => pr.number), name: "the good one is deployed" },
  { ...windowEnds, name: "the good one's window ends" },
]

const takenBack: readonly Step[] = [
  deploys("failure", (_, { pr }) => pr.number),
  { name: "the rollback's check passes", who: "people", act: (t) => t.check({ number: ownPull(t) }) },
  // A lease that died with its process is waited out; a second one, when the process died again with that.
  minuteLater("a minute later"),
  minuteLater("another minute later"),
  { ...deploys("success", ownPull), name: "the rollback is deployed" },
  { ...windowEnds, name: "the rollback's window ends" },
  { name: "started anew", who: "app", act: (t) => t.restart() },
]

/** With a known-good to return to. */
export const returnPath: Path = {
  steps: [opens("1\n"), merges, ...proves, opens("2\n"), { ...merges, name: "the bad one is merged" }, ...takenBack],
  options: { config },
}

/** Without: the change is reverted, and what carries that is the first to be known-good. */
export const revertPath: Path = { steps: [opens("1\n"), merges, ...takenBack], options: { config } }
