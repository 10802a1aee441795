/**
 * A regular expression read backwards: `ab*(?!c)` becomes `(?<!c)b*a`, which finds in a mirrored line exactly what the
 * original finds in the line. RE2 knows how to look behind in linear time, but not how to look ahead; in the mirror
 * every look ahead is a look behind.
 *
 * Only what RE2 knows is read. The caller has RE2 prove `shape` first, so that nothing here needs to judge syntax.
 */

/** A pattern with lookaheads, in the three forms that are needed of it. */
export type MirroredPattern = {
  /** The same with every lookahead turned into a plain group: RE2 accepts it exactly if the pattern is well-formed. */
  shape: string
  /** The same without its lookaheads: finds at least what the pattern finds. */
  weaker: string
  /** Finds in {@link mirrorText} of a line what the pattern finds in the line. Call only if `shape` is well-formed. */
  mirrored(): string
}

type TokenKind = "open" | "ahead" | "behind" | "flags" | "quote" | "close" | "bar" | "repeat" | "atom"

type Token = { kind: TokenKind; text: string }

/** In this order, and at a given place, as RE2 reads it. */
const kinds: readonly { kind: TokenKind; pattern: RegExp }[] = [
  { kind: "behind", pattern: /\(\?<[=!]/y },
  { kind: "ahead", pattern: /\(\?[=!]/y },
  { kind: "flags", pattern: /\(\?[a-zA-Z-]*\)/y },
  { kind: "open", pattern: /\(\?P?<[^>]*>|\(\?[a-zA-Z-]*:|\(/y },
  { kind: "close", pattern: /\)/y },
  { kind: "bar", pattern: /\|/y },
  { kind: "repeat", pattern: /(?:[*+?]|\{(?:0|[1-9]\d*)(?:,(?:0|[1-9]\d*)?)?\})\??/y },
  { kind: "quote", pattern: /\\Q/y },
  {
    kind: "atom",
    pattern:
      /\\[pP](?:\{[^}]*\}|.)|\\x(?:\{[0-9A-Fa-f]*\}|[0-9A-Fa-f]{2})|\\[0-7]{1,3}|\\[^]|\[\^?\]?(?:\[:\^?[a-z]*:\]|\\[^]|[^\]\\])*\]|[^]/uy,
  },
]

/**
 * Reads a pattern that looks ahead. Null when it does not; a sentence when it does something besides that cannot be
 * mirrored.
 */
export function mirrorPattern(text: string): MirroredPattern | string | null {
  const tokens = tokensOf(text)
  if (!tokens.some(({ kind }) => kind === "ahead")) return null
  if (tokens.some(({ kind }) => kind === "behind")) return "a pattern may look ahead or look behind, but not both"
  if (tokens.some(({ kind }) => kind === "quote")) return String.raw`\Q and a lookahead do not go together`
  const flags = tokens.findLastIndex(({ kind }) => kind === "flags")
  if (flags > 0) return "in a pattern with a lookahead, flags such as (?i) stand at the very beginning"
  return {
    shape: tokens.map((token) => (token.kind === "ahead" ? "(?:" : token.text)).join(""),
    weaker: withoutLookaheads(tokens),
    mirrored: () => mirrorTokens(tokens),
  }
}

/** The text backwards, by whole characters. Half a character, which no UTF-8 file can hold, becomes U+FFFD. */
export function mirrorText(text: string): string {
  const characters = [...text.toWellFormed()]
  return characters.toReversed().join("")
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const token = tokenAt(text, at)
    tokens.push(token)
    at += token.text.length
  }
  return tokens
}

function tokenAt(text: string, at: number): Token {
  for (const { kind, pattern } of kinds) {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0]
    if (found !== undefined && found !== "") return { kind, text: found }
  }
  return { kind: "atom", text: text.charAt(at) }
}

function withoutLookaheads(tokens: readonly Token[]): string {
  let weaker = ""
  let depth = 0
  for (const { kind, text } of tokens) {
    const opens = kind === "open" || kind === "ahead"
    if (kind === "ahead" && depth === 0) weaker += "(?:)"
    if (depth === 0 && kind !== "ahead") weaker += text
    else if (opens) depth += 1
    else if (kind === "close") depth -= 1
  }
  return weaker
}

/** A group that is being read: its alternatives so far, and the parts of the one under way. */
type Group = { opening: string; alternatives: string[]; parts: string[] }

function mirrorTokens(tokens: readonly Token[]): string {
  const outer: Group = { opening: "", alternatives: [], parts: [] }
  const groups = [outer]
  let flags = ""
  for (const token of tokens) {
    const group = groups.at(-1) ?? outer
    if (token.kind === "flags") flags = token.text
    else if (token.kind === "open" || token.kind === "ahead") {
      groups.push({ opening: mirroredOpening(token), alternatives: [], parts: [] })
    } else if (token.kind === "close") {
      groups.pop()
      groups.at(-1)?.parts.push(`${group.opening}${closeGroup(group)})`)
    } else if (token.kind === "bar") {
      group.alternatives.push(takeMirrored(group))
    } else if (token.kind === "repeat") {
      group.parts.push(`${group.parts.pop() ?? ""}${token.text}`)
    } else group.parts.push(mirroredAtom(token.text))
  }
  return `${flags}${closeGroup(outer)}`
}

function closeGroup(group: Group): string {
  return [...group.alternatives, takeMirrored(group)].join("|")
}

function takeMirrored(group: Group): string {
  return group.parts.splice(0).toReversed().join("")
}

/** No group captures: nothing is taken out of a line, and a lookbehind may hold no group that does. */
function mirroredOpening({ kind, text }: Token): string {
  if (kind === "ahead") return text === "(?=" ? "(?<=" : "(?<!"
  return /^\(\?[a-zA-Z-]*:$/.test(text) ? text : "(?:"
}

const mirroredEnds = new Map([
  ["^", "$"],
  ["$", "^"],
  [String.raw`\A`, String.raw`\z`],
  [String.raw`\z`, String.raw`\A`],
])

function mirroredAtom(text: string): string {
  return mirroredEnds.get(text) ?? text
}
