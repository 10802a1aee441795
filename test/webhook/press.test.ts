import { createRequire } from "node:module"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Reading } from "../../src/inbox/reading.ts"
import { readDelivery } from "../../src/webhook/payload.ts"

// GitHub's own example of a pressed button, changed.

type Json = Record<string, unknown>
const require = createRequire(import.meta.url)
const all = require("@octokit/webhooks-examples/api.github.com/index.json") as { name: string; examples: Json[] }[]
const found = all.find(({ name }) => name === "check_run")?.examples.find((one) => one["action"] === "requested_action")
const example = found ?? expect.fail("no example of a pressed button")
const ownAppId = (example["check_run"] as { app: { id: number } }).app.id
const sha = (example["check_run"] as { head_sha: string }).head_sha
const receivedAt = new Date("2026-11-20T12:00:00Z")

type Change = { run?: Json; identifier?: unknown; more?: Json; guid?: string; appId?: number }

function press({ run = {}, identifier = "approve-mb2k3f9z", more = {}, guid = "a-guid", appId }: Change = {}): Reading {
  const gate = { ...(example["check_run"] as Json), name: "Promotion gate", external_id: `7:${sha}`, ...run }
  const payload = { ...example, installation: { id: 9 }, check_run: gate, requested_action: { identifier }, ...more }
  return readDelivery(
    { id: 1n, guid, event: "check_run", payload: JSON.stringify(payload), receivedAt },
    appId ?? ownAppId,
  )
}

test("a press is an ask of its pull request, once for each delivery", () => {
  const { outcome, hearsay } = press()
  expect(outcome).toBe("queued")
  expect(hearsay.map(({ asks, subjects, facts }) => ({ asks, subjects, facts }))).toMatchInlineSnapshot(`
    [
      {
        "asks": [
          {
            "actor": {
              "id": 2036040,
              "kind": "user",
              "login": "codebytere",
            },
            "actorIsBot": false,
            "atMs": 1795176000000,
            "cause": "delivery:a-guid",
            "deliveryId": "a-guid",
            "kind": "button",
            "number": 7,
            "press": {
              "headSha": "5bd5f196a46b8222fb7484f05faba41a73cf34bd",
              "name": "approve",
              "ofMs": 1748110900247,
            },
          },
        ],
        "facts": [],
        "subjects": [
          {
            "kind": "conversation",
            "number": 7,
            "repositoryId": 9384267,
          },
        ],
      },
    ]
  `)
})

test.each<[string, Change, string]>([
  ["another name of a check run", { run: { name: "Promotion config" } }, "not a button of the gate"],
  ["a merge group's gate", { run: { external_id: `0:${sha}` } }, "no button that was ever shown"],
  ["another commit", { run: { external_id: `7:${"b".repeat(40)}` } }, "no button that was ever shown"],
  ["no pull request", { run: { external_id: null } }, "no button that was ever shown"],
  ["no number", { run: { external_id: `7e3:${sha}` } }, "no button that was ever shown"],
  ["a number too large", { run: { external_id: `4294967296:${sha}` } }, "no button that was ever shown"],
  ["something behind it", { run: { external_id: `7:${sha}:8` } }, "no button that was ever shown"],
  ["a button that we never show", { identifier: "reject-1" }, "no button that was ever shown"],
  ["nobody", { more: { sender: null } }, "nobody knows who pressed it"],
  ["a name of a delivery that is none", { guid: "x".repeat(65) }, "nobody knows who pressed it"],
])("%s is not taken for a press", (_what, change, why) => {
  expect(press(change)).toEqual({ outcome: "ignored", why, hearsay: [] })
})

test("the button of another app is none of ours", () => {
  const { outcome, hearsay } = press({ appId: ownAppId + 1 })
  expect([outcome, hearsay[0]?.asks, hearsay[0]?.subjects]).toEqual(["queued", [], []])
})

test("what is not of the event's shape is set aside", () => {
  for (const change of [{ identifier: 7 }, { identifier: null }, { more: { requested_action: undefined } }]) {
    expect(press(change).outcome).toBe("unparseable")
  }
  expect(press({ run: { external_id: 7 } }).outcome).toBe("unparseable")
})

test("no identifier and no external id makes it throw, or ask in another's name", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (identifier, externalId) => {
      const { hearsay } = press({ identifier, run: { external_id: externalId } })
      expect(hearsay).toEqual([])
    }),
  )
})

test("a bot's press is known to be a bot's", () => {
  const sender = { ...(example["sender"] as Json), login: "shipwright[bot]", type: "Bot" }
  expect(press({ more: { sender } }).hearsay[0]?.asks[0]).toMatchObject({ actorIsBot: true, actor: { kind: "app" } })
})
