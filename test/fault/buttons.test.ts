import { expect, test, vi } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { buttonPath } from "./button-path.ts"
import { playEveryCutOf } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import { playPath, type Played } from "./play.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, buttonPath)
    for (const { step, state } of played) expect(state.dirty, step).toEqual([])
    return played
  })()
  return recorded
}

test("buttons: a change that is refused, approved, paused, resumed and merged", async () => {
  const plain = await undisturbed()
  const seen = plain.map(
    ({ step, state }) =>
      `${step}: ${state.checkRuns.map(([line, _text, ...rest]) => [line.replace("1:<sha> Promotion gate: ", ""), ...rest].join(", ")).join("; ")}`,
  )
  expect(seen).toMatchInlineSnapshot(`
    [
      "opened: in_progress | Waiting: 1 more approval needed (low risk), 0 of 1 stage passed, Approve, Pause",
      "olga presses Approve: in_progress | Waiting: 1 more approval needed (low risk), 0 of 1 stage passed, Approve, Pause",
      "max presses Approve: success | Open: 1 of 1 stage passed, Promote, Pause",
      "max presses Pause: failure | Blocked: paused by @max, 1 of 1 stage passed, Resume",
      "olga presses Resume: success | Open: 1 of 1 stage passed, Promote, Pause",
      "max presses Promote: success | Open: 1 of 1 stage passed, Promote, Pause",
      "merged: success | Open: 1 of 1 stage passed, Promote, Pause",
      "max presses Pause when all is over: success | Open: 1 of 1 stage passed, Promote, Pause",
    ]
  `)
  expect(plain.at(-1)?.state.comments.length).toBe(3)
  expect(plain.at(-1)?.state.ledger.map((entry) => /"type":"(\w+)"/.exec(entry)?.[1])).toMatchInlineSnapshot(`
    [
      "installation_changed",
      "config_changed",
      "proposed",
      "policy_evaluated",
      "stage_changed",
      "promotion_blocked",
      "command_denied",
      "command_received",
      "approved",
      "stage_changed",
      "promotion_ready",
      "command_received",
      "promotion_pause_changed",
      "promotion_blocked",
      "command_received",
      "promotion_pause_changed",
      "promotion_ready",
      "command_denied",
      "promoted",
      "stage_changed",
      "command_received",
    ]
  `)
})

test.each(["die before", "die after"] as const)("buttons: the process may %s any cut", async (fate) => {
  await playEveryCutOf(buttonPath, fate, await undisturbed())
})

test("buttons: every webhook delivered twice is as if delivered once", async () => {
  const plain = await undisturbed()
  await playPath(
    {
      before: ({ github }) => {
        github.faults.clear()
        github.faults.deliveries({ times: Infinity }, { kind: "duplicate" })
      },
      after: ({ step, state }) => expect(state, step).toEqual(plain.find((one) => one.step === step)?.state),
    },
    buttonPath,
  )
})
