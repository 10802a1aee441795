/** How long progress must have stood still before a shut gate's details are written anew, in milliseconds. */
export const settleMs = 60_000

/** What is known of a report when its next content is at hand. Times in milliseconds since 1970. */
export type ReportState = {
  nowMs: number
  next: { digest: string; verdictDigest: string }
  /** Digest of the content that came up last; null: none yet. */
  intendedDigest: string | null
  /** When that content came up. */
  changedAtMs: number | null
  /** What GitHub shows; null: nothing, or nobody knows. */
  shown: { digest: string; verdictDigest: string | null } | null
}

/** Write now, look again later, or leave it. */
export type ReportPlan =
  | { kind: "nothing" }
  | { kind: "now"; changedAtMs: number }
  | { kind: "later"; changedAtMs: number; atMs: number }

/**
 * When a report is written. A verdict is written at once and never twice; mere progress (one more check passed, the
 * gate as shut as before) is written once it has stood still for {@link settleMs}, because that is when somebody asks
 * what is still missing. So a run of many checks costs one or two writes, not one for each.
 */
export function planReport(state: ReportState): ReportPlan {
  const { nowMs, next, shown } = state
  if (shown?.digest === next.digest) return { kind: "nothing" }
  if (shown === null || shown.verdictDigest !== next.verdictDigest) return { kind: "now", changedAtMs: nowMs }
  const changedAtMs = state.intendedDigest === next.digest ? (state.changedAtMs ?? nowMs) : nowMs
  const atMs = changedAtMs + settleMs
  return atMs <= nowMs ? { kind: "now", changedAtMs } : { kind: "later", changedAtMs, atMs }
}
