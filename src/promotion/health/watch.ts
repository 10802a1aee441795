import { spanAt, type EvidenceItem } from "./evidence.ts"
import { judgeEvidence, nothingWanted, type Wanted } from "./judge-evidence.ts"
import { uptoNow, type HealthFacts } from "./reported.ts"
import type { HealthRules } from "./rules.ts"

/** How long a healthy merge is watched after its window, in milliseconds. */
export const watchMs = 24 * 3600 * 1000

/** Nobody is in a hurry any more, so nothing is asked more often. */
const leastEveryMs = 5 * 60_000

/** Something that turned bad after the merge was found healthy. */
export type WatchAlert = {
  /** The same for the same thing: nobody is told of it twice. */
  key: string
  item: EvidenceItem
}

/** How the watch of a healthy merge stands. Nothing but alerts comes of it: known-good stays, nothing is rolled back. */
export type Watch = {
  alerts: readonly WatchAlert[]
  untilMs: number
  isOver: boolean
  wanted: Wanted
  /** When to judge again though nothing is heard; null: never. */
  lookAgainAtMs: number | null
}

/** What a healthy merge is watched by. Signals of the `window` are those since `fromMs`. */
export type WatchInput = HealthFacts & {
  rules: HealthRules
  /** When its window ended, milliseconds since 1970. */
  fromMs: number
  /** When a later commit took its place, so that what happens is no more about it; null: none did. */
  supersededAtMs: number | null
  nowMs: number
}

/**
 * Judges what is reported of a healthy merge by the same rules as in its window, but for alerts alone: what is missing or
 * does not tell alarms nobody, and failed checks are not run again. What is bad now was not when it was found healthy.
 */
export function judgeWatch(input: WatchInput): Watch {
  const { fromMs, supersededAtMs, nowMs } = input
  const untilMs = Math.max(fromMs, Math.min(fromMs + watchMs, supersededAtMs ?? Infinity))
  const facts = uptoNow(input, nowMs)
  const span = spanAt(nowMs, { startMs: fromMs, endMs: untilMs })
  const everyMs = leastEveryMs
  const judged = judgeEvidence({
    rules: unhurried(input.rules),
    facts,
    span,
    nowMs,
    queryPace: { firstMs: everyMs, everyMs },
  })
  const alerts = judged.items
    .filter(({ state, atMs }) => state === "bad" && (atMs ?? fromMs) <= untilMs)
    .map((item): [string, EvidenceItem] => [
      [item.kind, item.name, ...(item.from === null ? [] : [item.from])].join(":"),
      item,
    ])
  const isOver = nowMs >= untilMs
  const next = isOver
    ? { wanted: nothingWanted, lookAgainAtMs: null }
    : { wanted: judged.wanted, lookAgainAtMs: judged.nextMs }
  return { alerts: [...new Map(alerts)].map(([key, item]) => ({ key, item })), untilMs, isOver, ...next }
}

function unhurried(rules: HealthRules): HealthRules {
  return {
    ...rules,
    checks: rules.checks.map((rule) => ({ ...rule, confirm: false })),
    probes: rules.probes.map((rule) => ({ ...rule, everyMs: Math.max(rule.everyMs, leastEveryMs) })),
  }
}
