import { Webhook } from "standardwebhooks"
import { expect, test } from "vitest"
import { isSignedBy, signingSecret } from "../../src/evidence/signature.ts"

const origin = { secret: "thirty-two characters, or a few more", repositoryId: 4711, version: 1 }
const sentAt = new Date("2026-11-20T12:00:00Z")
const message = { id: "msg_1", timestamp: String(sentAt.getTime() / 1000), body: '{"ü":1}' }
const signed = (from = origin): string => new Webhook(signingSecret(from)).sign(message.id, sentAt, message.body)

test("what a library of Standard Webhooks signs with the key is signed by it", () => {
  expect(isSignedBy(origin, message, signed())).toBe(true)
})

test("a key is 32 bytes in base64, the same each time, and another one for each repository, version and secret", () => {
  const origins = [origin, { ...origin, repositoryId: 4712 }, { ...origin, version: 2 }, { ...origin, secret: "x" }]
  const keys = origins.map(signingSecret)
  expect(new Set(keys).size).toBe(4)
  for (const key of keys) expect(key).toMatch(/^whsec_[\w+/]{43}=$/)
  expect(signingSecret({ ...origin })).toBe(keys[0])
  // Digits of the one are not taken for the other's.
  expect(signingSecret({ ...origin, repositoryId: 1, version: 11 })).not.toBe(
    signingSecret({ ...origin, repositoryId: 11, version: 1 }),
  )
})

test("nothing else is", () => {
  const others = [
    { ...origin, repositoryId: 4712 },
    { ...origin, version: 2 },
    { ...origin, secret: "x" },
  ]
  for (const other of others) expect(isSignedBy(other, message, signed())).toBe(false)
  const changed = [
    { ...message, id: "msg_2" },
    { ...message, timestamp: "1" },
    { ...message, body: "{}" },
    { id: "msg_1.1", timestamp: message.timestamp, body: message.body },
  ]
  for (const one of changed) expect(isSignedBy(origin, one, signed())).toBe(false)
  for (const header of ["", "v1,", "v1", signed().slice(3), signed().replace("v1,", "v1a,"), signed().slice(0, -8)]) {
    expect(isSignedBy(origin, message, header), header).toBe(false)
  }
})

test("of several signatures one is enough, among the first ten", () => {
  const wrong = signed({ ...origin, version: 2 })
  expect(isSignedBy(origin, message, `${wrong} ${signed()}`)).toBe(true)
  expect(isSignedBy(origin, message, `${signed()} ${wrong}`)).toBe(true)
  expect(isSignedBy(origin, message, `v1a,AAAA ${signed()}`)).toBe(true)
  expect(isSignedBy(origin, message, `${"v1,AAAA ".repeat(10)}${signed()}`)).toBe(false)
})
