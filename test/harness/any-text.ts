import fc from "fast-check"

/** Code points that are halves of a pair, and no text by themselves. */
const halves = { from: 0xd800, count: 0x800 }

const codePoint = fc.integer({ min: 0, max: 0x10_ff_ff - halves.count }).map(
  (place) => String.fromCodePoint(place < halves.from ? place : place + halves.count),
  (text) => {
    const code = typeof text === "string" ? (text.codePointAt(0) ?? -1) : -1
    if (code < 0 || text !== String.fromCodePoint(code)) throw new Error("not one code point")
    return code < halves.from ? code : code - halves.count
  },
)

/**
 * Text of any code points. It is what fast-check's unit `binary` means, which fills a table with a million of them, and
 * keeps it, wherever it is written.
 */
export function anyText(length: { maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ unit: codePoint, ...length })
}
