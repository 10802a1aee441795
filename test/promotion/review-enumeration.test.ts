import fc from "fast-check"
import { expect, test } from "vitest"
import { configsOfReview } from "./review-config.ts"
import { brokenReviewLaw, settled } from "./review-laws.ts"
import { kinds, patch, snapshotOf, type Choice } from "./review-world.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { nowMs } from "./world.ts"
import { isOpen } from "./laws.ts"

const kindNames = Object.keys(kinds) as (keyof typeof kinds)[]
const plain: Choice = {
  config: "one writer",
  reviews: "wes approves",
  given: "nothing",
  change: "ordinary",
  standing: "all known",
  pull: "a person's",
  proposed: "just now",
  promotion: "proposed",
  retarget: "never",
  asked: "nobody",
  sight: "all",
}

/** Every choice of these kinds, the others as they are in a plain one. */
function* everyChoice(free: readonly (keyof typeof kinds)[], rest = plain): Generator<Choice> {
  const [kind, ...others] = free
  if (kind === undefined) {
    yield rest
    return
  }
  for (const name of Object.keys(kinds[kind])) yield* everyChoice(others, { ...rest, [kind]: name })
}

const counts = kindNames.map((kind) => Object.keys(kinds[kind]).length)
const all = counts.reduce((product, count) => product * count, 1)

/** The choice at a place of the whole product. */
function choiceAt(place: number): Choice {
  let left = place
  const named = kindNames.map((kind, at) => {
    const count = counts[at] ?? 1
    const name = Object.keys(kinds[kind])[left % count]
    left = Math.floor(left / count)
    return [kind, name]
  })
  return Object.fromEntries(named) as Choice
}

/** Choices all over the product: the golden section leaves no region of it out. */
function* scattered(count: number): Generator<Choice> {
  const stride = Math.round(all * 0.618_033_988_75)
  for (let at = 0; at < count; at += 1) yield choiceAt((at * stride + at) % all)
}

type Breaches = ReadonlyMap<string, { times: number; first: string }>

function breaches(
  choices: Iterable<Choice>,
  law: (choice: Choice) => string | null,
): { seen: number; broken: Breaches } {
  const broken = new Map<string, { times: number; first: string }>()
  let seen = 0
  for (const choice of choices) {
    seen += 1
    const words = law(choice)
    if (words === null) continue
    const known = broken.get(words)
    broken.set(words, { times: (known?.times ?? 0) + 1, first: known?.first ?? Object.values(choice).join(" | ") })
  }
  return { seen, broken }
}

const lawful = (choice: Choice): string | null => brokenReviewLaw(snapshotOf(choice))

/** Kinds that hang together, every combination of each group. */
const groups: readonly (readonly (keyof typeof kinds)[])[] = [
  ["config", "reviews", "given"],
  ["reviews", "given", "change", "sight"],
  ["config", "change", "pull", "proposed"],
  ["given", "promotion", "sight", "change"],
  ["reviews", "given", "promotion", "retarget"],
  ["reviews", "standing", "given", "pull"],
]

for (const group of groups) {
  test(`every ${group.join(", ")} keeps every law`, () => {
    const { seen, broken } = breaches(everyChoice(group), lawful)
    expect(broken).toEqual(new Map())
    expect(seen).toBeGreaterThan(1500)
  })
}

const urgent = { ...plain, config: "one writer, or urgently", asked: "urgently" }

/** Kinds that hang together where somebody says that it cannot wait, every combination of each group. */
const urgentGroups: readonly (readonly (keyof typeof kinds)[])[] = [
  ["asked", "reviews", "change", "sight"],
  ["asked", "promotion", "given", "sight"],
  ["config", "asked", "pull", "proposed"],
  ["asked", "standing", "reviews", "retarget"],
]

for (const group of urgentGroups) {
  test(`every ${group.join(", ")}, where review may be skipped, keeps every law`, () => {
    const { seen, broken } = breaches(everyChoice(group, urgent), lawful)
    expect(broken).toEqual(new Map())
    expect(seen).toBeGreaterThan(1000)
  })
}

/** Where nobody asks for it, and it stands open, asking shuts nothing. */
function askingShuts(choice: Choice): string | null {
  if (choice.asked === "nobody") return null
  const without = settled(snapshotOf({ ...choice, asked: "nobody" }))
  if (without === null || !isOpen(without.plan)) return null
  const asked = settled(snapshotOf(choice))
  return asked !== null && isOpen(asked.plan) ? null : `"${choice.asked}" shuts what stood open`
}

test("asking never shuts a gate that stood open, and letting more be skipped neither", () => {
  for (const group of urgentGroups) expect(breaches(everyChoice(group, urgent), askingShuts).broken).toEqual(new Map())
  for (const group of urgentGroups) expect(breaches(everyChoice(group, urgent), opensMore).broken).toEqual(new Map())
})

test("snapshots from all over the world keep every law", () => {
  const { broken } = breaches(scattered(30_000), lawful)
  expect(broken).toEqual(new Map())
})

/** What a rule more opens, said of a choice whose config is the stricter one. */
function opensMore(choice: Choice): string | null {
  const strict = settled(snapshotOf(choice))
  if (strict === null || !isOpen(strict.plan)) return null
  const loose = (configsOfReview[choice.config]?.looser ?? []).find((config) => {
    const without = settled(snapshotOf({ ...choice, config }))
    return without !== null && !isOpen(without.plan)
  })
  return loose === undefined ? null : `"${choice.config}" opens what "${loose}" shuts`
}

test("a rule more never opens a gate that was shut", () => {
  for (const group of [
    ["config", "reviews", "given"],
    ["config", "reviews", "change", "proposed"],
  ] as const) {
    expect(breaches(everyChoice(group), opensMore).broken).toEqual(new Map())
  }
  expect(breaches(scattered(15_000), opensMore).broken).toEqual(new Map())
})

/** Nothing, something else, this very change before anybody approved it, and this change since. */
const takenBefore: readonly Snapshot["takenBack"][] = [
  [],
  ...[
    { brought: "0".repeat(64), atMs: nowMs - 1000 },
    { brought: patch, atMs: nowMs - 24 * 3600_000 },
    { brought: patch, atMs: nowMs - 1000 },
  ].map((one) => [{ number: 9, headSha: "9".repeat(40), ...one }]),
]

test("large ones keep them as well", () => {
  const choices = fc.record(
    Object.fromEntries(kindNames.map((kind) => [kind, fc.constantFrom(...Object.keys(kinds[kind]))])),
  )
  fc.assert(
    fc.property(
      choices,
      fc.subarray(Object.values(kinds.reviews)),
      fc.subarray(Object.values(kinds.given)),
      fc.constantFrom(...takenBefore),
      (...drawn) => {
        const [choice, said, given, takenBack] = drawn
        const snapshot = snapshotOf(choice as Choice)
        const reviews = said.flat().map((one, at) => ({ ...one, atMs: one.atMs + at * 10 }))
        const ids = new Set<string>()
        const approvals = given.flatMap((one) => one.approvals).filter(({ id }) => !ids.has(id) && ids.add(id))
        const promotion = snapshot.promotion === null ? null : { ...snapshot.promotion, approvals }
        expect(brokenReviewLaw({ ...snapshot, reviews, promotion, takenBack })).toBeNull()
      },
    ),
    { numRuns: 3000, seed: 1 },
  )
})
