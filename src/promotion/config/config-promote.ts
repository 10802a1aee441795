import { z } from "zod"
import { branchMatches } from "../change/glob.ts"
import { knownGoodTag, type KnownGoodRules } from "./config-rollback.ts"
import { refName } from "./config-value.ts"

/**
 * The key `promote_to` of a branch, and what the branches of one config demand of each other: where a known-good commit
 * goes on to, and that no two branches share a tag.
 */

/** Schema of `promote_to`. */
export const promoteToSchema = z.strictObject({
  /** The branch itself, no pattern. */
  branch: refName,
  merge: z.enum(["manual", "auto"]).default("manual"),
})

/** Where known-good commits of a branch go on to, and whether the app merges them there by itself. */
export type PromoteToRules = z.infer<typeof promoteToSchema>

/** What a branch says that concerns other ones. */
type Lane = { from: readonly string[] | null; known_good: KnownGoodRules; promote_to: PromoteToRules | null }

type Lanes = Readonly<Record<string, Lane>>

/** Something wrong between two branches; `path` is below `branches`. */
export type LaneProblem = { path: string[]; message: string }

/** Most branches of one config that may have a key which is held against all others. */
const limitLanes = 200

/** What is wrong between the branches of a config. */
export function laneProblems(lanes: Lanes): LaneProblem[] {
  const all = Object.entries(lanes)
  const leading = all.flatMap(([pattern, { promote_to: to }]) => (to === null ? [] : [{ pattern, branch: to.branch }]))
  const tagged = all.filter(([, { known_good }]) => known_good.tag !== null)
  if (leading.length > limitLanes || tagged.length > limitLanes) {
    return [{ path: [], message: `not more than ${limitLanes} branches may have a \`promote_to\`, or a \`tag\`` }]
  }
  const ways = new Map(leading.map(({ pattern, branch }) => [pattern, ruleOf(lanes, branch)]))
  return [
    ...leading.flatMap(({ pattern, branch }) => {
      const message = wrongTarget({ lanes, ways }, { pattern, branch })
      return message === null ? [] : [{ path: [pattern, "promote_to", "branch"], message }]
    }),
    ...tagged.flatMap(([pattern, lane]) => {
      const message = wrongTag(lanes, { pattern, lane })
      return message === null ? [] : [{ path: [pattern, "known_good", "tag"], message }]
    }),
  ]
}

/** The pattern whose rules hold for a branch; null when it is no promotion branch. */
function ruleOf(lanes: Lanes, branch: string): string | null {
  return Object.keys(lanes).find((pattern) => branchMatches(pattern, branch)) ?? null
}

/** Where each pattern leads on to, as the pattern whose rules hold there. */
type Ways = ReadonlyMap<string, string | null>

function wrongTarget(
  { lanes, ways }: { lanes: Lanes; ways: Ways },
  { pattern, branch }: { pattern: string; branch: string },
): string | null {
  const next = ways.get(pattern) ?? null
  if (next === null) return `\`${branch}\` is no promotion branch: name it, or a pattern for it, under \`branches\``
  if (next === pattern) return `\`${branch}\` would be promoted to itself: it is a branch of this very rule`
  const round = roundOf(ways, pattern)
  if (round !== null) return `leads back to where it came from: ${wayText(round)}`
  const from = lanes[next]?.from ?? null
  if (pattern.includes("*") || from === null || from.some((one) => branchMatches(one, pattern))) return null
  return `\`${branch}\` takes nothing from \`${pattern}\`: list that under its \`from\``
}

/** The way from a rule back to it; null: it does not lead back. Each leads to one other at most. */
function roundOf(ways: Ways, start: string): string[] | null {
  const way = new Set<string>()
  for (let at = ways.get(start) ?? null; at !== null && !way.has(at); at = ways.get(at) ?? null) {
    if (at === start) return [start, ...way, start]
    way.add(at)
  }
  return null
}

function wayText(way: readonly string[]): string {
  const told = way.length > 8 ? [...way.slice(0, 6), "…", ...way.slice(-1)] : way
  return told.map((one) => (one === "…" ? one : `\`${one}\``)).join(" → ")
}

function wrongTag(lanes: Lanes, { pattern, lane }: { pattern: string; lane: Lane }): string | null {
  if (pattern.includes("*")) {
    return "would be one tag for every branch of this pattern: leave it out, and each has one of its own name"
  }
  const tag = knownGoodTag(lane, pattern)
  const other = Object.keys(lanes).find((one) => one !== pattern && lanes[one]?.known_good.tag === tag)
  if (other !== undefined) return `is the tag of \`${other}\` as well`
  const branch = tag.startsWith(defaultTags) ? tag.slice(defaultTags.length) : ""
  const rule = branch === "" ? null : ruleOf(lanes, branch)
  return rule === null || rule === pattern || lanes[rule]?.known_good.tag !== null
    ? null
    : `is the tag of the branch \`${branch}\` as well`
}

const defaultTags = "known-good/"
