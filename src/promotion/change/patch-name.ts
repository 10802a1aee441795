/**
 * Names of files as `git diff` writes them: as they are, or, where a byte would be misread, in quotes with C's escapes.
 *
 * @see https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
 */

/** The two names of a `diff --git` line: what they mean, and how exactly they were written, `a/` and quotes included. */
export type PatchNames = { from: string; to: string; writtenFrom: string; writtenTo: string }

/** Where a file was renamed or copied from and to, as the lines below `diff --git` say. */
export type Move = { from: string; to: string }

/**
 * Reads what follows `diff --git `. Two names with a space between them could be split in several ways, so the names
 * are known from elsewhere: of a moved file from its own lines, of any other file because both are the same. Undefined
 * when the line does not say just that.
 */
export function readPatchNames(written: string, move: Move | null): PatchNames | undefined {
  const writtenFrom = firstName(written, move)
  if (writtenFrom === undefined || written.charAt(writtenFrom.length) !== " ") return undefined
  const writtenTo = written.slice(writtenFrom.length + 1)
  const from = withoutPrefix(writtenFrom, "a/")
  const to = withoutPrefix(writtenTo, "b/")
  if (from === undefined || to === undefined) return undefined
  const asKnown = move === null ? from === to : from === move.from && to === move.to
  return asKnown ? { from, to, writtenFrom, writtenTo } : undefined
}

function firstName(written: string, move: Move | null): string | undefined {
  if (written.startsWith('"')) return /^"(?:[^"\\]|\\.)*"/.exec(written)?.[0]
  return move === null ? written.slice(0, (written.length - 1) / 2) : `a/${move.from}`
}

function withoutPrefix(written: string, prefix: "a/" | "b/"): string | undefined {
  const name = unquoteName(written, prefix)
  return name?.startsWith(prefix) === true ? name.slice(prefix.length) : undefined
}

/**
 * A name as git wrote it, `prefix` included, unquoted; undefined when git would not have written it so, when its bytes
 * are no UTF-8, or when it is no path within a repository.
 */
export function unquoteName(written: string, prefix = ""): string | undefined {
  const name = written.startsWith('"') ? unquote(written) : plainName(written)
  return name?.startsWith(prefix) === true && isPath(name.slice(prefix.length)) ? name : undefined
}

function isPath(name: string): boolean {
  return name.split("/").every((part) => part !== "" && part !== "." && part !== "..")
}

/** What git would have quoted, or what stands for a byte that could not be read, is no plain name. */
function plainName(written: string): string | undefined {
  return /["\\\p{Cc}\uFFFD]/u.test(written.replaceAll(/[\u0080-\u009F]/g, "")) ? undefined : written
}

const escapes = new Map(Object.entries({ a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 }))

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

function unquote(written: string): string | undefined {
  if (!/^"(?:[^"\\\p{Cc}\uFFFD]|[\u0080-\u009F]|\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))*"$/u.test(written)) return undefined
  const bytes: number[] = []
  for (const [part] of written.slice(1, -1).matchAll(/\\(?:[0-7]{3}|.)|[^\\]+/gs)) {
    if (!part.startsWith("\\")) bytes.push(...encoder.encode(part))
    else bytes.push(escapes.get(part.slice(1)) ?? Number.parseInt(part.slice(1), 8))
  }
  if (bytes.includes(0)) return undefined
  try {
    return decoder.decode(new Uint8Array(bytes))
  } catch {
    return undefined
  }
}
