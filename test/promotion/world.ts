import type { Actor } from "../../src/ledger/entry.ts"
import { sha } from "../../src/lib/brand.ts"
import {
  builtInConfig,
  promotionConfigSchema,
  type ConfigInForce,
  type PromotionConfig,
} from "../../src/promotion/config/config.ts"
import type { CheckFact, PullRequestFact } from "../../src/promotion/fact.ts"
import { labelPauseId, type Pause } from "../../src/promotion/pause/pause.ts"
import type { HeadConfig } from "../../src/promotion/config/proposal.ts"
import type { Role } from "../../src/promotion/permission.ts"
import type { LabelAsk, Snapshot } from "../../src/promotion/gate/snapshot.ts"
import type { PromotionState } from "../../src/promotion/state.ts"
import { asksFor } from "./urgent-asks.ts"

/** Our own app, the app that the config demands, and one that may write checks as well. */
export const ownAppId = 7
const demanded = { app: "github-actions", appId: 15_368 }
const other = { app: "other-ci", appId: 9 }
const own = { app: "portcullis", appId: ownAppId }

/** Commits: the head of the pull request, what it was before, and the merge. */
export const head = sha("a".repeat(40))
/** The head before the newest push. */
export const olderHead = sha("b".repeat(40))
const merge = sha("c".repeat(40))

/** Number of the pull request that is judged. */
export const number = 5
/** The moment of every snapshot. */
export const nowMs = Date.parse("2026-11-20T12:00:00Z")

const olga: Actor = { kind: "user", login: "olga", id: 1 }
const max: Actor = { kind: "user", login: "max", id: 2 }
const rita: Actor = { kind: "user", login: "rita", id: 4 }
const bot: Actor = { kind: "app", login: "shipwright[bot]", id: 3 }

/** A config whose rules demand `build` of GitHub Actions on `main`, and nothing elsewhere. */
export function configOf(mode: "advisory" | "enforce", require: unknown = [{ name: "build", app: demanded.app }]) {
  return promotionConfigSchema.parse({ version: 1, mode, branches: { main: { stages: [{ checks: { require } }] } } })
}

/** The same, with checks that an urgent change may be let past. */
function urgentOf(config: PromotionConfig): PromotionConfig {
  return { ...config, urgent: { may_skip: ["checks"] } }
}

const blob = "d".repeat(40)
const [advisory, enforce] = [configOf("advisory"), configOf("enforce")]
const problems = [{ line: 3, column: 1, path: "mode", message: "wrong" }]

/** Every state of the config file. */
export const configs: Readonly<Record<string, ConfigInForce | null>> = {
  unknown: null,
  absent: { status: "absent", blob: null, config: builtInConfig },
  advisory: { status: "valid", blob, config: advisory },
  enforce: { status: "valid", blob, config: enforce },
  "enforce, checks may be skipped": { status: "valid", blob, config: urgentOf(enforce) },
  "invalid, advisory before": { status: "invalid", blob, config: advisory, lastValid: true, problems, more: 0 },
  "invalid, enforce before": { status: "invalid", blob, config: enforce, lastValid: true, problems, more: 0 },
  "never valid": { status: "invalid", blob, config: builtInConfig, lastValid: false, problems, more: 0 },
}

function pull(fact: Partial<PullRequestFact>): PullRequestFact {
  return {
    number,
    state: "open",
    merged: false,
    mergeCommit: null,
    mergedBy: null,
    draft: false,
    headSha: head,
    headRef: "feature",
    baseRef: "main",
    fork: false,
    author: max,
    body: "",
    labels: [],
    mergeable: "yes",
    autoMerge: false,
    updatedAtMs: nowMs - 5000,
    ...fact,
  }
}

const states: Readonly<Record<string, Partial<PullRequestFact>>> = {
  open: {},
  draft: { draft: true },
  closed: { state: "closed" },
  merged: { state: "closed", merged: true, mergeCommit: merge, mergedBy: "olga" },
}

/** Every state of the pull request, into a promotion branch (`main`) and into another one. */
export const pulls: Readonly<Record<string, PullRequestFact | null>> = {
  "never heard of": null,
  ...Object.fromEntries(
    Object.entries(states).flatMap(([name, fact]) =>
      ["main", "topic"].map((baseRef) => [`${name} into ${baseRef}`, pull({ ...fact, baseRef })]),
    ),
  ),
}

function check(fact: Partial<CheckFact>): CheckFact {
  return {
    source: "check-run",
    id: 100,
    name: "build",
    ...demanded,
    sha: head,
    status: "completed",
    conclusion: null,
    url: null,
    atMs: nowMs - 1000,
    ...fact,
  }
}

/** What a check run can say; `entangled` is no word of GitHub's. */
const outcomes = ["queued", "success", "failure", "skipped", "neutral", "cancelled", "timed_out", "entangled"]

/** Every state of the required check, from the app demanded, from another, and from our own. */
export const checks: Readonly<Record<string, readonly CheckFact[]>> = {
  none: [],
  ...Object.fromEntries(
    outcomes.flatMap((word) =>
      [demanded, other, own].map((app) => {
        const said = word === "queued" ? { status: word } : { conclusion: word }
        return [`${word} from ${app.app}`, [check({ ...app, ...said })]]
      }),
    ),
  ),
}

function pause(held: Partial<Pause>): Pause {
  return {
    id: "comment:900:0",
    scope: "repository",
    branch: null,
    untilMs: null,
    number: null,
    reason: "incident 42",
    source: "command",
    actor: olga,
    atMs: nowMs - 60_000,
    ...held,
  }
}

/** Every pause there can be. The one of this pull request is its label's. */
export const pauses: Readonly<Record<string, readonly Pause[]>> = {
  none: [],
  repository: [pause({})],
  "this pull request": [pause({ id: labelPauseId(number), scope: "pull-request", number, source: "label" })],
  "its branch": [pause({ scope: "branch", branch: "main", untilMs: nowMs - 1000 })],
  "another branch, or pull request": [
    pause({ scope: "branch", branch: "topic-2" }),
    pause({ id: labelPauseId(9), scope: "pull-request", number: 9, source: "label" }),
  ],
}

type Label = { on: boolean; asks: readonly LabelAsk[]; roles: ReadonlyMap<string, Role> }

const unknownRoles: ReadonlyMap<string, Role> = new Map()
const knownRoles: ReadonlyMap<string, Role> = new Map([
  ["olga", "admin"],
  ["rita", "read"],
  ["shipwright[bot]", "write"],
])

function labelled(on: boolean): [string, Label][] {
  const word = on ? "on" : "off"
  const ask: LabelAsk = {
    key: `label:5:1:${word}:promotion-paused`,
    atMs: nowMs - 10_000,
    on,
    by: null,
    actor: olga,
    actorIsBot: false,
    cause: "delivery:2b1e6f0e-0000-4000-8000-000000000001",
    answered: false,
  }
  const before: LabelAsk = { ...ask, key: "label:5:0:before", atMs: nowMs - 60_000, on: !on, answered: true }
  const by = (actor: Actor, more: Partial<LabelAsk> = {}) => [{ ...ask, actor, ...more }, before]
  return [
    [`${word}, nobody heard of it`, { on, asks: [], roles: unknownRoles }],
    [`${word}, answered`, { on, asks: by(olga, { answered: true }), roles: unknownRoles }],
    [`${word}, of an unknown role`, { on, asks: by(olga), roles: unknownRoles }],
    [`${word}, by an operator`, { on, asks: by(olga), roles: knownRoles }],
    [`${word}, by a reader`, { on, asks: by(rita), roles: knownRoles }],
    [`${word}, by a bot`, { on, asks: by(bot, { actorIsBot: true }), roles: knownRoles }],
  ]
}

/** Every state of the pause label and of what is known about who changed it. */
export const labels: Readonly<Record<string, Label>> = Object.fromEntries([...labelled(false), ...labelled(true)])

/** Run id of the promotion that is under way. */
const runId = "01930000-0000-7000-8000-000000000001"
/** Run id for a promotion that begins. */
export const newRunId = "01930000-0000-7000-8000-000000000002"

function promotion(state: Partial<PromotionState>): PromotionState {
  return {
    runId,
    number,
    state: "proposed",
    headSha: head,
    baseRef: "main",
    stages: { checks: "pending" },
    blockReasons: ["checks-pending"],
    evaluated: null,
    approvals: [],
    staleApprovers: [],
    asked: null,
    voided: [],
    proposedAtMs: nowMs - 60_000,
    version: 3,
    endedAtMs: null,
    endedBy: null,
    ending: null,
    after: null,
    ...state,
  }
}

const ready = { state: "ready", stages: { checks: "passed" }, blockReasons: [], version: 7 } as const

/** Wishes to merge the head. */
export const mergeAsks = asksFor(head, { older: olderHead, atMs: nowMs - 30_000 })

/** Every state of the promotion that the ledger knows. */
export const promotions: Readonly<Record<string, PromotionState | null>> = {
  none: null,
  proposed: promotion({}),
  ready: promotion(ready),
  "ready at an older head": promotion({ ...ready, headSha: olderHead }),
  "urgently asked for": promotion({ asked: mergeAsks.urgently }),
  "ready past checks": promotion({
    ...ready,
    stages: { checks: "skipped" },
    asked: mergeAsks["urgently, past checks"],
  }),
  aborted: promotion({ state: "aborted", endedAtMs: nowMs - 1000, endedBy: "closed" }),
  promoted: promotion({ ...ready, state: "promoted_pending_health" }),
}

/** How much of the pull request was read in this pass. */
export const sights = ["none", "partial", "complete"] as const

/** One value of each kind. */
export type Choice = {
  config: ConfigInForce | null
  pull: PullRequestFact | null
  checks: readonly CheckFact[]
  pauses: readonly Pause[]
  label: Label
  promotion: PromotionState | null
  sight: Snapshot["sight"]
}

/** A pull request that nothing waits to land, and that takes nothing back. */
export const unlanded = {
  landing: { queued: false, withdrawals: [] },
  rollback: null,
  onward: null,
  rollbackUnderWay: false,
  takenBack: [],
} satisfies Partial<Snapshot>

/** What a snapshot tells of policy and review where no stage asks for them. */
export const nothingOfReviews = {
  lately: { roles: new Map(), teams: new Map() },
  change: null,
  head: null,
  retargetedAtMs: null,
  agentLabelAsks: [],
  reviews: [],
  comments: [],
  seenComments: new Set<number>(),
  mergeAttempt: null,
  ...unlanded,
  deployments: [],
} satisfies Partial<Snapshot>

/** The config file of a head that has the one in force. */
export function unchangedFile(config: ConfigInForce | null): HeadConfig {
  return { blob: config?.blob ?? null, reading: null }
}

/** The snapshot of a choice. */
export function snapshotOf(choice: Choice): Snapshot {
  const { pull: fact, label } = choice
  return {
    nowMs,
    ownAppId,
    repository: { id: 1, owner: "acme", name: "shop", defaultBranch: "main" },
    config: choice.config,
    headConfig: unchangedFile(choice.config),
    pullRequest: fact === null || !label.on ? fact : withLabel(fact),
    checks: choice.checks,
    sight: choice.sight,
    promotion: choice.promotion,
    pauses: choice.pauses,
    labelAsks: label.asks,
    roles: label.roles,
    ...nothingOfReviews,
    newRunId,
  }
}

const withLabels = new Map<PullRequestFact, PullRequestFact>()

function withLabel(fact: PullRequestFact): PullRequestFact {
  const known = withLabels.get(fact)
  if (known !== undefined) return known
  const labelledFact = { ...fact, labels: ["bug", "promotion-paused"] }
  withLabels.set(fact, labelledFact)
  return labelledFact
}

/** Every snapshot there is of these values, with its name made only when asked for. */
export function* everySnapshot(config: string): Generator<{ snapshot: Snapshot; name: () => string }> {
  const situations = [...everySituation()]
  for (const [pullName, fact] of Object.entries(pulls))
    for (const [checkName, found] of Object.entries(checks))
      for (const { situation, names } of situations) {
        const choice = { ...situation, config: configs[config] ?? null, pull: fact, checks: found }
        yield { snapshot: snapshotOf(choice), name: () => [config, pullName, checkName, ...names].join(" | ") }
      }
}

type Situation = Pick<Choice, "pauses" | "label" | "promotion" | "sight">

function* everySituation(): Generator<{ situation: Situation; names: readonly string[] }> {
  for (const [pauseName, held] of Object.entries(pauses))
    for (const [labelName, label] of Object.entries(labels))
      for (const [promotionName, known] of Object.entries(promotions))
        for (const sight of sights) {
          const situation = { pauses: held, label, promotion: known, sight }
          yield { situation, names: [pauseName, labelName, promotionName, sight] }
        }
}
