import { expect, test } from "vitest"
import { parseDurationMs } from "../../src/lib/duration.ts"

test.each([
  ["1s", 1000],
  ["90s", 90_000],
  ["5m", 300_000],
  ["24h", 86_400_000],
  ["7d", 604_800_000],
  ["999999d", 86_399_913_600_000],
])("%s is %d ms", (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms)
})

test.each([
  "",
  "0s",
  "05m",
  "5",
  "m",
  "5 m",
  " 5m",
  "5m ",
  "5m\n",
  "5M",
  "1.5h",
  "-5m",
  "+5m",
  "1h30m",
  "5ms",
  "1w",
  "1000000s",
  "٥m",
])("%j is no duration", (text) => {
  expect(parseDurationMs(text)).toBeUndefined()
})
