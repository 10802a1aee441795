import { describe, expect, test } from "vitest"
import { isOpen, isSamePlan, judged } from "./laws.ts"
import { checks, configs, everySnapshot, labels, pauses, promotions, pulls, sights } from "./world.ts"

/** What there is to know of all snapshots of a config. */
type Found = {
  seen: number
  /** Laws that are broken: how often, and the first snapshot that does, by name. */
  broken: ReadonlyMap<string, { times: number; first: string }>
  /** Names of the snapshots whose gate stands open, without the parts that are named `any`. */
  open: ReadonlySet<string>
}

const known = new Map<string, Found>()

/** Goes once through all snapshots of a config, whoever asks. */
function findAll(config: string): Found {
  const found = known.get(config) ?? look(config)
  known.set(config, found)
  return found
}

function look(config: string): Found {
  const broken = new Map<string, { times: number; first: string }>()
  const open = new Set<string>()
  let seen = 0
  for (const { snapshot, name } of everySnapshot(config)) {
    seen += 1
    const { plan, law } = judged(snapshot)
    if (law !== null) {
      const before = broken.get(law)
      broken.set(law, { times: (before?.times ?? 0) + 1, first: before?.first ?? name() })
    }
    if (plan === null || !isOpen(plan)) continue
    const [, pull, check, pause, , promotion, sight] = name().split(" | ")
    open.add([pull, check, `pause: ${pause}`, `promotion: ${promotion}`, `sight: ${sight}`].join(" | "))
  }
  return { seen, broken, open }
}

describe("every small snapshot keeps every law", () => {
  const values = [pulls, checks, pauses, labels, promotions, sights]
  const all = values.reduce((product, kind) => product * Object.keys(kind).length, 1)

  for (const config of Object.keys(configs)) {
    test(`config: ${config}`, () => {
      const { seen, broken } = findAll(config)
      expect(broken).toEqual(new Map())
      expect(seen).toBe(all)
      expect(seen).toBeGreaterThan(150_000)
    })
  }
})

test("the same snapshot gives the same plan", () => {
  for (const { snapshot, name } of everySnapshot("enforce")) if (!isSamePlan(snapshot)) expect.unreachable(name())
})

function openOnes(config: string): string[] {
  return [...findAll(config).open].toSorted()
}

test("these, and no others, stand open", () => {
  expect(openOnes("enforce")).toMatchInlineSnapshot(`
    [
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: aborted | sight: complete",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: none | sight: complete",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: promoted | sight: complete",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: proposed | sight: complete",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: ready at an older head | sight: complete",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: ready past checks | sight: complete",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: ready | sight: complete",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: ready | sight: none",
      "open into main | success from github-actions | pause: another branch, or pull request | promotion: urgently asked for | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: aborted | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: none | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: promoted | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: proposed | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: ready at an older head | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: ready past checks | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: ready | sight: complete",
      "open into main | success from github-actions | pause: none | promotion: ready | sight: none",
      "open into main | success from github-actions | pause: none | promotion: urgently asked for | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: aborted | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: none | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: promoted | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: proposed | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: ready at an older head | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: ready past checks | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: ready | sight: complete",
      "open into main | success from github-actions | pause: this pull request | promotion: ready | sight: none",
      "open into main | success from github-actions | pause: this pull request | promotion: urgently asked for | sight: complete",
    ]
  `)
  expect(openOnes("never valid")).toEqual([])
  expect(openOnes("unknown")).toEqual([])
  // Where the app merges for somebody who asked, it looks once more first; in advisory mode it merges nothing.
  const notAsked = (names: string[]): string[] => names.filter((name) => !name.includes("ready past checks"))
  expect(notAsked(openOnes("advisory"))).toEqual(notAsked(openOnes("enforce")))
})

test("where checks may be skipped, these stand open besides, by somebody's word alone", () => {
  const anyway = new Set(openOnes("enforce"))
  const besides = openOnes("enforce, checks may be skipped").filter((name) => !anyway.has(name))
  expect(besides.filter((name) => !/promotion: (urgently asked for|ready past checks) /.test(name))).toEqual([])
  const places = besides.map((name) => name.replace(/\| [^|]* from [^|]* \|/, "| whatever they say |"))
  expect([...new Set(places)]).toMatchInlineSnapshot(`
    [
      "open into main | whatever they say | pause: another branch, or pull request | promotion: ready past checks | sight: complete",
      "open into main | whatever they say | pause: another branch, or pull request | promotion: urgently asked for | sight: complete",
      "open into main | whatever they say | pause: none | promotion: ready past checks | sight: complete",
      "open into main | whatever they say | pause: none | promotion: urgently asked for | sight: complete",
      "open into main | whatever they say | pause: this pull request | promotion: ready past checks | sight: complete",
      "open into main | whatever they say | pause: this pull request | promotion: urgently asked for | sight: complete",
      "open into main | none | pause: another branch, or pull request | promotion: ready past checks | sight: complete",
      "open into main | none | pause: another branch, or pull request | promotion: urgently asked for | sight: complete",
      "open into main | none | pause: none | promotion: ready past checks | sight: complete",
      "open into main | none | pause: none | promotion: urgently asked for | sight: complete",
      "open into main | none | pause: this pull request | promotion: ready past checks | sight: complete",
      "open into main | none | pause: this pull request | promotion: urgently asked for | sight: complete",
    ]
  `)
})
