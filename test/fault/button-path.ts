import { expect } from "vitest"
import type { Path, Step } from "./path.ts"

/** The path of one change by buttons: refused, approved, paused, resumed, and merged. */

const config = `version: 1
mode: enforce
branches:
  main: { stages: [review] }
review: { low: { approvals: 1, from: ["user:max"] } }
commands: { promote: maintain }
`

const presses = (who: string, label: string): Step => ({
  name: `${who} presses ${label}`,
  who: "people",
  act: (t, { pr }) => t.presses(pr, who, label),
})

const steps: readonly Step[] = [
  {
    name: "opened",
    who: "people",
    act: async (t, trail) => {
      trail.pr = await t.openPullRequest({ by: "olga" })
    },
  },
  presses("olga", "Approve"),
  presses("max", "Approve"),
  presses("max", "Pause"),
  presses("olga", "Resume"),
  presses("max", "Promote"),
  { name: "merged", who: "people", act: async (t, { pr }) => expect(await t.tryMerge(pr)).toBeNull() },
  { ...presses("max", "Pause"), name: "max presses Pause when all is over" },
]

/** The path of buttons. */
export const buttonPath: Path = { steps, options: { config } }
