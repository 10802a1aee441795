/**
 * Whether a check's name fits a pattern of the config. `*` stands for any run of characters; everything else,
 * parentheses and slashes included, stands for itself. Linear in the length of the name for each `*`.
 */
export function nameMatches(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*")
  if (rest.length === 0) return pattern === name
  const last = rest.pop() ?? ""
  if (!name.startsWith(first) || !name.endsWith(last)) return false
  let position = first.length
  for (const part of rest) {
    const found = name.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return position <= name.length - last.length
}

/**
 * Whether a branch name fits a pattern of the config: `*` stands for any run of characters within one path segment, a
 * whole segment `**` for any number of segments, none included; everything else stands for itself. Time grows with
 * the product of the two lengths at most.
 */
export function branchMatches(pattern: string, branch: string): boolean {
  return segmentsMatch(pattern.split("/"), branch.split("/"))
}

/** The same for a pattern and a name that were split at their slashes before. */
export function segmentsMatch(wanted: readonly string[], segments: readonly string[]): boolean {
  let [at, next] = [0, 0]
  let retry: { at: number; next: number } | undefined
  while (at < segments.length) {
    const want = wanted[next]
    if (want === "**") {
      next += 1
      retry = { at, next }
    } else if (want !== undefined && nameMatches(want, segments[at] ?? "")) {
      at += 1
      next += 1
    } else if (retry !== undefined) {
      retry = { at: retry.at + 1, next: retry.next }
      ;({ at, next } = retry)
    } else return false
  }
  return wanted.slice(next).every((want) => want === "**")
}
