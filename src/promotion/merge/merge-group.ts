import { judgeChecks } from "../gate/checks.ts"
import type { BranchRules, ConfigInForce } from "../config/config.ts"
import type { CheckFact, MergeGroupFact } from "../fact.ts"
import { isOver, type Pause } from "../pause/pause.ts"
import type { ChecksStage } from "../gate/stage.ts"
import type { UrgentWay } from "./urgent-ask.ts"
import { modeOf, type BlockReason, type Verdict } from "../gate/verdict.ts"

/** A pull request whose change is in a merge group, judged by itself; a null verdict: it could not be judged. */
export type GroupMember = { number: number; verdict: Verdict | null }

/**
 * The gate's answer for a commit that GitHub's merge queue made of its base and one or more pull requests.
 *
 * It is open when nothing pauses, every member's own gate is open, and the checks passed on this very commit.
 */
export type GroupVerdict = {
  mode: "advisory" | "enforce"
  open: boolean
  headSha: string
  baseRef: string
  /** Null: GitHub did not tell which pull requests are in it. */
  members: readonly number[] | null
  /** Members whose own gate is shut, and why; no reasons: it could not be judged. */
  shut: readonly { number: number; reasons: readonly BlockReason[] }[]
  /** Members that stand open by the urgent way, and past what. */
  urgent: readonly { number: number; way: UrgentWay }[]
  pauses: readonly Pause[]
  /** Null where the branch asks for no checks. */
  checks: ChecksStage | null
}

/** What a merge group is judged by. */
export type GroupInput = {
  group: MergeGroupFact
  config: ConfigInForce
  rules: BranchRules
  members: readonly GroupMember[] | null
  /** Checks known for the group's own commit. */
  checks: readonly CheckFact[]
  ownAppId: number
  /** All pauses that hold in the repository. */
  pauses: readonly Pause[]
}

/** Judges a merge group. What is not known keeps it shut. */
export function judgeMergeGroup(input: GroupInput): GroupVerdict {
  const { group, config, rules, members, ownAppId } = input
  const stage = rules.stages.find((one) => one.kind === "checks")
  const here = input.checks.filter((check) => check.sha === group.headSha)
  const checks = stage === undefined ? null : judgeChecks({ require: stage.require, checks: here, ownAppId })
  const numbers = members?.map(({ number }) => number) ?? null
  const { baseRef, headSha } = group
  // Where the members are not known, any pull request's pause may be over one of them.
  const places = numbers?.map((number) => ({ number, baseRef }))
  const pauses = input.pauses.filter((pause) => places?.some((place) => isOver(pause, place)) !== false)
  const shut = (members ?? [])
    .filter(({ verdict }) => verdict?.open !== true)
    .map(({ number, verdict }) => ({ number, reasons: verdict?.reasons ?? [] }))
  const urgent = (members ?? []).flatMap(({ number, verdict }) =>
    verdict?.urgent == null ? [] : [{ number, way: verdict.urgent }],
  )
  const known = members !== null && members.length > 0
  const open = known && pauses.length === 0 && shut.length === 0 && (checks === null || checks.status === "passed")
  return { mode: modeOf(config), open, headSha, baseRef, members: numbers, shut, urgent, pauses, checks }
}
