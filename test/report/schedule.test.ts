import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { planReport, settleMs, type ReportState } from "../../src/report/schedule.ts"

const nowMs = 1_000_000
const next = { digest: "new", verdictDigest: "shut" }
const shown = { digest: "old", verdictDigest: "shut" }
const plain: ReportState = { nowMs, next, intendedDigest: null, changedAtMs: null, shown }

describe("when a gate is written", () => {
  test.each<[string, Partial<ReportState>, ReturnType<typeof planReport>]>([
    ["never, when it is shown already", { shown: next }, { kind: "nothing" }],
    ["at once, when nothing is shown", { shown: null }, { kind: "now", changedAtMs: nowMs }],
    [
      "at once, when the verdict is another",
      { shown: { ...shown, verdictDigest: "open" } },
      { kind: "now", changedAtMs: nowMs },
    ],
    [
      "at once, when nobody knows what verdict is shown",
      { shown: { ...shown, verdictDigest: null } },
      { kind: "now", changedAtMs: nowMs },
    ],
    ["later, when only progress is new", {}, { kind: "later", changedAtMs: nowMs, atMs: nowMs + settleMs }],
    [
      "later, counted from when this progress came up",
      { intendedDigest: "new", changedAtMs: nowMs - 10_000 },
      { kind: "later", changedAtMs: nowMs - 10_000, atMs: nowMs - 10_000 + settleMs },
    ],
    [
      "counted anew, when there was more progress since",
      { intendedDigest: "between", changedAtMs: nowMs - 10_000 },
      { kind: "later", changedAtMs: nowMs, atMs: nowMs + settleMs },
    ],
    [
      "now, once it has stood still long enough",
      { intendedDigest: "new", changedAtMs: nowMs - settleMs },
      { kind: "now", changedAtMs: nowMs - settleMs },
    ],
  ])("%s", (_, state, plan) => {
    expect(planReport({ ...plain, ...state })).toEqual(plan)
  })
})

/** What GitHub shows after a row of contents, each `[ms since the one before, digest, verdict]`, looking whenever due. */
function play(contents: readonly (readonly [number, string, string])[]) {
  let state = {
    intendedDigest: null as string | null,
    changedAtMs: null as number | null,
    shown: null as ReportState["shown"],
  }
  let [now, dueMs] = [0, Number.POSITIVE_INFINITY]
  let current = { digest: "", verdictDigest: "" }
  const writes: { atMs: number; digest: string; verdict: string }[] = []
  const look = (atMs: number): void => {
    const plan = planReport({ nowMs: atMs, next: current, ...state })
    dueMs = plan.kind === "later" ? plan.atMs : Number.POSITIVE_INFINITY
    if (plan.kind === "nothing") return
    state = { ...state, intendedDigest: current.digest, changedAtMs: plan.changedAtMs }
    if (plan.kind === "later") return
    writes.push({ atMs, digest: current.digest, verdict: current.verdictDigest })
    state = { ...state, shown: current }
  }
  for (const [waitMs, digest, verdictDigest] of contents) {
    if (dueMs <= now + waitMs) look(dueMs)
    now += waitMs
    current = { digest: `${verdictDigest}${digest}`, verdictDigest }
    look(now)
  }
  if (dueMs < Number.POSITIVE_INFINITY) look(dueMs)
  return { writes, last: current, shown: state.shown }
}

const content = fc.tuple(fc.nat(2 * settleMs), fc.constantFrom("1", "2", "3"), fc.constantFrom("shut", "shut", "open"))

describe("laws", () => {
  test("what is true in the end is shown in the end", () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 1 }), (contents) => {
        const { last, shown: end } = play(contents)
        expect(end).toEqual(last)
      }),
      { seed: 1 },
    )
  })

  test("nothing is written twice in a row, and every verdict is written at once", () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 1 }), (contents) => {
        const { writes } = play(contents)
        for (const [index, write] of writes.entries()) expect(write.digest).not.toBe(writes[index - 1]?.digest)
        let [atMs, verdict] = [0, ""]
        for (const [waitMs, , current] of contents) {
          atMs += waitMs
          if (current === verdict) continue
          verdict = current
          expect(writes).toContainEqual(expect.objectContaining({ atMs, verdict }))
        }
      }),
      { seed: 2 },
    )
  })

  test("a run of many checks is written twice: as it begins, and once it stands still", () => {
    const progress = Array.from({ length: 40 }, (_, index) => [500, String(index), "shut"] as const)
    expect(play(progress).writes.map(({ atMs }) => atMs)).toEqual([500, 20_000 + settleMs])
  })
})
