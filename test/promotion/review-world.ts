import type { Actor } from "../../src/ledger/entry.ts"
import { sha, type Sha } from "../../src/lib/brand.ts"
import type { Change } from "../../src/promotion/change/change.ts"
import type { CheckFact, CommentFact, PullRequestFact, ReviewFact } from "../../src/promotion/fact.ts"
import type { Role } from "../../src/promotion/permission.ts"
import type { Snapshot } from "../../src/promotion/gate/snapshot.ts"
import type { Approval, PromotionState } from "../../src/promotion/state.ts"
import type { MergeAsk } from "../../src/promotion/merge/urgent-ask.ts"
import { changeOf, lines } from "./change-arbitrary.ts"
import { configsOfReview } from "./review-config.ts"
import { asksFor } from "./urgent-asks.ts"
import { head, newRunId, number, olderHead, ownAppId, unchangedFile } from "./world.ts"

/** The moment of every snapshot; its head has been proposed two hours before unless told. */
const nowMs = Date.parse("2026-11-20T12:00:00Z")
const hourMs = 3600_000

const person = (login: string, id: number): Actor => ({ kind: "user", login, id })

/** Everybody: max is the author, carl a committer, pam the pusher, robo an agent's login, the others had no hand in it. */
export const cast = {
  max: person("max", 1),
  carl: person("carl", 2),
  pam: person("pam", 3),
  robo: person("robo", 4),
  rae: person("rae", 5),
  wes: person("wes", 6),
  wil: person("wil", 7),
  olga: person("olga", 8),
  tim: person("tim", 9),
  app: { kind: "app", login: "shipwright[bot]", id: 10 },
} satisfies Record<string, Actor>

/** Someone of the cast. */
export type Who = keyof typeof cast

/** What GitHub would say if it were asked. */
export const trueRoles: ReadonlyMap<string, Role> = new Map<string, Role>([
  ["rae", "read"],
  ["tim", "read"],
  ["olga", "admin"],
  ...["max", "carl", "pam", "robo", "wes", "wil", "shipwright[bot]"].map((login): [string, Role] => [login, "write"]),
])

/** Digests of changes: the one of the head, and another. */
/** Digest of what the plain change does. */
export const patch = "1".repeat(64)
const otherPatch = "2".repeat(64)

/** A review; times follow the order in which they are given, ids tell whose it is as well. */
function review(place: number, who: Who, fact: Partial<ReviewFact> = {}): ReviewFact {
  const reviewer = cast[who]
  const id = (reviewer.id ?? 0) * 10 + place
  return { id, number, reviewer, state: "approved", sha: head, atMs: nowMs - hourMs + place, ...fact }
}

const asks = { state: "changes_requested" } as const
const dismissed = { state: "dismissed" } as const

/** What reviewers said. */
const reviews: Readonly<Record<string, readonly ReviewFact[]>> = {
  none: [],
  "wes approves": [review(1, "wes")],
  "wes approved the older head": [review(1, "wes", { sha: olderHead })],
  "wes approved what GitHub has forgotten": [review(1, "wes", { sha: null })],
  "wes and wil approve": [review(1, "wes"), review(2, "wil")],
  "wes approves twice": [review(1, "wes"), { ...review(2, "wes"), reviewer: person("Wes", 6) }],
  "olga approves": [review(1, "olga")],
  "olga and wes approve": [review(1, "olga"), review(2, "wes")],
  "tim approves": [review(1, "tim")],
  "a reader approves": [review(1, "rae")],
  "everybody involved approves": (["max", "carl", "pam", "robo", "app"] as const).map((who, at) => review(at + 1, who)),
  "wes approves, then asks for changes": [review(1, "wes"), review(2, "wes", asks)],
  "wes asks for changes, then approves": [review(1, "wes", asks), review(2, "wes")],
  "wes approves, then remarks": [review(1, "wes"), review(2, "wes", { state: "other" })],
  "wes approved, and was dismissed": [review(1, "wes", dismissed)],
  "wil approves, olga asks for changes": [review(1, "wil"), review(2, "olga", asks)],
  "wil approves, a reader asks for changes": [review(1, "wil"), review(2, "rae", asks)],
  "olga and wil approve, wes asks for changes": [review(1, "olga"), review(2, "wil"), review(3, "wes", asks)],
}

type Given = { approvals: readonly Approval[]; comments: readonly CommentFact[] }

function approval(id: string, who: Who, more: Partial<Approval> = {}): Approval {
  return { id, by: cast[who], sha: head, baseRef: "main", patchId: patch, atMs: nowMs - hourMs, ...more }
}

const older = { sha: olderHead }
const comment = (standing: boolean, deleted = false): CommentFact[] => [
  { commentId: 50, number, standing, deleted, atMs: nowMs - 1000 },
]

/** What is recorded of approvals, and what was heard of their comments. */
const given: Readonly<Record<string, Given>> = {
  nothing: { approvals: [], comments: [] },
  "wes's review": { approvals: [approval("review:61", "wes")], comments: [] },
  "olga's review": { approvals: [approval("review:81", "olga")], comments: [] },
  "wes's review of an older head, equal": { approvals: [approval("review:61", "wes", older)], comments: [] },
  "wes's review of an older head, unequal": {
    approvals: [approval("review:61", "wes", { ...older, patchId: otherPatch })],
    comments: [],
  },
  "wes's review of an older head, unread": {
    approvals: [approval("review:61", "wes", { ...older, patchId: null })],
    comments: [],
  },
  "wes's review of this head, unread": { approvals: [approval("review:61", "wes", { patchId: null })], comments: [] },
  "wes's review of this head into another base": {
    approvals: [approval("review:61", "wes", { baseRef: "topic", patchId: otherPatch })],
    comments: [],
  },
  "olga's comment, unheard of": { approvals: [approval("comment:50:0", "olga")], comments: [] },
  "olga's comment, standing": { approvals: [approval("comment:50:0", "olga")], comments: comment(true) },
  "olga's comment, edited": { approvals: [approval("comment:50:0", "olga")], comments: comment(false) },
  "olga's comment, deleted": { approvals: [approval("comment:50:0", "olga")], comments: comment(false, true) },
  "olga's comment, edited in secret": { approvals: [approval("comment:51:0", "olga")], comments: [] },
  "wes's comment beside his review": {
    approvals: [approval("review:61", "wes"), approval("comment:50:0", "wes")],
    comments: comment(true),
  },
  "olga's button": { approvals: [approval("button:a-guid", "olga")], comments: [] },
  "wes's button": { approvals: [approval("button:a-guid", "wes")], comments: [] },
  "wes's button, of a moment ago": { approvals: [approval("button:a-guid", "wes", { atMs: nowMs })], comments: [] },
  "wes's button of an older head, unequal": {
    approvals: [approval("button:a-guid", "wes", { ...older, patchId: otherPatch })],
    comments: [],
  },
  "comments of all who had a hand in it": {
    approvals: (["max", "carl", "pam", "robo", "app"] as const).map((who, at) => approval(`comment:${60 + at}:0`, who)),
    comments: [],
  },
}

const ordinary = [{ path: "src/a.ts", added: lines("const a = 1") }]
const whole = { patchId: patch, commits: { people: ["carl"], trailers: [], complete: true } }
const diffs = {
  ordinary,
  workflow: [{ path: ".github/workflows/ci.yml", added: lines("on: push") }],
  risky: [{ path: "src/auth/login.ts", added: lines("let it = be") }],
  "an address in 20 lines": [
    { path: "src/a.ts", added: lines("http://evil", ...Array.from({ length: 19 }, () => "more")) },
  ],
} as const

/** What is known of the change. */
const changes: Readonly<Record<string, Change | null>> = {
  unread: null,
  ...Object.fromEntries(Object.entries(diffs).map(([name, files]) => [name, changeOf(files, whole)])),
  "of the older head": changeOf(ordinary, { ...whole, headSha: olderHead }),
  "against another base": changeOf(ordinary, { ...whole, baseRef: "topic" }),
  incomplete: changeOf(ordinary, { ...whole, complete: false, patchId: null }),
  ...Object.fromEntries(
    Object.entries({ "of unread commits": ordinary, "to a workflow, of unread commits": diffs.workflow }).map(
      ([name, files]) => [name, changeOf(files, { ...whole, commits: { ...whole.commits, complete: false } })],
    ),
  ),
  "told no digest": changeOf(ordinary, { ...whole, patchId: null }),
  "with wes's commits": changeOf(ordinary, { ...whole, commits: { ...whole.commits, people: ["max", "WES"] } }),
  "an agent's commits": changeOf(diffs.workflow, {
    ...whole,
    commits: { ...whole.commits, trailers: [{ key: "agent-task", value: "7" }] },
  }),
}

const inTeam = new Map([["acme/release:tim", true]])
const without = (login: string): Map<string, Role> => new Map([...trueRoles].filter(([one]) => one !== login))

/** What GitHub lately said of people. */
const standings: Readonly<Record<string, Snapshot["lately"]>> = {
  "all known": { roles: trueRoles, teams: inTeam },
  "nobody known": { roles: new Map(), teams: new Map() },
  "wes unknown": { roles: without("wes"), teams: inTeam },
  "wes and tim lost theirs": {
    roles: new Map([...trueRoles, ["wes", "read"]]),
    teams: new Map([["acme/release:tim", false]]),
  },
  "olga is an operator no more": { roles: new Map([...trueRoles, ["olga", "write"]]), teams: inTeam },
}

/** The pull request: whose it is. */
const pulls: Readonly<Record<string, Partial<PullRequestFact>>> = {
  "a person's": {},
  "an app's": { author: cast.app },
  labelled: { labels: ["agent"] },
  "of a fork": { fork: true, headRef: "patch-1" },
}

/** When the head was proposed. */
const proposed = {
  "two hours ago": nowMs - 2 * hourMs,
  "just now": nowMs - 1000,
  "a week ago": nowMs - 168 * hourMs,
}

const runId = "01930000-0000-7000-8000-000000000001"

const standing = {
  runId,
  number,
  headSha: head,
  baseRef: "main",
  version: 9,
  evaluated: null,
  endedAtMs: null,
  endedBy: null,
  ending: null,
  after: null,
}
const blocked = { state: "proposed", blockReasons: ["approval-required"], stages: { review: "pending" } } as const
const decided = { endedAtMs: nowMs - 1000, endedBy: "decision" } as const

type Recorded = Omit<PromotionState, "approvals" | "staleApprovers" | "asked" | "proposedAtMs" | "voided">

/** The promotion that is recorded. */
const promotions: Readonly<Record<string, Recorded | null>> = {
  none: null,
  proposed: { ...standing, ...blocked },
  ready: {
    ...standing,
    state: "ready",
    blockReasons: [],
    stages: { checks: "passed", policy: "passed", review: "passed" },
  },
  "ready at the older head": { ...standing, state: "ready", headSha: olderHead, blockReasons: [], stages: {} },
  "proposed for another base": { ...standing, ...blocked, baseRef: "topic" },
  expired: { ...standing, ...blocked, ...decided, state: "expired" },
  rejected: { ...standing, ...blocked, ...decided, state: "rejected" },
}

/** When it was made to go into another branch: before or after everybody's review. */
const retargets = { never: null, before: nowMs - 2 * hourMs, since: nowMs - 1000 }

/** Whether somebody asked to have it merged. */
const asked = asksFor(head, { older: olderHead, atMs: nowMs - 500 })

/** What was read in this pass. */
const sights = {
  nothing: { sight: "none", seenComments: new Set<number>() },
  "not all": { sight: "partial", seenComments: new Set<number>() },
  "all but comments": { sight: "complete", seenComments: new Set<number>() },
  all: { sight: "complete", seenComments: new Set([50, 51, 60, 61, 62, 63, 64]) },
} satisfies Record<string, Pick<Snapshot, "sight" | "seenComments">>

/** The values of each kind that a snapshot is made of. */
export const kinds = {
  config: configsOfReview,
  reviews,
  given,
  change: changes,
  standing: standings,
  pull: pulls,
  proposed,
  promotion: promotions,
  retarget: retargets,
  asked,
  sight: sights,
}

/** The name of one value of each kind. */
export type Choice = Record<keyof typeof kinds, string>

const check: CheckFact = {
  source: "check-run",
  id: 100,
  name: "build",
  app: "github-actions",
  appId: 15_368,
  sha: head,
  status: "completed",
  conclusion: "success",
  url: null,
  atMs: nowMs - 5000,
}

/** A pull request of max, from `feature` into `main`. */
export function pullOf(fact: Partial<PullRequestFact>): PullRequestFact {
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
    author: cast.max,
    body: "## Test plan\nnone",
    labels: [],
    mergeable: "yes",
    autoMerge: false,
    updatedAtMs: nowMs - 5000,
    ...fact,
  }
}

/** A check that passed on a commit. */
export function passedAt(commit: Sha): CheckFact {
  return { ...check, sha: commit }
}

/** What no snapshot of reviews differs in. */
export const always = {
  ownAppId,
  repository: { id: 1, owner: "acme", name: "shop", defaultBranch: "main" },
  pauses: [],
  labelAsks: [],
  deployments: [],
  agentLabelAsks: [],
  roles: new Map<string, Role>(),
} satisfies Partial<Snapshot>

function valueOf<Value>(kind: Readonly<Record<string, Value>>, name: string): Value {
  if (!(name in kind)) throw new Error(`nothing is named ${name}`)
  return kind[name] as Value
}

/** The snapshot of a choice. */
export function snapshotOf(choice: Choice): Snapshot {
  const recorded = valueOf(promotions, choice.promotion)
  const { approvals, comments } = valueOf(given, choice.given)
  const proposedAtMs = valueOf(proposed, choice.proposed)
  const told = { approvals, proposedAtMs, asked: valueOf<MergeAsk | null>(asked, choice.asked) }
  return {
    ...always,
    nowMs,
    mergeAttempt: null,
    landing: { queued: false, withdrawals: [] },
    rollback: null,
    onward: null,
    rollbackUnderWay: false,
    takenBack: [],
    config: valueOf(configsOfReview, choice.config).config,
    headConfig: unchangedFile(valueOf(configsOfReview, choice.config).config),
    pullRequest: pullOf(valueOf(pulls, choice.pull)),
    checks: [passedAt(head)],
    ...valueOf(sights, choice.sight),
    change: valueOf(changes, choice.change),
    head: { number, sha: head, atMs: proposedAtMs, pusher: "Pam" },
    retargetedAtMs: valueOf<number | null>(retargets, choice.retarget),
    reviews: valueOf(reviews, choice.reviews),
    comments,
    promotion: recorded === null ? null : { ...recorded, ...told, staleApprovers: [], voided: [] },
    lately: valueOf(standings, choice.standing),
    newRunId,
  }
}

/** Whether a comment stands as it was made, as GitHub would say it. */
export function readComment(commentId: number): CommentFact {
  return { commentId, number, standing: commentId !== 51, deleted: false, atMs: nowMs }
}

/** The change as a read of it would tell. */
export function readChange({ headSha, baseRef }: PullRequestFact, known: Change | null): Change {
  return { ...(known ?? changeOf(ordinary, whole)), headSha: sha(headSha), baseRef, syntaxOf: ["yaml", "json"] }
}
