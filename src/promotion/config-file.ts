import { isNode, LineCounter, parseDocument, type Document } from "yaml"
import type { z } from "zod"
import { promotionConfigSchema, type ConfigProblem, type PromotionConfig } from "./config.ts"

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
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    return invalid(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0])
        return { line, column: col, path: "", message: `not valid YAML: ${error.message}` }
      }),
    )
  }
  return validate(document, lines)
}

function invalid(problems: ConfigProblem[]): ConfigReading {
  return { status: "invalid", problems: problems.slice(0, limitProblems) }
}

function validate(document: Document, lines: LineCounter): ConfigReading {
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 20 })
  } catch {
    return invalid([{ line: 1, column: 1, path: "", message: "too many YAML aliases" }])
  }
  const parsed = promotionConfigSchema.safeParse(value)
  if (parsed.success) return { status: "valid", config: parsed.data }
  return invalid(parsed.error.issues.flatMap((issue) => problemsOf(issue, { document, lines, base: [] })))
}

type Place = { document: Document; lines: LineCounter; base: PropertyKey[] }

function problemsOf(issue: z.core.$ZodIssue, place: Place): ConfigProblem[] {
  const path = [...place.base, ...issue.path]
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    return closestForm(issue.errors).flatMap((inner) => problemsOf(inner, { ...place, base: path }))
  }
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => locate([...path, key], `unknown key \`${key}\``, place))
  }
  return [locate(path, issue.message, place)]
}

/** Of the forms a value could have, the one that fitted deepest: that is the form the writer meant. */
function closestForm(forms: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] {
  const depth = (form: readonly z.core.$ZodIssue[]): number => Math.max(...form.map((issue) => issue.path.length))
  return forms.toSorted((a, b) => depth(b) - depth(a))[0] ?? []
}

function locate(path: PropertyKey[], message: string, { document, lines }: Place): ConfigProblem {
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
