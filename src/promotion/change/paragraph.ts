/**
 * Which lines of a Markdown text stand in ordinary paragraphs: CommonMark's block structure, and nothing else of it.
 *
 * Comments are written by anybody, and the parsers at hand take minutes for a comment made to hurt. This one takes
 * time in proportion to the length. The tests compare it with a whole parser.
 *
 * @see https://spec.commonmark.org/0.31.2/#phase-1-block-structure
 */

type Container = { kind: "quote" } | { kind: "item"; indent: number; empty: boolean }

type Leaf =
  | { kind: "none" }
  /** `lines` only where the paragraph stands in no quote and no list. */
  | { kind: "paragraph"; lines: string[] | null }
  | { kind: "fence"; mark: string; length: number }
  /** `end` null: a blank line ends it. */
  | { kind: "html"; end: RegExp | null }

/** A line with its tabs expanded, and how much of it was read. */
type Cursor = { raw: string; text: string; at: number }

type State = { containers: Container[]; leaf: Leaf; paragraphs: string[][] }

/** Quotes and lists nested deeper than this are nobody's writing; such a text has no ordinary paragraphs. */
const limitDepth = 30

/**
 * The paragraphs of a text that stand in no quote and no list, each as its lines, as written. A paragraph that is
 * underlined, and so a heading, is one too: people rule a line right below what they wrote.
 */
export function ordinaryParagraphs(source: string): string[][] {
  const state: State = { containers: [], leaf: { kind: "none" }, paragraphs: [] }
  for (const raw of source.split(/\r\n|\n|\r/)) {
    readLine(state, { raw, text: expandTabs(raw), at: 0 })
    if (state.containers.length > limitDepth) return []
  }
  return state.paragraphs
}

function expandTabs(line: string): string {
  if (!line.includes("\t")) return line
  let text = ""
  for (const part of line.split(/(\t)/)) text += part === "\t" ? " ".repeat(4 - (text.length % 4)) : part
  return text
}

function readLine(state: State, line: Cursor): void {
  const held = heldContainers(state, line)
  const whole = held === state.containers.length
  if (whole && state.leaf.kind === "fence") closeFence(state, state.leaf, line)
  else if (whole && state.leaf.kind === "html") closeHtml(state, state.leaf, line)
  else openBlocks(state, line, held)
}

/** How many of the open quotes and list items the line belongs to; it is read up to what they leave of it. */
function heldContainers({ containers }: State, line: Cursor): number {
  for (const [index, container] of containers.entries()) {
    const indent = indentOf(line)
    const blank = line.at + indent === line.text.length
    if (container.kind === "quote") {
      if (indent > 3 || line.text[line.at + indent] !== ">") return index
      skipQuoteMark(line, indent)
    } else if (blank) {
      if (container.empty) return index
      line.at += indent
    } else {
      if (indent < container.indent) return index
      line.at += container.indent
    }
  }
  return containers.length
}

function indentOf({ text, at }: Cursor): number {
  let end = at
  while (text[end] === " ") end += 1
  return end - at
}

function skipQuoteMark(line: Cursor, indent: number): void {
  line.at += indent + 1
  if (line.text[line.at] === " ") line.at += 1
}

function closeFence(state: State, fence: Leaf & { kind: "fence" }, line: Cursor): void {
  const [, marks = ""] = /^ {0,3}(`+|~+) *$/.exec(line.text.slice(line.at)) ?? []
  if (marks.startsWith(fence.mark) && marks.length >= fence.length) state.leaf = { kind: "none" }
}

function closeHtml(state: State, html: Leaf & { kind: "html" }, line: Cursor): void {
  const rest = line.text.slice(line.at)
  if (html.end === null ? rest.trim() === "" : html.end.test(rest)) state.leaf = { kind: "none" }
}

/** What is open as a line goes on: `tip`, a paragraph, wherever; `direct`, nothing that this line would close. */
type Open = { tip: boolean; direct: boolean }

/** Opens the blocks that begin on the line, if any; what is left of it is text. `held` containers go on. */
function openBlocks(state: State, line: Cursor, held: number): void {
  let open: Open = { tip: state.leaf.kind === "paragraph", direct: held === state.containers.length }
  for (;;) {
    const indent = indentOf(line)
    const rest = line.text.slice(line.at + indent)
    const start = rest === "" ? undefined : startAt(rest, { ...open, indent })
    if (start === undefined) break
    if (!open.direct) state.containers.length = held
    open = { tip: false, direct: true }
    fill(state)
    if (start.kind !== "quote" && start.kind !== "item") {
      state.leaf = start
      return
    }
    state.leaf = { kind: "none" }
    state.containers.push(start)
    if (state.containers.length > limitDepth) return
    if (start.kind === "quote") skipQuoteMark(line, indent)
    else line.at = Math.min(line.text.length, line.at + start.indent)
  }
  readText(state, line, { ...open, held })
}

/** The innermost list item holds something now. */
function fill({ containers }: State): void {
  const last = containers.at(-1)
  if (last?.kind === "item") last.empty = false
}

function readText(state: State, line: Cursor, open: Open & { held: number }): void {
  const blank = line.text.slice(line.at).trim() === ""
  if (!open.direct && open.tip && !blank) return // goes on with the paragraph of a quote or list, lazily
  if (!open.direct) {
    state.containers.length = open.held
    state.leaf = { kind: "none" }
  }
  if (blank) {
    state.leaf = { kind: "none" }
  } else if (state.leaf.kind === "paragraph") {
    state.leaf.lines?.push(line.raw)
  } else {
    fill(state)
    const lines = state.containers.length === 0 ? [line.raw] : null
    if (lines !== null) state.paragraphs.push(lines)
    state.leaf = { kind: "paragraph", lines }
  }
}

/** A block of one line: a heading, a rule, a line of indented code. */
const oneLine: Leaf = { kind: "none" }

/** The block that begins with `rest`, after `indent` spaces. */
function startAt(rest: string, open: Open & { indent: number }): Container | Leaf | undefined {
  if (open.indent > 3) return open.tip ? undefined : oneLine
  if (rest.startsWith(">")) return { kind: "quote" }
  return leafAt(rest, open) ?? itemAt(rest, open)
}

const listMark = /^(?:[-+*]|(\d{1,9})[.)])(?= |$)/

function itemAt(rest: string, open: Open & { indent: number }): Container | undefined {
  const match = listMark.exec(rest)
  if (match === null) return undefined
  const [mark, start] = match
  const after = rest.slice(mark.length)
  const spaces = after.length - after.trimStart().length
  const blank = spaces === after.length
  const interrupts = open.tip && open.direct
  if (interrupts && (blank || (start !== undefined && Number(start) !== 1))) return undefined
  const padding = blank || spaces > 4 ? 1 : spaces
  return { kind: "item", indent: open.indent + mark.length + padding, empty: true }
}

const rule = /^(?:(?:\* *){3,}|(?:_ *){3,}|(?:- *){3,})$/

/** The block that begins here and holds no other. */
function leafAt(rest: string, open: Open): Leaf | undefined {
  if (/^#{1,6}(?: |$)/.test(rest)) return oneLine
  const fence = /^(`{3,}(?=[^`]*$)|~{3,})/.exec(rest)?.[0]
  if (fence !== undefined) return { kind: "fence", mark: fence.charAt(0), length: fence.length }
  const html = htmlAt(rest, open)
  if (html !== undefined) return html.end?.test(rest) === true ? oneLine : html
  if (open.tip && open.direct && /^(?:=+|-+) *$/.test(rest)) return oneLine
  return rule.test(rest) ? oneLine : undefined
}

const htmlBlocks: readonly { start: RegExp; end: RegExp | null }[] = [
  { start: /^<(?:script|pre|textarea|style)(?:\s|>|$)/i, end: /<\/(?:script|pre|textarea|style)>/i },
  { start: /^<!--/, end: /-->/ },
  { start: /^<\?/, end: /\?>/ },
  { start: /^<![A-Za-z]/, end: />/ },
  { start: /^<!\[CDATA\[/, end: /\]\]>/ },
  {
    start:
      /^<\/?(?:address|article|aside|base|basefont|blockquote|body|caption|center|col|colgroup|dd|details|dialog|dir|div|dl|dt|fieldset|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem|nav|noframes|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)(?:\s|\/?>|$)/i,
    end: null,
  },
]

/** An opening or closing tag, attributes and all. */
export const tagPattern =
  /<(?:[a-z][a-z0-9-]*(?:\s+[a-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?)*\s*\/?|\/[a-z][a-z0-9-]*\s*)>/iy

function htmlAt(rest: string, open: Open): (Leaf & { kind: "html" }) | undefined {
  if (!rest.startsWith("<")) return undefined
  const block = htmlBlocks.find(({ start }) => start.test(rest))
  if (block !== undefined) return { kind: "html", end: block.end }
  if (open.tip) return undefined
  tagPattern.lastIndex = 0
  const alone = tagPattern.test(rest) && rest.slice(tagPattern.lastIndex).trim() === ""
  return alone ? { kind: "html", end: null } : undefined
}
