import type { Clock } from "../../src/lib/clock.ts"

/** A clock that only moves when it is told to. */
export type TestClock = Clock & { advance(ms: number): void }

/** A clock standing at a fixed moment. */
export function testClock(start = "2026-11-20T12:00:00.000Z"): TestClock {
  let nowMs = Date.parse(start)
  return {
    now: () => new Date(nowMs),
    advance: (ms) => {
      nowMs += ms
    },
  }
}
