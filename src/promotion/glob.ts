import picomatch from "picomatch"

/**
 * Whether a check's name fits a pattern of the config. `*` stands for any run of characters; everything else,
 * parentheses and slashes included, stands for itself. Linear in the length of the name for each `*`.
 */
export function nameMatches(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*")
  if (rest.length === 0) return pattern === name
  const last = rest.pop() ?? ""
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
  let position = first.length
  for (const part of rest) {
    const found = name.indexOf(part, position)
    if (found < 0) return false
    position = found + part.length
  }
  return position <= name.length - last.length
}

/**
 * Whether a branch name fits a pattern of the config: `*` within one path segment, `**` across segments, as GitHub's
 * branch protection has it. Braces and extended globs stand for themselves.
 */
export function branchMatches(pattern: string, branch: string): boolean {
  return picomatch.isMatch(branch, pattern, { noextglob: true, nobrace: true, nonegate: true, dot: true })
}
