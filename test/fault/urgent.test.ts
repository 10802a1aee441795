import { expect, test, vi } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { playEveryCutToTheEnd } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import { playPath, type Played } from "./play.ts"
import { urgentPath } from "./urgent-path.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, urgentPath)
    for (const { step, state } of played) expect(state.dirty, step).toEqual([])
    return played
  })()
  return recorded
}

test("what cannot wait, held by a pause and then merged", async () => {
  const plain = await undisturbed()
  const gates = plain.map(({ step, state }) => `${step}: ${state.checkRuns.map(([line]) => line).join("; ")}`)
  expect(gates.map((line) => line.replaceAll("1:<sha> Promotion gate: ", ""))).toMatchInlineSnapshot(`
    [
      "opened: failure | Blocked: build failed, 0 of 1 stage passed",
      "urgent while paused: failure | Blocked: paused by @olga, 0 of 1 stage passed",
      "urgent after it: success | Open, urgent: checks passed over by @olga, 0 of 1 stage passed",
      "a minute later: success | Open, urgent: checks passed over by @olga, 0 of 1 stage passed",
      "started anew: success | Open, urgent: checks passed over by @olga, 0 of 1 stage passed",
    ]
  `)
  expect(plain.at(-1)?.state.ledger.map((entry) => /"type":"(\w+)"/.exec(entry)?.[1])).toMatchInlineSnapshot(`
    [
      "installation_changed",
      "config_changed",
      "proposed",
      "tested",
      "stage_changed",
      "promotion_blocked",
      "command_received",
      "promotion_pause_changed",
      "command_received",
      "promotion_blocked",
      "command_received",
      "promotion_pause_changed",
      "command_received",
      "promotion_urgent",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
    ]
  `)
})

for (const fate of ["die before", "die after"] as const) {
  test(`urgent: ${fate} any request or commit, and it ends as if nothing had happened`, async () => {
    await playEveryCutToTheEnd(urgentPath, fate, await undisturbed())
  })
}
