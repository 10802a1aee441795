import type { Path, Step } from "./path.ts"

/** The path of a change that cannot wait: held by a pause, asked for again after it, and merged past a failed check. */

const config = `version: 1
mode: enforce
branches:
  main: { stages: [{ checks: { require: [build] } }] }
urgent: { may_skip: [checks] }
`

const urgently = "/promote --urgent production burns"

/** Every step that the app has to follow. */
const steps: readonly Step[] = [
  {
    name: "opened",
    who: "people",
    act: async (t, trail) => {
      trail.pr = await t.openPullRequest()
      await t.check(trail.pr, { conclusion: "failure" })
    },
  },
  {
    name: "urgent while paused",
    who: "people",
    act: async (t, { pr }) => {
      t.clock.advance(1000)
      await t.says(pr, "olga", "/pause-promotion --pr")
      await t.says(pr, "olga", urgently)
    },
  },
  {
    name: "urgent after it",
    who: "people",
    act: async (t, { pr }) => {
      t.clock.advance(1000)
      await t.says(pr, "olga", `/resume-promotion\n\n${urgently}`)
    },
  },
  {
    name: "a minute later",
    who: "people",
    // A lease that died with its process is waited out.
    act: async (t) => {
      t.clock.advance(60_000)
      await t.quiet()
    },
  },
  { name: "started anew", who: "app", act: (t) => t.restart() },
]

/** The urgent path. */
export const urgentPath: Path = { steps, options: { config } }
