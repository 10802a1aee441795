import { clip } from "../../lib/clip.ts"
import type { BranchRules } from "../config/config.ts"
import type { Journal, PayloadOf } from "./journal.ts"
import type { ChecksStage, StageResult } from "./stage.ts"
import { heldAgainst, recordUrgent } from "../merge/urgent.ts"
import { evaluationText } from "../state.ts"
import type { Verdict } from "./verdict.ts"

/** A verdict, and how the branch wants to be merged into. */
type Judged = { verdict: Verdict; merge: BranchRules["merge"] }

/** Writes down what changed between the recorded promotion and the verdict. */
export function recordVerdict(journal: Journal, { verdict, merge }: Judged): void {
  recordUrgent(journal, verdict)
  recordEvaluation(journal, verdict)
  for (const stage of verdict.stages) {
    if (journal.promotion()?.stages[stage.kind] === stage.status) continue
    recordEvidence(journal, stage)
    journal.write("stage_changed", { stage: stage.kind, status: stage.status })
  }
  if (verdict.open) recordReady(journal, { verdict, merge })
  else recordBlocked(journal, verdict)
}

function recordReady(journal: Journal, { verdict, merge }: Judged): void {
  if (journal.promotion()?.state === "ready") return
  const auto = verdict.risk !== null && merge.auto.includes(verdict.risk.level)
  journal.write("promotion_ready", { mode: verdict.mode, ...(auto ? { merge: "auto" } : {}) })
}

/** Says why, when that changed, and to whoever asked for the merge. */
function recordBlocked(journal: Journal, verdict: Verdict): void {
  const { reasons } = verdict
  const known = journal.promotion()
  const asked = known?.asked ?? null
  const changed = known?.state === "ready" || !sameReasons(known?.blockReasons, reasons)
  if (!changed && asked === null) return
  const pressed = asked?.deliveryId === undefined ? {} : { answers_button: asked.deliveryId }
  const answers = asked === null ? {} : { answers: asked.commentId ?? 0, ...pressed }
  const held = known === null ? null : heldAgainst(verdict, known)
  journal.write("promotion_blocked", {
    block_reasons: [...reasons],
    ...answers,
    ...(held === null ? {} : { held: [...held] }),
  })
}

function recordEvidence(journal: Journal, stage: StageResult): void {
  if (stage.kind === "checks" && (stage.status === "passed" || stage.status === "failed")) {
    journal.write("tested", evidence(stage))
  }
}

/** Says how risky the change is, and whose work, whenever it was judged and that is news: with or without a policy. */
function recordEvaluation(journal: Journal, verdict: Verdict): void {
  const policy = verdict.stages.find((stage) => stage.kind === "policy")
  if (verdict.risk === null || policy?.status === "pending") return
  const { status, violations, left } = policy ?? { status: "none", violations: [], left: 0 }
  const evaluation: PayloadOf<"policy_evaluated"> = {
    status,
    violations: violations.length + left,
    rules: [...new Set(violations.map(({ rule }) => rule))],
    risk: verdict.risk.level,
    agent: agentOf(verdict),
  }
  if (journal.promotion()?.evaluated === evaluationText(evaluation)) return
  journal.write("policy_evaluated", evaluation)
}

function agentOf({ agent }: Verdict): PayloadOf<"policy_evaluated">["agent"] {
  if (agent?.agent !== true || agent.how === null) return null
  return { how: agent.how, task: agent.task, run: agent.run, requester: agent.requester }
}

function sameReasons(known: readonly string[] | undefined, now: readonly string[]): boolean {
  return known?.length === now.length && now.every((reason, index) => known[index] === reason)
}

/** Most checks listed as evidence, and most bytes of them: the whole payload has a limit of 8 KiB. */
const evidenceLimit = 30
const evidenceLimitBytes = 6 * 1024

function evidence(stage: ChecksStage): PayloadOf<"tested"> {
  const checks = stage.requirements.flatMap((judged) => judged.checks)
  const unique = [...new Map(checks.map((check) => [JSON.stringify([check.name, check.app]), check])).values()]
  const listed: PayloadOf<"tested">["checks"] = []
  let bytes = 0
  for (const check of unique.slice(0, evidenceLimit)) {
    const app = check.app === null ? null : clip(check.app, 100)
    const line = { name: clip(check.name, 100), app, result: clip(check.word, 40) }
    bytes += new TextEncoder().encode(JSON.stringify(line)).length
    if (bytes > evidenceLimitBytes) break
    listed.push(line)
  }
  return { passed: stage.status === "passed", checks: listed, more: unique.length - listed.length }
}
