import { rulesForBranch, type PromotionConfig } from "../config/config.ts"
import type { HardStopOutcome } from "./hard-stop.ts"
import { isOver, type Pause } from "./pause.ts"

/** A gate that was green when a pause began, as it stands now. Number 0: a commit of the merge queue. */
export type ReceiptGate = {
  number: number
  /** `merged`: its pull request is merged. What is closed, or has another head by now, can not be merged through it. */
  state: "shut" | "green" | "merged"
  /** When GitHub was seen to show it red, milliseconds since 1970; null: never, or it needed not. */
  shutAtMs: number | null
  /** Why GitHub did not take the red; null: not known. */
  problem: string | null
}

/** A pull request that was merged while its pause began. */
export type RacedMerge = { number: number; atMs: number; by: string | null }

/** What came of a pause: decided once, then told. */
export type Receipt = {
  scope: Pause["scope"]
  /** The branch, when the scope is one. */
  branch?: string | null
  /** When it ends by itself; null or absent: not before somebody resumes. */
  untilMs?: number | null
  /** Gates that were green when the pause began, and were not merged through. */
  total: number
  shut: number
  /** From the beginning of the pause until GitHub showed the last of them red, or until now; milliseconds. */
  tookMs: number
  raced: readonly RacedMerge[]
  moreRaced: number
  /** What is green still, when it was waited for long enough. */
  green: readonly Pick<ReceiptGate, "number" | "problem">[]
  moreGreen: number
  /** The pause ended before all were shut. */
  lifted: boolean
  /** What became of the ruleset; null or absent: the config asks for none. */
  hardStop?: HardStopOutcome | null
}

/** What is known of a pause that somebody is to be told of. */
export type ReceiptInput = {
  nowMs: number
  scope: Pause["scope"]
  branch: string | null
  untilMs: number | null
  startedAtMs: number
  gates: readonly ReceiptGate[]
  /** How the gates stood when the pause ended; null: it has not. */
  lifted: readonly ReceiptGate[] | null
  /** Merges since the pause was asked for, read from GitHub in this pass; null: not read yet. */
  raced: readonly RacedMerge[] | null
  /** What became of the ruleset; null: none is asked for, `pending`: GitHub has not answered yet. */
  hardStop: HardStopOutcome | "pending" | null
}

/** What follows: waiting, asking GitHub what was merged, or telling. */
export type ReceiptDecision = { kind: "wait"; untilMs: number } | { kind: "ask" } | { kind: "tell"; receipt: Receipt }

/** How long gates are waited for: an operator must learn of one that stays green. */
const patienceMs = 120_000

/** Most pull requests named one by one. */
const limitNamed = 20

/** Decides what to tell of a pause, and when: as soon as nothing is green, or it was lifted, or has taken too long. */
export function decideReceipt(input: ReceiptInput): ReceiptDecision {
  const { nowMs, startedAtMs, scope, branch, untilMs, gates, lifted, raced, hardStop } = input
  const now = lifted ?? gates
  const isWaiting = lifted === null && (hardStop === "pending" || now.some(({ state }) => state === "green"))
  if (isWaiting && nowMs < startedAtMs + patienceMs) return { kind: "wait", untilMs: startedAtMs + patienceMs }
  if (raced === null) return { kind: "ask" }
  const isRaced = ({ number }: ReceiptGate): boolean => raced.some((merge) => merge.number === number)
  // What was merged meanwhile is told of by itself, and what was merged before was no gate to be shut.
  const counted = now.filter((gate) => gate.state !== "merged" && !isRaced(gate))
  const shut = counted.filter(({ state }) => state === "shut")
  const green = counted.filter(({ state }) => state === "green")
  const last = Math.max(startedAtMs, ...shut.map(({ shutAtMs }) => shutAtMs ?? startedAtMs))
  const receipt: Receipt = {
    scope,
    branch,
    untilMs,
    total: counted.length,
    shut: shut.length,
    tookMs: (green.length > 0 ? nowMs : last) - startedAtMs,
    raced: raced.slice(0, limitNamed),
    moreRaced: Math.max(0, raced.length - limitNamed),
    green: green.slice(0, limitNamed).map(({ number, problem }) => ({ number, problem })),
    moreGreen: Math.max(0, green.length - limitNamed),
    lifted: lifted !== null && green.length > 0,
    hardStop:
      lifted !== null ? null : hardStop === "pending" ? { refs: [], problem: "GitHub has not answered" } : hardStop,
  }
  return { kind: "tell", receipt }
}

/** Whether there is anything to say that the paused pull request's own gate does not show beside the comment. */
export function isWorthTelling({ scope, raced, green }: Receipt): boolean {
  return scope !== "pull-request" || raced.length > 0 || green.length > 0
}

/** A merge as GitHub tells it. */
export type MergeThere = RacedMerge & { baseRef: string }

/** Those of the merges that raced a pause: in its scope, and not before it was asked for. GitHub's times are in seconds. */
export function racedMerges(
  merges: readonly MergeThere[],
  pause: Pick<Pause, "scope" | "branch" | "number"> & { askedAtMs: number },
  rules: { config: PromotionConfig | null; defaultBranch: string },
): RacedMerge[] {
  const sinceMs = Math.floor(pause.askedAtMs / 1000) * 1000
  return merges
    .filter(({ atMs }) => atMs >= sinceMs)
    .filter((merge) => isOver(pause, merge))
    .filter(({ baseRef }) => isPromotionBranch(baseRef, rules))
    .map(({ number, atMs, by }) => ({ number, atMs, by }))
    .toSorted((a, b) => a.atMs - b.atMs || a.number - b.number)
}

/** Without a config nobody knows; then every branch may be one. */
function isPromotionBranch(name: string, rules: Parameters<typeof racedMerges>[2]): boolean {
  return (
    rules.config === null || rulesForBranch(rules.config, { name, defaultBranch: rules.defaultBranch }) !== undefined
  )
}
