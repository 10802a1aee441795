import { clip } from "../../lib/clip.ts"
import { durationText } from "../../lib/duration.ts"
import type { Requirement } from "./config.ts"
import type { Approver } from "./config-rules.ts"
import { segmentsMatch } from "../change/glob.ts"
import { atLeast } from "../permission.ts"

/**
 * What a difference between two configs does to gates: `loosens` when one that the old config shuts may open under the
 * new one, `tightens` the other way round, `neither` when no verdict can change by it, `unclear` when that cannot be
 * told. What is unclear counts as loosening.
 */
export type ConfigEffect = "loosens" | "tightens" | "neither" | "unclear"

/**
 * One rule that two configs do not have in common. `path` is where it stands (`review.high.approvals`); `was` and
 * `becomes` are its value as a person would write it, null where it does not stand.
 */
export type ConfigDifference = { path: string; was: string | null; becomes: string | null; effect: ConfigEffect }

/** Whether a rule makes another one needless: `mostly` when that cannot be told of every change. */
export type Cover = "whole" | "mostly" | "no"

/** Two lists whose order does not matter. */
export type Sets<Item> = {
  path: string
  was: readonly Item[]
  becomes: readonly Item[]
  /** What one more item does; one less does the opposite. */
  more: ConfigEffect
  shown(item: Item): string
  /** Same key, same rule. */
  key?(item: Item): string
  /** Whether `wide` makes `narrow` needless; no unless told. */
  covers?(wide: Item, narrow: Item): Cover
  /** How many entries of its own such a comparison goes through; one unless told. */
  size?(item: Item): number
}

/** Most pairs of items or patterns held against each other; whoever may open a pull request may propose any number. */
export const limitSteps = 200_000

/** What is told in place of differences that nobody could list in good time. */
export function tooMany(
  path: string,
  { was, becomes, of }: { was: number; becomes: number; of: string },
): ConfigDifference {
  const count = (items: number): string => `${items} ${of}, too many to be compared`
  return { path, was: count(was), becomes: count(becomes), effect: "unclear" }
}

/** Every item that stands in one of two lists only. One that another item there makes needless changes nothing. */
export function compareSets<Item>(sets: Sets<Item>): ConfigDifference[] {
  const { path, was, becomes, more, shown, key = (item: Item) => JSON.stringify(item), covers = () => "no" } = sets
  if (sets.covers !== undefined && stepsOf(sets) > limitSteps) {
    return [tooMany(path, { was: was.length, becomes: becomes.length, of: "entries" })]
  }
  const lacking = (items: readonly Item[], others: readonly Item[], effect: ConfigEffect) => {
    const known = new Set(others.map(key))
    return items
      .filter((item) => !known.has(key(item)))
      .map((item): { text: string; effect: ConfigEffect } => {
        const found = others.map((other) => covers(other, item))
        const left = found.includes("mostly") ? "unclear" : effect
        return { text: shown(item), effect: found.includes("whole") ? "neither" : left }
      })
  }
  return [
    ...lacking(was, becomes, opposite(more)).map(({ text, effect }) => ({ path, was: text, becomes: null, effect })),
    ...lacking(becomes, was, more).map(({ text, effect }) => ({ path, was: null, becomes: text, effect })),
  ]
}

/** How much work it is to hold each item that stands in one list only against those of the other. */
function stepsOf<Item>({
  was,
  becomes,
  key = (item: Item) => JSON.stringify(item),
  size = () => 1,
}: Sets<Item>): number {
  const [before, after] = [new Set(was.map(key)), new Set(becomes.map(key))]
  const gone = was.filter((item) => !after.has(key(item)))
  const fresh = becomes.filter((item) => !before.has(key(item)))
  const sum = (items: readonly Item[]): number => items.reduce((total, item) => total + size(item), 0)
  return sum(gone) * sum(becomes) + sum(fresh) * sum(was)
}

/** What taking a difference back does. */
export function opposite(effect: ConfigEffect): ConfigEffect {
  if (effect === "loosens") return "tightens"
  return effect === "tightens" ? "loosens" : effect
}

/** What a number does that tightens the more, the larger it is. */
export function byStrictness(was: number, becomes: number): ConfigEffect {
  if (was === becomes) return "neither"
  return becomes > was ? "tightens" : "loosens"
}

/**
 * Whether every path or branch name that `narrow` fits, `wide` fits as well. False where it cannot be told easily, so
 * that a rule counts as lost rather than as kept.
 */
export function globCovers(wide: string, narrow: string): boolean {
  if (wide === narrow || wide === "**") return true
  const folder = wide.endsWith("/**") ? wide.slice(0, -2) : null
  if (folder !== null && !folder.includes("*") && narrow.startsWith(folder)) return true
  const segments = narrow.split("/")
  // A `*` of the narrower one is itself fitted by nothing but a `*` of the wider.
  return !segments.includes("**") && segmentsMatch(wide.split("/"), segments)
}

/** Whether each path of `narrow` is one of `wide`. */
export function globsCover(wide: readonly string[], narrow: readonly string[]): boolean {
  return narrow.every((glob) => wide.some((one) => globCovers(one, glob)))
}

/** Whether everybody whom `narrow` names is one of whom `wide` names. */
export function approverCovers(wide: Approver, narrow: Approver): Cover {
  if (wide.kind === "role" && narrow.kind === "role") return atLeast(narrow.role, wide.role) ? "whole" : "no"
  return approverText(wide).toLowerCase() === approverText(narrow).toLowerCase() ? "whole" : "no"
}

/** As the config writes it. */
export function approverText(approver: Approver): string {
  if (approver.kind === "role") return approver.role
  return approver.kind === "user" ? `user:${approver.login}` : `team:${approver.org}/${approver.slug}`
}

/** As the config writes it. */
export function requirementText({ name, app }: Requirement): string {
  return app === null ? name : valueText({ name, app })
}

/** As the config writes it, in the largest unit that fits; null where it does not stand. */
export function timeText(ms: number | undefined): string | null {
  return ms === undefined ? null : durationText(ms)
}

/** A value of the config in one line, 200 characters at most. */
export function valueText(value: unknown): string {
  return clip(flow(value), 200)
}

function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`
  if (typeof value !== "object" || value === null) return String(value)
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null)
  return `{ ${entries.map(([key, inner]) => `${key}: ${flow(inner)}`).join(", ")} }`
}

/** Equal for two values that differ only in the order of keys and items, in repetitions, and in what is left out. */
export function sameInAnyOrder(one: unknown, other: unknown): boolean {
  return sorted(one) === sorted(other)
}

function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${[...new Set(value.map(sorted))].toSorted().join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null)
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${entries
    .map(([key, inner]) => `${JSON.stringify(key)}:${sorted(inner)}`)
    .toSorted()
    .join(",")}}`
}

/**
 * What stands under keys that nobody knows the effect of. A key that is new to the config so counts as loosening until
 * somebody says here what it does.
 */
export function compareOthers(
  path: string,
  { was, becomes, known }: { was: object; becomes: object; known: readonly string[] },
): ConfigDifference[] {
  const [before, after] = [new Map(Object.entries(was)), new Map(Object.entries(becomes))]
  const keys = [...new Set([...before.keys(), ...after.keys()])].filter((key) => !known.includes(key))
  const text = (value: unknown): string | null => (value === undefined || value === null ? null : valueText(value))
  return keys
    .filter((key) => !sameInAnyOrder(before.get(key) ?? null, after.get(key) ?? null))
    .map((key) => ({
      path: path === "" ? key : `${path}.${key}`,
      was: text(before.get(key)),
      becomes: text(after.get(key)),
      effect: "unclear",
    }))
}
