import { systemActor, type Actor } from "../../ledger/entry.ts"
import { openKey, rollbackBranch, type OpenRollback } from "../lane/lane-deed.ts"
import { laneEntry, type LanePlan, type LaneSnapshot } from "../lane/lane-plan.ts"
import { pausePayload } from "../pause/pause.ts"
import type { LandedRun, RollbackPlan } from "./plan-rollback.ts"

/** A rollback that begins. */
export type Beginning = {
  plan: RollbackPlan
  /** Null: Portcullis by itself. */
  by: Actor | null
  reason: string | null
  commentId?: number | null
}

/** Id of the pause that an automatic rollback leaves. */
function rollbackPauseId(rollbackId: string): string {
  return `rollback:${rollbackId}`
}

/**
 * Writes down that a rollback begins, for the culprit and for each promotion that is taken out along with it; intends its
 * pull request; and pauses the branch after one that nobody asked for, if the config says so.
 */
export function beginRollback(
  snapshot: Pick<LaneSnapshot, "branch" | "rules" | "newRollbackId" | "runs" | "knownGood">,
  into: Pick<LanePlan, "entries" | "effects">,
  beginning: Beginning,
): void {
  const { plan, by, reason, commentId = null } = beginning
  const { newRollbackId: id, branch } = snapshot
  const actor = by ?? systemActor
  const from = snapshot.runs.at(-1)?.after.landing.sha ?? plan.culprit.after.landing.sha
  const common = { rollback_id: id, kind: plan.kind, target: plan.target, from, automatic: by === null }
  const told = { ...common, attempt: plan.attempt, reason, comment_id: commentId }
  for (const run of [plan.culprit, ...plan.along]) {
    const role = run === plan.culprit ? "culprit" : "along"
    const payload = { ...told, role } as const
    into.entries.push(laneEntry(run, { key: `rollback:${id}:${run.runId}`, type: "rollback_started", payload, actor }))
  }
  const deed = { branch, ...openDeed(snapshot, beginning) }
  into.effects.push({ key: openKey(id), runId: plan.culprit.runId, deed })
  if (by !== null || snapshot.rules?.pause_after !== true) return
  const held = { id: rollbackPauseId(id), scope: "branch", source: "rollback", branch, untilMs: null } as const
  into.entries.push({
    key: `${held.id}:pause`,
    type: "promotion_pause_changed",
    runId: null,
    actor: systemActor,
    pullRequest: plan.culprit.number === 0 ? null : plan.culprit.number,
    sha: null,
    branch,
    cause: null,
    payload: pausePayload(held, {
      change: "paused",
      reason: `rollback of ${culpritName(plan)}: ${reason ?? "unhealthy"}`.slice(0, 500),
    }),
  })
}

function openDeed(
  { newRollbackId: rollbackId, branch, knownGood }: Pick<LaneSnapshot, "branch" | "newRollbackId" | "knownGood">,
  { plan, by, reason }: Beginning,
): OpenRollback {
  const { culprit, target } = plan
  const { landing } = culprit.after
  const what = culpritName(plan)
  const isKnownGood = target !== null && target === knownGood?.sha
  const back = isKnownGood ? "known-good" : (target?.slice(0, 12) ?? "")
  return {
    kind: "open-rollback",
    rollbackId,
    target,
    number: culprit.number,
    before: landing.before,
    after: landing.sha,
    head: rollbackBranch(rollbackId),
    title: target === null ? `Revert ${what}` : `Return ${branch} to ${back}`,
    body: bodyOf({ plan, by, reason, rollbackId, what, back }),
  }
}

/** What the rollback is about, within a sentence. */
function culpritName({ culprit: { number, after } }: RollbackPlan): string {
  return number === 0 ? `what was pushed as ${after.landing.sha.slice(0, 12)}` : `#${number}`
}

type Told = Pick<Beginning, "plan" | "by" | "reason"> & { rollbackId: string; what: string; back: string }

function bodyOf({ plan, by, reason, rollbackId, what, back }: Told): string {
  const who = by === null ? "Portcullis began this rollback by itself" : `@${by.login} asked for this rollback`
  const why = reason === null ? "." : `: ${inert(reason)}.`
  const evidence = by === null ? ` The evidence is in *Promotion health* on ${plan.culprit.after.landing.sha}.` : ""
  const does =
    plan.target === null
      ? `It takes out exactly the change of ${what}.`
      : `It is one commit whose tree is that of ${back} (${plan.target}), on top of the branch.`
  const out = [plan.culprit, ...plan.along].map((run) => `- ${nameOf(run)}`)
  return [
    `${who}${why}${evidence}`,
    does,
    `Taken out:\n\n${out.join("\n")}`,
    `<sub>rollback \`${rollbackId}\` · run id \`${plan.culprit.runId}\`</sub>`,
  ].join("\n\n")
}

function nameOf({ number, after }: LandedRun): string {
  return number === 0 ? `pushed past all pull requests: ${after.landing.sha}` : `#${number}`
}

/** Text of whoever asked, so that it names nobody and nothing. */
function inert(text: string): string {
  return text
    .replaceAll(/[`*_<>[\]@#\\|~]/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
}
