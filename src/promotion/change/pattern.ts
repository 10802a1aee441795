import { RE2JS, RE2JSException } from "re2js"
import { mirrorPattern, mirrorText } from "./mirror.ts"

/**
 * A regular expression of the config, ready to use, or why it is none. `matches` tells whether it is found anywhere in
 * a line, in time that grows with the length of the line and of the pattern, never faster.
 */
export type CompiledPattern = { ok: true; matches(line: string): boolean } | { ok: false; why: string }

/** Most steps a pattern may have once its repetitions are written out: time for each character grows with them. */
const limitSteps = 1000

/** Most patterns kept ready; the one that was used longest ago goes first. */
const limitKept = 256

const kept = new Map<string, CompiledPattern>()

/**
 * Compiles a regular expression in RE2's syntax, with lookbehinds and, besides, lookaheads (but not both in one). What
 * needs backtracking, such as `\1`, is refused. Lines are never cut: an author can make a line long, so a rule that
 * read only its beginning could be walked around.
 *
 * @see https://github.com/google/re2/wiki/Syntax
 */
export function compilePattern(text: string): CompiledPattern {
  const known = kept.get(text)
  kept.delete(text)
  const compiled = known ?? compile(text)
  kept.set(text, compiled)
  if (kept.size > limitKept) kept.delete(kept.keys().next().value ?? "")
  return compiled
}

function compile(text: string): CompiledPattern {
  try {
    const mirror = mirrorPattern(text)
    if (mirror === null) return searching(compileRe2(text))
    if (typeof mirror === "string") return { ok: false, why: mirror }
    compileRe2(mirror.shape)
    return searchingBackwards(compileRe2(mirror.weaker), compileRe2(mirror.mirrored()))
  } catch (error) {
    if (error instanceof RE2JSException) return { ok: false, why: wordsOf(error) }
    throw error
  }
}

function compileRe2(text: string): RE2JS {
  const compiled = RE2JS.compile(text, RE2JS.LOOKBEHINDS)
  if (compiled.programSize() > limitSteps) throw new RE2JSException("too large once its repetitions are written out")
  return compiled
}

function searching(pattern: RE2JS): CompiledPattern {
  return { ok: true, matches: (line) => pattern.test(line) }
}

/** Looking behind is slow, and most lines have nothing to look behind from: the weaker pattern passes over them. */
function searchingBackwards(weaker: RE2JS, mirrored: RE2JS): CompiledPattern {
  return { ok: true, matches: (line) => weaker.test(line) && mirrored.test(mirrorText(line)) }
}

/** What RE2 says to programmers, without its prefix; what it knows no better word for than "Perl" is named. */
function wordsOf(error: RE2JSException): string {
  return error.message
    .replace(/^error parsing regexp: /, "")
    .replace("invalid or unsupported Perl syntax", "not supported")
    .slice(0, 200)
}
