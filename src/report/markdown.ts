import { clip } from "../lib/clip.ts"

/** One line without control, format (bidirectional, zero-width) or line-breaking characters, cut at `limit` units. */
export function bare(text: string, limit = 120): string {
  const oneLine = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim()
  const line = oneLine === "" ? "(no text)" : oneLine
  return line.length > limit ? `${clip(line, limit - 1)}…` : line
}

/**
 * Makes text of unknown origin safe to stand in a sentence of Markdown: no markup, no link, no mention, one line.
 * What comes from names, labels, reasons and check outputs goes through here.
 */
export function plain(text: string, limit = 120): string {
  return escaped(bare(text, limit))
}

/**
 * Also GitHub's own marks: mentions, issues (`#1`, `GH-1`), addresses with or without a scheme, emoji, formulas. No
 * more than that, since programs read the text as it is written.
 */
function escaped(text: string): string {
  return text
    .replaceAll(/[\\`*_[\]<>#|~&@$]|:(?!\s|$)/g, (mark) => `&#${mark.charCodeAt(0)};`)
    .replaceAll(/(?<=\bwww)\./gi, "&#46;")
    .replaceAll(/(?<=\bgh)-/gi, "&#45;")
}

/** A person's name as it is written on GitHub, without calling them. */
export function mention(login: string): string {
  return plain(`@${login}`, 60)
}

/** The same for a sentence of ours that quotes what it is about in backticks: the quotes become inline code. */
export function quoted(text: string, limit = 200): string {
  const parts = bare(text, limit).split("`")
  if (parts.length % 2 === 0) return escaped(parts.join("`"))
  return parts.map((part, index) => (index % 2 === 1 ? code(part, limit) : escaped(part))).join("")
}

/** Text of unknown origin as inline code: a fence longer than any run of backticks in it. */
export function code(text: string, limit = 120): string {
  const content = bare(text, limit).replaceAll("|", "¦")
  const longest = Math.max(0, ...[...content.matchAll(/`+/g)].map((run) => run[0].length))
  const fence = "`".repeat(longest + 1)
  const pad = content.startsWith("`") || content.endsWith("`") ? " " : ""
  return `${fence}${pad}${content}${pad}${fence}`
}

/** A table of Markdown; cells must already be safe. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n")
}

/** As many of the lines as fit into so many bytes, and how many were left out. */
export function upTo(lines: readonly string[], limitBytes: number): { shown: string[]; left: number } {
  const shown: string[] = []
  let bytes = 0
  for (const line of lines) {
    bytes += new TextEncoder().encode(line).length + 4
    if (bytes > limitBytes) break
    shown.push(line)
  }
  return { shown, left: lines.length - shown.length }
}
