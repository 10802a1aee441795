import { expect, test, vi } from "vitest"
import { useDatabase } from "../harness/scenario.ts"
import { playSomeCutsToTheEnd } from "./every-cut.ts"
import { patienceMs } from "./patience.ts"
import type { Path } from "./path.ts"
import { playPath, type Played } from "./play.ts"
import { returnPath, revertPath } from "./rollback-path.ts"

useDatabase()
vi.setConfig({ testTimeout: 10 * patienceMs })

const recorded = new Map<Path, Promise<Played[]>>()

/** A path as it is when nothing goes wrong, played once for the whole file. */
function undisturbed(path: Path): Promise<Played[]> {
  const known = recorded.get(path)
  if (known !== undefined) return known
  const playing = (async () => {
    const played: Played[] = []
    await playPath({ after: (one) => played.push(one) }, path)
    for (const { step, state } of played) expect(state.dirty, step).toEqual([])
    return played
  })()
  recorded.set(path, playing)
  return playing
}

test("rollback: a bad change is taken back by itself, and known-good comes to what did", async () => {
  const plain = await undisturbed(returnPath)
  const end = plain.at(-1)?.state
  expect(end?.landed).toMatchInlineSnapshot(`
    [
      "refs/tags/known-good/main: 6d6c21d283ff93f4688ba5f6c7a91025ed5b0f21",
      "refs/heads/main: 6d6c21d283ff93f4688ba5f6c7a91025ed5b0f21",
      "#3 Return main to known-good: merged
    Portcullis began this rollback by itself: deployment to production failed. The evidence is in *Promotion health* on <sha>.

    It is one commit whose tree is that of known-good (<sha>), on top of the branch.

    Taken out:

    - #2

    <sub>rollback \`<run id>\` · run id \`<run id>\`</sub>",
    ]
  `)
  expect(end?.ledger.map((entry) => /"type":"(\w+)"/.exec(entry)?.[1])).toMatchInlineSnapshot(`
    [
      "installation_changed",
      "config_changed",
      "proposed",
      "tested",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
      "health_passed",
      "known_good_advanced",
      "proposed",
      "tested",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
      "health_failed",
      "rollback_started",
      "promotion_pause_changed",
      "proposed",
      "stage_changed",
      "promotion_blocked",
      "tested",
      "stage_changed",
      "promotion_ready",
      "promoted",
      "stage_changed",
      "health_passed",
      "rolled_back",
      "known_good_advanced",
    ]
  `)
})

test("rollback: without a known-good the change is reverted, and the revert is the first to be known-good", async () => {
  const plain = await undisturbed(revertPath)
  const opened = plain.at(-1)?.state.landed.map((line) => line.split("\n")[0])
  expect(opened).toMatchInlineSnapshot(`
    [
      "refs/tags/known-good/main: 1561a9bf162228f5bb02191d1a31d4f392bc3f69",
      "refs/heads/main: 1561a9bf162228f5bb02191d1a31d4f392bc3f69",
      "#2 Revert #1: merged",
    ]
  `)
})

for (const [name, path] of Object.entries({ return: returnPath, revert: revertPath })) {
  for (const fate of ["die before", "die after"] as const) {
    test(`rollback, ${name}: ${fate} any request or commit, and it ends as if nothing had happened`, async () => {
      await playSomeCutsToTheEnd(path, fate, await undisturbed(path))
    })
  }
}
