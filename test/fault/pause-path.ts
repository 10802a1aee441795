import { gateCheckName } from "../../src/report/check-run.ts"
import type { Path, Step } from "./path.ts"

/** The path of a pause with everything that belongs to it: auto-merge off, the ruleset, the receipt; and of its end. */

const config = `version: 1
mode: enforce
branches: { main: { stages: [{ checks: { require: [build] } }] } }
pause: { hard_stop: true }
`

/** Every step that the app has to follow. */
const steps: readonly Step[] = [
  {
    name: "granted",
    who: "app",
    act: (t) => {
      for (const { app, permissions } of t.github.state.installations.values()) {
        if (app.id === t.credentials.appId) permissions["administration"] = "write"
      }
      return t.restart()
    },
  },
  {
    name: "opened",
    who: "people",
    act: async (t, trail) => {
      await t.people.configureRepository({ repo: t.repo, allowAutoMerge: true })
      await t.people.protectBranch({
        repo: t.repo,
        checks: [{ name: gateCheckName, app: "portcullis" }, "slow"],
        enforceAdmins: true,
      })
      trail.pr = await t.openPullRequest()
      await t.check(trail.pr)
    },
  },
  {
    name: "auto-merge on",
    who: "people",
    act: (t, { pr }) => t.people.enableAutoMerge({ repo: t.repo, by: "max", number: pr.number }),
  },
  { name: "paused", who: "people", act: (t, { pr }) => t.says(pr, "olga", "/pause-promotion incident 42") },
  { name: "resumed", who: "people", act: (t, { pr }) => t.says(pr, "olga", "/resume-promotion") },
]

/** The path of pauses. */
export const pausePath: Path = { steps, options: { config } }
