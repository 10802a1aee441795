import type { AddedLine } from "./change.ts"

/** The lines of a diff, and the one that is read next. */
export type DiffCursor = { readonly lines: readonly string[]; at: number }

/** All hunks of one file. */
export type Hunks = {
  additions: number
  deletions: number
  added: AddedLine[]
  /**
   * The lines themselves with their signs; for the head of each hunk `@` and the line that git names as what it stands
   * in, but not where it stands.
   */
  body: string[]
}

const hunkHead = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(| .*)$/s
const unended = String.raw`\ No newline at end of file`

/**
 * Reads hunks as long as they follow each other. Each is exactly as long as its head says, so that a line of the file
 * that looks like the beginning of something else is still a line of the file. A string says what is wrong.
 */
export function readHunks(cursor: DiffCursor): Hunks | string {
  const hunks: Hunks = { additions: 0, deletions: 0, added: [], body: [] }
  let end = 0
  for (;;) {
    const line = cursor.lines[cursor.at] ?? ""
    if (!line.startsWith("@@")) return hunks.body.length > 0 ? hunks : "a file without hunks"
    const head = readHead(line)
    if (head === undefined) return "a hunk's head that is none"
    const grown = hunks.additions - hunks.deletions
    if (head.from < end || head.to - head.from !== grown) return "a hunk that does not follow the one before it"
    end = head.from + head.before
    cursor.at += 1
    hunks.body.push(`@${head.within}`)
    if (!readLines(cursor, hunks, head)) return "a hunk that is not as long as it says"
  }
}

/** Lines before and after; `from` and `to` count from 1 and name the line that the hunk begins with on either side. */
type HunkHead = { from: number; before: number; to: number; after: number; within: string }

function readHead(line: string): HunkHead | undefined {
  const match = hunkHead.exec(line)
  if (match === null) return undefined
  const [, from, before = "1", to, after = "1", within = ""] = match
  const [lengthBefore, lengthAfter] = [Number(before), Number(after)]
  if (lengthBefore + lengthAfter === 0) return undefined
  return {
    // Of a side without lines git names the line before.
    from: Number(from) + (lengthBefore === 0 ? 1 : 0),
    before: lengthBefore,
    to: Number(to) + (lengthAfter === 0 ? 1 : 0),
    after: lengthAfter,
    within: within.trim(),
  }
}

function readLines(cursor: DiffCursor, hunks: Hunks, head: HunkHead): boolean {
  let [before, after, line] = [head.before, head.after, head.to]
  while (before > 0 || after > 0) {
    const text = cursor.lines[cursor.at]
    if (text === undefined) return false
    const sign = text.charAt(0)
    if (sign === "+") {
      hunks.added.push({ line, text: text.slice(1).replace(/\r$/, "") })
      hunks.additions += 1
    } else if (sign === "-") hunks.deletions += 1
    else if (sign !== " ") return false
    if (sign !== "+") before -= 1
    if (sign !== "-") {
      after -= 1
      line += 1
    }
    if (before < 0 || after < 0) return false
    takeLine(cursor, hunks)
  }
  return true
}

function takeLine(cursor: DiffCursor, hunks: Hunks): void {
  hunks.body.push(cursor.lines[cursor.at] ?? "")
  cursor.at += 1
  if (cursor.lines[cursor.at] !== unended) return
  hunks.body.push(unended)
  cursor.at += 1
}
