import fc from "fast-check"
import { expect, test } from "vitest"
import type { EntryDraft } from "../../src/ledger/entry.ts"
import { sha } from "../../src/lib/brand.ts"
import { decide } from "../../src/promotion/gate/decide.ts"
import type { CheckFact, PullRequestFact } from "../../src/promotion/fact.ts"
import type { Role } from "../../src/promotion/permission.ts"
import type { LabelAsk, Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { replay, type FoldableEntry } from "../../src/promotion/state.ts"
import { brokenLaw, isOpen } from "./laws.ts"
import { configOf, nowMs, number, ownAppId, pulls, nothingOfReviews, unchangedFile } from "./world.ts"

// The life of one pull request, told by its ledger alone: what the next decision knows is what replaying gives.

type Life = {
  moment: number
  fact: PullRequestFact
  checks: readonly CheckFact[]
  asks: readonly LabelAsk[]
  ledger: FoldableEntry[]
}

/** What may happen; each is applied to the world, and then decided about. */
const events: Readonly<Record<string, (life: Life) => Partial<Life>>> = {
  "the check passes": (life) => report(life, "success"),
  "the check fails": (life) => report(life, "failure"),
  "somebody pushes": ({ fact, moment }) => ({ fact: { ...fact, headSha: sha(moment.toString(16).padStart(40, "0")) } }),
  "it becomes a draft": ({ fact }) => ({ fact: { ...fact, draft: true } }),
  "it is ready for review": ({ fact }) => ({ fact: { ...fact, draft: false } }),
  "it is closed": ({ fact }) => (fact.merged ? {} : { fact: { ...fact, state: "closed" } }),
  "it is opened again": ({ fact }) => (fact.merged ? {} : { fact: { ...fact, state: "open" } }),
  "its base becomes another": ({ fact }) => ({
    fact: { ...fact, baseRef: fact.baseRef === "main" ? "topic" : "main" },
  }),
  "olga sets the label": (life) => label(life, { on: true, by: "olga" }),
  "olga takes the label off": (life) => label(life, { on: false, by: "olga" }),
  "rita sets the label": (life) => label(life, { on: true, by: "rita" }),
  "rita takes the label off": (life) => label(life, { on: false, by: "rita" }),
  "the label is set, and nobody tells": (life) => label(life, { on: true, by: null }),
  "nothing new happens": () => ({}),
}

function report({ fact, checks, moment }: Life, conclusion: string): Partial<Life> {
  const app = { app: "github-actions", appId: 15_368 }
  const said = { status: "completed", conclusion, url: null, atMs: moment }
  return { checks: [...checks, { source: "check-run", id: moment, name: "build", ...app, sha: fact.headSha, ...said }] }
}

function label({ fact, asks, moment }: Life, change: { on: boolean; by: string | null }): Partial<Life> {
  const { on, by } = change
  if (on === fact.labels.length > 0) return {}
  const labelled = { fact: { ...fact, labels: on ? ["promotion-paused"] : [] } }
  if (by === null) return labelled
  const actor = { kind: "user", login: by, id: by.length } as const
  const word = on ? "on" : "off"
  const ask = { key: `label:${number}:${moment}:${word}`, atMs: moment, on, actor, actorIsBot: false, cause: null }
  return { ...labelled, asks: [{ ...ask, by: null, answered: false }, ...asks] }
}

const roles: ReadonlyMap<string, Role> = new Map([
  ["olga", "admin"],
  ["rita", "read"],
])

const config = { status: "valid", blob: "d".repeat(40), config: configOf("enforce") } as const

/** What a decision knows: the world, and what the ledger tells. The newest promotion is the one with the highest id. */
function observe({ moment, fact, checks, asks, ledger }: Life): Snapshot {
  const { promotions, pauses } = replay(ledger)
  const newest = [...promotions.values()].toSorted((a, b) => (a.runId < b.runId ? 1 : -1))[0]
  const newRunId = `01930000-0000-7000-8000-${moment.toString(16).padStart(12, "0")}`
  const repository = { id: 1, owner: "acme", name: "shop", defaultBranch: "main" }
  const known = { checks, pauses, roles, labelAsks: asks, promotion: newest ?? null, ...nothingOfReviews }
  return {
    nowMs: moment,
    ownAppId,
    repository,
    config,
    pullRequest: fact,
    sight: "complete",
    headConfig: unchangedFile(config),
    newRunId,
    ...known,
  }
}

/** Decides, and writes the plan down. */
function live(life: Life): { life: Life; open: boolean; entries: readonly EntryDraft[] } {
  const snapshot = observe(life)
  expect(brokenLaw(snapshot)).toBeNull()
  const plan = decide(snapshot)
  const asks = life.asks.map((ask) => (plan.answers.includes(ask.key) ? { ...ask, answered: true } : ask))
  const told = plan.entries.map((entry) => ({ ...entry, occurredAtMs: life.moment }))
  return { life: { ...life, asks, ledger: [...life.ledger, ...told] }, open: isOpen(plan), entries: plan.entries }
}

/** A second later, when something happened. */
function afterwards(life: Life, happens: (life: Life) => Partial<Life>): Life {
  const later = { ...life, moment: life.moment + 1000 }
  return { ...later, ...happens(later) }
}

const start: Life = { moment: nowMs, fact: opened(), checks: [], asks: [], ledger: [] }

function opened(): PullRequestFact {
  const open = pulls["open into main"]
  if (open === undefined || open === null) throw new Error("the world is not as it was")
  return open
}

const lives = fc.array(fc.constantFrom(...Object.entries(events)), { minLength: 1, maxLength: 25, size: "max" })

test("through any life, no key is used twice, and the ledger says ready exactly while the gate is open", () => {
  let green = 0
  fc.assert(
    fc.property(lives, (happenings) => {
      let life = start
      for (const [, happens] of happenings) {
        const next = live(afterwards(life, happens))
        life = next.life
        const known = observe(life).promotion
        expect(known?.state === "ready").toBe(next.open)
        expect(live(life).entries).toEqual([])
        if (next.open) green += 1
      }
      const keys = life.ledger.map(({ key }) => key)
      expect(new Set(keys).size).toBe(keys.length)
    }),
    { numRuns: 150, seed: 1 },
  )
  expect(green).toBeGreaterThan(40)
})

test("a life as people know it", () => {
  const happenings = [
    "nothing new happens",
    "the check fails",
    "somebody pushes",
    "the check passes",
    "olga sets the label",
    "rita takes the label off",
    "olga sets the label",
    "olga takes the label off",
    "it is closed",
    "it is opened again",
  ]
  let life = start
  const told = happenings.map((happening) => {
    const next = live(afterwards(life, events[happening] ?? (() => ({}))))
    life = next.life
    return `${happening}: ${next.open ? "open" : "shut"}; ${next.entries.map(({ type }) => type).join(", ")}`
  })
  expect(told).toMatchInlineSnapshot(`
    [
      "nothing new happens: shut; proposed, stage_changed, promotion_blocked",
      "the check fails: shut; tested, stage_changed, promotion_blocked",
      "somebody pushes: shut; proposed, stage_changed, promotion_blocked",
      "the check passes: open; tested, stage_changed, promotion_ready",
      "olga sets the label: shut; promotion_pause_changed, promotion_blocked",
      "rita takes the label off: shut; command_denied",
      "olga sets the label: shut; ",
      "olga takes the label off: open; promotion_pause_changed, promotion_ready",
      "it is closed: shut; aborted",
      "it is opened again: open; proposed, tested, stage_changed, promotion_ready",
    ]
  `)
})
