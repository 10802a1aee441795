import { landedBy } from "../harness/after-merge.ts"
import { enforceBuild } from "../harness/scenario.ts"
import type { Path, Step } from "./path.ts"

/** The path of deployments that wait for the app's word: held while a gate is shut or paused, then let through. */

/** Every step that the app has to follow. */
const steps: readonly Step[] = [
  {
    name: "guarded, and opened",
    who: "people",
    act: async (t, trail) => {
      await t.people.protectEnvironment({ repo: t.repo, by: "olga", environment: "production", app: "portcullis" })
      trail.pr = await t.openPullRequest()
    },
  },
  {
    name: "its head is to be deployed",
    who: "people",
    act: (t, { pr }) =>
      t.people.requestDeployment({ repo: t.repo, by: "max", environment: "production", pull: pr.number }),
  },
  { name: "its check passes", who: "people", act: (t, { pr }) => t.check(pr) },
  {
    name: "merged",
    who: "people",
    act: (t, { pr }) => t.people.mergePullRequest({ repo: t.repo, by: "max", number: pr.number }),
  },
  { name: "paused", who: "people", act: (t, { pr }) => t.says(pr, "olga", "/pause-promotion incident 42") },
  {
    name: "what landed is to be deployed",
    who: "people",
    act: (t, { pr }) =>
      t.people.requestDeployment({ repo: t.repo, by: "max", environment: "production", sha: landedBy(t, pr) }),
  },
  { name: "started anew", who: "app", act: (t) => t.restart() },
  { name: "resumed", who: "people", act: (t, { pr }) => t.says(pr, "olga", "/resume-promotion") },
  { name: "swept", who: "app", act: (t) => t.app.sweep() },
]

/** The path of deployments. */
export const deploymentPath: Path = { steps, options: { config: enforceBuild } }
