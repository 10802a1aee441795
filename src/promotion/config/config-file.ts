import { isNode, LineCounter, parseDocument, visit, type Document, type ErrorCode } from "yaml"
import type { z } from "zod"
import {
  baseRepository,
  promotionConfigSchema,
  type ConfigProblem,
  type ConfigProblems,
  type PromotionConfig,
} from "./config.ts"
import { wordsOf } from "./config-words.ts"

/** Largest config file read, in UTF-16 units; a larger one is an error, not cut. */
const limitLength = 64 * 1024

/** Most problems reported for one file. */
const limitProblems = 20

/** Result of reading a config file; `more` counts the problems that are not told one by one. */
export type ConfigReading = { status: "valid"; config: PromotionConfig } | ({ status: "invalid" } & ConfigProblems)

/** The organisation's file, of which another one takes its defaults; `of` names where it is: `acme/.github`. */
export type BaseFile = { of: string } & ({ text: string } | { text: null; why: BaseLack })

/**
 * Why there is no text of the organisation's file.
 *
 * - `extends-missing`: its repository has no such file
 * - `extends-unreadable`: there is no such repository, or the app may not read it, or the file is no text
 */
export type BaseLack = "extends-missing" | "extends-unreadable"

/** Whether a file takes defaults from its organisation's, be it valid or not. */
export function wantsBase(text: string): boolean {
  if (text.length > limitLength || !text.includes("_extends")) return false
  const parsed = parseText(text)
  return parsed.status === "parsed" && memberOf(parsed.value, "_extends") === baseRepository
}

/**
 * Reads the text of `.github/promotion.yml`; every problem comes with the line and column it stands on. A file that
 * extends its organisation's is read with that under it: maps key by key at every depth, the file's own keys first;
 * lists and values of its own replace those under it. Without `base` it is read as if it stood alone.
 */
export function readConfigFile(text: string, base?: BaseFile): ConfigReading {
  const own = parseText(text)
  if (own.status === "invalid") return own
  if (base === undefined || memberOf(own.value, "_extends") !== baseRepository) return validate(own, null)
  if (base.text === null) return invalid([locate(["_extends"], lackWords(base), own)])
  const under = readBase(base.text)
  if (under.status === "parsed") return validate(own, { ...under, of: base.of })
  return { ...under, problems: under.problems.map((problem) => ({ ...problem, of: base.of })) }
}

/** The organisation's file must be valid by itself: it is the config of its own repository, too. */
function readBase(text: string): Parsed | Extract<ConfigReading, { status: "invalid" }> {
  const parsed = parseText(text)
  if (parsed.status === "invalid") return parsed
  if (memberOf(parsed.value, "_extends") !== undefined) {
    return invalid([locate(["_extends"], "what others extend may not itself extend another file", parsed)])
  }
  const reading = validate(parsed, null)
  return reading.status === "valid" ? parsed : reading
}

function lackWords({ of, why }: BaseFile & { text: null }): string {
  const where = `\`.github/promotion.yml\` of ${of}`
  if (why === "extends-missing") return `${why}: there is no ${where} on the default branch`
  return `${why}: ${where} cannot be read: there is no such repository, the app is not installed on it, or the file is no text`
}

/** A file whose YAML is well-formed. */
type Parsed = { status: "parsed"; value: unknown; document: Document; lines: LineCounter }

function parseText(text: string): Parsed | Extract<ConfigReading, { status: "invalid" }> {
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
  try {
    return { status: "parsed", value: document.toJS({ maxAliasCount: 20 }), document, lines }
  } catch {
    return invalid([aliasProblem(document, lines)])
  }
}

/** What the parser says to programmers, for people. */
const yamlWords: Readonly<Partial<Record<ErrorCode, string>>> = {
  DUPLICATE_KEY: "this key stands here for the second time",
  MULTIPLE_DOCS: "a second document begins here (`---`)",
}

function invalid(problems: readonly ConfigProblem[]): Extract<ConfigReading, { status: "invalid" }> {
  const inOrder = problems.toSorted((a, b) => a.line - b.line || a.column - b.column)
  const told = inOrder.slice(0, limitProblems)
  return { status: "invalid", problems: told, more: inOrder.length - told.length }
}

type Under = Parsed & { of: string }

function validate(own: Parsed, under: Under | null): ConfigReading {
  if (own.value === null) return invalid([locate([], "the file is empty: it must say `version: 1` at least", own)])
  const value = under === null ? own.value : withVersionOf(own.value, mergeUnder(own.value, under.value))
  const parsed = promotionConfigSchema.safeParse(value)
  const dropped = droppedProblems(value, own)
  if (parsed.success && dropped.length === 0) return { status: "valid", config: parsed.data }
  const issues = parsed.error?.issues ?? []
  const place = { ...own, value, base: [], under }
  return invalid([...dropped, ...issues.flatMap((issue) => problemsOf(issue, place))])
}

/** Maps key by key, at every depth; of everything else, and of every list, what is above holds. */
function mergeUnder(above: unknown, under: unknown): unknown {
  if (!isMap(above) || !isMap(under)) return above
  const own = Object.entries(above).map(([key, value]): [string, unknown] =>
    Object.hasOwn(under, key) ? [key, mergeUnder(value, under[key])] : [key, value],
  )
  return Object.fromEntries([...own, ...Object.entries(under).filter(([key]) => !Object.hasOwn(above, key))])
}

/** Each file says its own version. */
function withVersionOf(own: unknown, merged: unknown): unknown {
  return isMap(own) && isMap(merged) ? { ...merged, version: own["version"] } : merged
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** zod's records drop a key of this name without a word, and its branch would have no gate. */
function droppedProblems(value: unknown, place: Pick<Place, "document" | "lines">): ConfigProblem[] {
  const path = ["branches", "__proto__"]
  const found = path.reduce((inside, key) => memberOf(inside, key), value)
  return found === undefined ? [] : [locate(path, "no pattern can be named `__proto__`: write `__proto_*`", place)]
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

/**
 * Where a problem is looked for: the file as written, what was read of it and the file under it, and the part of it that
 * is being looked at.
 */
type Place = Parsed & { base: PropertyKey[]; under: Under | null }

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
  const [name, other] = typeof value === "string" ? [value] : Object.keys(value ?? {})
  if (name === undefined || typeof value === "number") return undefined
  if (other !== undefined) return `one stage at a time: begin \`${other.slice(0, 40)}\` with a \`- \` of its own`
  if (name === "checks") return undefined
  if (name === "deployment") return typeof value === "string" ? noEnvironment : undefined
  if (name === "policy" || name === "review") return `the stage \`${name}\` takes nothing: write \`- ${name}\``
  return `unknown stage \`${name.slice(0, 40)}\`: this version of Portcullis knows \`checks\`, \`policy\`, \`review\` and \`deployment\``
}

const noEnvironment =
  "the stage `deployment` must say where: write for example `- deployment: { environment: staging }`"

/** Of the forms a value could have, the one that fitted deepest: that is the form the writer meant. */
function meantForm(forms: readonly (readonly z.core.$ZodIssue[])[]): readonly z.core.$ZodIssue[] | undefined {
  const depth = (form: readonly z.core.$ZodIssue[]): number =>
    Math.max(...form.map((issue) => issue.path.length + (issue.code === "unrecognized_keys" ? 1 : 0)))
  const deepest = forms.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0]
  return deepest === undefined || depth(deepest) === 0 ? undefined : deepest
}

function noForm(forms: readonly (readonly z.core.$ZodIssue[])[], value: unknown): string {
  const [first, ...rest] = new Set(forms.flat().map((issue) => wordsOf(issue, value)))
  const others = rest.map((words) => words.replace(/^must be (.*), not .*$/s, "$1"))
  return (first ?? "").replace(/, not /, () => `${others.map((other) => ` or ${other}`).join("")}, not `)
}

function locate(
  path: PropertyKey[],
  words: string,
  { document, lines, under }: Pick<Place, "document" | "lines"> & { under?: Under | null },
): ConfigProblem {
  const { line, col } = lines.linePos(offsetOf(document, path))
  const isUnder = under != null && path[0] !== "version" && !document.hasIn(path) && under.document.hasIn(path)
  const message = isUnder ? `${words} (it stands in the file of ${under.of}, which this one extends)` : words
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
