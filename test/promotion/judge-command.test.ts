import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Actor, EntryDraft } from "../../src/ledger/entry.ts"
import { promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"
import {
  decideConversation,
  type CommentAsk,
  type ConversationSnapshot,
} from "../../src/promotion/command/conversation.ts"
import type { Role } from "../../src/promotion/permission.ts"
import { changeOf } from "./change-arbitrary.ts"
import { assertFits } from "./laws.ts"
import { head, nowMs, number, olderHead, promotions, pulls } from "./world.ts"

const roleOf = { olga: "admin", mona: "maintain", max: "write", pia: "write", tess: "triage", rita: "read" } as const
const bot = "shipwright[bot]"
const roles = new Map<string, Role>([...Object.entries(roleOf), [bot, "admin"], ["helper", "admin"]])

const config: ConfigInForce = {
  status: "valid",
  blob: "d".repeat(40),
  config: promotionConfigSchema.parse({
    version: 1,
    branches: { main: { stages: ["review"] }, release: { stages: [] } },
    review: { high: { from: ["user:tess"] }, delete_rejected_branch: true },
    agents: { logins: ["helper"] },
  }),
}

function actor(login: string): Actor {
  return { kind: login === bot ? "app" : "user", login, id: login.length }
}

function comment(commentId: number, login: string, body: string): CommentAsk {
  const who = { actor: actor(login), actorIsBot: login === bot }
  const at = { number, onPullRequest: true, atMs: nowMs - 1000 }
  return { key: `comment:${commentId}`, commentId, ...at, body, ...who, cause: null }
}

/** max opened the pull request, pia committed to it, mona pushed its head. */
function snapshotOf(more: Partial<ConversationSnapshot>): ConversationSnapshot {
  return {
    nowMs,
    number,
    config,
    comments: [],
    pauses: [],
    heldByLabel: new Set(),
    roles,
    teams: new Map(),
    defaultBranch: "main",
    lane: null,
    commits: new Map(),
    pullRequest: pulls["open into main"] ?? null,
    seen: true,
    gone: false,
    change: changeOf([], { headSha: head, commits: { people: ["pia"], trailers: [], complete: true } }),
    head: { number, sha: head, atMs: nowMs - 60_000, pusher: "mona" },
    retargetedAtMs: null,
    promotion: promotions["proposed"] ?? null,
    voided: new Set(),
    newRunId: "01930000-0000-7000-8000-000000000002",
    ...more,
  }
}

/** Types of the entries that one comment leads to, and the kinds of its replies. */
function says(login: string, body: string, more: Partial<ConversationSnapshot> = {}) {
  const plan = decideConversation(snapshotOf({ comments: [comment(100, login, body)], ...more }))
  const reply = plan.answers.get("comment:100")?.reply.map((part) => ("why" in part ? part.why : part.kind))
  return { needs: plan.needs, types: plan.entries.map(({ type }) => type), reply, effects: plan.effects }
}

describe("/approve", () => {
  test.each([
    ["olga", ["command_received", "approved"], []],
    ["tess", ["command_received", "approved"], []],
    ["rita", ["command_denied"], ["not-entitled"]],
    ["max", ["command_denied"], ["author"]],
    ["pia", ["command_denied"], ["committer"]],
    ["mona", ["command_denied"], ["pusher"]],
    [bot, ["command_denied"], ["agent"]],
    ["helper", ["command_denied"], ["agent"]],
  ])("by %s", (login, types, reply) => expect(says(login, "/approve")).toMatchObject({ types, reply, needs: [] }))

  test("what is not known is asked, and nothing is decided before", () => {
    expect(says("olga", "/approve", { seen: false }).needs).toEqual([{ kind: "sight" }])
    const needs = says("olga", "/approve", { change: null, roles: new Map() }).needs
    expect(needs.map(({ kind }) => kind)).toEqual(["change", "role"])
  })

  test("not what came with a push, was edited, or is of another commit", () => {
    const late = { number, sha: head, atMs: nowMs - 1000, pusher: "mona" }
    expect(says("olga", "/approve", { head: late }).reply).toEqual(["push-is-newer"])
    expect(says("olga", "/approve", { head: null }).reply).toEqual(["push-is-newer"])
    for (const text of ["/approve", `/approve ${head.slice(0, 7)}`]) {
      expect(says("olga", text, { retargetedAtMs: nowMs - 1000 }).reply).toEqual(["base-is-newer"])
      expect(says("olga", text, { retargetedAtMs: nowMs - 60_000 }).types).toContain("approved")
    }
    expect(says("olga", "/approve", { voided: new Set([100]) }).reply).toEqual(["comment-changed"])
    expect(says("olga", `/approve ${olderHead.slice(0, 7)}`).reply).toEqual(["not-the-head"])
    expect(says("olga", `/approve ${head.slice(0, 7)}`, { head: late }).types).toContain("approved")
  })

  test("a promotion that nobody has begun yet is begun", () => {
    const types = ["command_received", "proposed", "approved"]
    expect(says("olga", "/approve", { promotion: null }).types).toEqual(types)
  })
})

describe("/reject", () => {
  test("by whom the rules name, a hand in the change or not; never by an agent", () => {
    for (const login of ["olga", "max", "pia", "mona", "tess"]) {
      expect(says(login, "/reject no").types).toEqual(["command_received", "rejected"])
    }
    expect(says("rita", "/reject no").reply).toEqual(["not-entitled"])
    for (const login of [bot, "helper"]) expect(says(login, "/reject no").reply).toEqual(["agent"])
  })

  test("deletes no promotion branch and no branch of a fork", () => {
    const pull = pulls["open into main"]
    if (pull === undefined || pull === null) throw new Error("the world is not as it was")
    const deeds = (more: object) =>
      says("olga", "/reject no", { pullRequest: { ...pull, ...more } }).effects.map(({ deed }) => deed.kind)
    expect(deeds({})).toEqual(["close-pull-request", "delete-branch"])
    expect(deeds({ fork: true })).toEqual(["close-pull-request"])
    expect(deeds({ headRef: "release" })).toEqual(["close-pull-request"])
  })

  test("what follows in the same comment finds the promotion ended", () => {
    expect(says("olga", "/reject no\n/approve\n/promote\n/abort").reply).toEqual(["rejected", "rejected", "rejected"])
  })
})

describe("/promote --urgent", () => {
  test("is of the head and base that its author saw, and by people alone", () => {
    const enforced: ConfigInForce = { ...config, config: { ...config.config, mode: "enforce" } }
    const promote = (login: string, body: string, more: Partial<ConversationSnapshot> = {}) =>
      says(login, body, { config: enforced, ...more })
    const urgent = promote("olga", "/promote --urgent it burns")
    expect([urgent.types, urgent.reply]).toEqual([["command_received"], []])
    const pushed = { number, sha: head, atMs: nowMs, pusher: "mona" }
    for (const more of [{ head: pushed }, { head: null }, { retargetedAtMs: nowMs }, { voided: new Set([100]) }]) {
      expect(promote("olga", "/promote --urgent it burns", more).reply, JSON.stringify(more)).toHaveLength(1)
    }
    expect(promote("olga", "/promote", { head: pushed }).reply).toEqual([])
    for (const login of [bot, "helper", "max"]) {
      expect(promote(login, "/promote --urgent it burns").types).toEqual(["command_denied"])
    }
  })
})

const commands = ["/approve", `/approve ${head.slice(0, 9)}`, "/reject no", "/abort", "/promote", "/promote --urgent x"]
const snapshots = fc
  .record({
    said: fc.array(fc.tuple(fc.constantFrom(...roles.keys(), "eve"), fc.constantFrom(...commands)), { maxLength: 4 }),
    promotion: fc.constantFrom(...Object.values(promotions)),
    pullRequest: fc.constantFrom(...Object.values(pulls)),
    seen: fc.boolean(),
    headAtMs: fc.constantFrom(nowMs - 60_000, nowMs - 1000, nowMs),
  })
  .map(({ said, headAtMs, ...more }) => {
    const comments = said.map(([login, body], index) => comment(100 + index, login, body))
    const pushed = { number, sha: head, atMs: headAtMs, pusher: "mona" }
    return snapshotOf({ ...more, comments, head: pushed, roles: new Map([...roles, ["eve", "none"]]) })
  })

const decisions = new Set<EntryDraft["type"]>(["approved", "rejected", "aborted"])

describe("laws of every judgement", () => {
  test("agents decide nothing, whoever made the change approves nothing, and all is of the head that was read", () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const { entries, effects } = decideConversation(snapshot)
        for (const entry of entries) assertFits(entry)
        for (const entry of entries.filter(({ type }) => decisions.has(type))) {
          expect([bot, "helper", "rita", "eve"]).not.toContain(entry.actor.login)
          if (entry.type === "approved") expect(["max", "pia", "mona"]).not.toContain(entry.actor.login)
          expect([snapshot.seen, entry.sha, snapshot.pullRequest?.state]).toEqual([true, head, "open"])
        }
        expect(effects.length > 0).toBe(entries.some(({ type }) => type === "rejected"))
      }),
      { numRuns: 1000, seed: 1 },
    )
  })

  test("a promotion ends once", () => {
    fc.assert(
      fc.property(snapshots, (snapshot) => {
        const ends = decideConversation(snapshot).entries.filter(
          ({ type }) => type === "rejected" || type === "aborted",
        )
        expect(ends.length).toBeLessThanOrEqual(1)
      }),
      { numRuns: 1000, seed: 2 },
    )
  })
})
