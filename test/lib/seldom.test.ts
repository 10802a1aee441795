import { expect, test } from "vitest"
import { seldom } from "../../src/lib/seldom.ts"
import { testClock } from "../harness/clock.ts"

test("each key has its turn at first, and again when the period has passed", () => {
  const clock = testClock()
  const isTime = seldom(clock, 1000)
  expect([isTime("a"), isTime("a"), isTime("b")]).toEqual([true, false, true])
  clock.advance(999)
  expect(isTime("a")).toBe(false)
  clock.advance(1)
  expect([isTime("a"), isTime("a")]).toEqual([true, false])
})

test("it remembers no more than so many keys", () => {
  const isTime = seldom(testClock(), 1000)
  for (let key = 0; key < 10_001; key += 1) isTime(String(key))
  expect([isTime("1"), isTime("0")]).toEqual([false, true])
})
