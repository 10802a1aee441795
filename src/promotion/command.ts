import { fromMarkdown } from "mdast-util-from-markdown"

/** A command as written in a comment. */
export type Command =
  | { name: "pause-promotion"; reason: string | null }
  | { name: "resume-promotion"; reason: string | null }

/** Most commands taken from one comment; further ones are left unread. */
const limitCommands = 10

/** Longest reason kept, in UTF-16 units. */
const limitReason = 300

const commandLine = /^\/(pause-promotion|resume-promotion)(?:[ \t]+(.*))?$/

/** Cheap test whether a comment can hold a command at all; {@link parseCommands} decides. */
export function mayHoldCommand(body: string): boolean {
  return /^[ \t]{0,3}\/[a-z]/m.test(body)
}

/**
 * Reads the commands of a comment: lines of ordinary paragraphs that begin with a slash and a known name. What stands
 * in code blocks, quotes, lists, inline code or HTML comments is not a command.
 *
 * @see https://spec.commonmark.org/ for what is a paragraph
 */
export function parseCommands(body: string): Command[] {
  if (!mayHoldCommand(body)) return []
  const source = body.replaceAll("\r\n", "\n")
  const commands: Command[] = []
  for (const block of fromMarkdown(source).children) {
    if (block.type !== "paragraph") continue
    for (const child of block.children) {
      if (child.type !== "text" || child.position === undefined) continue
      const { start, end } = child.position
      commands.push(...commandsOf(source, { from: start.offset ?? 0, to: end.offset ?? 0 }))
    }
  }
  return commands.slice(0, limitCommands)
}

/** Commands on the lines that begin inside a run of text. The rest of such a line is taken as it was written. */
function commandsOf(source: string, run: { from: number; to: number }): Command[] {
  const commands: Command[] = []
  let lineStart = atLineStart(source, run.from) ? run.from : nextLine(source, run.from)
  while (lineStart < run.to) {
    const lineEnd = source.indexOf("\n", lineStart)
    const line = source.slice(lineStart, lineEnd < 0 ? source.length : lineEnd).trim()
    const command = readLine(line)
    if (command !== undefined) commands.push(command)
    lineStart = nextLine(source, lineStart)
  }
  return commands
}

function atLineStart(source: string, offset: number): boolean {
  const before = source.slice(source.lastIndexOf("\n", offset - 1) + 1, offset)
  return before.trim() === ""
}

function nextLine(source: string, offset: number): number {
  const newline = source.indexOf("\n", offset)
  return newline < 0 ? source.length : newline + 1
}

function readLine(line: string): Command | undefined {
  const match = commandLine.exec(line)
  if (match === null) return undefined
  const reason = (match[2] ?? "").trim().slice(0, limitReason)
  const name = match[1] === "pause-promotion" ? "pause-promotion" : "resume-promotion"
  return { name, reason: reason === "" ? null : reason }
}
