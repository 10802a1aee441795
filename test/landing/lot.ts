/** Numbers drawn by a seed, the same each time. */
export type Lot = {
  below(count: number): number
  of<T>(list: readonly T[]): T
}

/** Draws by mulberry32. */
export function lotOf(seed: number): Lot {
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (count: number): number => Math.floor(next() * count)
  const of = <T>(list: readonly T[]): T => {
    const found = list[below(list.length)]
    if (found === undefined) throw new Error("nothing to draw from")
    return found
  }
  return { below, of }
}

/** Lines that stand in every file, as in code. */
const often = ["}", "", "  }", "  return x", "{", "else {", "  i += 1"]

/** So many lines, half of them such as stand everywhere; `mark` makes the others this text's own. */
export function someLines(lot: Lot, count: number, mark = ""): string[] {
  return Array.from({ length: count }, () =>
    lot.below(2) === 0 ? lot.of(often) : `${lot.of(["const", "let", "call"])} ${mark}v${lot.below(400)}`,
  )
}

/** Lines changed in up to three places: added, removed, replaced, copied. */
export function changedLines(lot: Lot, lines: readonly string[], mark = ""): string[] {
  const changed = [...lines]
  for (let count = 1 + lot.below(3); count > 0; count -= 1) {
    const at = lot.below(changed.length + 1)
    const how = lot.below(4)
    if (how === 0) changed.splice(at, 0, ...someLines(lot, 1 + lot.below(4), mark))
    else if (how === 1) changed.splice(at, 1 + lot.below(3))
    else if (how === 2) changed.splice(at, 1 + lot.below(3), ...someLines(lot, 1 + lot.below(3), mark))
    else changed.splice(lot.below(changed.length + 1), 0, ...changed.slice(at, at + 3))
  }
  return changed
}
