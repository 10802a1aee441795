import type { Scenario } from "../harness/verbs.ts"
import type { Path, Step, Trail } from "./path.ts"

/** The path of an agent's change to a protected path: two reviews, a push that voids them, and two more. */

const config = `version: 1
mode: enforce
branches:
  main: { stages: [policy, review] }
policy: { protected_paths: ["infra/**"] }
review: { low: { approvals: 1 }, agents: two-humans }
`

const reviews =
  (who: string) =>
  (t: Scenario, trail: ReviewTrail): Promise<unknown> =>
    t.reviews(trail.pr, who).then((id) => (trail.newest = id))

type ReviewTrail = Trail & { newest?: number }

/** Every step that the app has to follow. */
const steps: readonly Step[] = [
  {
    name: "opened by an agent",
    who: "people",
    act: async (t, trail) => {
      trail.pr = await t.openPullRequest({ by: "shipwright[bot]", files: { "infra/main.tf": "one\n" } })
    },
  },
  { name: "max approves", who: "people", act: reviews("max") },
  { name: "olga approves", who: "people", act: reviews("olga") },
  {
    name: "pushed",
    who: "people",
    act: (t, { pr }) => t.push(pr, "shipwright[bot]", { "infra/main.tf": "two\n" }),
  },
  { name: "olga approves again", who: "people", act: reviews("olga") },
  { name: "max approves again", who: "people", act: reviews("max") },
  {
    name: "max's is dismissed",
    who: "people",
    act: (t, { pr, newest = 0 }: ReviewTrail) =>
      t.people.dismiss({ repo: t.repo, by: "olga", number: pr.number, id: newest }),
  },
  { name: "started anew", who: "app", act: (t) => t.restart() },
]

/** The path of reviews. */
export const reviewPath: Path = { steps, options: { config } }
