import { z } from "zod"
import { durationPattern, durationText, parseDurationMs } from "../../lib/duration.ts"

/** The kinds of values that the keys of the config are made of, each with the bound that it has everywhere. */

/** A name of the config: of a check, a label, a section. */
export const name = z.string().min(1).max(200)

/** A list of the config, with the bound that every list has. */
export const listOf = <T extends z.ZodType>(item: T) => z.array(item).max(200)

/** A duration as the config writes it, in milliseconds. */
export const duration = durationOf({ leastMs: 0, mostMs: Infinity })

/** The same, not shorter than `leastMs` and not longer than `mostMs`. */
export function durationOf(bounds: { leastMs: number; mostMs: number }) {
  return z
    .string()
    .meta({ pattern: durationPattern.source })
    .transform((text, context) => {
      const ms = parseDurationMs(text)
      const wrong = ms === undefined ? noDuration(text) : outside(ms, bounds)
      if (ms !== undefined && wrong === null) return ms
      context.addIssue({ code: "custom", message: wrong ?? noDuration(text) })
      return z.NEVER
    })
}

function noDuration(text: string): string {
  return `must be a duration such as 15m, 24h or 7d, not the text \`${text.slice(0, 40)}\``
}

function outside(ms: number, { leastMs, mostMs }: { leastMs: number; mostMs: number }): string | null {
  if (ms < leastMs) return `must be ${durationText(leastMs)} or more, not ${durationText(ms)}`
  return ms > mostMs ? `must be ${durationText(mostMs)} or less, not ${durationText(ms)}` : null
}

const percentPattern = /^(?:0|[1-9]\d{0,3})(?:\.\d{1,3})?%$/

/** A part as the config writes it (`5%`), as a number: `0.05`. `most` is the largest, in percent. */
export function percentUpTo(most: number) {
  return z
    .string()
    .meta({ pattern: percentPattern.source })
    .transform((text, context) => {
      const isPercent = percentPattern.test(text)
      const percent = Number(text.slice(0, -1))
      if (isPercent && percent <= most) return percent / 100
      const message = isPercent
        ? `must be ${most}% or less, not ${text}`
        : `must be a percentage such as 5% or 0.5%, not the text \`${text.slice(0, 40)}\``
      context.addIssue({ code: "custom", message })
      return z.NEVER
    })
}

/**
 * A path glob: `*` within a folder, a whole `**` for any number of folders; every other sign stands for itself. What no
 * path can be named would be a rule that never holds, and nobody would notice.
 */
export const pathGlob = z
  .string()
  .min(1)
  .max(500)
  .regex(/^[^!/]/, "a path begins neither with `/` nor with `!`: it is looked for from the repository's root")
  .refine(
    (glob) => !glob.split("/").some((segment) => segment === "" || segment === "." || segment === ".."),
    "no path has a part that is empty, `.` or `..`; for all of a folder write `folder/**`",
  )
  .meta({ pattern: String.raw`^(?!!)(?!\.{1,2}(?:/|$))[^/]+(?:/(?!\.{1,2}(?:/|$))[^/]+)*$` })

/**
 * What git takes for the name of a branch or tag, and never for an option or a pattern.
 *
 * @see https://git-scm.com/docs/git-check-ref-format
 */
const refPattern = /^(?![-./])(?!@$)(?!.*(?:\.\.|@\{|\/[./]|\.lock(?:\/|$)|[./]$))[^\p{Cc}\p{Cs}\s~^:?*[\\]+$/u

/** The name of one branch or tag. */
export const refName = name.regex(
  refPattern,
  "git names no branch or tag so: no spaces, none of `~^:?*[\\`, no part that is empty, begins with `.` or ends with `.lock`",
)

/** The name of a deployment environment. GitHub takes no account of upper and lower case in it. */
export const environmentName = z.string().min(1).max(255)
