import fc from "fast-check"
import { expect, test } from "vitest"
import { promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import type { LaneOutcome } from "../../src/promotion/lane/lane-deed.ts"
import { decideOnward, type CarriedPull, type OnwardGround } from "../../src/promotion/lane/onward.ts"
import { onwardCloseKey, onwardKey } from "../../src/promotion/lane/onward-deed.ts"
import { onwardBody, onwardTitle } from "../../src/promotion/lane/onward-text.ts"
import { fromItsSource, onwardWay } from "../../src/promotion/merge/onward-way.ts"
import type { LandedRun } from "../../src/promotion/rollback/plan-rollback.ts"
import { missingSections } from "../../src/promotion/policy/description.ts"
import { pulls } from "./world.ts"

type RunShape = { state?: LandedRun["state"]; restores?: string; takenOutBy?: string; before?: string | null }

/** A promotion that landed at a place of `develop`; its commit is named after the place. */
function run(position: number, shape: RunShape = {}): LandedRun {
  const { state = "known_good", restores = null, takenOutBy = null, before = commitAt(position - 1) } = shape
  const landing = { sha: commitAt(position), before, position, commits: 1, integrity: "clean", atMs: position } as const
  const after = {
    mergeCommit: null,
    promotedAtMs: position,
    restores,
    landing,
    mismatch: null,
    health: null,
    takenOutBy,
  }
  return {
    runId: `run-${position}`,
    number: position,
    state,
    headSha: "head",
    baseRef: "develop",
    stages: {},
    blockReasons: [],
    evaluated: null,
    approvals: [],
    staleApprovers: [],
    asked: null,
    voided: [],
    proposedAtMs: 0,
    version: 1,
    endedAtMs: null,
    endedBy: null,
    ending: null,
    after,
  }
}

function commitAt(position: number): string {
  return `commit-${position}`
}

/** The ground of a branch whose known-good is at a place; the target has nothing of it, as was just seen. */
function ground(position: number, over: Partial<OnwardGround> = {}): OnwardGround {
  const commit = commitAt(position)
  return {
    branch: "develop",
    enforced: true,
    to: { branch: "main", merge: "manual" },
    runs: Array.from({ length: position }, (_, index) => run(index + 1)),
    knownGood: { branch: "develop", sha: commit, tag: "known-good/develop", runId: `run-${position}`, atMs: 0 },
    carried: [],
    deeds: new Map(),
    target: { target: "main", commit, contained: false, base: null },
    again: false,
    sections: [],
    ...over,
  }
}

const opened = (position: number): [string, LaneOutcome | null] => {
  return [onwardKey({ target: "main", commit: commitAt(position) }), { how: "done", number: 50 }]
}

const carrying = (position: number, state: CarriedPull["state"] = "open"): CarriedPull => {
  return { number: 50, commit: commitAt(position), since: 0, state }
}

/** What follows, in a word. */
function told(of: OnwardGround): string {
  const { look, effect } = decideOnward(of)
  if (look !== null) return `look at ${look.target} for ${look.commit}`
  if (effect === null) return "nothing"
  const { deed } = effect
  return deed.kind === "open-onward" ? `open ${deed.commit} since ${deed.since}` : deed.kind
}

test("known-good is opened once it was seen that the target has it not", () => {
  expect(told(ground(2, { target: null }))).toBe("look at main for commit-2")
  expect(told(ground(2))).toBe("open commit-2 since 0")
  expect(told(ground(2, { deeds: new Map([opened(2)]), carried: [carrying(2)] }))).toBe("nothing")
})

test("a look at another commit, or another branch, tells nothing", () => {
  const seen = { target: "main", commit: commitAt(1), contained: true, base: null }
  expect(told(ground(2, { target: seen }))).toBe("look at main for commit-2")
  expect(told(ground(2, { target: { ...seen, commit: commitAt(2), target: "next" } }))).toBe(
    "look at main for commit-2",
  )
})

test("nothing goes on in advisory mode, without a way, or before something is known-good", () => {
  expect(told(ground(2, { enforced: false }))).toBe("nothing")
  expect(told(ground(2, { to: null }))).toBe("nothing")
  expect(told(ground(2, { knownGood: null }))).toBe("nothing")
})

test("what the target has is closed, once, and the target is looked at again only when the branch was", () => {
  const contained = { target: "main", commit: commitAt(2), contained: true, base: commitAt(2) }
  expect(told(ground(2, { target: contained }))).toBe("close-onward")
  const done = new Map([opened(2)])
  expect(told(ground(2, { target: contained, deeds: done, carried: [carrying(2)] }))).toBe("nothing")
  expect(told(ground(2, { target: contained, deeds: done, carried: [carrying(2)], again: true }))).toBe("close-onward")
  const closed: [string, LaneOutcome] = [onwardCloseKey({ target: "main", commit: commitAt(2) }), { how: "done" }]
  expect(told(ground(2, { target: contained, deeds: new Map([...done, closed]), again: true }))).toBe("nothing")
})

test("it carries what came after all that the target has: by history, or by what was merged", () => {
  expect(
    told(ground(3, { target: { target: "main", commit: commitAt(3), contained: false, base: commitAt(1) } })),
  ).toBe("open commit-3 since 1")
  expect(told(ground(3, { carried: [carrying(2, "merged")] }))).toBe("open commit-3 since 2")
  expect(told(ground(3, { carried: [carrying(2, "closed")] }))).toBe("open commit-3 since 0")
})

test("it is closed as soon as something of it is being taken out, and not for what is older or newer", () => {
  const deeds = new Map([opened(2)])
  const carried = [carrying(2)]
  const out = (at: number, state: LandedRun["state"] = "rolling_back") =>
    [run(1), run(2), run(3)].with(at - 1, run(at, { state }))
  expect(told(ground(2, { deeds, carried, runs: out(1) }))).toBe("close-onward")
  expect(told(ground(2, { deeds, carried, runs: out(2) }))).toBe("close-onward")
  expect(told(ground(2, { deeds, carried, runs: out(3) }))).toBe("nothing")
  expect(told(ground(2, { deeds, carried: [{ ...carrying(2), since: 1 }], runs: out(1) }))).toBe("nothing")
  expect(told(ground(2, { deeds, carried: [carrying(2, "merged")], runs: out(2) }))).toBe("nothing")
  expect(told(ground(2, { runs: out(2) }))).toBe("nothing")
})

test("what was taken out by something that it carries as well goes on", () => {
  const out = run(1, { state: "rolled_back", takenOutBy: "r" })
  expect(told(ground(2, { runs: [out, run(2, { restores: "r" })] }))).toBe("open commit-2 since 0")
  expect(told(ground(2, { runs: [out, run(2), run(3, { restores: "r" })] }))).toBe("nothing")
})

test("a branch that was moved by force may not have the commit any more", () => {
  const runs = [run(1), run(2), run(3, { before: null, state: "promoted_pending_health" })]
  expect(told(ground(2, { runs }))).toBe("nothing")
  expect(told(ground(2, { runs, carried: [carrying(2)], deeds: new Map([opened(2)]) }))).toBe("close-onward")
})

const states = fc.constantFrom<LandedRun["state"][]>(
  "known_good",
  "rolling_back",
  "rolled_back",
  "failed",
  "promoted_pending_health",
)

const grounds: fc.Arbitrary<OnwardGround> = fc
  .record({
    states: fc.array(states, { minLength: 1, maxLength: 6 }),
    place: fc.nat(5),
    enforced: fc.boolean(),
    again: fc.boolean(),
    contained: fc.boolean(),
    base: fc.nat(6),
    seen: fc.boolean(),
    carried: fc.array(fc.record({ at: fc.nat(5), state: fc.constantFrom("open", "merged", "closed") }), {
      maxLength: 2,
    }),
    done: fc.boolean(),
  })
  .map(({ states: all, place, enforced, again, contained, base, seen, carried, done }) => {
    const at = (place % all.length) + 1
    const commit = commitAt(at)
    return ground(at, {
      enforced,
      again,
      runs: all.map((state, index) => run(index + 1, { state })),
      carried: carried.map(({ at: where, state }) => carrying(where + 1, state)),
      target: seen ? { target: "main", commit, contained, base: base === 0 ? null : commitAt(base) } : null,
      deeds: new Map(done ? [opened(at)] : []),
    })
  })

test("law: only the known-good commit itself is ever opened, proven, enforced, and with nothing that is being taken out", () => {
  fc.assert(
    fc.property(grounds, (of) => {
      const { effect } = decideOnward(of)
      if (effect?.deed.kind !== "open-onward") return
      const { deed } = effect
      expect(of.enforced).toBe(true)
      expect(deed.commit).toBe(of.knownGood?.sha)
      const upTo = of.runs.find(({ runId }) => runId === of.knownGood?.runId)
      expect(upTo?.state).toBe("known_good")
      const carries = of.runs.filter(({ after: { landing } }) => {
        return landing.position > deed.since && landing.position <= (upTo?.after.landing.position ?? 0)
      })
      expect(carries.map(({ state }) => state)).not.toContain("rolling_back")
    }),
  )
})

test("law: it settles: after what was decided is done, or was refused, nothing more follows", () => {
  fc.assert(
    fc.property(grounds, fc.boolean(), (of, refused) => {
      const { effect } = decideOnward(of)
      if (effect === null) return
      const outcome: LaneOutcome = refused ? { how: "refused", why: "other", words: "no" } : { how: "done", number: 50 }
      const isOpen = effect.deed.kind === "open-onward" && !refused
      const carried = isOpen ? [...of.carried, carrying(1)] : of.carried
      expect(told({ ...of, carried, deeds: new Map([...of.deeds, [effect.key, outcome]]) })).toBe("nothing")
    }),
  )
})

const text = { branch: "develop", target: "main", commit: commitAt(2), tag: "known-good/develop", runId: "run-2" }

test("its description has the sections that the config demands, and names nobody by a branch's name", () => {
  const body = onwardBody({ ...text, branch: "dev`@olga", sections: ["Test plan", "Risk"] }, [run(1)])
  expect(missingSections(["Test plan", "Risk"], body)).toEqual([])
  expect(body).not.toContain("@olga")
  expect(onwardTitle({ ...text, sections: [] }, [run(1), run(2)])).toBe("Promote develop to main (2 changes)")
})

const leading = (promoteTo: string): ConfigInForce => {
  const stages = ["checks"]
  const develop = {
    stages,
    health: {},
    ...(promoteTo === "" ? {} : { promote_to: { branch: "main", merge: promoteTo } }),
  }
  const config = promotionConfigSchema.parse({ version: 1, mode: "enforce", branches: { main: { stages }, develop } })
  return { status: "valid", blob: "b", config }
}

const onward: NonNullable<Snapshot["onward"]> = { source: "develop", headSha: "head", stands: true, newest: true }

function way(
  over: Partial<NonNullable<Snapshot["onward"]>>,
  { promoteTo = "auto", headSha = "head", baseRef = "main" } = {},
) {
  const repository = { id: 1, owner: "acme", name: "shop", defaultBranch: "main" }
  const snapshot = { onward: { ...onward, ...over }, repository }
  const pullRequest = { headSha, baseRef } as Parameters<typeof onwardWay>[0]["pullRequest"]
  return onwardWay({ snapshot, pullRequest, config: leading(promoteTo) })
}

test("the app merges exactly the newest known-good head that it made, where the config says so, while that stands", () => {
  expect(way({})).toEqual({ source: "develop", stands: true, merges: true })
  expect(way({}, { promoteTo: "manual" })?.merges).toBe(false)
  expect(way({ newest: false })?.merges).toBe(false)
  expect(way({ stands: false })?.merges).toBe(false)
})

test("at another head, into another branch, or without the config's word it is a pull request like any other", () => {
  expect(way({}, { headSha: "pushed" })).toBeNull()
  expect(way({}, { baseRef: "next" })).toBeNull()
  expect(way({}, { promoteTo: "" })).toBeNull()
})

test("it comes from the branch that it promotes, unless that takes it back", () => {
  const fact = Object.values(pulls).find((one) => one !== null)
  if (fact == null) throw new Error("no pull request")
  expect(fromItsSource(way({}), fact).headRef).toBe("develop")
  expect(fromItsSource(way({ stands: false }), fact).headRef).toBe(fact.headRef)
  expect(fromItsSource(null, fact)).toBe(fact)
})
