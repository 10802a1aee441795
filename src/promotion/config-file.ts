import { isNode, LineCounter, parseDocument, visit, type Document, type ErrorCode } from "yaml"
import type { z } from "zod"
import { promotionConfigSchema, type ConfigProblem, type PromotionConfig } from "./config.ts"
import { wordsOf } from "./config-words.ts"

/** Largest config file read, in UTF-16 units; a larger one is an error, not cut. */
const limitLength = 64 * 1024

/** Most problems reported for one file. */
const limitProblems = 20

/** Result of reading a config file. */
export type ConfigReading =
  | { status: "valid"; config: PromotionConfig }
  | { status: "invalid"; problems: ConfigProblem[] }

/** Reads the text of `.github/promotion.yml`; every problem comes with the line and column it stands on. */
export function readConfigFile(text: string): ConfigReading {
  if (text.length > limitLength) {
    return invalid([{ line: 1, column: 1, path: "", message: `the file is larger than ${limitLength / 1024} KiB` }])
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, logLevel: "error" })
  if (document.errors.length > 0) {
    return invalid(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0])
        return { line, column: col, path: "", message: `not valid YAML: ${yamlWords[error.code] ?? error.message}` }
      }),
    )
  }
  return validate(document, lines)
}

/** What the parser says to programmers, for people. */
const yamlWords: Readonly<Partial<Record<ErrorCode, string>>> = {
  DUPLICATE_KEY: "this key stands here for the second time",
  MULTIPLE_DOCS: "a second document begins here (`---`)",
}

function invalid(problems: readonly ConfigProblem[]): ConfigReading {
  const inOrder = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  return { status: "invalid", problems: inOrder.slice(0, limitProblems) }
}

function validate(document: Document, lines: LineCounter): ConfigReading {
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 20 })
  } catch {
    return invalid([aliasProblem(document, lines)])
  }
  if (value === null)
    return invalid([locate([], "the file is empty: it must say `version: 1` at least", { document, lines })])
  const parsed = promotionConfigSchema.safeParse(value)
  if (parsed.success) return { status: "valid", config: parsed.data }
  return invalid(parsed.error.issues.flatMap((issue) => problemsOf(issue, { document, lines, value, base: [] })))
}

function aliasProblem(document: Document, lines: LineCounter): ConfigProblem {
  let offset: number | undefined
  visit(document, {
    Alias: (_, alias) => {
      if (offset === undefined && alias.resolve(document) === undefined) offset = alias.range?.[0]
    },
  })
  const { line, col } = lines.linePos(offset ?? 0)
  const message =
    offset === undefined ? "too many YAML aliases" : "a YAML alias (`*`) of something that has no such anchor (`&`)"
  return { line, column: col, path: "", message }
}

/** Where a problem is looked for: the file as written, as read, and the part of it that is being looked at. */
type Place = { document: Document; lines: LineCounter; value: unknown; base: PropertyKey[] }

function problemsOf(issue: z.core.$ZodIssue, place: Place): ConfigProblem[] {
  const path = [...place.base, ...issue.path]
  const value = path.reduce((inside, key) => memberOf(inside, key), place.value)
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => locate([...path, key], `unknown key \`${key}\``, place))
  }
  if (issue.code !== "invalid_union") return [locate(path, wordsOf(issue, value), place)]
  const stage = path.at(-2) === "stages" ? unknownStage(value) : undefined
  if (stage !== undefined) return [locate(path, stage, place)]
  const form = meantForm(issue.errors)
  if (form === undefined) return [locate(path, noForm(issue.errors, value), place)]
  return form.flatMap((inner) => problemsOf(inner, { ...place, base: path }))
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Readonly<Record<PropertyKey, unknown>>)[key]
}

/** Stages of which a later version may know more: the writer must learn that this one would not hold for them. */
function unknownStage(value: unknown): string | undefined {
  const name = typeof value === "string" ? value : Object.keys(value ?? {})[0]
  if (name === undefined || name === "checks" || typeof value === "number") return undefined
  return `unknown stage \`${name.slice(0, 40)}\`: this version of Portcullis knows \`checks\` only`
}

/** Of the forms a value could have, the one that fitted deepest: that is the form the writer meant. */
function meantForm(forms: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const depth = (form: readonly z.core.$ZodIssue[]): number =>
    Math.max(...form.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)))
  const deepest = forms.toSorted((a, b) => depth(b) - depth(a))[0]
  return deepest === undefined || depth(deepest) === 0 ? undefined : deepest
}

function noForm(forms: readonly (readonly z.core.$ZodIssue[])[], value: unknown): string {
  const [first, ...rest] = forms.flat().map((issue) => wordsOf(issue, value))
  const others = rest.map((words) => words.replace(/^must be (.*), not .*$/s, "$1"))
  return (first ?? "").replace(/, not /, () => `${others.map((other) => ` or ${other}`).join("")}, not `)
}

function locate(
  path: PropertyKey[],
  message: string,
  { document, lines }: Pick<Place, "document" | "lines">,
): ConfigProblem {
  const { line, col } = lines.linePos(offsetOf(document, path))
  return { line, column: col, path: path.map(String).join("."), message }
}

/** Offset of the key (or, in a list, the item) at a path; of its nearest ancestor when it is not there. */
function offsetOf(document: Document, path: PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const key = path[length - 1]
    const offset = keyOffset(parent, key)
    if (offset !== undefined) return offset
  }
  return isNode(document.contents) ? (document.contents.range?.[0] ?? 0) : 0
}

function keyOffset(parent: unknown, key: PropertyKey | undefined): number | undefined {
  if (typeof parent !== "object" || parent === null || !("items" in parent) || !Array.isArray(parent.items)) {
    return undefined
  }
  const items: unknown[] = parent.items
  const found = typeof key === "number" ? items[key] : items.find((item) => pairKey(item)?.value === key)
  const node = typeof key === "number" ? found : pairKey(found)
  return isNode(node) ? node.range?.[0] : undefined
}

function pairKey(item: unknown): { value: unknown } | undefined {
  if (typeof item !== "object" || item === null || !("key" in item)) return undefined
  const { key } = item
  return typeof key === "object" && key !== null && "value" in key ? key : undefined
}
