import { systemActor, type EntryDraft } from "../ledger/entry.ts"
import { clip } from "../lib/clip.ts"
import { rulesForBranch } from "./config.ts"
import type { PullRequestFact } from "./fact.ts"
import { decideLabel } from "./label.ts"
import type { Need, Snapshot } from "./snapshot.ts"
import type { ChecksStage } from "./stage.ts"
import { foldPauses, foldPromotion, type PromotionState } from "./state.ts"
import { judgeGate, modeOf, type Verdict } from "./verdict.ts"

/**
 * What is to be done about one pull request.
 *
 * With `needs` there is nothing else in it: ask GitHub, and decide again.
 */
export type Plan = {
  needs: readonly Need[]
  /** Null: this pull request has no gate now (closed, or not into a promotion branch). */
  verdict: Verdict | null
  /** The promotion the verdict is about, after the entries. */
  promotion: PromotionState | null
  entries: readonly EntryDraft[]
  /** Keys of asks that the entries answer. */
  answers: readonly string[]
}

const idle: Plan = { needs: [], verdict: null, promotion: null, entries: [], answers: [] }

/**
 * Decides about one pull request. Pure and total: the same snapshot gives the same plan, and deciding about the world
 * after the plan gives a plan without entries.
 *
 * Red on hearsay, green on sight: facts alone may shut a gate or keep it shut; before it opens, the pull request must
 * have been read from GitHub in this pass.
 */
export function decide(snapshot: Snapshot): Plan {
  const { pullRequest, config } = snapshot
  if (pullRequest === null || config === null) return ask({ kind: "sight" })
  if (pullRequest.state === "closed") return decideClosed(snapshot, pullRequest)
  const rules = rulesForBranch(config.config, {
    name: pullRequest.baseRef,
    defaultBranch: snapshot.repository.defaultBranch,
  })
  const journal = openJournal(snapshot, pullRequest)
  if (rules === undefined) {
    if (underWay(snapshot.promotion)) journal.write("aborted", { why: "not-a-promotion-branch" })
    return { ...idle, promotion: journal.promotion(), entries: journal.entries }
  }
  propose(journal, pullRequest)
  const label = decideLabel({ pullRequest, config: config.config, snapshot, runId: journal.runId })
  if (label.needs !== null) return ask(label.needs)
  if (label.entry !== null) journal.add(label.entry)
  const pauses = journal.entries.reduce(
    (held, entry) => foldPauses(held, { ...entry, occurredAtMs: snapshot.nowMs }),
    snapshot.pauses,
  )
  const verdict = judgeGate({ pullRequest, config, rules, pauses, snapshot })
  if (verdict.open && snapshot.sight === "none" && !alreadyOpen(snapshot, verdict)) return ask({ kind: "sight" })
  record(journal, verdict)
  const answers = label.answered === null ? [] : [label.answered]
  return { needs: [], verdict, promotion: journal.promotion(), entries: journal.entries, answers }
}

function ask(need: Need): Plan {
  return { ...idle, needs: [need] }
}

function underWay(promotion: PromotionState | null): promotion is PromotionState {
  return promotion !== null && (promotion.state === "proposed" || promotion.state === "ready")
}

function alreadyOpen({ promotion }: Snapshot, verdict: Verdict): boolean {
  return promotion?.state === "ready" && promotion.headSha === verdict.headSha && promotion.baseRef === verdict.baseRef
}

type PayloadOf<T extends EntryDraft["type"]> = Extract<EntryDraft, { type: T }>["payload"]

/** Entries of this plan so far, and the promotion as they leave it. */
type Journal = {
  runId: string
  entries: EntryDraft[]
  promotion(): PromotionState | null
  write<T extends EntryDraft["type"]>(type: T, payload: PayloadOf<T>): void
  add(entry: EntryDraft): void
}

function openJournal(snapshot: Snapshot, pullRequest: PullRequestFact): Journal {
  const current = continues(snapshot.promotion, pullRequest) ? snapshot.promotion : null
  const runId = current?.runId ?? snapshot.newRunId
  let promotion = current ?? undefined
  const entries: EntryDraft[] = []
  const add = (entry: EntryDraft): void => {
    entries.push(entry)
    promotion = foldPromotion(promotion, { ...entry, occurredAtMs: snapshot.nowMs })
  }
  return {
    runId,
    entries,
    promotion: () => promotion ?? null,
    add,
    write: (type, payload) => {
      const { headSha, baseRef, number } = pullRequest
      const key = `${runId}:${(promotion?.version ?? 0) + 1}:${type}`
      const common = { key, runId, actor: systemActor, pullRequest: number, sha: headSha, branch: baseRef, cause: null }
      add({ ...common, type, payload } as EntryDraft)
    },
  }
}

/** Whether the known promotion is the one to go on with; an aborted one is followed by a new one on reopening. */
function continues(promotion: PromotionState | null, pullRequest: PullRequestFact): boolean {
  if (promotion === null) return false
  return pullRequest.merged || promotion.state !== "aborted"
}

/** Begins the promotion, or begins it anew for another head or base. */
function propose(journal: Journal, pullRequest: PullRequestFact): void {
  const why = whyProposed(journal.promotion(), pullRequest)
  if (why === null) return
  journal.write("proposed", { why, author: pullRequest.author.login, from: pullRequest.headRef })
}

function whyProposed(known: PromotionState | null, pullRequest: PullRequestFact): PayloadOf<"proposed">["why"] | null {
  if (known === null) return "opened"
  if (known.headSha !== pullRequest.headSha) return "pushed"
  return known.baseRef === pullRequest.baseRef ? null : "retargeted"
}

/** Writes down what changed between the recorded promotion and the verdict. */
function record(journal: Journal, verdict: Verdict): void {
  for (const stage of verdict.stages) {
    if (journal.promotion()?.stages[stage.kind] === stage.status) continue
    if (stage.status === "passed" || stage.status === "failed") journal.write("tested", evidence(stage))
    journal.write("stage_changed", { stage: stage.kind, status: stage.status })
  }
  const known = journal.promotion()
  if (verdict.open && known?.state !== "ready") journal.write("promotion_ready", { mode: verdict.mode })
  if (!verdict.open && (known?.state === "ready" || !sameReasons(known?.blockReasons, verdict.reasons))) {
    journal.write("promotion_blocked", { block_reasons: [...verdict.reasons] })
  }
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

function decideClosed(snapshot: Snapshot, pullRequest: PullRequestFact): Plan {
  const { promotion, config } = snapshot
  const journal = openJournal(snapshot, pullRequest)
  if (!pullRequest.merged) {
    if (underWay(promotion)) journal.write("aborted", { why: "closed" })
    return { ...idle, promotion: journal.promotion(), entries: journal.entries }
  }
  if (promotion?.state === "promoted_pending_health" || config === null) return idle
  const rules = rulesForBranch(config.config, {
    name: pullRequest.baseRef,
    defaultBranch: snapshot.repository.defaultBranch,
  })
  if (rules === undefined) return idle
  const wasOpen =
    promotion?.state === "ready" &&
    promotion.headSha === pullRequest.headSha &&
    promotion.baseRef === pullRequest.baseRef
  propose(journal, pullRequest)
  const mergedBy = pullRequest.mergedBy
  if (!wasOpen && modeOf(config) === "enforce") {
    journal.write("promotion_bypassed", {
      merged_by: mergedBy,
      block_reasons: [...(underWay(promotion) ? promotion.blockReasons : [])],
    })
  }
  journal.write("promoted", { merge_commit: pullRequest.mergeCommit, merged_by: mergedBy })
  return { ...idle, promotion: journal.promotion(), entries: journal.entries }
}
