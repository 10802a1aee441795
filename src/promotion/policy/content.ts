import { clip } from "../../lib/clip.ts"
import type { AddedLine, ChangedFile } from "../change/change.ts"
import type { ContentRule } from "../config/config-rules.ts"
import { pathMatcher, type PathMatcher } from "../change/path.ts"
import { compilePattern } from "../change/pattern.ts"
import type { Violation } from "./violation.ts"

/** A rule over added lines, ready for many files. */
export type ReadyContentRule = { rule: ContentRule; matches(line: string): boolean; paths: PathMatcher | null }

/** Makes rules ready. A pattern that is none, which no valid config holds, matches every line. */
export function readyContentRules(rules: readonly ContentRule[]): ReadyContentRule[] {
  return rules.map((rule) => {
    const pattern = compilePattern(rule.added)
    const matches = pattern.ok ? pattern.matches : () => true
    return { rule, matches, paths: rule.paths === undefined ? null : pathMatcher(rule.paths) }
  })
}

/** The violations of a file's added lines, by line, and of a line in the rules' order. */
export function* contentViolations(file: ChangedFile, rules: readonly ReadyContentRule[]): Generator<Violation> {
  const here = rules.filter((ready) => holdsFor(ready, file))
  if (here.length === 0) return
  for (const { line, text } of file.added ?? []) {
    for (const { rule } of here.filter((ready) => found(ready, text))) {
      const { path } = file
      const needs = rule.action === "block" ? "change" : "operator"
      const detail = clip(rule.added, 200)
      yield { rule: "content", reason: "policy-violation", name: rule.name, path, line, detail, needs }
    }
  }
}

/** Rules that hold for a file but could not be tried on all that it brings, each with the kind of obstacle. */
export function untriedRules(
  file: ChangedFile,
  rules: readonly ReadyContentRule[],
): { name: string; obstacle: string }[] {
  return rules.flatMap((ready) => {
    const obstacle = holdsFor(ready, file) ? obstacleTo(ready, file) : null
    return obstacle === null ? [] : [{ name: ready.rule.name, obstacle }]
  })
}

/** Whether a rule is broken by a file, or could be by what of it cannot be read. */
export function mayBreak(file: ChangedFile, ready: ReadyContentRule): boolean {
  if (!holdsFor(ready, file)) return false
  if (obstacleTo(ready, file) !== null || (file.added === null && isPointer(file))) return true
  return (file.added ?? []).some(({ text }) => found(ready, text))
}

function holdsFor({ paths }: ReadyContentRule, file: ChangedFile): boolean {
  return file.status !== "removed" && (paths === null || paths.find(file.path) !== null)
}

/** A symlink or submodule: it stands for content elsewhere. */
function isPointer({ kind }: ChangedFile): boolean {
  return kind === "symlink" || kind === "submodule"
}

/**
 * Names of files that rarely hold text. `.gitattributes` can make git call any file binary, so of others that is not
 * believed, and a rule for all files counts as untried on them.
 */
const picturesAndTheLike =
  /\.(?:png|jpe?g|gif|bmp|ico|webp|avif|tiff?|heic|psd|mp[34]|m4[av]|mov|webm|ogg|wav|flac|woff2?|ttf|otf|eot|pdf)$/i

function obstacleTo({ paths }: ReadyContentRule, file: ChangedFile): string | null {
  if (isPointer(file)) return null // a violation of its own, whatever the rules
  const moved = file.status === "renamed" || file.status === "copied"
  if (moved && paths !== null && paths.find(file.previousPath ?? "") === null) return "moved"
  if (file.kind === "binary") return paths !== null || !picturesAndTheLike.test(file.path) ? "binary" : null
  return file.added === null ? "not-told" : null
}

/** What some readers take for the end of a line, though git does not. */
const otherLineEnds = /[\r\u0085\u2028\u2029]/

function found({ matches }: ReadyContentRule, text: AddedLine["text"]): boolean {
  if (matches(text)) return true
  return otherLineEnds.test(text) && text.split(otherLineEnds).some(matches)
}
