import { findRepository } from "../github/access.ts"
import { enforceBuild } from "../harness/scenario.ts"
import type { Scenario } from "../harness/verbs.ts"
import type { Path, Step } from "./path.ts"

/** The path of a change through GitHub's merge queue: its commit gets a gate, and lands when its check passed. */

/** The commit that the queue made of the pull request. */
function groupOf(t: Scenario): string {
  const entry = findRepository(t.github.state, t.repo)?.queueEntries[0]
  if (entry?.group === undefined || entry.group === null) throw new Error("the queue made no group")
  return entry.group.headSha
}

const steps: readonly Step[] = [
  {
    name: "opened, and its check passed",
    who: "people",
    act: async (t, trail) => {
      await t.people.requireMergeQueue({ repo: t.repo })
      trail.pr = await t.openPullRequest()
      await t.check(trail.pr)
    },
  },
  {
    name: "queued",
    who: "people",
    act: (t, { pr }) => t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: pr.number }),
  },
  {
    name: "the group's check passed",
    who: "people",
    act: (t) => t.people.reportCheck({ repo: t.repo, sha: groupOf(t), name: "build", conclusion: "success" }),
  },
  { name: "started anew", who: "app", act: (t) => t.restart() },
]

/** The path of the merge queue. */
export const queuePath: Path = { steps, options: { config: enforceBuild } }
