import { expect, test, vi } from "vitest"
import type { Scenario } from "../harness/verbs.ts"
import { useDatabase } from "../harness/scenario.ts"
import { deploymentPath } from "./deployment-path.ts"
import { playSomeCutsToTheEnd } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import type { Path } from "./path.ts"
import { playPath, type Played } from "./play.ts"

useDatabase()
vi.setConfig({ testTimeout: 2 * patienceMs })

/** What GitHub heard of each deployment that waited; how often a report was made is told apart. */
async function answers(t: Scenario): Promise<string[]> {
  const requests = await t.people.deploymentRequests({ repo: t.repo })
  return requests.map(({ verdict, rules }) => {
    const told = rules.flatMap(({ comments }) => comments.map(({ state, comment }) => `${state ?? "-"}: ${comment}`))
    return [verdict, ...new Set(told)].join("\n")
  })
}

let heard: string[] = []

/** The same path, at whose end it is read what GitHub heard. */
const watched: Path = {
  ...deploymentPath,
  steps: [
    ...deploymentPath.steps,
    {
      name: "read",
      who: "people",
      act: async (t) => {
        heard = await answers(t)
      },
    },
  ],
}

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, watched)
    for (const { step, state } of played) expect(state.dirty, step).toEqual([])
    return played
  })()
  return recorded
}

const wanted = [
  `approved
-: On hold by Portcullis for production: the gate of its pull request is shut (checks-pending). It goes on by itself when that opens.
approved: Approved by Portcullis for production: the promotion of this commit is in order.`,
  `approved
-: On hold by Portcullis for production: promotions are paused. It goes on by itself when the pause ends.
approved: Approved by Portcullis for production: the promotion of this commit is in order.`,
]

test("deployments: held while the gate is shut or paused, then let through, each answer on the ledger", async () => {
  const plain = await undisturbed()
  expect(heard).toEqual(wanted)
  const decided = plain.at(-1)?.state.ledger.filter((entry) => entry.includes('"type":"deployment_decided"'))
  expect(decided).toHaveLength(2)
})

for (const fate of ["die before", "die after"] as const) {
  test(`deployments: ${fate} any request or commit, and GitHub hears the same in the end`, async () => {
    heard = []
    await playSomeCutsToTheEnd(watched, fate, await undisturbed())
    expect(heard.map((told) => told.split("\n")[0])).toEqual(["approved", "approved"])
  })
}
