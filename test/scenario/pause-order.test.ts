import { expect } from "vitest"
import { step } from "../../src/inbox/worker.ts"
import { gateCheckName } from "../../src/report/check-run.ts"
import { findRepository } from "../github/access.ts"
import { scenario, useDatabase } from "../harness/scenario.ts"
import type { OpenedPullRequest, Scenario } from "../harness/verbs.ts"

useDatabase()

/** Pull requests, `group` for a commit of the merge queue, in the order in which GitHub shows their gates red. */
async function redOrder(t: Scenario): Promise<string[]> {
  const runs = findRepository(t.github.state, t.repo)?.checkRuns ?? []
  const reds: string[] = []
  await t.app.deliver()
  for (let rounds = 0; rounds < 100; rounds += 1) {
    const before = new Set(redGates(runs))
    const did = await step(t.app.work, 1)
    reds.push(...redGates(runs).filter((gate) => !before.has(gate)))
    if (did === 0) return reds
  }
  throw new Error("not quiet")
}

function redGates(runs: readonly { name: string; conclusion: string | null; externalId?: string | null }[]): string[] {
  return runs
    .filter((run) => run.name === gateCheckName && run.conclusion === "failure")
    .map(({ externalId }) => externalId?.split(":")[0] ?? "")
    .map((number) => (number === "0" ? "group" : number))
}

async function green(t: Scenario): Promise<OpenedPullRequest> {
  const pr = await t.openPullRequest()
  await t.check(pr)
  return pr
}

scenario("a pause turns red first what lands by itself, then what anybody could merge, then the rest", async (t) => {
  await t.people.requireMergeQueue({ repo: t.repo })
  await t.people.configureRepository({ repo: t.repo, allowAutoMerge: true })
  const pending = await t.openPullRequest()
  const first = await green(t)
  await green(t)
  const queued = await green(t)
  const waiting = await green(t)
  await t.quiet()
  await t.people.enqueuePullRequest({ repo: t.repo, by: "max", number: queued.number })
  await t.people.protectBranch({ repo: t.repo, checks: [{ name: gateCheckName, app: "portcullis" }, "slow"] })
  await t.people.enableAutoMerge({ repo: t.repo, by: "max", number: waiting.number })
  await t.quiet()
  await t.says(first, "olga", "/pause-promotion incident 42")
  const order = await redOrder(t)
  expect(order.slice(0, 3)).toEqual(["group", String(queued.number), String(waiting.number)])
  expect(order.slice(3, 5).toSorted()).toEqual([first.number, first.number + 1].map(String))
  expect(order.slice(5)).toEqual([String(pending.number)])
})
