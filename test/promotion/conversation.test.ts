import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Actor, EntryDraft } from "../../src/ledger/entry.ts"
import { parseCommands } from "../../src/promotion/command/command.ts"
import { promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"
import {
  decideConversation,
  type CommentAsk,
  type ConversationSnapshot,
} from "../../src/promotion/command/conversation.ts"
import { labelPauseId, type Pause } from "../../src/promotion/pause/pause.ts"
import { atLeast, demandableRoles, type Role } from "../../src/promotion/permission.ts"
import { foldPauses } from "../../src/promotion/state.ts"
import { assertFits } from "./laws.ts"
import { pulls } from "./world.ts"
import { anyText } from "../harness/any-text.ts"

const nowMs = Date.parse("2026-11-20T12:00:00Z")
const number = 5
const roleOf: Readonly<Record<string, Role>> = {
  olga: "admin",
  max: "write",
  tess: "triage",
  rita: "read",
  eve: "none",
  "shipwright[bot]": "admin",
}

function actor(login: string): Actor {
  return { kind: login.endsWith("[bot]") ? "app" : "user", login, id: login.length }
}

function comment(commentId: number, login: string, body: string): CommentAsk {
  const who = { actor: actor(login), actorIsBot: login.endsWith("[bot]") }
  const at = { number, onPullRequest: true, atMs: nowMs - 1000 }
  return { key: `comment:${commentId}`, commentId, ...at, body, ...who, cause: null }
}

function configWith(needs: Role): ConfigInForce {
  const config = promotionConfigSchema.parse({ version: 1, commands: { "pause-promotion": needs } })
  return { status: "valid", blob: "d".repeat(40), config }
}

function snapshotOf(more: Partial<ConversationSnapshot> = {}): ConversationSnapshot {
  const roles = new Map(Object.entries(roleOf))
  const nothing = { comments: [], pauses: [], heldByLabel: new Set<string>(), voided: new Set<number>() }
  const unread = {
    pullRequest: pulls["open into main"] ?? null,
    seen: false,
    gone: false,
    change: null,
    head: null,
    retargetedAtMs: null,
    promotion: null,
    lane: null,
    commits: new Map<string, null>(),
  }
  const here = { nowMs, number, defaultBranch: "main", newRunId: "01930000-0000-7000-8000-000000000002" }
  return { ...here, config: configWith("write"), roles, teams: new Map(), ...nothing, ...unread, ...more }
}

function pausesAfter(pauses: readonly Pause[], entries: readonly EntryDraft[]): readonly Pause[] {
  return entries.reduce((held, entry) => foldPauses(held, { ...entry, occurredAtMs: nowMs }), pauses)
}

const repositoryPause: Pause = {
  id: "comment:1:0",
  scope: "repository",
  branch: null,
  untilMs: null,
  number: null,
  reason: "incident",
  source: "command",
  actor: actor("olga"),
  atMs: nowMs - 5000,
}
const labelPause: Pause = {
  ...repositoryPause,
  id: labelPauseId(number),
  scope: "pull-request",
  number,
  source: "label",
}

/** What one comment leads to: the reaction, the kinds of replies, and the pauses that hold afterwards. */
function says(login: string, body: string, more: Partial<ConversationSnapshot> = {}) {
  const snapshot = snapshotOf({ ...more, comments: [comment(100, login, body)] })
  const plan = decideConversation(snapshot)
  const answer = plan.answers.get("comment:100")
  return {
    reaction: answer?.reaction,
    replies: answer?.reply.map((part) => (part.kind === "denied" ? `denied: ${part.why}` : part.kind)),
    types: plan.entries.map(({ type }) => type),
    pauses: pausesAfter(snapshot.pauses, plan.entries).map(({ id }) => id),
  }
}

describe("one comment", () => {
  test("an operator pauses the repository", () => {
    expect(says("max", "/pause-promotion incident 42")).toEqual({
      reaction: "+1",
      replies: [],
      types: ["command_received", "promotion_pause_changed"],
      pauses: ["comment:100:0"],
    })
  })

  test("pauses add up, also within one comment", () => {
    expect(says("max", "/pause-promotion a\n/pause-promotion b", { pauses: [repositoryPause] }).pauses).toEqual([
      "comment:1:0",
      "comment:100:0",
      "comment:100:1",
    ])
  })

  test("an operator ends every pause of the repository", () => {
    const told = says("olga", "/resume-promotion", {
      pauses: [repositoryPause, { ...repositoryPause, id: "comment:2:0" }],
    })
    expect(told).toMatchObject({ reaction: "+1", replies: [], pauses: [] })
  })

  test("what is paused and resumed in one comment is not paused", () => {
    expect(says("olga", "/pause-promotion\n/resume-promotion")).toMatchObject({ reaction: "+1", pauses: [] })
  })

  test("with nothing paused there is nothing to resume", () => {
    expect(says("olga", "/resume-promotion")).toMatchObject({ reaction: "confused", replies: ["nothing-to-resume"] })
  })

  test("a label that is still on keeps its pause", () => {
    const world = { pauses: [repositoryPause, labelPause], heldByLabel: new Set([labelPauseId(number)]) }
    expect(says("olga", "/resume-promotion", world)).toMatchObject({ replies: ["still-paused"], pauses: ["label:5"] })
    expect(says("olga", "/resume-promotion", { pauses: [labelPause] })).toMatchObject({ replies: [], pauses: [] })
  })

  test("another pull request's pause is none of its business", () => {
    const foreign = { ...labelPause, id: labelPauseId(9), number: 9 }
    expect(says("olga", "/resume-promotion", { pauses: [foreign] })).toMatchObject({
      replies: ["nothing-to-resume"],
      pauses: ["label:9"],
    })
  })

  test("a resume that arrives late leaves what was paused after it", () => {
    const later = { ...repositoryPause, id: "comment:101:0" }
    expect(says("olga", "/resume-promotion", { pauses: [later] })).toMatchObject({
      reaction: "confused",
      replies: ["paused-since"],
      pauses: ["comment:101:0"],
    })
    expect(says("olga", "/resume-promotion", { pauses: [repositoryPause, later] })).toMatchObject({
      reaction: "+1",
      pauses: ["comment:101:0"],
    })
  })

  test("a pause of the base branch is ended here, one of another branch is not", () => {
    const pauses = [
      { ...repositoryPause, id: "comment:2:0", scope: "branch", branch: "main" },
      { ...repositoryPause, id: "comment:3:0", scope: "branch", branch: "develop" },
    ] as const
    expect(says("olga", "/resume-promotion", { pauses }).pauses).toEqual(["comment:3:0"])
  })

  test("of what is not known yet, nothing is resumed before it was read", () => {
    const comments = [comment(100, "olga", "/resume-promotion")]
    const plan = decideConversation(snapshotOf({ comments, pauses: [repositoryPause], pullRequest: null }))
    expect(plan).toMatchObject({ needs: [{ kind: "sight" }], entries: [] })
    expect(
      says("olga", "/resume-promotion", { pauses: [repositoryPause], pullRequest: null, gone: true }).pauses,
    ).toEqual([])
  })

  test("a pause with an end counts from the comment", () => {
    const plan = decideConversation(
      snapshotOf({ comments: [comment(100, "olga", "/pause-promotion --for 2h --branch main freeze")] }),
    )
    const [held] = pausesAfter([], plan.entries)
    expect(held).toMatchObject({ scope: "branch", branch: "main", reason: "freeze", untilMs: nowMs - 1000 + 7_200_000 })
  })

  test("a branch that is no promotion branch is not paused, for nobody would notice", () => {
    expect(says("olga", "/pause-promotion --branch mian")).toEqual({
      reaction: "confused",
      replies: ["misuse"],
      types: [],
      pauses: [],
    })
  })

  test("a reader is refused, and told so", () => {
    const told = says("rita", "/resume-promotion please", { pauses: [repositoryPause] })
    expect(told).toEqual({
      reaction: "-1",
      replies: ["denied: role"],
      types: ["command_denied"],
      pauses: ["comment:1:0"],
    })
  })

  test("an app may pause, and not resume", () => {
    expect(says("shipwright[bot]", "/pause-promotion").pauses).toEqual(["comment:100:0"])
    expect(says("shipwright[bot]", "/resume-promotion", { pauses: [repositoryPause] })).toMatchObject({
      reaction: "-1",
      replies: ["denied: bot"],
      pauses: ["comment:1:0"],
    })
  })

  test("without a command there is no answer", () => {
    const plan = decideConversation(snapshotOf({ comments: [comment(100, "olga", "`/resume-promotion`")] }))
    expect([plan.needs, plan.entries, plan.answers.get("comment:100")]).toEqual([[], [], null])
  })
})

describe("what is not known is asked", () => {
  const comments = [
    comment(100, "olga", "/pause-promotion"),
    comment(101, "max", "hello"),
    comment(102, "rita", "/resume-promotion"),
  ]

  test("the config first, then the role of everybody who gave a command, at once", () => {
    const plan = decideConversation(snapshotOf({ comments, config: null, roles: new Map() }))
    expect(plan).toMatchObject({ needs: [{ kind: "sight" }], entries: [] })
    const next = decideConversation(snapshotOf({ comments, roles: new Map() }))
    expect(next.needs).toEqual(["olga", "rita"].map((login) => ({ kind: "role", login })))
    expect([next.entries, next.answers.size]).toEqual([[], 0])
  })

  test("nothing is asked about comments without a command", () => {
    const plan = decideConversation(snapshotOf({ comments: comments.slice(1, 2), config: null, roles: new Map() }))
    expect(plan.needs).toEqual([])
    expect(plan.answers).toEqual(new Map([["comment:101", null]]))
  })
})

const commands = [
  "/pause-promotion --for 2h --branch main freeze",
  "/pause-promotion --pr",
  "/pause-promotion --for ever",
  "/pause-promotoin",
  "/reject",
  "/help",
  "/recheck",
  "/pause-promotion",
  "/pause-promotion why",
  "/resume-promotion",
  "/resume-promotion ok",
  "> /resume-promotion",
  "text",
]
const body = fc.oneof(
  fc.array(fc.constantFrom(...commands), { minLength: 1, maxLength: 3 }).map((lines) => lines.join("\n\n")),
  anyText({ maxLength: 400 }).map((reason) => `/pause-promotion ${reason}`),
)
const comments = fc
  .array(fc.tuple(fc.constantFrom(...Object.keys(roleOf)), body), { maxLength: 5 })
  .map((said) => said.map(([login, text], index) => comment(100 + index * 10, login, text)))
const held = fc.subarray<Pause>([
  repositoryPause,
  { ...repositoryPause, id: "comment:95:0", scope: "branch", branch: "main", untilMs: nowMs + 5000 },
  { ...repositoryPause, id: "comment:106:0", scope: "branch", branch: "develop" },
  { ...repositoryPause, id: "comment:105:0" },
  labelPause,
  { ...labelPause, id: labelPauseId(9), number: 9 },
])
const conversations: fc.Arbitrary<ConversationSnapshot> = fc
  .record({
    comments,
    pauses: held,
    needs: fc.constantFrom(...demandableRoles),
    heldByLabel: fc.subarray([labelPauseId(number)]).map((ids) => new Set(ids)),
  })
  .map(({ needs, ...more }) => snapshotOf({ ...more, config: configWith(needs) }))

function assertLaw(law: (snapshot: ConversationSnapshot) => void, seed: number): void {
  fc.assert(fc.property(conversations, law), { numRuns: 1000, seed })
}

function neededRole(snapshot: ConversationSnapshot): Role {
  return snapshot.config?.config.commands["pause-promotion"] ?? "admin"
}

describe("laws of every conversation", () => {
  test("only who may, changes a pause; an app never resumes", () => {
    assertLaw((snapshot) => {
      for (const entry of decideConversation(snapshot).entries) {
        if (entry.type !== "promotion_pause_changed") continue
        expect(atLeast(roleOf[entry.actor.login] ?? "none", neededRole(snapshot))).toBe(true)
        expect(entry.payload.change === "resumed" && entry.actor.kind === "app").toBe(false)
      }
    }, 1)
  })

  test("every comment with a command is answered, and no other", () => {
    assertLaw((snapshot) => {
      const { answers } = decideConversation(snapshot)
      expect([...answers.keys()]).toEqual(snapshot.comments.map(({ key }) => key))
      for (const { key, body: text, actorIsBot } of snapshot.comments) {
        const said = parseCommands(text).filter(({ kind }) => kind !== "near-miss" || !actorIsBot)
        expect(answers.get(key) === null).toBe(said.length === 0)
      }
    }, 2)
  })

  test("every command leaves an entry that fits the ledger, under a key of its own", () => {
    assertLaw((snapshot) => {
      const { entries } = decideConversation(snapshot)
      for (const draft of entries) assertFits(draft)
      expect(new Set(entries.map(({ key }) => key)).size).toBe(entries.length)
      const told = entries.filter(({ type }) => type === "command_received" || type === "command_denied")
      const said = snapshot.comments.flatMap(({ body: text }) => parseCommands(text))
      expect(told).toHaveLength(said.filter(({ kind }) => kind === "command").length)
    }, 3)
  })

  test("it settles: once answered, nothing is left to do", () => {
    assertLaw((snapshot) => {
      const plan = decideConversation(snapshot)
      const pauses = pausesAfter(snapshot.pauses, plan.entries)
      const again = decideConversation({ ...snapshot, pauses, comments: [] })
      expect([again.needs, again.entries, again.answers.size]).toEqual([[], [], 0])
    }, 4)
  })

  test("comments answered together are answered as one after the other", () => {
    assertLaw((snapshot) => {
      let { pauses } = snapshot
      const entries: EntryDraft[] = []
      for (const one of snapshot.comments) {
        const plan = decideConversation({ ...snapshot, pauses, comments: [one] })
        entries.push(...plan.entries)
        pauses = pausesAfter(pauses, plan.entries)
      }
      expect(decideConversation(snapshot).entries).toEqual(entries)
    }, 5)
  })

  test("what is resumed was paused, and by nobody who spoke later", () => {
    assertLaw((snapshot) => {
      let { pauses } = snapshot
      for (const entry of decideConversation(snapshot).entries) {
        if (entry.type === "promotion_pause_changed" && entry.payload.change === "resumed") {
          const { pause_id: id } = entry.payload
          expect(pauses.map((pause) => pause.id)).toContain(id)
          const [, asked] = id.split(":")
          const [, now] = entry.key.split(":")
          if (id.startsWith("comment:")) expect(Number(asked)).toBeLessThanOrEqual(Number(now))
        }
        pauses = pausesAfter(pauses, [entry])
      }
    }, 6)
  })
})
