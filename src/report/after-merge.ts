import type { HealthVerdict } from "../promotion/health/judge-health.ts"
import type { Watch } from "../promotion/health/watch.ts"
import type { LaneOutcome } from "../promotion/lane/lane-deed.ts"
import type { KnownGood, Rollback } from "../promotion/lane/lane-state.ts"
import type { LandedRun } from "../promotion/rollback/plan-rollback.ts"
import type { Taint } from "../promotion/rollback/taint.ts"
import { sha } from "../lib/brand.ts"
import type { LandingJudgement } from "../promotion/landing/judgement.ts"
import type { Mismatch } from "../promotion/lane/after-merge.ts"
import type { GateContent } from "./check-run.ts"
import { healthCore, renderHealth, type HealthContext, type KnownGoodStanding } from "./health.ts"
import { explainLanding } from "./landing.ts"
import { code, plain, upTo } from "./markdown.ts"
import { noRollbackWords } from "./rollback.ts"

/** What is told of a promotion after its merge, beside the evidence. */
export type AfterMergeTold = {
  run: LandedRun
  /** What was found where it is not, or may not be, what was approved; null: nothing, or it is not kept any more. */
  landed: LandingJudgement | null
  verdict: HealthVerdict
  /** How it stands in the day after it was found healthy, or stood at its end; null: not told. */
  watch: Watch | null
  nowMs: number
  /** Name of the known-good tag. */
  tag: string
  knownGood: KnownGood | null
  /** What came of moving the tag to it; null: not tried yet. */
  tagOutcome: LaneOutcome | null
  /** The newest rollback that takes it out; null: none. */
  rollback: Rollback | null
  /** A change in it that was taken out of the branch behind it; null: none. */
  taint: Taint | null
  /** What came of opening its pull request; null: not tried yet. */
  rollbackOutcome: LaneOutcome | null
  enforced: boolean
  /** Whether a rollback of the branch is under way. */
  laneBusy: boolean
  /** Where it goes on to as known-good, and what came of that; null: nowhere, or it was not tried yet. */
  onward: { target: string; outcome: LaneOutcome } | null
}

/** A check run's content, and the part of it that is shown at once when it changes. */
export type AfterMergeContent = { content: GateContent; core: string }

/** Renders the check run `Promotion health` for someone who has never heard of Portcullis. */
export function renderAfterMerge(told: AfterMergeTold): AfterMergeContent {
  const { run, verdict, enforced, watch } = told
  const context: HealthContext = {
    runId: run.runId,
    number: run.number === 0 ? null : run.number,
    baseRef: run.baseRef,
    sha: run.after.landing.sha,
    mode: enforced ? "enforce" : "advisory",
    knownGood: knownGoodStanding(told),
    notes: [
      integritySection(told),
      rollbackSection(told),
      taintSection(told),
      askSection(told),
      onwardSection(told),
    ].filter((text) => text !== ""),
    watch,
    button: mayRollBack(told) ? "roll-back" : null,
  }
  return { content: renderHealth(verdict, context), core: healthCore(verdict, context) }
}

/** Only what came by a pull request has a place where an answer could be given. */
function mayRollBack({ run, enforced, laneBusy }: AfterMergeTold): boolean {
  const isOnBranch = run.state === "promoted_pending_health" || run.state === "known_good" || run.state === "failed"
  return enforced && isOnBranch && !laneBusy && run.number > 0
}

function knownGoodStanding({ run, tag, tagOutcome, knownGood }: AfterMergeTold): KnownGoodStanding | null {
  if (run.state === "known_good") {
    return knownGood?.runId === run.runId
      ? { status: "advanced", tag, atMs: knownGood.atMs }
      : { status: "passed", tag }
  }
  if (tagOutcome?.how !== "refused") return null
  const { why, words } = tagOutcome
  const isTold = why === "protected" || why === "permission" || why === "not-forward"
  return { status: "refused", tag, why: isTold ? why : "other", words }
}

/** Bytes that the paths of one kind may take. */
const limitPathBytes = 2000

/** Whether what landed is what was approved, in Markdown; empty where it is. */
export function integritySection({
  run,
  landed,
  enforced,
}: Pick<AfterMergeTold, "run" | "landed" | "enforced">): string {
  const { landing, mismatch } = run.after
  if (landed !== null && landing.before !== null) {
    const [before, after, head] = [sha(landing.before), sha(landing.sha), sha(run.headSha)]
    const place = { branch: run.baseRef, number: run.number, before, landed: after, head, paused: enforced }
    return [explainLanding(place, landed), orRollBack(run, mismatch)].filter((text) => text !== "").join("\n\n")
  }
  if (landing.integrity === "unknown") {
    return "Whether this commit is exactly what was approved could not be told (`landing-unknown`): GitHub did not show everything that takes. Next: compare it with the pull request yourself if that matters."
  }
  if (landing.integrity === "unasked") {
    const watched = run.stages.health === "skipped" ? "" : " It is watched like any promotion."
    return `This came past all pull requests, so nobody approved it (\`promotion_bypassed\`).${watched}`
  }
  if (mismatch === null) return ""
  const kinds = [
    ["lost", mismatch.lost],
    ["added", mismatch.added],
    ["altered", mismatch.altered],
  ] as const
  const lines = kinds.filter(([, paths]) => paths.length > 0).map(([kind, paths]) => `- ${kind}: ${pathList(paths)}`)
  const more = mismatch.more > 0 ? [`- and ${mismatch.more} more`] : []
  return [
    "**What landed is not what was approved** (`landing_mismatch`). Compared with a merge of the approved head that Portcullis made by itself:",
    [...lines, ...more].join("\n"),
    "Promotions into this branch are paused. Next: comment `/rollback` on the pull request, or mend the branch by another one; then `/resume-promotion`.",
  ].join("\n\n")
}

function orRollBack({ number }: LandedRun, mismatch: Mismatch | null): string {
  return mismatch === null ? "" : `Or comment ${code("/rollback")} on #${number} to take all of it back.`
}

function pathList(paths: readonly string[]): string {
  const { shown, left } = upTo(
    paths.map((path) => code(path, 120)),
    limitPathBytes,
  )
  return `${shown.join(", ")}${left > 0 ? ` and ${left} more` : ""}`
}

function rollbackSection({ run, rollback, rollbackOutcome }: AfterMergeTold): string {
  if (rollback === null) return ""
  const number = rollbackOutcome?.how === "done" ? rollbackOutcome.number : undefined
  const where = number === undefined ? "" : `: pull request #${number}`
  const who = rollback.automatic ? "by Portcullis itself" : `as ${plain(`@${rollback.by.login}`, 60)} asked`
  switch (run.state) {
    case "rolling_back":
      return `It is being taken back ${who}${where}. ${rollback.automatic ? "Promotions into the branch are paused until somebody resumes, if the config says so." : ""}`.trim()
    case "rolled_back":
      return `It was taken back ${who}${where}, and what did that proved itself.`
    case "failed":
      return `Taking it back has failed${where}. ${rollbackProblem(rollbackOutcome)}`
    default:
      return ""
  }
}

function rollbackProblem(outcome: LaneOutcome | null): string {
  const byHand =
    "Next: a person takes it back by hand, or comments `/rollback known-good` on the pull request to return the whole branch."
  if (outcome?.how !== "refused") {
    return `Its pull request was closed, or what it brought was not healthy either. ${byHand}`
  }
  const { why, words, paths = [] } = outcome
  if (why === "conflict") {
    return `Later changes are in the way${paths.length > 0 ? `, in ${pathList(paths)}` : ""}. ${byHand}`
  }
  if (why === "workflows") return `Not done: ${noRollbackWords["no-workflows-permission"]}`
  if (why === "permission") {
    return `GitHub would not have it: ${plain(words, 200)}. Next: grant the app \`contents: write\` and \`pull_requests: write\` on the installation's page, then comment \`/rollback\` on the pull request; or a person takes it back by hand.`
  }
  if (why === "empty") return "There was nothing to take out any more."
  return `GitHub would not have it: ${plain(words, 200)}. ${byHand}`
}

function taintSection({ taint }: AfterMergeTold): string {
  if (taint === null) return ""
  const which = taint.number === 0 ? "what was pushed past all pull requests" : `the change of #${taint.number}`
  return taint.underWay
    ? `**Not to be deployed**: this commit contains ${which}, which is being taken back.`
    : `**Not to be deployed**: this commit contains ${which}, which was taken back behind it. Next: deploy a newer commit of the branch.`
}

/** A person is needed: what stood in the way of the app, and what the person can do. */
function askSection({ run, enforced }: AfterMergeTold): string {
  const { health } = run.after
  if (health === null || health.follows !== "ask" || run.state !== "promoted_pending_health") return ""
  if (!enforced) return "Portcullis runs in `advisory` mode here, and takes nothing back."
  const next =
    run.number === 0
      ? "Next: comment `/rollback known-good` on an issue or pull request, or mend it by another pull request."
      : "Next: comment `/rollback` on the pull request, or `/rollback known-good` to return the whole branch; or mend it by another pull request."
  return `**Somebody has to decide**: nothing was taken back by itself, because ${whyAsked(health.why)} ${next}`
}

function whyAsked(why: string | null): string {
  if (why === "no-data") return "the evidence is wanting, and the config wants a person then (`health.no_data: ask`)."
  return why !== null && Object.hasOwn(noRollbackWords, why)
    ? noRollbackWords[why as keyof typeof noRollbackWords]
    : "nobody knows why."
}

function onwardSection({ onward }: AfterMergeTold): string {
  if (onward === null) return ""
  const { target, outcome } = onward
  if (outcome.how === "done" && outcome.number !== undefined)
    return `It goes on to ${code(target, 100)}: #${outcome.number}.`
  if (outcome.how !== "refused") return ""
  const words =
    outcome.why === "workflows" ? noRollbackWords["no-workflows-permission"] : `${plain(outcome.words, 300)}.`
  return `It was not proposed to ${code(target, 100)}: ${words} The next known-good commit is tried again.`
}
