import type { z } from "zod"

/** What is wrong with a value of the config file, for somebody who has never heard of zod. */
export function wordsOf(issue: z.core.$ZodIssue, value: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return mustBe(typeWords[issue.expected] ?? issue.expected, value)
    case "invalid_value":
      return mustBe(choice(issue.values), value)
    case "too_small":
      if (isNumber(issue)) return `must be ${issue.minimum} or more, not ${found(value)}`
      return issue.origin === "array" ? "must list at least one" : "must not be empty"
    case "too_big":
      if (isNumber(issue)) return `must be ${issue.maximum} or less, not ${found(value)}`
      return `must not ${issue.origin === "array" ? "list more than" : "be longer than"} ${amount(issue)}`
    case "invalid_key":
      return issue.issues[0] === undefined ? issue.message : wordsOf(issue.issues[0], value)
    default:
      return issue.message
  }
}

const typeWords: Readonly<Record<string, string>> = {
  object: "a map of keys",
  record: "a map of keys",
  array: "a list",
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "`true` or `false`",
}

function mustBe(expected: string, value: unknown): string {
  return value === undefined ? `is missing: must be ${expected}` : `must be ${expected}, not ${found(value)}`
}

function choice(values: readonly unknown[]): string {
  const words = values.map((value) => (typeof value === "number" ? `the number ${value}` : `\`${String(value)}\``))
  const last = words.at(-1) ?? ""
  return words.length === 1 ? last : `${words.slice(0, -1).join(", ")} or ${last}`
}

function found(value: unknown): string {
  if (value === null) return "empty"
  if (Array.isArray(value)) return "a list"
  if (typeof value === "object") return "a map of keys"
  if (typeof value === "string") return `the text \`${value.slice(0, 40)}\``
  return typeof value === "number" || typeof value === "boolean" ? `\`${value}\`` : "that"
}

function isNumber({ origin }: { origin: string }): boolean {
  return origin === "number" || origin === "int"
}

function amount({ origin, maximum }: z.core.$ZodIssueTooBig): string {
  return `${maximum} ${origin === "array" ? "of them" : "characters"}`
}
