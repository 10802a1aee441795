import fc from "fast-check"
import { expect, test } from "vitest"
import { frame, joined } from "../../src/lib/db/wire.ts"

// The embedded database takes half a message for the end of the connection, so no split of the bytes may reach it.

const startUp = Uint8Array.of(0, 0, 0, 9, 0, 3, 0, 0, 0)
const message = fc
  .tuple(fc.constantFrom("Q", "P", "B", "E", "S"), fc.uint8Array({ maxLength: 40 }))
  .map(([type, body]) => joined([Uint8Array.of(type.charCodeAt(0), 0, 0, 0, body.length + 4), body]))

test("bytes in any split come out as whole messages, each once and in order", () => {
  const law = fc.property(fc.array(message), fc.array(fc.nat({ max: 60 })), (messages, sizes) => {
    const sent = joined([startUp, ...messages])
    const runs: Uint8Array[] = []
    let rest: Uint8Array = new Uint8Array()
    for (const piece of pieces(sent, sizes)) {
      const framed = frame(joined([rest, piece]), runs.length > 0)
      runs.push(...framed.complete)
      rest = framed.rest
    }
    expect(rest).toHaveLength(0)
    expect(runs[0]).toEqual(startUp)
    expect(joined(runs)).toEqual(sent)
    for (const run of runs.slice(1)) expect(isWhole(run, messages)).toBe(true)
  })
  fc.assert(law)
})

test("half a message is kept back", () => {
  const query = Uint8Array.of(0x51, 0, 0, 0, 6, 0x3b, 0)
  const { complete, rest } = frame(joined([query, query.subarray(0, 6)]), true)
  expect(complete).toEqual([query])
  expect(rest).toEqual(query.subarray(0, 6))
})

function pieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const cut: Uint8Array[] = []
  let at = 0
  for (const size of sizes) {
    cut.push(bytes.subarray(at, at + size))
    at += size
  }
  return [...cut, bytes.subarray(at)]
}

/** Whether a run is the concatenation of some of the messages that follow one another. */
function isWhole(run: Uint8Array, messages: readonly Uint8Array[]): boolean {
  const text = Buffer.from(run).toString("hex")
  return messages.some((_, from) =>
    messages.some((__, to) => Buffer.from(joined(messages.slice(from, to + 1))).toString("hex") === text),
  )
}
