/** What kind of thing speaks for or against a commit. */
export type EvidenceKind = "deployment" | "check" | "probe" | "error-rate" | "heartbeat" | "prometheus" | "failures"

/**
 * Where a piece of evidence stands:
 *
 * - `good`: it speaks for the commit (so far, while the window runs)
 * - `bad`: it speaks against it, and nothing makes up for that
 * - `waiting`: it may still come, or turn
 * - `inconclusive`: something was reported, and says neither
 * - `missing`: the window is over, and nothing was reported
 */
export type EvidenceState = "good" | "bad" | "waiting" | "inconclusive" | "missing"

/** Why it stands there. */
export type EvidenceReason =
  /** Nobody reported it. */
  | "nothing-reported"
  /** It is looked at when the deployments have succeeded, and they have not. */
  | "not-begun"
  /** What was last reported is too old to say how it ends. */
  | "stale"
  | "deployed"
  /** A later commit, which contains this one, is deployed. */
  | "deployed-later"
  | "deployment-failed"
  | "deployment-running"
  /** It succeeded too late to be watched for a whole window. */
  | "deployment-late"
  /** Something else was deployed there since. */
  | "deployment-replaced"
  | "deployment-inactive"
  | "check-passed"
  | "check-passed-again"
  | "check-failed"
  /** Its confirming run failed, too. */
  | "check-failed-again"
  /** Its confirming run did not end in time, so that the failure stands. */
  | "check-unconfirmed"
  | "check-confirming"
  | "check-running"
  | "check-late"
  /** The commit has more checks than are read. */
  | "check-unread"
  /** It ended without a yes or no: cancelled, skipped and the like. */
  | "check-untold"
  /** What is measured is as it should be. */
  | "within"
  /** What is measured is not as it should be. */
  | "outside"
  /** It failed, but not often enough in a row. */
  | "failing"
  /** Nobody could ask, or the answer says nothing. */
  | "untold"
  | "over-limit"
  | "over-baseline"
  | "too-few-requests"
  | "no-baseline"
  | "beating"
  | "silent"
  /** The last heartbeat is from before the watch began. */
  | "not-since-start"
  | "critical-failure"
  | "many-failures"
  | "few-failures"

/** What was counted and measured, by name; only what applies. Times in milliseconds, rates as parts. */
export type EvidenceNumbers = Readonly<
  Partial<
    Record<
      | "status"
      | "inRow"
      | "needed"
      | "checks"
      | "requests"
      | "errors"
      | "least"
      | "rate"
      | "limit"
      | "baselineRate"
      | "overBaseline"
      | "staleAfterMs"
      | "value"
      | "below"
      | "above"
      | "count"
      | "critical",
      number
    >
  >
>

/** One piece of evidence as judged. */
export type EvidenceItem = {
  kind: EvidenceKind
  /** The environment, pattern of checks, URL or query as the config writes it; empty where there is only one of a kind. */
  name: string
  /** The app or data source that it is bound to; null: none, or any. */
  from: string | null
  state: EvidenceState
  reason: EvidenceReason
  /** Which of several it rests on: a check behind a pattern, the other commit of a deployment. Hostile. */
  which: string | null
  /** A word of whoever reported it: GitHub's for a state or conclusion, why a probe failed. Hostile. */
  word: string | null
  numbers: EvidenceNumbers
  /** When that was reported, milliseconds since 1970; null: nothing was. */
  atMs: number | null
  url: string | null
  /** Whether the commit needs it to be healthy. What is not required can only speak against it. */
  required: boolean
}

/** A piece of evidence with nothing more to it than told. */
export function evidence(
  of: Pick<EvidenceItem, "kind" | "name" | "state" | "reason"> & Partial<EvidenceItem>,
): EvidenceItem {
  return { from: null, which: null, word: null, numbers: {}, atMs: null, url: null, required: true, ...of }
}

/** The time in which evidence counts, as seen from now. */
export type Span = {
  /** Null: it has not begun. */
  startMs: number | null
  endMs: number
  /** Now, but never later than the end: what is judged late is judged as it would have been in time. */
  asOfMs: number
  isOver: boolean
}

/** A span as seen from now. */
export function spanAt(nowMs: number, { startMs, endMs }: Pick<Span, "startMs" | "endMs">): Span {
  return { startMs, endMs, asOfMs: Math.min(nowMs, endMs), isOver: nowMs >= endMs }
}

/** What was not reported: waited for while there is time, missing afterwards. */
export function unreported({ isOver }: Span): EvidenceState {
  return isOver ? "missing" : "waiting"
}

/** What was reported and has not come to an end: waited for while there is time, undecided afterwards. */
export function unsettled({ isOver }: Span): EvidenceState {
  return isOver ? "inconclusive" : "waiting"
}
