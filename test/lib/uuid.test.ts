import fc from "fast-check"
import { expect, test } from "vitest"
import { uuidV7 } from "../../src/lib/uuid.ts"

const instants = fc.nat({ max: 2 ** 48 - 1 })

test("a UUIDv7 has RFC 9562's form, version and variant, and tells its time", () => {
  const law = fc.property(instants, (nowMs) => {
    const id = uuidV7(nowMs)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16)).toBe(nowMs)
  })
  fc.assert(law)
})

test("the time of RFC 9562's example stands where the example has it", () => {
  expect(uuidV7(Date.UTC(2022, 1, 22, 19, 22, 22))).toMatch(/^017f22e2-79b0-7/)
})

test("ids sort by time, as text", () => {
  const law = fc.property(instants, instants, (a, b) => {
    fc.pre(a !== b)
    expect(uuidV7(a) < uuidV7(b)).toBe(a < b)
  })
  fc.assert(law)
})

test("ids of one millisecond differ, in every bit but the fixed ones", () => {
  const ids = Array.from({ length: 2000 }, () => uuidV7(1_700_000_000_000))
  expect(new Set(ids).size).toBe(2000)
  const bits = ids.map((id) => BigInt(`0x${id.replaceAll("-", "")}`))
  const everSet = bits.reduce((all, one) => all | one, 0n)
  const alwaysSet = bits.reduce((all, one) => all & one)
  const random = (everSet & ~alwaysSet).toString(16)
  expect(random).toBe("fff3fffffffffffffff")
})

test("a time that 48 bits do not hold is refused", () => {
  for (const nowMs of [-1, 2 ** 48]) expect(() => uuidV7(nowMs)).toThrow(RangeError)
})
