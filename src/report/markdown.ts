/**
 * Makes text of unknown origin safe to stand in a sentence of Markdown: no markup, no link, no mention, one line.
 * What comes from names, labels, reasons and check outputs goes through here.
 */
export function plain(text: string, limit = 120): string {
  const oneLine = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim()
  const short = oneLine.length > limit ? `${oneLine.slice(0, limit - 1)}…` : oneLine
  return short.replaceAll(/[\\`*_{}[\]<>()#+!|~&@:]/g, (mark) => `&#${mark.charCodeAt(0)};`)
}

/** The same for places that show raw text, such as a check run's title: one line, no control characters. */
export function bare(text: string, limit = 120): string {
  const oneLine = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim()
  return oneLine.length > limit ? `${oneLine.slice(0, limit - 1)}…` : oneLine
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
