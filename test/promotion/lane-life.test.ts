import fc from "fast-check"
import { expect, test } from "vitest"
import type { Health } from "../../src/promotion/health/judge-health.ts"
import { isObserved } from "../../src/promotion/lane/decide-lane.ts"
import type { LaneOutcome } from "../../src/promotion/lane/lane-deed.ts"
import { foldLanes, noLanes } from "../../src/promotion/lane/lane-state.ts"
import { replay } from "../../src/promotion/state.ts"
import {
  asksToRollBack,
  beginLife,
  isDone,
  isMovedBack,
  landed,
  lands,
  openedRollback,
  passes,
  type LaneLife,
} from "./lane-life.ts"
import { shaAt, verdictOf } from "./lane-world.ts"

/** Something that happens; the number says to which. */
type Event = (life: LaneLife, which: number) => void

function judged(life: LaneLife, which: number, verdict: Health): void {
  const observed = landed(replay(life.ledger)).filter(isObserved)
  const run = observed[which % Math.max(1, observed.length)]
  if (run !== undefined) life.verdicts.set(run.runId, verdictOf(verdict))
}

function change(life: LaneLife): void {
  lands(life, { number: 1 + life.given })
}

function judgedLately(life: LaneLife, verdict: Health): void {
  const run = landed(replay(life.ledger)).findLast(isObserved)
  if (run !== undefined) life.verdicts.set(run.runId, verdictOf(verdict))
}

const refused: LaneOutcome = { how: "refused", why: "protected", words: "no" }

const events: Readonly<Record<string, Event>> = {
  "a change lands": change,
  "one more lands": change,
  "somebody pushes": (life) => lands(life, { number: 0 }),
  "one is well": (life, which) => judged(life, which, "healthy"),
  "the oldest is well": (life) => judged(life, 0, "healthy"),
  "one is ill": (life, which) => judged(life, which, "unhealthy"),
  "the newest is ill": (life) => judgedLately(life, "unhealthy"),
  "the newest is well": (life) => judgedLately(life, "healthy"),
  "of one nothing is heard": (life, which) => judged(life, which, "no_data"),
  "GitHub does it": (life) => isDone(life, { crash: false }),
  "GitHub does it, and the process dies": (life) => isDone(life, { crash: true }),
  "GitHub refuses it": (life) => {
    life.next = refused
    isDone(life, { crash: false })
    life.next = { how: "done" }
  },
  "the rollback is merged": (life) => {
    isDone(life, { crash: false })
    const id = openedRollback(life)
    if (id !== null) lands(life, { number: 1 + life.given, restores: id })
  },
  "the rollback is closed": (life) => {
    const id = openedRollback(life)
    const isMerged = landed(replay(life.ledger)).some(({ after }) => after.restores === id)
    if (id !== null && !isMerged) life.closed.add(id)
  },
  "olga takes one back": (life, which) => void asksToRollBack(life, { kind: "revert" }, which),
  "olga takes the newest back": (life) => void asksToRollBack(life, { kind: "revert" }, -1),
  "olga returns to known-good": (life, which) => void asksToRollBack(life, { kind: "known-good" }, which),
  "olga returns to an older commit": (life, which) => {
    const runs = landed(replay(life.ledger))
    const sha = runs[which % Math.max(1, runs.length)]?.after.landing.sha
    if (sha !== undefined) asksToRollBack(life, { kind: "commit", sha }, which)
  },
  "the branch is moved back": (life, which) => isMovedBack(life, which),
  "the tag is moved by hand": (life, which) => {
    life.tagAt = which % 2 === 0 ? null : shaAt(which + 5000)
  },
  "an hour passes": (life) => {
    life.nowMs += 3_600_000
  },
  "nothing is enforced": (life) => {
    life.enforced = false
  },
  "it is enforced again": (life) => {
    life.enforced = true
  },
  "migrations come": (life) => {
    life.paths = ["migrations/1.sql"]
  },
  "they are over": (life) => {
    life.paths = ["src/a.ts"]
  },
}

/** What must hold of a whole ledger, however it came about. */
function expectSound({ ledger }: LaneLife): void {
  const keys = ledger.map(({ key }) => key)
  expect(new Set(keys).size).toBe(keys.length)
  expectKnownGoodForward(ledger)
  expectRollbacksBounded(ledger)
}

function expectKnownGoodForward(ledger: LaneLife["ledger"]): void {
  const end = replay(ledger)
  const positions = new Map(landed(end).map(({ after }) => [after.landing.sha, after.landing.position]))
  let known = 0
  for (const entry of ledger) {
    if (entry.type !== "known_good_advanced") continue
    const position = positions.get(entry.sha ?? "") ?? 0
    expect(position).toBeGreaterThanOrEqual(known)
    known = position
    expect(end.promotions.get(entry.runId ?? "")?.after?.health?.verdict).toBe("healthy")
  }
}

/** One at a time; by itself not more often than the config of these lives says, and never of a rollback. */
function expectRollbacksBounded(ledger: LaneLife["ledger"]): void {
  const { lanes: end, promotions } = replay(ledger)
  let lanes = noLanes
  for (const entry of ledger) {
    lanes = foldLanes(lanes, entry)
    expect([...lanes.rollbacks.values()].filter(({ state }) => state === "open").length).toBeLessThanOrEqual(1)
  }
  expect(lanes).toEqual(end)
  const byItself = [...end.rollbacks.values()].filter(({ automatic }) => automatic)
  for (const { culprit, along } of byItself) {
    expect(byItself.filter((one) => one.culprit === culprit).length).toBeLessThanOrEqual(2)
    for (const runId of [culprit, ...along]) expect(promotions.get(runId)?.after?.restores).toBeNull()
  }
}

const happening = fc.tuple(fc.constantFrom(...Object.keys(events)), fc.nat(6))

test("through any life of a branch every decision keeps every law, though each is made from the ledger anew", () => {
  const met = new Map<string, number>()
  fc.assert(
    fc.property(fc.array(happening, { minLength: 5, maxLength: 40, size: "max" }), (happenings) => {
      const life = beginLife()
      for (const [name, which] of happenings) {
        life.nowMs += 1000
        events[name]?.(life, which)
        expect(passes(life)).toBeNull()
      }
      expectSound(life)
      for (const { type } of life.ledger) met.set(type, (met.get(type) ?? 0) + 1)
    }),
    { numRuns: 600, seed: 5 },
  )
  // The lives come by everything that may happen to a branch.
  const wanted = ["known_good_advanced", "known_good_tampered", "rollback_started", "rolled_back", "failed", "aborted"]
  for (const type of wanted) expect([type, met.get(type) ?? 0].join(" ")).toMatch(/ [1-9]\d+/)
})

test("a branch of which nothing bad is heard any more comes to rest, with the newest commit known-good", () => {
  fc.assert(
    fc.property(fc.array(happening, { minLength: 5, maxLength: 30, size: "max" }), (happenings) => {
      const life = beginLife()
      for (const [name, which] of happenings) {
        life.nowMs += 1000
        events[name]?.(life, which)
        passes(life)
      }
      life.enforced = true
      for (let round = 0; round < 8; round += 1) {
        life.nowMs += 3_600_000
        for (const { runId, after } of landed(replay(life.ledger))) {
          if (after.health === null) life.verdicts.set(runId, verdictOf("healthy"))
        }
        expect(passes(life)).toBeNull()
        isDone(life, { crash: false })
        const id = openedRollback(life)
        const isMerged = landed(replay(life.ledger)).some(({ after }) => after.restores === id)
        if (id !== null && !isMerged) lands(life, { number: 1 + life.given, restores: id })
        else if (round === 4) lands(life, { number: 1 + life.given })
      }
      const { lanes, promotions } = replay(life.ledger)
      expect([...lanes.rollbacks.values()].filter(({ state }) => state === "open")).toEqual([])
      const newest = landed({ promotions, lanes, pauses: [] }).at(-1)
      expect(lanes.knownGood.get("main")?.sha).toBe(newest?.after.landing.sha)
      expect(life.tagAt).toBe(newest?.after.landing.sha)
    }),
    { numRuns: 300, seed: 6 },
  )
})
