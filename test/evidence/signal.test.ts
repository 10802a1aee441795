import { describe, expect, test } from "vitest"
import { readSignalMessage } from "../../src/evidence/signal.ts"

const now = Date.parse("2026-11-20T12:00:00.000Z")
const heartbeat = { type: "heartbeat", source: "worker-1" }

function problemsOf(body: unknown): string[] {
  const reading = readSignalMessage(typeof body === "string" ? body : JSON.stringify(body), now)
  return reading.ok ? [] : reading.problems
}

const withSignal = (signal: unknown): unknown => ({ repository: "acme/shop", signals: [signal] })

test("everything told is taken, and texts are cleaned", () => {
  const sha = "0123456789abcdef0123456789abcdef01234567"
  const body = {
    repository: "acme/shop",
    branch: "release/1",
    environment: "production (eu)",
    sha,
    signals: [
      { type: "error_rate", errors: 3, requests: 1200, at: "2026-11-20T11:00:00+00:00" },
      { ...heartbeat, at: "2026-11-20T13:59:59+02:00" },
      { type: "failure", severity: "critical", message: "mail to max@example.com\nfailed" },
    ],
  }
  expect(readSignalMessage(JSON.stringify(body), now)).toEqual({
    ok: true,
    message: {
      repository: "acme/shop",
      branch: "release/1",
      environment: "production (eu)",
      sha,
      signals: [
        { kind: "error_rate", atMs: now - 3_600_000, errors: 3, requests: 1200 },
        { kind: "heartbeat", atMs: now - 1000, source: "worker-1" },
        { kind: "failure", atMs: now, severity: "critical", message: "mail to [mail] failed" },
      ],
    },
  })
})

test("what is not told is null, and happened now", () => {
  const signals = [{ type: "failure", severity: "low" }]
  expect(readSignalMessage(JSON.stringify({ repository: "acme/shop", signals }), now)).toEqual({
    ok: true,
    message: {
      repository: "acme/shop",
      branch: null,
      environment: null,
      sha: null,
      signals: [{ kind: "failure", atMs: now, severity: "low", message: null }],
    },
  })
})

describe("refused", () => {
  test.each([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["null", "null"],
    ["no signals", { repository: "acme/shop", signals: [] }],
    ["101 signals", { repository: "acme/shop", signals: Array.from({ length: 101 }, () => heartbeat) }],
    ["no repository", { signals: [heartbeat] }],
    ["an unknown key", { repository: "acme/shop", signals: [heartbeat], note: "x" }],
    ["an unknown key of a signal", withSignal({ ...heartbeat, note: "x" })],
    ["another kind's key", withSignal({ ...heartbeat, errors: 1 })],
    ["an unknown type", withSignal({ type: "mood" })],
    ["errors below none", withSignal({ type: "error_rate", errors: -1, requests: 1 })],
    ["half an error", withSignal({ type: "error_rate", errors: 0.5, requests: 1 })],
    ["more than can be counted", withSignal({ type: "error_rate", errors: 0, requests: 1e13 })],
    ["a number in words", withSignal({ type: "error_rate", errors: "1", requests: 2 })],
    ["more errors than requests", withSignal({ type: "error_rate", errors: 2, requests: 1 })],
    ["a source with a path", withSignal({ type: "heartbeat", source: "a/b" })],
    ["no source", withSignal({ type: "heartbeat", source: "" })],
    ["an unknown severity", withSignal({ type: "failure", severity: "dire" })],
    ["no severity", withSignal({ type: "failure", message: "x" })],
    ["a branch with a NUL", { repository: "acme/shop", branch: "a\0b", signals: [heartbeat] }],
    [
      "a branch with half a character",
      `{"repository":"acme/shop","branch":"\\ud800","signals":[${JSON.stringify(heartbeat)}]}`,
    ],
    ["an environment with a line end", { repository: "acme/shop", environment: "a\nb", signals: [heartbeat] }],
    ["a long branch", { repository: "acme/shop", branch: "a".repeat(256), signals: [heartbeat] }],
    ["a short sha", { repository: "acme/shop", sha: "0123456", signals: [heartbeat] }],
    ["a time without a zone", withSignal({ ...heartbeat, at: "2026-11-20T12:00:00" })],
    ["no time", withSignal({ ...heartbeat, at: "yesterday" })],
    ["a day that is none", withSignal({ ...heartbeat, at: "2026-02-30T12:00:00Z" })],
    ["a time of the day before", withSignal({ ...heartbeat, at: "2026-11-19T11:59:59.999Z" })],
    ["a time to come", withSignal({ ...heartbeat, at: "2026-11-20T12:05:00.001Z" })],
  ])("%s", (_, body) => {
    expect(problemsOf(body).length).toBeGreaterThan(0)
  })

  test("each with its place, a few of them at most", () => {
    const wrong = { type: "error_rate", errors: 2, requests: 1, at: "2020-01-01T00:00:00Z" }
    expect(problemsOf({ repository: "acme/shop", signals: [heartbeat, wrong] })).toEqual([
      "signals.1: has more errors than requests",
    ])
    expect(problemsOf(withSignal({ ...heartbeat, at: "2020-01-01T00:00:00Z" }))).toEqual([
      "signals.0.at: must be within the last 24 hours",
    ])
    const many = Array.from({ length: 50 }, () => ({ ...wrong, errors: 0 }))
    expect(problemsOf({ repository: "acme/shop", signals: many })).toHaveLength(5)
    expect(problemsOf({ repository: "acme/shop", signals: [heartbeat], ["x".repeat(5000)]: 1 })[0]?.length).toBe(200)
  })
})

test("a clock that goes a little ahead makes nothing happen later than now", () => {
  const reading = readSignalMessage(JSON.stringify(withSignal({ ...heartbeat, at: "2026-11-20T12:05:00Z" })), now)
  expect(reading.ok && reading.message.signals[0]?.atMs).toBe(now)
})
