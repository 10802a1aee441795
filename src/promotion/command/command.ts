import { readArguments, type Said } from "./command-arguments.ts"
import { commandNames } from "./command-table.ts"
import { nearMiss } from "./near-miss.ts"
import { ordinaryParagraphs, tagPattern } from "../change/paragraph.ts"

/** Most commands taken from one comment; further ones are left unread. */
const limitCommands = 10

const commandLine = /^ {0,3}\/([a-z][a-z_-]{0,39})(?:\s+(.*))?$/is

/** Cheap test whether a comment can hold a command at all; {@link parseCommands} decides. */
export function mayHoldCommand(body: string): boolean {
  return /^ {0,3}\/[a-z]/im.test(body)
}

/**
 * Reads the commands of a comment: lines of ordinary paragraphs that begin with a slash and a known name, or nearly so.
 * What stands in code blocks, quotes, lists, inline code or HTML comments is not a command. Takes time in proportion to
 * the length.
 *
 * @see https://spec.commonmark.org/ for what is a paragraph
 */
export function parseCommands(body: string): Said[] {
  if (!mayHoldCommand(body)) return []
  return ordinaryParagraphs(body).flatMap(commandsOf).slice(0, limitCommands)
}

function commandsOf(lines: readonly string[]): Said[] {
  const commands = lines.map(readLine)
  if (commands.every((command) => command === undefined)) return []
  const text = lines.join("\n")
  const hidden = hiddenSpans(text)
  let start = 0
  let past = 0
  return commands.flatMap((command, index) => {
    const from = start
    start += (lines[index]?.length ?? 0) + 1
    while ((hidden[past]?.to ?? from) < from) past += 1
    const span = hidden[past]
    return command === undefined || (span !== undefined && span.from < from) ? [] : [command]
  })
}

function readLine(line: string): Said | undefined {
  const [, said, rest = ""] = commandLine.exec(line) ?? []
  if (said === undefined) return undefined
  const name = commandNames.find((one) => one === said)
  if (name !== undefined) return readArguments(name, rest)
  const near = nearMiss(said)
  return near === undefined ? undefined : { kind: "near-miss", said, name: near }
}

type Span = { from: number; to: number }

/** Longest tag looked for, so that a row of unfinished ones costs no more than it should. */
const limitTag = 2000

/** Stretches of a paragraph that show no text of their own: inline code, HTML, link targets. In order, disjoint. */
function hiddenSpans(text: string): Span[] {
  const spans: Span[] = []
  const find = finder(text)
  let at = 0
  const definition = /^ {0,3}\[[^\]]*\]:/.exec(text)
  if (definition !== null) at = hide(spans, { from: 0, to: text.length })
  const mark = /[\\`<]|\]\(/g
  for (;;) {
    mark.lastIndex = at
    const found = mark.exec(text)
    if (found === null) return spans
    const from = found.index
    const to = endOf(text, { from, mark: found[0], find })
    at = to === undefined ? from + plainLength(text, from) : hide(spans, { from, to })
  }
}

function hide(spans: Span[], span: Span): number {
  spans.push(span)
  return span.to
}

/** Length of a mark that means nothing: a run of backticks without its counterpart, an escaped sign, one sign. */
function plainLength(text: string, at: number): number {
  if (text[at] === "`") return ticksAt(text, at)
  return text[at] === "\\" ? 2 : 1
}

function ticksAt(text: string, at: number): number {
  let end = at
  while (text[end] === "`") end += 1
  return end - at
}

type Find = {
  next(mark: string, from: number): number | undefined
  ticks(length: number, from: number): number | undefined
}

function endOf(text: string, { from, mark, find }: { from: number; mark: string; find: Find }): number | undefined {
  if (mark === "\\") return undefined
  if (mark === "](") return find.next(")", from)
  if (mark === "`") {
    const length = ticksAt(text, from)
    return find.ticks(length, from + length)
  }
  return htmlEnd(text, { from, find })
}

const enclosed = [
  ["<!--", "-->"],
  ["<?", "?>"],
  ["<![CDATA[", "]]>"],
] as const

function htmlEnd(text: string, { from, find }: { from: number; find: Find }): number | undefined {
  for (const [start, end] of enclosed) if (text.startsWith(start, from)) return find.next(end, from + 2)
  if (/^<![A-Za-z]/.test(text.slice(from, from + 3))) return find.next(">", from)
  const near = text.slice(from, from + limitTag)
  const link = /^<[a-z][a-z0-9+.-]{1,31}:[^\s<>]*>/i.exec(near)
  if (link !== null) return from + link[0].length
  tagPattern.lastIndex = 0
  return tagPattern.test(near) ? from + tagPattern.lastIndex : undefined
}

/** Finds ends, from left to right; one that was not found is not looked for again. */
function finder(text: string): Find {
  const absent = new Set<string>()
  const runs = new Map<number, { starts: number[]; past: number }>()
  for (const run of text.matchAll(/`+/g)) {
    const known = runs.get(run[0].length)
    if (known === undefined) runs.set(run[0].length, { starts: [run.index], past: 0 })
    else known.starts.push(run.index)
  }
  return {
    next(mark, from) {
      const found = absent.has(mark) ? -1 : text.indexOf(mark, from)
      if (found >= 0) return found + mark.length
      absent.add(mark)
      return undefined
    },
    ticks(length, from) {
      const known = runs.get(length) ?? { starts: [], past: 0 }
      while ((known.starts[known.past] ?? from) < from) known.past += 1
      const found = known.starts[known.past]
      return found === undefined ? undefined : found + length
    },
  }
}
