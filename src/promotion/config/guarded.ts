import type { PromotionConfig } from "./config.ts"
import { rulesForBranch } from "./config.ts"

/** Most branches of a repository that are looked after by name. */
const limitBranches = 10

/** The promotion branches that are known by name: the default one, and those that the config names without a pattern. */
export function guardedBranches(
  config: PromotionConfig,
  defaultBranch: string,
  more: readonly string[] = [],
): string[] {
  const named = Object.keys(config.branches ?? {}).filter((pattern) => !pattern.includes("*"))
  const all = new Set([defaultBranch, ...named, ...more])
  return [...all]
    .filter((name) => rulesForBranch(config, { name, defaultBranch }) !== undefined)
    .slice(0, limitBranches)
}

/** Whether the config lets a team approve. */
export function hasTeams({ review }: PromotionConfig): boolean {
  return [review.low, review.medium, review.high].some(({ from }) => from.some(({ kind }) => kind === "team"))
}
