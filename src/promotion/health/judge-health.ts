import { queryPace } from "./asked-evidence.ts"
import { spanAt, type EvidenceItem } from "./evidence.ts"
import { judgeEvidence, nothingWanted, type Wanted } from "./judge-evidence.ts"
import { uptoNow, type HealthFacts } from "./reported.ts"
import type { HealthRules } from "./rules.ts"
import { healthWindow, type HealthWindow, type WindowInput } from "./window.ts"

/**
 * What became of a merge:
 *
 * - `healthy`: the window is over, and everything that was asked for spoke for it
 * - `unhealthy`: something spoke against it
 * - `inconclusive`: something was reported, and it does not tell
 * - `no_data`: nothing that was asked for was reported
 */
export type Health = "healthy" | "unhealthy" | "inconclusive" | "no_data"

/** The verdict over a merge, and what it stands on. Moments in milliseconds since 1970. */
export type HealthVerdict = HealthWindow & {
  verdict: Health
  /** Whether it stays so. Before the deadline only `unhealthy` does, and nothing is `healthy`. */
  final: boolean
  windowMs: number
  items: readonly EvidenceItem[]
  wanted: Wanted
  /** When to judge again though nothing is heard; null: never. */
  lookAgainAtMs: number | null
}

/** What a merge is judged by. */
export type HealthInput = HealthFacts &
  Pick<WindowInput, "mergedAtMs" | "startedAtMs" | "nowMs"> & {
    rules: HealthRules
  }

/**
 * Judges a merge by what was reported of it. Total; the same input gives the same verdict, and once the deadline has
 * passed, the same reports give the same verdict for ever: good news counts only until then, bad news whenever it comes.
 *
 * Where nothing is asked for, a window in which nothing bad was reported is a healthy one: that is what its owners
 * wanted. Several merges may be watched at once, and what runs is one system: what it reports counts for each of them.
 */
export function judgeHealth(input: HealthInput): HealthVerdict {
  const { rules, nowMs } = input
  const facts = uptoNow(input, nowMs)
  const window = healthWindow({ ...input, deployments: facts.deployments })
  const span = spanAt(nowMs, { startMs: window.startMs, endMs: window.deadlineMs })
  const judged = judgeEvidence({ rules, facts, span, nowMs, queryPace: queryPace(rules.windowMs) })
  const verdict = healthOf(judged.items, span.isOver)
  const final = span.isOver || verdict === "unhealthy"
  const next = final
    ? { wanted: nothingWanted, lookAgainAtMs: null }
    : { wanted: judged.wanted, lookAgainAtMs: judged.nextMs }
  return { ...window, windowMs: rules.windowMs, verdict, final, items: judged.items, ...next }
}

function healthOf(items: readonly EvidenceItem[], isOver: boolean): Health {
  if (items.some(({ state }) => state === "bad")) return "unhealthy"
  const required = items.filter((item) => item.required)
  if (isOver && required.every(({ state }) => state === "good")) return "healthy"
  const isUnheard = ({ state, atMs }: EvidenceItem): boolean =>
    state === "missing" || (state === "waiting" && atMs === null)
  return required.every(isUnheard) ? "no_data" : "inconclusive"
}
