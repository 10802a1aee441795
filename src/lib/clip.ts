/**
 * The beginning of a text, `units` UTF-16 units at most, never half a character: a lone surrogate is refused by the
 * ledger's canonical JSON and by PostgreSQL, so it must not come into being.
 */
export function clip(text: string, units: number): string {
  if (text.length <= units) return text
  const splits = /[\uD800-\uDBFF]/.test(text.charAt(units - 1))
  return text.slice(0, splits ? units - 1 : units)
}

/** The same as text that PostgreSQL can store: without NUL, and without halves of characters anywhere. */
export function storable(text: string, units: number): string {
  return clip(text.replaceAll("\0", ""), units).toWellFormed()
}
