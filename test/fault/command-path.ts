import type { Scenario } from "../harness/verbs.ts"
import type { Path, Step } from "./path.ts"

/** The path of a change by comments: approved, taken back, approved anew, aborted, begun again, and merged by the app. */

const config = `version: 1
mode: enforce
branches:
  main: { stages: [review] }
review: { low: { approvals: 1 } }
`

const says = (who: string, text: string): Step => ({
  name: `${who} says ${text}`,
  who: "people",
  act: (t, { pr }) => {
    // A bare /approve is of what was there the second before.
    t.clock.advance(2000)
    return t.says(pr, who, text)
  },
})

const labelled = (on: boolean): Step => ({
  name: on ? "an issue pauses everything" : "the issue is closed",
  who: "people",
  act: async (t) => (on ? pauseByIssue(t) : t.people.closeIssue({ repo: t.repo, by: "olga", number: 2 })),
})

async function pauseByIssue(t: Scenario): Promise<void> {
  const { number } = await t.people.openIssue({ repo: t.repo, by: "olga", title: "Incident" })
  await t.people.label({ repo: t.repo, by: "olga", number, label: "promotion-paused" })
}

const steps: readonly Step[] = [
  {
    name: "opened",
    who: "people",
    act: async (t, trail) => {
      trail.pr = await t.openPullRequest({ by: "max" })
    },
  },
  says("rita", "/approve"),
  says("olga", "/approve"),
  says("olga", "/abort not now"),
  says("olga", "/recheck"),
  {
    name: "closed",
    who: "people",
    act: (t, { pr }) => t.people.closePullRequest({ repo: t.repo, by: "max", number: pr.number }),
  },
  {
    name: "reopened",
    who: "people",
    act: (t, { pr }) => t.people.reopenPullRequest({ repo: t.repo, by: "max", number: pr.number }),
  },
  labelled(true),
  says("max", "/promote"),
  labelled(false),
  says("olga", "/approve\n\n/promote"),
  {
    name: "a minute later",
    who: "app",
    act: async (t) => {
      t.clock.advance(60_000)
      await t.app.sweep()
    },
  },
  { name: "started anew", who: "app", act: (t) => t.restart() },
]

/** The path of comments. */
export const commandPath: Path = { steps, options: { config } }
