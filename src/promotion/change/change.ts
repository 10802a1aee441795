import type { Sha } from "../../lib/brand.ts"

/**
 * What a pull request changes: its diff against where it branched off, the people behind its commits, and what could
 * not be read. Read once for each head and base branch, by a read that names both commits, and kept.
 */
export type Change = {
  headSha: Sha
  baseRef: string
  /** In the order of the diff. */
  files: readonly ChangedFile[]
  /** False when GitHub did not tell of every file; what is missing may be anything. */
  complete: boolean
  /**
   * Digest of the change itself, whatever it stands on: two heads with one id change exactly the same. Null when not
   * all of it could be read.
   */
  patchId: string | null
  commits: CommitsOfChange
  /**
   * Id of the blob that the config file was where the change branched off, perhaps only its beginning: nothing but zeros
   * where there was none. Null or absent: it does not change that file, or it is not told.
   */
  configBefore?: string | null
  /** Kinds of files whose syntax was looked at. */
  syntaxOf: readonly ("yaml" | "json")[]
}

/** One file of a change. */
export type ChangedFile = {
  path: string
  /** Where it was renamed or copied from. */
  previousPath: string | null
  status: "added" | "modified" | "removed" | "renamed" | "copied"
  /** What it is now (or was, if removed). A file that turns from one into another counts as the less readable one. */
  kind: "text" | "binary" | "symlink" | "submodule"
  additions: number
  deletions: number
  /** Added lines; null when GitHub did not tell them (too large, or no text). */
  added: readonly AddedLine[] | null
  /** What a parser says of the file as it is at the head; null: not looked at, or could not be read. */
  syntax: SyntaxReading | null
}

/** A line that the change adds; `line` counts from 1 in the new file. */
export type AddedLine = { line: number; text: string }

/** Result of parsing a whole YAML or JSON file; empty when it is well-formed. */
export type SyntaxReading = { problems: readonly SyntaxProblem[] }

/** Where a file is not well-formed; `line` counts from 1. */
export type SyntaxProblem = { line: number; message: string }

/** What the commits of a change tell of those who made it. */
export type CommitsOfChange = {
  /** Logins of authors, co-authors and committers, as GitHub knows them. An address that GitHub knows nobody by is nobody. */
  people: readonly string[]
  /** Trailers (`Agent-task: …`, `Agent-run: …`, …) of all commit messages, newest first. */
  trailers: readonly { key: string; value: string }[]
  /** False when not all commits could be read. */
  complete: boolean
}

/** Most paths by which others that change the same files are found. */
const limitPaths = 500

/** The paths that a change is about, those that it renames a file from included; of a very large one, the first. */
export function pathsOf({ files }: Pick<Change, "files">): string[] {
  const paths = files.flatMap(({ path, previousPath, status }) =>
    status === "renamed" && previousPath !== null ? [path, previousPath] : [path],
  )
  return [...new Set(paths)].slice(0, limitPaths)
}
