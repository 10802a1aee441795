import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Actor } from "../../src/ledger/entry.ts"
import { promotionConfigSchema, type ConfigInForce, type Requirement } from "../../src/promotion/config/config.ts"
import { decide } from "../../src/promotion/gate/decide.ts"
import type { CheckFact, PullRequestFact } from "../../src/promotion/fact.ts"
import { labelPauseId, type Pause } from "../../src/promotion/pause/pause.ts"
import type { Role } from "../../src/promotion/permission.ts"
import type { LabelAsk, Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { pauseKey, type Withdrawal } from "../../src/promotion/pause/withdraw.ts"
import { deployments } from "./deployment-world.ts"
import { assertFits, brokenLaw, isOpen, isSamePlan } from "./laws.ts"
import {
  configs,
  head,
  labels,
  mergeAsks,
  newRunId,
  nothingOfReviews,
  nowMs,
  number,
  olderHead,
  ownAppId,
  pauses,
  promotions,
  pulls,
  snapshotOf,
  unchangedFile,
} from "./world.ts"
import { anyText } from "../harness/any-text.ts"

const appIds: Readonly<Record<string, number>> = { "github-actions": 15_368, "other-ci": 9, portcullis: ownAppId }
const names = ["build", "test (a)", "test (b)", "lint"]
const logins = ["olga", "max", "rita", "shipwright[bot]"]

const hostile = anyText({ maxLength: 300 })
const checkName = fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: hostile })
const conclusions = ["success", "success", "success", "failure", "skipped", "neutral", "stale", "entangled", null]

const checkFact: fc.Arbitrary<CheckFact> = fc
  .record({
    source: fc.constantFrom("check-run", "check-run", "status"),
    id: fc.integer({ min: 1, max: 30 }),
    name: checkName,
    app: fc.constantFrom("github-actions", "github-actions", "other-ci", "portcullis", null),
    sha: fc.constantFrom(head, head, head, olderHead),
    status: fc.constantFrom("completed", "completed", "completed", "queued", "in_progress", "waiting"),
    conclusion: fc.constantFrom(...conclusions),
  })
  .map((fact) => {
    const appId = fact.source === "status" || fact.app === null ? null : (appIds[fact.app] ?? null)
    return { ...fact, source: fact.source === "status" ? "status" : "check-run", appId, url: null, atMs: nowMs }
  })

const requirement: fc.Arbitrary<Requirement> = fc.record({
  name: fc.constantFrom(...names, "test (*)", "*", "l*t", "deploy"),
  app: fc.constantFrom(null, null, "github-actions", "other-ci"),
})

const demands = fc.array(requirement, { minLength: 1, maxLength: 5 })

function configWith(require: readonly Requirement[], mode: string): ConfigInForce {
  const config = promotionConfigSchema.parse({
    version: 1,
    mode,
    branches: {
      "release/*": { stages: [{ checks: { require } }, { deployment: { environment: "staging" } }] },
      "m*": { stages: [{ checks: { require } }] },
    },
    agents: { logins: ["robo"] },
    urgent: { may_skip: ["checks"] },
  })
  return { status: "valid", blob: "d".repeat(40), config }
}

const configInForce = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(demands, fc.constantFrom("enforce", "advisory"))
      .map(([require, mode]) => configWith(require, mode)),
  },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(configs)) },
)

const actor: fc.Arbitrary<Actor> = fc
  .constantFrom(...logins)
  .map((login) => ({ kind: login.endsWith("[bot]") ? "app" : "user", login, id: login.length }))

const pause: fc.Arbitrary<Pause> = fc
  .record({
    of: fc.constantFrom(null, "main", "other", number, 9),
    actor,
    id: fc.integer({ min: 1, max: 9 }),
    ageMs: fc.nat(5000),
  })
  .map(({ of, actor: by, id, ageMs }) => ({
    id: typeof of === "number" ? labelPauseId(of) : `comment:${id}:0`,
    scope: of === null ? "repository" : typeof of === "number" ? "pull-request" : "branch",
    branch: typeof of === "string" ? of : null,
    number: typeof of === "number" ? of : null,
    reason: null,
    source: typeof of === "number" ? "label" : "command",
    untilMs: null,
    actor: by,
    atMs: nowMs - ageMs,
  }))

const pauseList = fc.uniqueArray(pause, { maxLength: 4, selector: ({ id }) => id })

const labelAsk: fc.Arbitrary<LabelAsk> = fc
  .record({ on: fc.boolean(), by: fc.option(actor), answered: fc.boolean(), ageMs: fc.nat(20_000) })
  .map(({ on, by, answered, ageMs }) => ({
    key: `label:${number}:${nowMs - ageMs}:${on ? "on" : "off"}:promotion-paused`,
    atMs: nowMs - ageMs,
    on,
    actor: by,
    by: null,
    actorIsBot: by?.kind === "app",
    cause: null,
    answered,
  }))

const labelAsks = fc
  .uniqueArray(labelAsk, { maxLength: 4, selector: ({ key }) => key })
  .map((asks) => asks.toSorted((a, b) => b.atMs - a.atMs))

const roles: fc.Arbitrary<ReadonlyMap<string, Role>> = fc
  .array(
    fc.tuple(fc.constantFrom(...logins), fc.constantFrom<Role>("none", "read", "triage", "write", "maintain", "admin")),
  )
  .map((known) => new Map(known))

const pullRequest: fc.Arbitrary<PullRequestFact | null> = fc
  .record({
    fact: fc.constantFrom(...Object.values(pulls)),
    baseRef: fc.constantFrom("main", "main", "main", "release/1", "topic"),
    labels: fc.subarray(["bug", "promotion-paused"]),
    autoMerge: fc.boolean(),
    headRef: fc.oneof(fc.constant("feature"), hostile),
  })
  .map(({ fact, ...more }) => (fact === null ? null : { ...fact, ...more }))

const promotionAskedFor = fc
  .tuple(fc.constantFrom(...Object.values(promotions)), fc.constantFrom(...Object.values(mergeAsks)))
  .map(([promotion, asked]) => (promotion === null || asked === null ? promotion : { ...promotion, asked }))

const withdrawal: fc.Arbitrary<Withdrawal> = fc.record({
  kind: fc.constantFrom("dequeue", "disable-auto-merge"),
  pause: fc.constantFrom(...Object.values(pauses).flatMap((held) => held.map(pauseKey)), "label:5@1"),
  outcome: fc.constantFrom(null, { how: "done" }, { how: "not-needed" }, { how: "refused", words: "no" }),
})

const snapshotsOfAnyFile: fc.Arbitrary<Omit<Snapshot, "headConfig">> = fc.record({
  nowMs: fc.constant(nowMs),
  ownAppId: fc.constant(ownAppId),
  repository: fc.constant({ id: 1, owner: "acme", name: "shop", defaultBranch: "main" }),
  config: configInForce,
  pullRequest,
  checks: fc.array(checkFact, { maxLength: 12 }),
  deployments,
  sight: fc.constantFrom("none", "partial", "complete", "complete"),
  promotion: promotionAskedFor,
  pauses: pauseList,
  labelAsks,
  roles,
  retargetedAtMs: fc.constant(null),
  agentLabelAsks: fc.constant([]),
  lately: fc.constant(nothingOfReviews.lately),
  change: fc.constant(null),
  head: fc.constant(null),
  reviews: fc.constant([]),
  comments: fc.constant([]),
  seenComments: fc.constant(new Set<number>()),
  mergeAttempt: fc.constant(null),
  rollback: fc.constant(null),
  onward: fc.constant(null),
  rollbackUnderWay: fc.boolean(),
  takenBack: fc.constant([]),
  landing: fc.record({ queued: fc.boolean(), withdrawals: fc.array(withdrawal, { maxLength: 6 }) }),
  newRunId: fc.constant(newRunId),
})

const snapshots: fc.Arbitrary<Snapshot> = snapshotsOfAnyFile.map((snapshot) => ({
  ...snapshot,
  headConfig: unchangedFile(snapshot.config),
}))

/** Snapshots in which little is amiss, so that many a gate opens. */
const hopeful: fc.Arbitrary<Snapshot> = fc
  .record({ snapshot: snapshots, require: fc.array(requirement, { minLength: 1, maxLength: 2 }), amiss: fc.nat(4) })
  .map(({ snapshot, require, amiss }) => ({
    ...snapshot,
    config: configWith(require, "enforce"),
    headConfig: unchangedFile(configWith(require, "enforce")),
    pullRequest: pulls["open into main"] ?? null,
    checks: [...names, "deploy"].map((name, index) => check(100 + index, name)).concat(snapshot.checks.slice(0, amiss)),
    sight: "complete",
    pauses: snapshot.pauses.filter(({ number: of }) => of === 9),
    labelAsks: [],
  }))

describe("larger snapshots", () => {
  test("keep every law", () => {
    let open = 0
    fc.assert(
      fc.property(fc.oneof(snapshots, hopeful), (snapshot) => {
        expect(brokenLaw(snapshot)).toBeNull()
        expect(isSamePlan(snapshot)).toBe(true)
        if (isOpen(decide(snapshot))) open += 1
      }),
      { numRuns: 4000, seed: 1 },
    )
    expect(open).toBeGreaterThan(250)
  })

  test("one more requirement never opens a gate that was shut", () => {
    let opened = 0
    fc.assert(
      fc.property(hopeful, demands, requirement, (snapshot, require, more) => {
        const [before, after] = [require, [...require, more]].map((list) =>
          decide({ ...snapshot, config: configWith(list, "enforce") }),
        )
        if (before === undefined || after === undefined || !isOpen(after)) return
        opened += 1
        expect(isOpen(before)).toBe(true)
      }),
      { numRuns: 1500, seed: 2 },
    )
    expect(opened, "gates that were open at all").toBeGreaterThan(100)
  })

  test("one more pause never opens a gate that was shut", () => {
    fc.assert(
      fc.property(hopeful, pause, (snapshot, more) => {
        const paused = decide({ ...snapshot, pauses: [...snapshot.pauses.filter(({ id }) => id !== more.id), more] })
        expect(isOpen(paused) && more.number !== 9 && more.branch !== "other").toBe(false)
      }),
      { numRuns: 1500, seed: 3 },
    )
  })
})

const operator = labels["on, nobody heard of it"]
const small = {
  config: configs["enforce"] ?? null,
  pull: pulls["open into main"] ?? null,
  checks: [],
  pauses: [],
  label: { on: false, asks: [], roles: new Map() },
  promotion: null,
  sight: "complete",
} as const

function check(index: number, name: string): CheckFact {
  const app = { app: "github-actions", appId: 15_368 }
  const said = { status: "completed", conclusion: "success", url: null, atMs: nowMs }
  return { source: "check-run", id: index, name, ...app, sha: head, ...said }
}

describe("what the ledger could not take", () => {
  test("evidence with long names of any writing fits in an entry, and tells how many checks it leaves out", () => {
    for (const sign of ["x", "検", "\u0001", "💥"]) {
      const checks = Array.from({ length: 40 }, (_, index) => check(index, `${index} ${sign.repeat(250)}`))
      const plan = decide({ ...snapshotOf(small), checks, config: configWith([{ name: "*", app: null }], "enforce") })
      for (const draft of plan.entries) assertFits(draft)
      const tested = plan.entries.find((entry) => entry.type === "tested")
      expect(tested?.payload.passed).toBe(true)
      expect((tested?.payload.checks.length ?? 0) + (tested?.payload.more ?? 0)).toBe(40)
      expect(tested?.payload.checks.length).toBeGreaterThan(5)
    }
  })

  test("pull requests paused by an unseen label in the same moment write entries of different keys", () => {
    const fact = small.pull
    if (fact === null || operator === undefined) throw new Error("the world is not as it was")
    const keys = [5, 6].flatMap((one) => {
      const snapshot = snapshotOf({ ...small, label: operator })
      const numbered = { ...fact, number: one, labels: ["promotion-paused"] }
      return decide({ ...snapshot, pullRequest: numbered, newRunId: `${newRunId.slice(0, -1)}${one}` }).entries
    })
    expect(keys.filter(({ type }) => type === "promotion_pause_changed")).toHaveLength(2)
    expect(new Set(keys.map(({ key }) => key)).size).toBe(keys.length)
  })
})

test("a success at another commit counts for nothing, even when it is among the checks", () => {
  const checks = [{ ...check(1, "build"), sha: olderHead }]
  const plan = decide(snapshotOf({ ...small, checks }))
  expect(plan.verdict?.reasons).toEqual(["checks-pending"])
})
