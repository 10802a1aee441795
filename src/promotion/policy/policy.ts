import { clip } from "../../lib/clip.ts"
import type { Change, ChangedFile } from "../change/change.ts"
import type { PolicyRules } from "../config/config-rules.ts"
import { contentViolations, mayBreak, readyContentRules, untriedRules, type ReadyContentRule } from "./content.ts"
import { missingSections } from "./description.ts"
import { branchMatches } from "../change/glob.ts"
import { pathMatcher, type PathMatcher } from "../change/path.ts"
import { syntaxKind } from "../change/syntax.ts"
import { keepSome, mergeByLine, type Violation, type Violations } from "./violation.ts"

/** Paths that no agent changes without an operator, whatever the config says: what runs, and what guards. */
export const alwaysProtected: readonly string[] = [
  ".github/workflows/**",
  ".github/actions/**",
  ".github/promotion.yml",
]

/** What the policy stage is judged by. */
export type PolicyInput = {
  rules: PolicyRules
  /** Globs of the branches that may be promoted from; null: any. */
  from: readonly string[] | null
  pullRequest: { headRef: string; fork: boolean; body: string }
  /** Null while it has not been read. */
  change: Change | null
  agent: boolean
  /** Whether an operator approved exactly this change. */
  operatorApproved: boolean
}

/** Result of the `policy` stage for one head. */
export type PolicyStage = {
  kind: "policy"
  status: "pending" | "passed" | "failed"
  /** By path and line, those about the whole first; 200 at most. */
  violations: readonly Violation[]
  /** How many more there are. */
  left: number
  /** Names of the content rules that raise the risk, in the config's order. */
  raisesRisk: readonly string[]
}

/**
 * Judges the `policy` stage. While the change is unread the stage is pending, and what can be said without it is said.
 * What could not be read is a violation that an operator may settle. Takes time in proportion to the diff and the
 * rules; the caller keeps the result for equal input.
 */
export function judgePolicy(input: PolicyInput): PolicyStage {
  const { change, rules } = input
  const content = readyContentRules(rules.content)
  const raisesRisk = raisedBy(change, content)
  if (change === null) {
    const { kept, left } = keepSome(requestViolations(input))
    return { kind: "policy", status: "pending", violations: kept, left, raisesRisk }
  }
  const { kept, left } = allViolations(input, change, content)
  const status = kept.length === 0 ? "passed" : "failed"
  return { kind: "policy", status, violations: kept, left, raisesRisk }
}

/** What is unread may be anything. */
function raisedBy(change: Change | null, content: readonly ReadyContentRule[]): string[] {
  return content
    .filter(({ rule }) => rule.action === "raise-risk")
    .filter((ready) => change?.complete !== true || change.files.some((file) => mayBreak(file, ready)))
    .map(({ rule }) => rule.name)
}

function allViolations(input: PolicyInput, change: Change, content: readonly ReadyContentRule[]): Violations {
  const rules = readyRules(input, content)
  let left = 0
  function* inOrder(): Generator<Violation> {
    yield* requestViolations(input)
    yield* sizeViolations(input, change)
    for (const file of change.files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
      const lines = keepSome(contentViolations(file, rules.content))
      const some = mergeByLine(keepSome(fileViolations(file, rules)), lines)
      left += some.left
      yield* some.kept
    }
  }
  const all = keepSome(inOrder())
  return { kept: all.kept, left: all.left + left }
}

function* requestViolations({ rules, from, pullRequest }: PolicyInput): Generator<Violation> {
  const allowed = from === null || from.some((glob) => branchMatches(glob, pullRequest.headRef))
  if (!allowed || (from !== null && pullRequest.fork)) {
    const detail = pullRequest.fork ? "fork" : clip(pullRequest.headRef, 200)
    yield { ...whole, rule: "source-branch", reason: "wrong-source-branch", detail }
  }
  for (const name of missingSections(rules.description.require_sections, pullRequest.body)) {
    yield { ...whole, rule: "description", reason: "policy-violation", name, detail: clip(name, 200) }
  }
}

const whole = { name: null, path: null, line: null, needs: "change" } as const

function* sizeViolations({ rules, operatorApproved }: PolicyInput, change: Change): Generator<Violation> {
  const lines = change.files.reduce((sum, { additions, deletions }) => sum + additions + deletions, 0)
  const fits = lines <= rules.max_changed_lines // so asked that a number that is none does not fit
  if (!fits) {
    const detail = `${lines} > ${rules.max_changed_lines}`
    yield { ...whole, rule: "changed-lines", reason: "diff-too-large", detail }
  }
  if (!change.complete && !operatorApproved) yield { ...unreadable, path: null, detail: "incomplete" }
}

const unreadable = {
  rule: "unreadable",
  reason: "policy-violation",
  name: null,
  line: null,
  needs: "operator",
} as const

type ReadyRules = {
  protectedPaths: PathMatcher
  forbiddenPaths: PathMatcher
  /** Null: everything. */
  scope: PathMatcher | null
  /** Content rules that can be broken: what an operator may settle is not looked for when one has. */
  content: ReadyContentRule[]
  syntax: PolicyRules["syntax"]
  operatorApproved: boolean
}

function readyRules({ rules, agent, operatorApproved }: PolicyInput, content: readonly ReadyContentRule[]): ReadyRules {
  const guarded = agent && !operatorApproved
  return {
    protectedPaths: pathMatcher(guarded ? [...alwaysProtected, ...rules.protected_paths] : []),
    forbiddenPaths: pathMatcher(rules.forbidden_paths),
    scope: rules.scope.length === 0 ? null : pathMatcher(rules.scope),
    content: content.filter(({ rule: { action } }) =>
      operatorApproved ? action === "block" : action !== "raise-risk",
    ),
    syntax: rules.syntax,
    operatorApproved,
  }
}

/** A renamed file is changed in both places; the file that another one is a copy of is not changed. */
function pathsOf({ path, previousPath, status }: ChangedFile): string[] {
  return previousPath !== null && status !== "copied" ? [path, previousPath] : [path]
}

function* fileViolations(file: ChangedFile, rules: ReadyRules): Generator<Violation> {
  const { path } = file
  const paths = pathsOf(file)
  const firstOf = (matcher: PathMatcher): string | null => paths.map(matcher.find).find((glob) => glob !== null) ?? null
  const guardedBy = firstOf(rules.protectedPaths)
  if (guardedBy !== null) {
    const detail = clip(guardedBy, 200)
    yield { ...whole, rule: "protected-path", reason: "protected-path", path, detail, needs: "operator" }
  }
  const forbiddenBy = firstOf(rules.forbiddenPaths)
  if (forbiddenBy !== null) {
    const detail = clip(forbiddenBy, 200)
    yield { ...whole, rule: "forbidden-path", reason: "policy-violation", path, detail }
  }
  const outside = paths.find((one) => rules.scope?.find(one) === null)
  if (outside !== undefined) {
    yield { ...whole, rule: "scope", reason: "policy-violation", path, detail: clip(outside, 200) }
  }
  if (file.status === "removed") return // nothing of it is left to be read
  if (!rules.operatorApproved) yield* unreadableParts(file, rules)
  yield* syntaxViolations(file, rules)
}

function* unreadableParts(file: ChangedFile, rules: ReadyRules): Generator<Violation> {
  const { path, kind } = file
  if (kind === "symlink" || kind === "submodule") yield { ...unreadable, path, detail: kind }
  for (const { name, obstacle } of untriedRules(file, rules.content)) {
    yield { ...unreadable, name, path, detail: obstacle }
  }
  const kindOfSyntax = syntaxKind(path)
  if (kindOfSyntax !== null && rules.syntax.includes(kindOfSyntax) && file.syntax === null) {
    yield { ...unreadable, path, detail: "syntax" }
  }
}

function* syntaxViolations({ path, syntax }: ChangedFile, rules: ReadyRules): Generator<Violation> {
  const kind = syntaxKind(path)
  if (kind === null || !rules.syntax.includes(kind)) return
  for (const { line, message } of syntax?.problems ?? []) {
    yield { ...whole, rule: "syntax", reason: "policy-violation", name: kind, path, line, detail: clip(message, 200) }
  }
}
