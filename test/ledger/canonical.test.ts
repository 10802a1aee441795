import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { emptyChainHash, hashBody, seal } from "../../src/ledger/chain.ts"
import { parseEntryBody, type EntryDraft } from "../../src/ledger/entry.ts"
import { context, draft, repositoryId } from "./entries.ts"

// The hashed text is RFC 8785's canonical JSON, so that anybody can compute a hash again in any language.

const start = { size: 0, hash: emptyChainHash }
const place = { ...context, repositoryId }

function payloadText(payload: unknown, type = "command_received"): string {
  const made = { ...draft("k"), type, payload } as EntryDraft
  const { body } = seal(made, start, place)
  return body.slice(body.indexOf('"payload":') + '"payload":'.length, body.indexOf(',"prev"'))
}

function withReason(reason: string): unknown {
  return { change: "paused", pause_id: "label:7", scope: "pull-request", source: "label", reason }
}

test("an entry's text, byte for byte", () => {
  const { seq, prev, body, hash } = seal(draft("comment:12"), { size: 4, hash: "b".repeat(64) }, place)
  expect(body).toBe(
    '{"actor":{"id":9,"kind":"user","login":"max"},"branch":"main","cause":"job:pull-request:4711:7",' +
      '"key":"comment:12","occurredAt":"2026-03-04T05:06:07.089Z",' +
      '"payload":{"command":"pause-promotion","comment_id":12},' +
      `"prev":"${"b".repeat(64)}","pullRequest":7,"recordedAt":"2026-03-04T05:06:08.000Z","repositoryId":4711,` +
      `"runId":"01930000-0000-7000-8000-000000000001","seq":5,"sha":"${"a".repeat(40)}","type":"command_received","v":1}`,
  )
  expect({ seq, prev }).toEqual({ seq: 5, prev: "b".repeat(64) })
  expect(hash).toBe(createHash("sha256").update(Buffer.from(body, "utf8")).digest("hex"))
})

test("the order in which a payload was written changes nothing", () => {
  expect(payloadText({ comment_id: 12, command: "pause-promotion" })).toBe(
    payloadText({ command: "pause-promotion", comment_id: 12 }),
  )
})

test("a draft's own cause goes before the writer's", () => {
  const { body } = seal(draft("k", { cause: "delivery:1" }), start, place)
  expect(parseEntryBody(body).cause).toBe("delivery:1")
})

test.each([
  [0, "0"],
  [-0, "0"],
  [1e15, "1000000000000000"],
  [9_007_199_254_740_991, "9007199254740991"],
  [-9_007_199_254_740_991, "-9007199254740991"],
])("the number %d is written as ECMAScript does: %s", (number, text) => {
  expect(payloadText({ command: "x", comment_id: number })).toBe(`{"command":"x","comment_id":${text}}`)
})

test.each([Number.NaN, Infinity, 0.5, 2 ** 53])(
  "the number %d is no whole number that every reader reads alike",
  (number) => {
    expect(() => payloadText({ command: "x", comment_id: number })).toThrow()
  },
)

// RFC 8785, section 3.2.2.2.
test.each([
  ["the signs with an escape of their own", '\b\t\n\f\r"\\', String.raw`\b\t\n\f\r\"\\`],
  ["other controls, in lower-case hex", "\u0001\u000F\u001B", String.raw`\u0001\u000f\u001b`],
  ["everything else as itself", "€$/<>\u007F\u0085\u2028ö😂\uFB33", "€$/<>\u007F\u0085\u2028ö😂\uFB33"],
  ["composed and decomposed letters apart", "\u00E9e\u0301", "\u00E9e\u0301"],
])("text is escaped as RFC 8785 says: %s", (_, reason, text) => {
  const expected = `{"change":"paused","pause_id":"label:7","reason":"${text}","scope":"pull-request","source":"label"}`
  expect(payloadText(withReason(reason), "promotion_pause_changed")).toBe(expected)
})

test("half a surrogate pair has no UTF-8 and is refused", () => {
  expect(() => payloadText(withReason("a\uD83D"), "promotion_pause_changed")).toThrow("Lone surrogate")
})

test("a hash is that of the text in UTF-8", () => {
  expect(hashBody("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  expect(hashBody("ö")).toBe(createHash("sha256").update(Uint8Array.of(0xc3, 0xb6)).digest("hex"))
})

test("an entry is read back from its text as it was drafted", () => {
  const drafted = draft("k")
  const { body } = seal(drafted, start, place)
  const { occurredAtMs, recordedAtMs, cause } = context
  expect(parseEntryBody(body)).toEqual({ ...drafted, repositoryId, seq: 1, cause, occurredAtMs, recordedAtMs })
})

test.each([
  ["no JSON", "{"],
  ["a type nobody knows", seal(draft("k"), start, place).body.replace("command_received", "command_sent")],
  ["a field too many", seal(draft("k"), start, place).body.replace('"v":1', '"v":1,"w":1')],
  ["a field too many in its payload", seal(draft("k"), start, place).body.replace('"command":', '"c":1,"command":')],
  ["another version", seal(draft("k"), start, place).body.replace('"v":1', '"v":2')],
])("a text that is no entry is refused: %s", (_, body) => {
  expect(() => parseEntryBody(body)).toThrow()
})

test("a payload that is not of its type is refused", () => {
  expect(() => payloadText({ command: "x" })).toThrow("comment_id")
  expect(() => payloadText({ command: "x", comment_id: 1, extra: 1 })).toThrow("extra")
})

/** A payload of so many bytes, with so many letters in it that take two. */
function payloadOf(bytes: number, wide: number): unknown {
  const checks = Array.from({ length: 30 }, () => ({ name: "", app: null, result: "failure" }))
  const payload = { passed: false, checks, more: 0 }
  let room = bytes - JSON.stringify(payload).length - wide
  for (const check of checks) {
    const length = Math.min(255, room)
    check.name = "x".repeat(length)
    room -= length
  }
  const [first] = checks
  if (first !== undefined) first.name = "ö".repeat(wide) + first.name.slice(wide)
  return payload
}

test("a payload of 8 KiB is taken, one of more is refused, counted in UTF-8", () => {
  for (const wide of [0, 100]) {
    expect(Buffer.byteLength(payloadText(payloadOf(8192, wide), "tested"))).toBe(8192)
    expect(() => payloadText(payloadOf(8193, wide), "tested")).toThrow(
      "payload of tested is 8193 bytes, more than 8 KiB",
    )
  }
})
