import { expect, test } from "vitest"
import type { LabelAsk } from "../../src/promotion/gate/snapshot.ts"
import { isAgentLabelled } from "../../src/promotion/policy/agent-label.ts"
import { agentsSchema } from "../../src/promotion/config/config-rules.ts"
import { trueRoles, pullOf } from "./review-world.ts"

const pullRequest = pullOf({})
const input = { pullRequest, pusher: null, change: null, agents: agentsSchema.parse({ logins: ["robo"] }) }
const known = { ...input, roles: trueRoles, teams: new Map<string, boolean>() }

function change(on: boolean, login: string | null, more: Partial<LabelAsk> = {}): LabelAsk {
  const actor = login === null ? null : ({ kind: "user", login, id: 1 } as const)
  const told = { by: null, actorIsBot: false, cause: null, answered: false }
  return { key: `label:1:${login}:${on}`, atMs: 1000, on, actor, ...told, ...more }
}

const set = change(true, "olga", { atMs: 0 })

test.each<[string, LabelAsk[], boolean]>([
  ["nobody ever set it", [], false],
  ["an operator took it off", [change(false, "olga"), set], false],
  [
    "an operator took it off within the second in which it was set",
    [change(true, "max"), change(false, "olga")],
    false,
  ],
  ["its author took it off", [change(false, "max"), set], true],
  ["a mere writer took it off", [change(false, "wes"), set], true],
  ["a listed agent took it off", [change(false, "robo"), set], true],
  ["an app took it off", [change(false, "olga", { actorIsBot: true }), set], true],
  ["nobody knows who took it off", [change(false, null), set], true],
  ["nobody told that it was taken off", [set], true],
  [
    "it was set anew, and nobody told what came then",
    [change(true, "max", { atMs: 2000 }), change(false, "olga")],
    true,
  ],
])("a label that is not there: %s", (_, changes, expected) => {
  expect(isAgentLabelled(changes, { approver: known, label: "agent" })).toBe(expected)
})

test("a label that is there counts, whoever set it, in any case", () => {
  const labelled = { ...known, pullRequest: { ...pullRequest, labels: ["AGENT"] } }
  expect(isAgentLabelled([], { approver: labelled, label: "agent" })).toBe(true)
})

test("the role of whoever took it off is asked for", () => {
  const asked = isAgentLabelled([change(false, "olga"), set], {
    approver: { ...known, roles: new Map() },
    label: "agent",
  })
  expect(asked).toEqual([{ kind: "role", login: "olga" }])
})
