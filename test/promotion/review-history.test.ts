import fc from "fast-check"
import { expect, test } from "vitest"
import { sha, type Sha } from "../../src/lib/brand.ts"
import { decide, type Plan } from "../../src/promotion/gate/decide.ts"
import type { CommentFact, PullRequestFact, ReviewFact } from "../../src/promotion/fact.ts"
import type { Role } from "../../src/promotion/permission.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import { replay, type FoldableEntry } from "../../src/promotion/state.ts"
import { changeOf, lines } from "./change-arbitrary.ts"
import { isOpen } from "./laws.ts"
import { configsOfReview } from "./review-config.ts"
import { brokenReviewLaw } from "./review-laws.ts"
import { always, cast, passedAt, pullOf, trueRoles, type Who } from "./review-world.ts"
import { nowMs, number, unchangedFile, unlanded } from "./world.ts"

// The life of one pull request under policy and review; what a decision asks for is answered from a world that remembers.
/** A commit: what it says (equal words are an equal change), whose it is, and what it touches. */
type Commit = { words: string; people: readonly string[]; path: string }

type Life = {
  moment: number
  fact: PullRequestFact
  pusher: string
  commits: ReadonlyMap<Sha, Commit>
  reviews: readonly ReviewFact[]
  comments: readonly CommentFact[]
  roles: ReadonlyMap<string, Role>
  retargetedAtMs: number | null
  /** Since when this head goes into this base. */
  sinceMs: number
  config: string
  /** What somebody looked at when they approved, by the approval's id. */
  lookedAt: ReadonlyMap<string, string>
  ledger: FoldableEntry[]
}

type Happening = (life: Life) => Partial<Life>

function commitOf({ commits, fact }: Life): Commit {
  const commit = commits.get(fact.headSha)
  if (commit === undefined) throw new Error("no such commit")
  return commit
}

/** What the pull request changes: the same commits change something else on another base. */
function contentOf(life: Life): string {
  return `${commitOf(life).words} into ${life.fact.baseRef}`
}

function pushed(life: Life, commit: Partial<Commit>, pusher = "max"): Partial<Life> {
  const headSha = sha(life.moment.toString(16).padStart(40, "0"))
  const whole = { ...commitOf(life), ...commit }
  return { fact: { ...life.fact, headSha }, pusher, commits: new Map([...life.commits, [headSha, whole]]) }
}

function reviewed(who: Who, state: ReviewFact["state"] = "approved"): Happening {
  return (life) => {
    const one = { id: life.moment, number, reviewer: cast[who], state, sha: life.fact.headSha, atMs: life.moment }
    return {
      reviews: [...life.reviews, one],
      lookedAt: new Map([...life.lookedAt, [`review:${one.id}`, contentOf(life)]]),
    }
  }
}

function dismissed(who: Who): Happening {
  return ({ reviews }) => ({
    reviews: reviews.map((one) => (one.reviewer.login === who ? { ...one, state: "dismissed" } : one)),
  })
}

/** What the conversation writes when somebody entitled comments `/approve`. */
function commanded(who: Who): Happening {
  return (life) => {
    const { promotion } = observe(life)
    const change = changeIn(life)
    const underWay = promotion?.state === "proposed" || promotion?.state === "ready"
    if (!underWay || promotion.headSha !== life.fact.headSha || promotion.baseRef !== life.fact.baseRef) return {}
    const id = `comment:${life.moment}:0`
    const entry: FoldableEntry = {
      key: id,
      type: "approved",
      runId: promotion.runId,
      actor: cast[who],
      pullRequest: number,
      sha: life.fact.headSha,
      branch: life.fact.baseRef,
      cause: null,
      occurredAtMs: life.moment,
      payload: { approval_id: id, source: "command", patch_id: change.patchId },
    }
    return { ledger: [...life.ledger, entry], lookedAt: new Map([...life.lookedAt, [id, contentOf(life)]]) }
  }
}

/** What the conversation writes when somebody who may comments `/promote --urgent`. */
function urgently(who: Who): Happening {
  return (life) => {
    const { promotion } = observe(life)
    const underWay = promotion?.state === "proposed" || promotion?.state === "ready"
    if (!underWay || promotion.headSha !== life.fact.headSha || promotion.baseRef !== life.fact.baseRef) return {}
    const entry: FoldableEntry = {
      key: `comment:${life.moment}:0:received`,
      type: "command_received",
      runId: promotion.runId,
      actor: cast[who],
      pullRequest: number,
      sha: life.fact.headSha,
      branch: life.fact.baseRef,
      cause: null,
      occurredAtMs: life.moment,
      payload: { command: "promote", comment_id: life.moment, arguments: "--urgent it burns", urgent: "it burns" },
    }
    return { ledger: [...life.ledger, entry] }
  }
}

const edited: Happening = ({ lookedAt, comments, moment }) => {
  const id = [...lookedAt.keys()].findLast((one) => one.startsWith("comment:"))
  if (id === undefined) return {}
  const commentId = Number(id.split(":")[1])
  return { comments: [...comments, { commentId, number, standing: false, deleted: moment % 2 === 0, atMs: moment }] }
}

function base(baseRef: string): Happening {
  return ({ fact, moment }) => (fact.baseRef === baseRef ? {} : { fact: { ...fact, baseRef }, retargetedAtMs: moment })
}

/** What may happen; each is applied to the world, and then decided about. */
const events: Readonly<Record<string, Happening>> = {
  "max pushes something": (life) => pushed(life, { words: `words of ${life.moment}` }),
  "max pushes the same once more": (life) => pushed(life, {}),
  "max pushes to a workflow": (life) =>
    pushed(life, { words: `ci of ${life.moment}`, path: ".github/workflows/ci.yml" }),
  "max pushes to the login": (life) => pushed(life, { words: `login of ${life.moment}`, path: "src/auth/login.ts" }),
  "wes commits": (life) => pushed(life, { words: `wes's of ${life.moment}`, people: ["max", "wes"] }),
  "olga updates the branch": (life) => pushed(life, {}, "olga"),
  "max takes the newest push back": ({ commits, fact }) => {
    const heads = [...commits.keys()]
    const before = heads[heads.indexOf(fact.headSha) - 1]
    return before === undefined ? {} : { fact: { ...fact, headSha: before }, pusher: "max" }
  },
  "wes approves": reviewed("wes"),
  "wil approves": reviewed("wil"),
  "olga approves": reviewed("olga"),
  "max approves": reviewed("max"),
  "robo approves": reviewed("robo"),
  "rae approves": reviewed("rae"),
  "wes asks for changes": reviewed("wes", "changes_requested"),
  "wes remarks": reviewed("wes", "other"),
  "wes is dismissed": dismissed("wes"),
  "olga is dismissed": dismissed("olga"),
  "olga comments /approve": commanded("olga"),
  "wil comments /approve": commanded("wil"),
  "olga says it is urgent": urgently("olga"),
  "the comment is edited": edited,
  "wes loses the role": ({ roles }) => ({ roles: new Map([...roles, ["wes", "read"]]) }),
  "wes gets the role": ({ roles }) => ({ roles: new Map([...roles, ["wes", "write"]]) }),
  "olga is no operator": ({ roles }) => ({ roles: new Map([...roles, ["olga", "write"]]) }),
  "an agent's label": ({ fact }) => ({ fact: { ...fact, labels: fact.labels.length > 0 ? [] : ["agent"] } }),
  "it becomes a draft, or none": ({ fact }) => ({ fact: { ...fact, draft: !fact.draft } }),
  "into release": base("release"),
  "into main": base("main"),
  "into a topic": base("topic"),
  "it is closed": ({ fact }) => ({ fact: { ...fact, state: "closed" } }),
  "it is opened again": ({ fact }) => ({ fact: { ...fact, state: "open" } }),
  "two hours pass": ({ moment }) => ({ moment: moment + 2 * 3600_000 }),
  "three days pass": ({ moment }) => ({ moment: moment + 72 * 3600_000 }),
  ...Object.fromEntries(
    Object.keys(configsOfReview)
      .filter((name) => name !== "unknown")
      .map((name): [string, Happening] => [`config: ${name}`, () => ({ config: name })]),
  ),
  "nothing new": () => ({}),
}

function changeIn(life: Life) {
  const { words, people, path } = commitOf(life)
  const { headSha, baseRef } = life.fact
  const patchId = Buffer.from(contentOf(life)).toString("hex").padEnd(64, "0").slice(0, 64)
  const commits = { people, trailers: [], complete: true }
  return changeOf([{ path, added: lines(words) }], { headSha, baseRef, patchId, commits })
}

/** What a decision knows: the world, and what the ledger tells. The newest promotion is the one with the highest id. */
function observe(life: Life): Snapshot {
  const { moment, fact, reviews, comments } = life
  const { promotions } = replay(life.ledger)
  const newest = [...promotions.values()].toSorted((a, b) => (a.runId < b.runId ? 1 : -1))[0]
  return {
    ...always,
    nowMs: moment,
    mergeAttempt: null,
    ...unlanded,
    config: configsOfReview[life.config]?.config ?? null,
    headConfig: unchangedFile(configsOfReview[life.config]?.config ?? null),
    pullRequest: fact,
    checks: [passedAt(fact.headSha)],
    sight: "complete",
    change: changeIn(life),
    head: { number, sha: fact.headSha, atMs: moment, pusher: life.pusher },
    retargetedAtMs: life.retargetedAtMs,
    reviews,
    comments,
    seenComments: new Set([...life.lookedAt.keys()].map((id) => Number(id.split(":")[1]))),
    promotion: newest ?? null,
    lately: { roles: life.roles, teams: new Map() },
    newRunId: `01930000-0000-7000-8000-${moment.toString(16).padStart(12, "0")}`,
  }
}

/** The law of lives: who counts looked at the very change that is let through. */
function unseenApproval(life: Life, plan: Plan): string | null {
  if (!isOpen(plan)) return null
  for (const stage of plan.verdict?.stages ?? []) {
    if (stage.kind !== "review" || stage.autoApproveAtMs !== null) continue
    const counted = stage.approvals.filter(({ not }) => not === null).map(({ approval }) => approval.id)
    const strange = counted.find((id) => life.lookedAt.get(id) !== contentOf(life))
    if (strange !== undefined) return `${strange} was of "${life.lookedAt.get(strange)}", not of "${contentOf(life)}"`
  }
  return null
}

const hourMs = 3600_000

/** Every config that lets waiting do asks for an hour of it. */
function waitedTooLittle(life: Life, plan: Plan): string | null {
  const review = plan.verdict?.stages.find((stage) => stage.kind === "review")
  if (!isOpen(plan) || review === undefined || review.status === "skipped") return null
  const counted = review.approvals.filter(({ not }) => not === null).length
  if (counted >= review.needed || life.moment - life.sinceMs >= hourMs) return null
  return "waiting does only when this very head has stood for that long"
}

function live(life: Life): { life: Life; plan: Plan } {
  const snapshot = observe(life)
  expect(brokenReviewLaw(snapshot)).toBeNull()
  const plan = decide(snapshot)
  expect(plan.needs.filter(({ kind }) => kind !== "team")).toEqual([])
  expect(unseenApproval(life, plan)).toBeNull()
  expect(waitedTooLittle(life, plan)).toBeNull()
  const told = plan.entries.map((entry) => ({ ...entry, occurredAtMs: life.moment }))
  return { life: { ...life, ledger: [...life.ledger, ...told] }, plan }
}

/** A second later, when something happened. */
function afterwards(life: Life, happens: Happening): Life {
  const later = { ...life, moment: life.moment + 1000 }
  const next = { ...later, ...happens(later) }
  const same = next.fact.headSha === life.fact.headSha && next.fact.baseRef === life.fact.baseRef
  return same ? next : { ...next, sinceMs: next.moment }
}

const first = pullOf({})
const start: Life = {
  moment: nowMs,
  fact: first,
  pusher: "max",
  commits: new Map([[first.headSha, { words: "the first", people: ["max"], path: "src/a.ts" }]]),
  reviews: [],
  comments: [],
  roles: trueRoles,
  retargetedAtMs: null,
  sinceMs: nowMs,
  config: "one writer",
  lookedAt: new Map(),
  ledger: [],
}

/** An approval that was voided and is there again without anybody having approved again. */
function returned(ledger: readonly FoldableEntry[]): string[] {
  const voided = new Set<string>()
  return ledger.flatMap(({ runId, type, payload }) => {
    if (type === "approval_dismissed") voided.add(`${runId} ${payload.approval_id}`)
    return type === "approved" && voided.has(`${runId} ${payload.approval_id}`) ? [payload.approval_id] : []
  })
}

const lives = fc.array(fc.constantFrom(...Object.keys(events)), { minLength: 1, maxLength: 30, size: "max" })

test("through any life under review, no approval is of another change, none comes back, and no key is used twice", () => {
  let green = 0
  fc.assert(
    fc.property(lives, (happenings) => {
      let life = start
      for (const happening of happenings) {
        const next = live(afterwards(life, events[happening] ?? (() => ({}))))
        life = next.life
        if (life.fact.state === "open" && isOpen(next.plan)) green += 1
        expect(live(life).plan.entries).toEqual([])
      }
      expect(returned(life.ledger)).toEqual([])
      const keys = life.ledger.map(({ key }) => key)
      expect(new Set(keys).size).toBe(keys.length)
    }),
    { numRuns: 400, seed: 1 },
  )
  expect(green).toBeGreaterThan(200)
})

/** Plays happenings, and tells what came of each. */
function played(happenings: readonly string[]): string[] {
  let life = start
  return happenings.map((happening) => {
    const event = events[happening]
    if (event === undefined) throw new Error(`nothing happens that is called ${happening}`)
    const next = live(afterwards(life, event))
    life = next.life
    const gate = next.plan.verdict === null ? "none" : isOpen(next.plan) ? "open" : next.plan.verdict.reasons.join()
    return `${happening}: ${gate}; ${next.plan.entries.map(({ type }) => type).join(", ")}`
  })
}

test("an urgent life as people know it", () => {
  const happenings = [
    "config: one writer, or urgently",
    "olga says it is urgent",
    "wes asks for changes",
    "max pushes something",
    "olga says it is urgent",
    "it becomes a draft, or none",
    "it becomes a draft, or none",
    "olga says it is urgent",
    "into release",
    "olga says it is urgent",
    "config: one writer",
  ]
  expect(played(happenings)).toMatchInlineSnapshot(`
    [
      "config: one writer, or urgently: approval-required; proposed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "olga says it is urgent: open; promotion_urgent, stage_changed, promotion_ready",
      "wes asks for changes: open; ",
      "max pushes something: changes-requested; proposed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "olga says it is urgent: open; promotion_urgent, stage_changed, promotion_ready",
      "it becomes a draft, or none: draft,changes-requested; stage_changed, promotion_blocked",
      "it becomes a draft, or none: changes-requested; promotion_blocked",
      "olga says it is urgent: open; promotion_urgent, stage_changed, promotion_ready",
      "into release: changes-requested; proposed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "olga says it is urgent: open; promotion_urgent, stage_changed, promotion_ready",
      "config: one writer: changes-requested; stage_changed, promotion_blocked",
    ]
  `)
})

test("a life under review as people know it", () => {
  const happenings = [
    "nothing new",
    "wes approves",
    "max pushes something",
    "max takes the newest push back",
    "wes approves",
    "olga updates the branch",
    "wes loses the role",
    "olga comments /approve",
    "the comment is edited",
    "wil approves",
    "into release",
    "into main",
    "wil approves",
    "wes asks for changes",
    "wes gets the role",
    "wes is dismissed",
    "max pushes to a workflow",
    "wil approves",
    "an agent's label",
    "olga approves",
    "config: two humans",
    "config: expiring",
    "olga is dismissed",
    "two hours pass",
  ]
  expect(played(happenings)).toMatchInlineSnapshot(`
    [
      "nothing new: approval-required; proposed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "wes approves: open; approved, stage_changed, promotion_ready",
      "max pushes something: approval-stale; proposed, approval_dismissed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "max takes the newest push back: approval-stale; proposed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "wes approves: open; approved, stage_changed, promotion_ready",
      "olga updates the branch: open; proposed, policy_evaluated, stage_changed, stage_changed, promotion_ready",
      "wes loses the role: approval-required; stage_changed, promotion_blocked",
      "olga comments /approve: approval-required; ",
      "the comment is edited: approval-required; approval_dismissed",
      "wil approves: open; approved, stage_changed, promotion_ready",
      "into release: approval-stale; proposed, approval_dismissed, approval_dismissed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "into main: approval-stale; proposed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "wil approves: open; approved, stage_changed, promotion_ready",
      "wes asks for changes: open; ",
      "wes gets the role: changes-requested; stage_changed, promotion_blocked",
      "wes is dismissed: open; stage_changed, promotion_ready",
      "max pushes to a workflow: approval-stale; proposed, approval_dismissed, policy_evaluated, stage_changed, stage_changed, promotion_blocked",
      "wil approves: open; approved, stage_changed, promotion_ready",
      "an agent's label: protected-path; policy_evaluated, stage_changed, promotion_blocked",
      "olga approves: open; approved, policy_evaluated, stage_changed, promotion_ready",
      "config: two humans: open; ",
      "config: expiring: open; ",
      "olga is dismissed: protected-path; approval_dismissed, policy_evaluated, stage_changed, promotion_blocked",
      "two hours pass: protected-path; ",
    ]
  `)
})
