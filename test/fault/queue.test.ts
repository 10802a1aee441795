import { expect, test, vi } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { playEveryCutToTheEnd } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import { playPath, type Played } from "./play.ts"
import { queuePath } from "./queue-path.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, queuePath)
    for (const { step, state } of played) expect(state.dirty, step).toEqual([])
    return played
  })()
  return recorded
}

test("queue: a change lands through the gate of the queue's own commit", async () => {
  const plain = await undisturbed()
  expect(plain.at(-1)?.state.checkRuns.map(([line]) => line)).toMatchInlineSnapshot(`
    [
      "1:<sha> Promotion gate: success | Open: 1 of 1 stage passed",
      "0:<sha> Promotion gate: success | Open: 1 pull request in the merge queue",
    ]
  `)
  expect(plain.at(-1)?.state.ledger.map((entry) => /"type":"(\w+)"/.exec(entry)?.[1])).toMatchInlineSnapshot(`
    [
      "installation_changed",
      "config_changed",
      "proposed",
      "tested",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
    ]
  `)
})

for (const fate of ["die before", "die after"] as const) {
  test(`queue: ${fate} any request or commit, and it ends as if nothing had happened`, async () => {
    await playEveryCutToTheEnd(queuePath, fate, await undisturbed())
  })
}
