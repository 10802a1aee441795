import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { offeredButtons, type ButtonName, type Press } from "../../src/promotion/command/button.ts"
import { promotionConfigSchema, type ConfigInForce } from "../../src/promotion/config/config.ts"
import {
  decideConversation,
  type CommentAsk,
  type ConversationSnapshot,
} from "../../src/promotion/command/conversation.ts"
import { decide } from "../../src/promotion/gate/decide.ts"
import { labelPauseId, type Pause } from "../../src/promotion/pause/pause.ts"
import type { Role } from "../../src/promotion/permission.ts"
import { changeOf } from "./change-arbitrary.ts"
import { assertFits } from "./laws.ts"
import { configs, everySnapshot, head, nowMs, number, olderHead, promotions, pulls } from "./world.ts"

const bot = "shipwright[bot]"
const roles = new Map<string, Role>([
  ["olga", "admin"],
  ["max", "write"],
  ["pia", "write"],
  ["mona", "maintain"],
  ["rita", "read"],
  [bot, "admin"],
  ["helper", "admin"],
])

const config: ConfigInForce = {
  status: "valid",
  blob: "d".repeat(40),
  config: promotionConfigSchema.parse({
    version: 1,
    mode: "enforce",
    branches: { main: { stages: ["review"] } },
    agents: { logins: ["helper"] },
  }),
}

const proposedAtMs = promotions["proposed"]?.proposedAtMs ?? expect.fail("the world is not as it was")

function pressedBy(login: string, press: Press, place = 0): CommentAsk {
  const actor = { kind: login === bot ? "app" : "user", login, id: login.length } as const
  const at = { number, onPullRequest: true, atMs: nowMs - 1000, body: "" }
  const guid = `a-guid-${place}`
  const who = { actor, actorIsBot: login === bot, cause: `delivery:${guid}` }
  return { key: `button:${guid}`, commentId: null, press, ...at, ...who }
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
    retargetedAtMs: null,
    seen: true,
    gone: false,
    change: changeOf([], { headSha: head, commits: { people: ["pia"], trailers: [], complete: true } }),
    head: { number, sha: head, atMs: nowMs, pusher: "mona" },
    promotion: promotions["proposed"] ?? null,
    voided: new Set(),
    newRunId: "01930000-0000-7000-8000-000000000002",
    ...more,
  }
}

/** Types of the entries that one press leads to, and what it is answered. */
function presses(login: string, press: Partial<Press> = {}, more: Partial<ConversationSnapshot> = {}) {
  const whole: Press = { name: "approve", ofMs: proposedAtMs, headSha: head, ...press }
  const plan = decideConversation(snapshotOf({ comments: [pressedBy(login, whole)], ...more }))
  const reply = plan.answers.get("button:a-guid-0")?.reply.map((part) => ("why" in part ? part.why : part.kind))
  return { needs: plan.needs.map(({ kind }) => kind), types: plan.entries.map(({ type }) => type), reply, plan }
}

const ownPause: Pause = {
  id: "comment:1:0",
  scope: "pull-request",
  branch: null,
  number,
  reason: null,
  source: "command",
  actor: { kind: "user", login: "olga", id: 8 },
  atMs: nowMs - 5000,
  untilMs: null,
}
const resume = { name: "resume", ofMs: ownPause.atMs } as const

describe("approve", () => {
  test.each([
    ["olga", ["command_received", "approved"], []],
    ["rita", ["command_denied"], ["not-entitled"]],
    ["max", ["command_denied"], ["author"]],
    ["pia", ["command_denied"], ["committer"]],
    ["mona", ["command_denied"], ["pusher"]],
    [bot, ["command_denied"], ["agent"]],
    ["helper", ["command_denied"], ["agent"]],
  ])("by %s", (login, types, reply) => expect(presses(login)).toMatchObject({ types, reply, needs: [] }))

  test("is of the commit, and of the proposal, that it was shown for", () => {
    for (const press of [{ headSha: olderHead }, { ofMs: proposedAtMs - 1 }, { ofMs: proposedAtMs + 1 }]) {
      expect(presses("olga", press)).toMatchObject({ types: ["command_received"], reply: ["button-outdated"] })
    }
    expect(presses("olga", {}, { promotion: null })).toMatchObject({ reply: ["button-outdated"] })
  })

  test("asks first what it must know", () => {
    expect(presses("olga", {}, { seen: false }).needs).toEqual(["sight"])
    expect(presses("olga", {}, { change: null, roles: new Map() }).needs).toEqual(["change", "role"])
  })
})

describe("pause and resume", () => {
  test("pausing is of the pull request alone, whichever commit it was pressed on", () => {
    const { plan } = presses("max", { name: "pause", ofMs: null, headSha: olderHead })
    expect(plan.entries.at(-1)?.payload).toMatchObject({ scope: "pull-request", pause_id: "button:a-guid-0" })
  })

  test("resuming ends its own pauses, none that came later, and none that a label holds", () => {
    const ended = (pauses: readonly Pause[], heldByLabel = new Set<string>()) => {
      const { plan, reply } = presses("max", resume, { pauses, heldByLabel })
      const ids = plan.entries.map(({ payload }) => ("pause_id" in payload ? payload.pause_id : null))
      return { ids: ids.slice(1), reply }
    }
    const later: Pause = { ...ownPause, id: "comment:2:0", atMs: ownPause.atMs + 1 }
    const whole: Pause = { ...ownPause, id: "comment:3:0", scope: "repository", number: null }
    const others: Pause = { ...ownPause, id: "comment:4:0", number: number + 1 }
    const label: Pause = { ...ownPause, id: labelPauseId(number), source: "label" }
    expect(ended([ownPause])).toEqual({ ids: [ownPause.id], reply: [] })
    expect(ended([ownPause, later])).toEqual({ ids: [ownPause.id], reply: ["paused-since"] })
    expect(ended([ownPause, whole, others])).toEqual({ ids: [ownPause.id], reply: [] })
    expect(ended([whole])).toEqual({ ids: [], reply: ["nothing-to-resume"] })
    expect(ended([label], new Set([label.id]))).toEqual({ ids: [], reply: ["still-paused"] })
  })

  test("nothing is paused or resumed on a pull request that is closed, or not read yet", () => {
    const closed = pulls["closed into main"] ?? null
    for (const press of [{ name: "pause", ofMs: null }, resume] as const) {
      for (const more of [{ pullRequest: closed }, { gone: true }]) {
        const paused = { ...more, pauses: [ownPause] }
        expect(presses("max", press, paused)).toMatchObject({ types: ["command_received"], reply: ["closed"] })
      }
      expect(presses("max", press, { seen: false }).needs).toEqual(["sight"])
      expect(presses("rita", press, { pullRequest: closed }).types).toEqual(["command_denied"])
    }
  })
})

const names: readonly ButtonName[] = ["approve", "promote", "pause", "resume"]
const snapshots = fc
  .record({
    presses: fc.array(
      fc.record({
        login: fc.constantFrom(...roles.keys()),
        name: fc.constantFrom(...names),
        ofMs: fc.constantFrom(proposedAtMs, ownPause.atMs, 0),
        headSha: fc.constantFrom<string>(head, olderHead),
      }),
      { maxLength: 4 },
    ),
    promotion: fc.constantFrom(...Object.values(promotions)),
    pullRequest: fc.constantFrom(...Object.values(pulls)),
    pauses: fc.constantFrom<Pause[]>([], [ownPause], [{ ...ownPause, scope: "repository", number: null }]),
    seen: fc.boolean(),
  })
  .map(({ presses: all, ...more }) => {
    const asks = all.map(({ login, name, ofMs, headSha }, place) => {
      return pressedBy(login, { name, headSha, ofMs: name === "pause" ? null : ofMs }, place)
    })
    return snapshotOf({ ...more, comments: asks })
  })

test("no press loosens anything that its presser did not see, or may not", () => {
  fc.assert(
    fc.property(snapshots, (snapshot) => {
      const { entries } = decideConversation(snapshot)
      const isOpen = snapshot.seen && snapshot.pullRequest?.state === "open"
      for (const entry of entries) {
        assertFits(entry)
        const { press } = snapshot.comments.find(({ cause }) => cause === entry.cause) ?? {}
        const { login } = entry.actor
        if (entry.type === "approved") {
          expect(["olga"]).toContain(login)
          expect([isOpen, entry.sha, press?.headSha]).toEqual([true, head, head])
          expect(press?.ofMs).toBe(snapshot.promotion?.proposedAtMs)
        }
        if (entry.type === "command_received" && entry.sha !== null) {
          expect([bot, "helper", "rita"]).not.toContain(login)
          expect([isOpen, entry.sha, press?.headSha]).toEqual([true, head, head])
        }
        if (entry.type === "promotion_pause_changed") {
          expect([isOpen, entry.payload.scope]).toEqual([true, "pull-request"])
          if (entry.payload.change === "resumed") expect([bot, "helper", "rita"]).not.toContain(login)
        }
      }
    }),
    { numRuns: 2000, seed: 1 },
  )
})

describe("what is offered", () => {
  test("of every gate: three at most, promote only through an enforced open one, pause or resume but not both", () => {
    let seen = 0
    for (const name of Object.keys(configs)) {
      for (const { snapshot } of everySnapshot(name)) {
        const { verdict, promotion } = decide(snapshot)
        if (verdict === null || promotion === null) continue
        seen += 1
        const offered = offeredButtons({ verdict, promotion, attempt: null, mergesItself: false }).map(
          (one) => one.name,
        )
        const asked = promotion.asked?.sha === verdict.headSha
        const rules: [ButtonName, boolean][] = [
          ["approve", false],
          ["promote", verdict.open && verdict.mode === "enforce" && !asked],
          ["pause", verdict.pauses.length === 0 && verdict.mode === "enforce"],
        ]
        const wrong = rules.filter(([button, wanted]) => offered.includes(button) !== wanted)
        const own = verdict.pauses.some((pause) => pause.scope === "pull-request")
        if (wrong.length > 0 || offered.length > 3 || (offered.includes("resume") && !own)) {
          expect.fail(`${name}: ${offered.join()} of ${JSON.stringify(verdict.reasons)}`)
        }
      }
    }
    expect(seen).toBeGreaterThan(1000)
  })

  test("who need not ask is offered no promote, unless GitHub refused", () => {
    const snapshot = everySnapshot("enforce").find((one) => decide(one.snapshot).verdict?.open === true)?.snapshot
    const { verdict, promotion } = decide(snapshot ?? expect.fail("no gate is open"))
    if (verdict === null || promotion === null) throw new Error("no gate is open")
    const attempt = { headSha: head, outcome: "refused", status: 405, message: "no", atMs: nowMs, count: 1 } as const
    const by = { kind: "user", login: "olga", id: 8 } as const
    const asked = { ...promotion, asked: { by, sha: verdict.headSha, atMs: nowMs, commentId: 1 } }
    const offers = (input: Partial<Parameters<typeof offeredButtons>[0]>) =>
      offeredButtons({ verdict, promotion, attempt: null, mergesItself: false, ...input }).map(({ name }) => name)
    expect(offers({})).toContain("promote")
    expect(offers({ mergesItself: true })).not.toContain("promote")
    expect(offers({ promotion: asked })).not.toContain("promote")
    expect(offers({ mergesItself: true, attempt })).toContain("promote")
    expect(offers({ promotion: asked, attempt })).toContain("promote")
    expect(offers({ mergesItself: true, attempt: { ...attempt, outcome: "unanswered" } })).not.toContain("promote")
  })
})
