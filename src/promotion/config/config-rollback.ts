import { z } from "zod"
import { durationOf, listOf, pathGlob, refName } from "./config-value.ts"

/** The keys `known_good` and `rollback` of a branch: how a proven commit is named, and how a bad one is taken back. */

const hourMs = 3_600_000

/** Schema of `known_good`. */
export const knownGoodSchema = z.strictObject({
  /** Left out: `known-good/<branch>`, see {@link knownGoodTag}. */
  tag: refName.optional(),
  /** Whether every advance leaves a tag of its own as well, which is never moved. */
  keep_each: z.boolean().default(false),
})

/** How known-good commits of a branch are named; `tag` is null where the branch's own name tells it. */
export type KnownGoodRules = { tag: string | null; keep_each: boolean }

/** Name of the tag that holds the known-good commit of a branch. */
export function knownGoodTag({ known_good }: { known_good: KnownGoodRules }, branch: string): string {
  return known_good.tag ?? `known-good/${branch}`
}

/** Where migrations live by the habits of Rails, Django, Prisma, Flyway and their kin: no revert undoes one that ran. */
export const migrationPaths: readonly string[] = ["**/migrations/**", "**/migration/**", "**/migrate/**"]

/** Schema of `rollback`, for stages of this kind. */
export function rollbackSchemaOf<Stages extends z.ZodType>(stages: Stages) {
  return z.strictObject({
    /** Whether an unhealthy promotion is taken back without being asked for. */
    automatic: z.boolean().default(false),
    merge: z.enum(["manual", "auto"]).default("manual"),
    /** What must have passed before the rollback is merged. */
    stages: stages.optional(),
    /** Automatic attempts for each target. */
    max_attempts: z.int().min(1).max(10).default(1),
    /** How long after an automatic rollback there is no other. */
    cooldown: durationOf({ leastMs: 60_000, mostMs: 7 * 24 * hourMs }).prefault("1h"),
    /** Whether promotions are paused after an automatic rollback. */
    pause_after: z.boolean().default(true),
    /** Changes of these paths are not taken back without a person. */
    ask_for: listOf(pathGlob).default(() => [...migrationPaths]),
  })
}
