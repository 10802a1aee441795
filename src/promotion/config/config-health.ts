import { z } from "zod"
import { durationText } from "../../lib/duration.ts"
import { durationOf, environmentName, listOf, name, percentUpTo } from "./config-value.ts"

/**
 * The key `health` of a branch: how long after a merge the running system is watched, and by what. Every duration in
 * milliseconds, every part as a number (`0.05` for 5 %).
 */

const [secondMs, hourMs] = [1000, 3_600_000]

const watchedCheck = z.union([
  name.transform((text) => ({ name: text, app: null as string | null, confirm: false })),
  z.strictObject({
    name,
    app: name.nullable().default(null),
    /** Run once more on the same commit before a failure is believed. */
    confirm: z.boolean().default(false),
  }),
])

/** A check that is watched on the merge commit: a name or glob, bound to the app that must report it or to none. */
export type WatchedCheck = z.infer<typeof watchedCheck>

const host = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])`
const urlPattern = new RegExp(String.raw`^https?://${host}(?::\d{1,5})?(?:[/?][^\s#]*)?$`)

const probe = z.strictObject({
  url: z
    .string()
    .max(2000)
    .regex(
      urlPattern,
      "must be an address such as https://shop.example.com/healthz, in lower-case `http` or `https`, without user, `#` or spaces",
    )
    .refine((text) => !urlPattern.test(text) || URL.canParse(text), "no host and port can be named so"),
  every: durationOf({ leastMs: 5 * secondMs, mostMs: hourMs }).prefault("30s"),
  /** Failures in a row that make it unhealthy. */
  failures: z.int().min(1).max(100).default(2),
})

/** An address that is asked again and again; `every` in milliseconds. */
export type Probe = z.infer<typeof probe>

const errorRate = z
  .strictObject({
    limit: percentUpTo(100).optional(),
    /** How much more than in the 24 hours before; 0.25: a quarter more. */
    over_baseline: percentUpTo(1000).optional(),
  })
  .refine(
    (rule) => rule.limit !== undefined || rule.over_baseline !== undefined,
    "must say what is too much: by `limit` or `over_baseline`",
  )
  .meta({ anyOf: [{ required: ["limit"] }, { required: ["over_baseline"] }] })

const prometheusQuery = z
  .strictObject({
    query: z.string().min(1).max(2000),
    /** Healthy while the value is less than this. */
    below: z.number().optional(),
    /** Healthy while the value is more than this. */
    above: z.number().optional(),
    /** Name of a data source that the host has set up. */
    source: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/, "must be the name of a data source: letters, digits, `-` and `_`")
      .default("default"),
  })
  .superRefine(({ below, above }, context) => {
    const message =
      below === undefined && above === undefined
        ? "must say what is healthy: by `below` or `above`"
        : "no value is above the one and below the other: it would never be healthy"
    if (below === undefined && above === undefined) context.addIssue({ code: "custom", message })
    if (below !== undefined && above !== undefined && above >= below) {
      context.addIssue({ code: "custom", path: ["above"], message })
    }
  })
  .meta({ anyOf: [{ required: ["below"] }, { required: ["above"] }] })

/** A query to a Prometheus that the host has set up, and what its value is while all is well. */
export type PrometheusQuery = z.infer<typeof prometheusQuery>

/** Schema of `health`. */
export const healthSchema = z
  .strictObject({
    window: durationOf({ leastMs: 5 * secondMs, mostMs: 24 * hourMs }).prefault("15m"),
    deployments: z
      .array(environmentName)
      .max(20)
      .default(() => []),
    checks: listOf(watchedCheck).default(() => []),
    probes: z
      .array(probe)
      .max(20)
      .default(() => []),
    error_rate: errorRate.optional(),
    heartbeat: z.strictObject({ stale_after: durationOf({ leastMs: 5 * secondMs, mostMs: 24 * hourMs }) }).optional(),
    prometheus: z
      .array(prometheusQuery)
      .max(20)
      .default(() => []),
    /** What follows when evidence is missing at the end of the window. */
    no_data: z.enum(["ask", "roll-back"]).default("ask"),
  })
  .superRefine(({ window, probes }, context) => {
    for (const [index, { every, failures }] of probes.entries()) {
      if (every * (failures - 1) < window) continue
      const row = `${failures} failures in a row, one every ${durationText(every)}`
      const message = `${row}, do not fit into a window of ${durationText(window)}`
      context.addIssue({ code: "custom", path: ["probes", index], message })
    }
  })

/** What a merge is watched by, and for how long. */
export type HealthRules = z.infer<typeof healthSchema>
