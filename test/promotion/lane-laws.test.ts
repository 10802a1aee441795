import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { LaneOutcome } from "../../src/promotion/lane/lane-deed.ts"
import { openKey, tagKey } from "../../src/promotion/lane/lane-deed.ts"
import type { LaneSnapshot } from "../../src/promotion/lane/lane-plan.ts"
import { decideLane } from "../../src/promotion/lane/decide-lane.ts"
import { brokenLaneLaw, type LaneAnswers } from "./lane-laws.ts"
import { automatic, conditions, laneOf, place, rollbackAt, runAt, shaAt, verdictOf, type Placed } from "./lane-world.ts"

const refused: LaneOutcome = { how: "refused", why: "protected", words: "no" }
const done: LaneOutcome = { how: "done", number: 9, sha: shaAt(900) }
const plainly: LaneAnswers = { paths: ["src/a.ts"], mayWriteWorkflows: true, deed: done }

/** What may be otherwise about a branch. */
const settings: Readonly<Record<string, Partial<LaneSnapshot>>> = {
  "rolls back by itself": {},
  "rolls back for want of evidence": {
    noData: "roll-back",
    rules: { ...automatic, max_attempts: 3, pause_after: false },
  },
  asks: { rules: { ...automatic, automatic: false } },
  "takes no rollback": { rules: null },
  "is advised": { enforced: false },
  "has its tag elsewhere": { tagAt: shaAt(0) },
  "has lost its tag": { tagAt: null, keepEach: true },
}

/** What GitHub may answer. */
const worlds: Readonly<Record<string, LaneAnswers>> = {
  "paths not to be taken back": { ...plainly, paths: ["migrations/1.sql"] },
  "paths unknown": { ...plainly, paths: null },
  "workflows, and no right": { ...plainly, paths: [".github/workflows/ci.yml"], mayWriteWorkflows: false },
  refused: { ...plainly, deed: refused },
}

type Breaches = ReadonlyMap<string, { times: number; first: string }>

/** Every branch of three promotions. */
function* branches(): Generator<{ placed: readonly Placed[]; name: string }> {
  const names = Object.keys(conditions)
  const at = (condition: string, position: number): Placed => place(condition, { position, count: 3 })
  for (const first of names)
    for (const second of names)
      for (const third of names) {
        const placed = [at(first, 1), at(second, 2), at(third, 3)]
        yield { placed, name: [first, second, third].join(" | ") }
      }
}

function breaches(
  snapshots: Iterable<{ snapshot: LaneSnapshot; name: string }>,
  answers: LaneAnswers,
): { seen: number; broken: Breaches } {
  const broken = new Map<string, { times: number; first: string }>()
  let seen = 0
  for (const { snapshot, name } of snapshots) {
    seen += 1
    const law = brokenLaneLaw(snapshot, answers)
    if (law === null) continue
    const known = broken.get(law)
    broken.set(law, { times: (known?.times ?? 0) + 1, first: known?.first ?? name })
  }
  return { seen, broken }
}

/** Whether one rollback at most is under way, as on every branch that the ledger can tell of. */
function canBe({ rollbacks }: LaneSnapshot): boolean {
  return rollbacks.filter(({ state }) => state === "open").length <= 1
}

function* lanes(told: Partial<LaneSnapshot>): Generator<{ snapshot: LaneSnapshot; name: string }> {
  for (const { placed, name } of branches()) {
    const snapshot = laneOf(placed, told)
    if (canBe(snapshot)) yield { snapshot, name }
  }
}

describe("every branch of three promotions keeps every law", () => {
  for (const [setting, told] of Object.entries(settings)) {
    test(`one that ${setting}`, () => {
      const { seen, broken } = breaches(lanes(told), plainly)
      expect(broken).toEqual(new Map())
      expect(seen).toBeGreaterThan(6000)
    })
  }
  for (const [answer, answers] of Object.entries(worlds)) {
    test(`answered: ${answer}`, () => {
      const { broken } = breaches(lanes({}), answers)
      expect(broken).toEqual(new Map())
    })
  }
})

test("every branch of three promotions keeps every law, whatever was intended, done or refused before", () => {
  const outcomes = { intended: null, done, refused }
  for (const [word, outcome] of Object.entries(outcomes)) {
    for (const position of [2, 3]) {
      const deeds = new Map([
        [tagKey(runAt(position)), outcome],
        [openKey(rollbackAt(position)), outcome],
      ])
      const { broken } = breaches(
        lanes({ deeds, closed: new Set(word === "done" ? [rollbackAt(position)] : []) }),
        plainly,
      )
      expect(broken, `${word}, at ${position}`).toEqual(new Map())
    }
  }
})

describe("larger branches keep every law", () => {
  const rules = fc.option(
    fc.record({
      automatic: fc.boolean(),
      merge: fc.constantFrom("auto", "manual"),
      max_attempts: fc.integer({ min: 1, max: 3 }),
      cooldown: fc.constantFrom(0, 15 * 60_000, 3_600_000),
      pause_after: fc.boolean(),
      ask_for: fc.constantFrom([], ["migrations/**"]),
    }),
  )
  const outcome = fc.constantFrom<LaneOutcome | null>(null, done, refused)
  const keys = fc.constantFrom(
    ...[...Array(12).keys()].flatMap((position) => [tagKey(runAt(position)), openKey(rollbackAt(position))]),
  )
  const told: fc.Arbitrary<Partial<LaneSnapshot>> = fc.record({
    rules,
    enforced: fc.boolean(),
    noData: fc.constantFrom("ask", "roll-back"),
    keepEach: fc.boolean(),
    tagAt: fc.constantFrom(undefined, null, ...[...Array(12).keys()].map(shaAt)),
    deeds: fc.array(fc.tuple(keys, outcome), { maxLength: 8 }).map((pairs) => new Map(pairs)),
    closed: fc.subarray([...Array(12).keys()].map(rollbackAt)).map((ids) => new Set(ids)),
    mayWriteWorkflows: fc.constantFrom(null, true, false),
  })
  const answers: fc.Arbitrary<LaneAnswers> = fc.record({
    paths: fc.option(fc.subarray(["src/a.ts", "migrations/1.sql", ".github/workflows/ci.yml"])),
    mayWriteWorkflows: fc.boolean(),
    deed: fc.constantFrom(done, refused),
  })
  const branch = fc.array(fc.constantFrom(...Object.keys(conditions)), { minLength: 1, maxLength: 11, size: "max" })

  test("by fast-check", () => {
    let [seen, moved, taken] = [0, 0, 0]
    fc.assert(
      fc.property(branch, told, answers, (names, more, answer) => {
        const placed = names.map((name, index) => place(name, { position: index + 1, count: names.length }))
        const snapshot = laneOf(placed, more)
        fc.pre(canBe(snapshot))
        expect(brokenLaneLaw(snapshot, answer)).toBeNull()
        seen += 1
        const read = {
          ...snapshot,
          seen: new Set(snapshot.windows.keys()),
          paths: new Map(snapshot.runs.map(({ runId }) => [runId, ["src/a.ts"]])),
        }
        const plan = decideLane(read)
        expect(decideLane(read)).toEqual(plan)
        if (plan.effects.some(({ deed }) => deed.kind === "move-tag")) moved += 1
        if (plan.effects.some(({ deed }) => deed.kind === "open-rollback")) taken += 1
      }),
      { numRuns: 4000, seed: 4 },
    )
    expect(seen).toBe(4000)
    expect(moved).toBeGreaterThan(100)
    expect(taken).toBeGreaterThan(40)
  })
})

test("more bad evidence never turns a window good", () => {
  const lane = laneOf([place("watched, and ill", { position: 1, count: 1 })], { rules: null })
  const seen = new Set([runAt(1)])
  expect(decideLane({ ...lane, seen }).entries.map(({ type }) => type)).toEqual(["health_failed"])
  const windows = new Map([[runAt(1), verdictOf("healthy")]])
  expect(decideLane({ ...lane, seen, windows }).entries.map(({ type }) => type)).toEqual(["health_passed"])
})
