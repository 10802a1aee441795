import { expect, test, vi } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { commandPath } from "./command-path.ts"
import { playEveryCutToTheEnd } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import { playPath, type Played } from "./play.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

let recorded: Promise<Played[]> | undefined

/** The path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(): Promise<Played[]> {
  recorded ??= (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, commandPath)
    for (const { step, state } of played) expect(state.dirty, step).toEqual([])
    return played
  })()
  return recorded
}

test("commands: approved, aborted, begun again, paused by an issue, approved and merged", async () => {
  const plain = await undisturbed()
  const gates = plain.map(({ step, state }) => `${step}: ${state.checkRuns.map(([line]) => line).join("; ")}`)
  expect(gates.map((line) => line.replaceAll("1:<sha> Promotion gate: ", ""))).toMatchInlineSnapshot(`
    [
      "opened: in_progress | Waiting: 1 more approval needed (low risk), 0 of 1 stage passed",
      "rita says /approve: in_progress | Waiting: 1 more approval needed (low risk), 0 of 1 stage passed",
      "olga says /approve: success | Open: 1 of 1 stage passed",
      "olga says /abort not now: failure | Blocked: the promotion was ended by @olga, 1 of 1 stage passed",
      "olga says /recheck: failure | Blocked: the promotion was ended by @olga, 1 of 1 stage passed",
      "closed: failure | Blocked: the promotion was ended by @olga, 1 of 1 stage passed",
      "reopened: in_progress | Waiting: 1 more approval needed (low risk), 0 of 1 stage passed",
      "an issue pauses everything: failure | Blocked: paused by @olga, 0 of 1 stage passed",
      "max says /promote: failure | Blocked: paused by @olga, 0 of 1 stage passed",
      "the issue is closed: in_progress | Waiting: 1 more approval needed (low risk), 0 of 1 stage passed",
      "olga says /approve

    /promote: success | Open: 1 of 1 stage passed",
      "a minute later: success | Open: 1 of 1 stage passed",
      "started anew: success | Open: 1 of 1 stage passed",
    ]
  `)
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
      "aborted",
      "promotion_blocked",
      "command_received",
      "aborted",
      "proposed",
      "policy_evaluated",
      "stage_changed",
      "promotion_blocked",
      "promotion_pause_changed",
      "promotion_blocked",
      "command_received",
      "promotion_blocked",
      "promotion_pause_changed",
      "promotion_blocked",
      "command_received",
      "approved",
      "command_received",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
    ]
  `)
  expect(plain.at(-1)?.state.comments.map((comment) => comment.split("\n")[0])).toMatchInlineSnapshot(`
    [
      "rita: /approve [portcullis[bot] -1]",
      "portcullis[bot]: \`/approve\` was refused: the config does not name you among those who may, and you are no operator (\`maintain\` role).",
      "olga: /approve [portcullis[bot] +1]",
      "olga: /abort not now [portcullis[bot] +1]",
      "olga: /recheck [portcullis[bot] +1]",
      "portcullis[bot]: Promotions are paused. No gate was open, so there was nothing to shut; none merged meanwhile.",
      "max: /promote [portcullis[bot] +1, portcullis[bot] confused]",
      "portcullis[bot]: Not merged: the gate is shut (\`promotion-paused\`, \`approval-required\`). What is missing stands in the check run; ask again when it is open.",
      "olga: /approve",
    ]
  `)
})

for (const fate of ["die before", "die after"] as const) {
  test(`commands: ${fate} any request or commit, and it ends as if nothing had happened`, async () => {
    await playEveryCutToTheEnd(commandPath, fate, await undisturbed())
  })
}
