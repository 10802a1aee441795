/** A line that begins a section; `level` is 1 to 6 for a heading, 7 for a line in bold. */
type Start = { level: number; name: string }

type Line = { text: string; start: Start | null; fenced: boolean }

/** Longest description read, in UTF-16 units; GitHub keeps 65,536. */
const limitLength = 100_000

/**
 * Which of the wanted sections a description lacks, in the order wanted. A section is a Markdown heading of any level,
 * or a line in bold, with just that text in any case, and some word below it before the next heading that is not
 * beneath it. What is hidden in an HTML comment, as templates do, is no word. Takes time in proportion to the length.
 */
export function missingSections(wanted: readonly string[], description: string): string[] {
  const lines = linesOf(withoutComments(description.slice(0, limitLength)))
  const filled = new Set<string>()
  /** Sections that a word would fill: the outermost first. */
  let open: Start[] = []
  for (const { text, start } of lines) {
    if (start !== null) {
      open = open.filter(({ level }) => level < start.level)
      open.push(start)
    } else if (/[\p{L}\p{N}]/u.test(text)) {
      for (const { name } of open) filled.add(name)
    }
  }
  return wanted.filter((section) => !filled.has(nameOf(section)))
}

/** A comment that is never closed hides the rest, as it does on GitHub. */
function withoutComments(description: string): string {
  const shown: string[] = []
  let at = 0
  while (at < description.length) {
    const start = description.indexOf("<!--", at)
    shown.push(description.slice(at, start < 0 ? undefined : start))
    const end = start < 0 ? -1 : description.indexOf("-->", start + 4)
    if (end < 0) break
    at = end + 3
  }
  return shown.join(" ")
}

function linesOf(description: string): Line[] {
  const lines: Line[] = []
  let fence: string | null = null
  for (const text of description.split(/\r\n|\n|\r/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(text)?.[1]
    const fenced = fence !== null
    if (fence === null) fence = mark ?? null
    else if (mark?.startsWith(fence) === true && text.trim() === mark) fence = null
    const underlined = underlineLevel(text)
    const above = lines.at(-1)
    if (!fenced && underlined !== null && above !== undefined && canBeUnderlined(above)) {
      above.start = { level: underlined, name: nameOf(above.text) }
    } else lines.push({ text, start: fenced ? null : startOf(text), fenced: fenced || mark !== undefined })
  }
  return lines
}

function underlineLevel(text: string): number | null {
  const mark = /^ {0,3}(=+|-+)\s*$/.exec(text)?.[1]
  return mark === undefined ? null : mark.startsWith("=") ? 1 : 2
}

function canBeUnderlined({ text, start, fenced }: Line): boolean {
  return !fenced && (start === null || start.level === 7) && /^ {0,3}[^\s>]/.test(text)
}

function startOf(text: string): Start | null {
  const line = text.trim()
  const marks = /^ {0,3}(#{1,6})(?=\s|$)/.exec(text)?.[1]
  if (marks !== undefined) return { level: marks.length, name: nameOf(line.slice(marks.length).replace(/\s#+$/, "")) }
  const bold = /^(\*\*|__)(?=\S)/.exec(line)?.[1]
  const inside = bold === undefined ? "" : line.replace(/:$/, "").slice(2)
  if (bold === undefined || !inside.endsWith(bold)) return null
  const name = inside.slice(0, -2)
  return name === "" || name.includes(bold) ? null : { level: 7, name: nameOf(name) }
}

/**
 * A heading's or section's name as it is compared: without marks around it, a colon after it, and case. No section has
 * a name as long as what is cut off here, and the search for marks at the end would take long.
 */
function nameOf(text: string): string {
  return text
    .slice(0, 500)
    .replaceAll(/\s+/g, " ")
    .replaceAll(/^[ *_`]+|[ *_`:]+$/g, "")
    .toLowerCase()
}
