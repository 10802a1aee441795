/** A rule of the policy that a change can break; `unreadable` is what could not be looked at. */
export type PolicyRule =
  | "protected-path"
  | "forbidden-path"
  | "scope"
  | "changed-lines"
  | "content"
  | "syntax"
  | "description"
  | "source-branch"
  | "unreadable"

/** A place where a change breaks a rule. */
export type Violation = {
  rule: PolicyRule
  /** What it is called among the gate's block reasons. */
  reason: "protected-path" | "policy-violation" | "diff-too-large" | "wrong-source-branch"
  /** The config's own name of what was broken: of a content rule, of a section; null where it has none. */
  name: string | null
  /** Null when it is about the pull request as a whole. */
  path: string | null
  /** Counts from 1 in the file as it is at the head; null when it is about no line. */
  line: number | null
  /** Made for programs, 200 characters at most: the glob or pattern that matched, a parser's message, a kind. */
  detail: string
  /** What would settle it: another change, or an operator's approval of this one. */
  needs: "change" | "operator"
}

/** Violations in order, and how many more there were. */
export type Violations = { kept: Violation[]; left: number }

/** Most violations kept. */
const limitViolations = 200

/** Takes the first of them and counts the rest, so that a change cannot fill the memory with what is wrong with it. */
export function keepSome(violations: Iterable<Violation>): Violations {
  const kept: Violation[] = []
  let left = 0
  for (const violation of violations) {
    if (kept.length < limitViolations) kept.push(violation)
    else left += 1
  }
  return { kept, left }
}

/** Both as one; each of the two must be in order by itself, and so the result is, lines that are null first. */
export function mergeByLine(one: Violations, other: Violations): Violations {
  const all = [...one.kept, ...other.kept].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
  const { kept, left } = keepSome(all)
  return { kept, left: left + one.left + other.left }
}
