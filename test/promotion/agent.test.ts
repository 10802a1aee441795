import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { judgeAgent, type AgentInput } from "../../src/promotion/policy/agent.ts"
import type { CommitsOfChange } from "../../src/promotion/change/change.ts"
import { agentsSchema } from "../../src/promotion/config/config-rules.ts"
import { anyText } from "../harness/any-text.ts"

const rules = agentsSchema.parse({ logins: ["Shipwright[bot]", "robo"], label: "agent" })
const commits: CommitsOfChange = { people: ["olga"], trailers: [], complete: true }
const human: AgentInput = { author: { kind: "user", login: "olga", id: 1 }, labelled: false, commits, rules }

function trailers(...pairs: [string, string][]): CommitsOfChange {
  return { ...commits, trailers: pairs.map(([key, value]) => ({ key, value })) }
}

describe("a change is an agent's work", () => {
  test("or a person's, when no sign says so and everything was read", () => {
    expect(judgeAgent(human)).toEqual({ agent: false, how: null, task: null, run: null, requester: null })
  })

  test.each<[string, Partial<AgentInput>, string]>([
    ["its author is listed", { author: { kind: "user", login: "ROBO", id: 2 } }, "login"],
    ["its author is a listed bot", { author: { kind: "app", login: "shipwright[bot]", id: 2 } }, "login"],
    ["a listed login is behind a commit", { commits: { ...commits, people: ["olga", "Robo"] } }, "login"],
    ["its author is a bot", { author: { kind: "app", login: "renovate[bot]", id: 2 } }, "bot"],
    ["its author is named like a bot", { author: { kind: "user", login: "renovate[bot]", id: 2 } }, "bot"],
    ["its author is the app itself", { author: { kind: "system", login: "portcullis", id: null } }, "bot"],
    ["its label counts", { labelled: true }, "label"],
    ["a commit carries the trailer", { commits: trailers(["Agent-Task", "42"]) }, "trailer"],
    ["a commit carries the trailer, empty", { commits: trailers(["agent-task", ""]) }, "trailer"],
    ["its commits are unread", { commits: null }, "unknown"],
    ["not all its commits are read", { commits: { ...commits, complete: false } }, "unknown"],
  ])("when %s", (_, more, how) => {
    expect(judgeAgent({ ...human, ...more })).toMatchObject({ agent: true, how })
  })

  test("but another bot behind a commit changes nothing", () => {
    expect(judgeAgent({ ...human, commits: { ...commits, people: ["formatter[bot]"] } }).agent).toBe(false)
  })

  test("no sign takes another one back", () => {
    const sign: fc.Arbitrary<Partial<AgentInput>> = fc.constantFrom(
      { author: { kind: "app", login: "renovate[bot]", id: 2 } },
      { labelled: true },
      { commits: trailers(["Agent-task", "1"]) },
      { commits: null },
      {},
    )
    fc.assert(
      fc.property(sign, sign, (one, other) => {
        const alone = judgeAgent({ ...human, ...other }).agent
        if (alone) expect(judgeAgent({ ...human, ...one, ...other }).agent).toBe(true)
      }),
    )
  })
})

describe("whose task it was", () => {
  test("the newest trailer with a value says", () => {
    const told = trailers(
      ["Agent-task", " "],
      ["agent-task", "new"],
      ["Agent-task", "old"],
      ["Agent-run", "run-7"],
      ["Requested-by", "pat"],
      ["Agent-requester", "olga"],
    )
    expect(judgeAgent({ ...human, commits: told })).toMatchObject({ task: "new", run: "run-7", requester: "olga" })
    expect(judgeAgent({ ...human, commits: trailers(["Requested-by", "pat"]) }).requester).toBe("pat")
  })

  test("the config names the trailer", () => {
    const named = { ...human, commits: trailers(["Robot", "9"]), rules: { ...rules, trailer: "Robot" } }
    expect(judgeAgent(named)).toMatchObject({ how: "trailer", task: "9" })
  })

  test.each([
    ["a\u0000b\u001B[31mc", "a b [31mc"],
    ["one\r\ntwo\u2028three", "one two three"],
    ["ab\u202Ecd\u200B", "abcd"],
    ["\uD83D", "\uFFFD"],
    ["x".repeat(300), "x".repeat(200)],
    [`${"x".repeat(199)}💥`, "x".repeat(199)],
  ])("%j is told as %j", (value, expected) => {
    expect(judgeAgent({ ...human, commits: trailers(["Agent-task", value]) }).task).toBe(expected)
  })

  test("whatever stands there, it is one short line", () => {
    fc.assert(
      fc.property(anyText({ maxLength: 400 }), (value) => {
        const { task } = judgeAgent({ ...human, commits: trailers(["Agent-task", value]) })
        expect(task ?? "x").toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,200}$/u)
      }),
      { seed: 1 },
    )
  })
})
