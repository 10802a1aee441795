import { beforeAll, expect, test, vi } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { playEveryCutOf } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import { pausePath } from "./pause-path.ts"
import { playPath, type Played } from "./play.ts"

useDatabase()
vi.setConfig({ testTimeout: patienceMs })

const undisturbed: Played[] = []

beforeAll(async () => {
  await playPath({ after: (played) => undisturbed.push(played) }, pausePath)
  for (const { step, state } of undisturbed) expect(state.dirty, step).toEqual([])
  const seen = undisturbed.slice(2).map(({ step, state }) => [step, ...state.branches].join(", "))
  expect(seen).toEqual(["auto-merge on, auto-merge: 1", "paused, Portcullis hard stop: refs/heads/main", "resumed"])
  expect(undisturbed.at(-1)?.state.comments.map((comment) => comment.split("\n")[0])).toEqual([
    "olga: /pause-promotion incident 42 [portcullis[bot] +1]",
    "portcullis[bot]: Promotions are paused. 1 of 1 gate shut in 0.0 s; none merged meanwhile.",
    "olga: /resume-promotion [portcullis[bot] +1]",
  ])
}, patienceMs)

for (const fate of ["die before", "die after"] as const) {
  test(`a process that has to ${fate} any request or commit of a pause is as if it had not`, () => {
    return playEveryCutOf(pausePath, fate, undisturbed)
  })
}
