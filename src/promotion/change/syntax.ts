import { printParseErrorCode, visit as visitJson, type JSONVisitor } from "jsonc-parser"
import { isAlias, isNode, isScalar, LineCounter, parseAllDocuments, visit, type Document, type YAMLMap } from "yaml"
import type { SyntaxProblem, SyntaxReading } from "./change.ts"
import { clip } from "../../lib/clip.ts"

/** Kinds of files whose syntax can be read. */
export type SyntaxKind = "yaml" | "json"

/** Longest file read, in UTF-16 units. YAML takes about a microsecond for each, and nothing else runs meanwhile. */
const limitLength: Readonly<Record<SyntaxKind, number>> = { yaml: 512 * 1024, json: 8 * 1024 * 1024 }

/** Most problems told of one file, and the longest message. */
const limitProblems = 20
const limitMessage = 200

/** What a file is by its name; null when it is neither. */
export function syntaxKind(path: string): SyntaxKind | null {
  if (/\.ya?ml$/i.test(path)) return "yaml"
  return /\.jsonc?$/i.test(path) ? "json" : null
}

/**
 * Parses a whole file, as it is at the head: all documents of a YAML file; JSON with comments and trailing commas only
 * where they are usual. A key that stands twice in one mapping is a problem, whatever parsers make of it. Tags of
 * one's own (`!Ref`) are none. Null when the file is of no kind that can be read, or too large or too deep to be read.
 */
export function readSyntax(path: string, text: string): SyntaxReading | null {
  const kind = syntaxKind(path)
  if (kind === null || text.length > limitLength[kind]) return null
  const content = text.replace(/^\uFEFF/, "")
  try {
    const problems = kind === "yaml" ? yamlProblems(content) : jsonProblems(content, mayHoldComments(path))
    return { problems: inOrder(problems) }
  } catch (error) {
    if (error instanceof RangeError) return null // the parsers recurse, and the stack has an end
    throw error
  }
}

function inOrder(problems: readonly SyntaxProblem[]): SyntaxProblem[] {
  return problems
    .toSorted((a, b) => a.line - b.line)
    .slice(0, limitProblems)
    .map(({ line, message }) => ({ line, message: clip(message, limitMessage) }))
}

function yamlProblems(text: string): SyntaxProblem[] {
  const lines = new LineCounter()
  // The library compares every key with every other one, so keys are looked at below.
  const options = { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: "error" } as const
  const parsed = parseAllDocuments(text, options)
  const lineAt = (offset: number | undefined): number => lines.linePos(offset ?? 0).line
  return [...parsed].flatMap((document) => [
    ...document.errors.map(({ pos, message }) => ({ line: lineAt(pos[0]), message })),
    ...wrongNodes(document).map(({ offset, message }) => ({ line: lineAt(offset), message })),
  ])
}

type WrongNode = { offset: number | undefined; message: string }

function wrongNodes(document: Document): WrongNode[] {
  const wrong: WrongNode[] = []
  const anchors = new Set<string>()
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node) && !anchors.has(node.source)) {
        wrong.push({ offset: node.range?.[0], message: `there is no anchor &${node.source} above this alias` })
      } else if (!isAlias(node) && node.anchor !== undefined) anchors.add(node.anchor)
    },
    Map: (_, map) => {
      if (map.anchor !== undefined) anchors.add(map.anchor)
      wrong.push(...repeatedKeys(map))
    },
  })
  return wrong
}

function repeatedKeys(map: YAMLMap): WrongNode[] {
  const seen = new Set<string>()
  return map.items.flatMap(({ key }) => {
    if (!isNode(key) || !isScalar(key) || key.value === "<<") return []
    const name = `${typeof key.value} ${String(key.value)}`
    if (seen.has(name)) return [{ offset: key.range?.[0], message: `the key ${String(key.value)} stands here again` }]
    seen.add(name)
    return []
  })
}

/** Files whose readers take comments, by custom. */
const commented = [
  /\.jsonc$/i,
  /(?:^|\/)[tj]sconfig[^/]*\.json$/i,
  /(?:^|\/)\.[^/]*rc\.json$/i,
  /(?:^|\/)\.(?:vscode|devcontainer)\//,
  /(?:^|\/)\.devcontainer\.json$/,
]

function mayHoldComments(path: string): boolean {
  return commented.some((pattern) => pattern.test(path))
}

function jsonProblems(text: string, comments: boolean): SyntaxProblem[] {
  const problems: SyntaxProblem[] = []
  const keys: Set<string>[] = []
  const visitor: JSONVisitor = {
    onObjectBegin: () => void keys.push(new Set()),
    onObjectEnd: () => void keys.pop(),
    onObjectProperty: (...[key, , , line]) => {
      if (keys.at(-1)?.has(key) === true) {
        problems.push({ line: line + 1, message: `the key ${JSON.stringify(key)} stands here again` })
      }
      keys.at(-1)?.add(key)
    },
    onError: (...[code, , , line]) => {
      problems.push({ line: line + 1, message: wordsOf(printParseErrorCode(code)) })
    },
  }
  visitJson(text, visitor, { disallowComments: !comments, allowTrailingComma: comments })
  return problems
}

/** The parser's names of errors as words: `CommaExpected` is "comma expected". */
function wordsOf(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, " $&").toLowerCase()
}
