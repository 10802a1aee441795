import fc from "fast-check"
import { expect, test } from "vitest"
import { relandingOf, rulesOfRelanding, type TakenBack } from "../../src/promotion/review/taken-back.ts"
import { sha } from "../../src/lib/brand.ts"
import { builtInConfig, rulesForBranch } from "../../src/promotion/config/config.ts"

const head = sha("a".repeat(40))
const taken = (more: Partial<TakenBack> = {}): TakenBack => ({
  number: 7,
  headSha: "b".repeat(40),
  brought: "one",
  atMs: 5,
  ...more,
})

test("a change is known by what it does, or by its very head, and is no other", () => {
  const one = taken()
  expect(relandingOf({ headSha: head, patchId: "one" }, [taken({ brought: "two" }), one])).toEqual({
    of: one,
    certain: true,
  })
  expect(relandingOf({ headSha: head, patchId: "three" }, [one])).toBeNull()
  const same = taken({ headSha: head, brought: null })
  expect(relandingOf({ headSha: head, patchId: "three" }, [one, same])).toEqual({ of: same, certain: true })
})

test("what is not known is not green: it may be any of them, as soon as there is one", () => {
  const changes = fc.constantFrom(null, { headSha: head, patchId: null })
  fc.assert(
    fc.property(
      changes,
      fc.array(fc.constantFrom(taken(), taken({ brought: null })), { minLength: 1 }),
      (change, all) => {
        expect(relandingOf(change, all)).toEqual({ of: all[0], certain: false })
      },
    ),
  )
  expect(relandingOf(null, [])).toBeNull()
  // What it brought is not known, and neither is it equal to what is not known.
  expect(relandingOf({ headSha: head, patchId: "one" }, [taken({ brought: null })])).toBeNull()
})

test("a branch without a review has one for it; one that has, keeps its stages", () => {
  const plain = rulesForBranch(builtInConfig, { name: "main", defaultBranch: "main" })
  if (plain === undefined) return expect.fail("the default branch is a promotion branch")
  const without = { ...plain, stages: plain.stages.filter(({ kind }) => kind !== "review") }
  const held = rulesOfRelanding(without)
  expect(held.stages.map(({ kind }) => kind)).toEqual([...without.stages.map(({ kind }) => kind), "review"])
  expect(rulesOfRelanding(held)).toBe(held)
})
