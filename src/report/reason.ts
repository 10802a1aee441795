import type { JudgedRequirement } from "../promotion/gate/stage.ts"
import type { DeploymentReason } from "../promotion/deployment/deployment-stage.ts"
import { isOfStage, type BlockReason, type Verdict } from "../promotion/gate/verdict.ts"
import { deploymentHeadline, explainDeployment } from "./deployment.ts"
import { bare, code, plain } from "./markdown.ts"
import { explainProposal, proposalHeadline } from "./proposal.ts"
import { explainPauses, whoUntil } from "./pause.ts"
import { explainReview, reviewHeadline, type ReviewReason } from "./review.ts"
import { explainViolations, isViolated, violationHeadline, type PolicyReason } from "./violation.ts"

type Words = { headline(verdict: Verdict): string; explain(verdict: Verdict): string }

const always = (words: string) => (): string => words

const ofPolicy = (reason: PolicyReason): Words => ({
  headline: (verdict) => violationHeadline(reason, verdict),
  explain: (verdict) => explainViolations(reason, verdict),
})

const ofReview = (reason: ReviewReason): Words => ({
  headline: (verdict) => reviewHeadline(reason, verdict),
  explain: (verdict) => explainReview(reason, verdict),
})

const ofDeployment = (reason: DeploymentReason): Words => ({
  headline: (verdict) => deploymentHeadline(reason, verdict),
  explain: (verdict) => explainDeployment(reason, verdict),
})

const beginAnew = "Next: push, or close and reopen the pull request; that begins anew."

const words: Readonly<Record<BlockReason, Words>> = {
  "promotion-paused": {
    headline: ({ pauses }) => `paused by ${firstOf(unique(pauses.map(whoUntil)), { most: 3, last: ", " })}`,
    explain: explainPauses,
  },
  "rollback-in-progress": {
    headline: always("a rollback of the branch is under way"),
    explain: ({ baseRef }) =>
      `a change is being taken out of ${code(baseRef)}, and nothing else goes in meanwhile. Next: wait until its pull request is merged and proved itself, or stop it there with \`/abort\`.`,
  },
  "config-invalid": {
    headline: (verdict) =>
      (isNeverValid(verdict) ? null : proposalHeadline("config-invalid", verdict)) ?? "the gate's config is not valid",
    explain: explainInvalid,
  },
  rejected: {
    headline: (verdict) => `rejected${ender(verdict, bare)}`,
    explain: (verdict) => `this change was rejected${ender(verdict, plain)}${why(verdict)}. ${beginAnew}`,
  },
  expired: {
    headline: always("nobody decided in time"),
    explain: always(`nobody decided about it within the time that the config gives. ${beginAnew}`),
  },
  aborted: {
    headline: (verdict) => `the promotion was ended${ender(verdict, bare)}`,
    explain: (verdict) =>
      `this promotion was ended with \`/abort\`${ender(verdict, plain)}${why(verdict)}. ${beginAnew}`,
  },
  draft: {
    headline: always("the pull request is a draft"),
    explain: always("drafts are not promoted. Next: mark the pull request as ready for review."),
  },
  "merge-conflict": {
    headline: ({ baseRef }) => `it conflicts with ${bare(baseRef, 40)}`,
    explain: ({ baseRef }) =>
      `it conflicts with ${code(baseRef)}, and GitHub runs no workflows on a pull request that does. Next: merge ${code(baseRef)} into the branch, settle the conflict, push.`,
  },
  "checks-failed": {
    headline: (verdict) => `${names(verdict, { which: "failed", show: bare })} failed`,
    explain: (verdict) =>
      `${names(verdict, { which: "failed", show: code })} did not succeed on this commit. Next: ${nextAfterFailure(verdict)}`,
  },
  "checks-pending": { headline: pendingHeadline, explain: explainPending },
  "wrong-source-branch": ofPolicy("wrong-source-branch"),
  "protected-path": {
    headline: (verdict) => proposalHeadline("protected-path", verdict) ?? violationHeadline("protected-path", verdict),
    explain: (verdict) =>
      [
        ...explainProposal("protected-path", verdict),
        ...(isViolated("protected-path", verdict) ? [explainViolations("protected-path", verdict)] : []),
      ].join(" Besides, "),
  },
  "diff-too-large": ofPolicy("diff-too-large"),
  "policy-violation": ofPolicy("policy-violation"),
  "changes-requested": ofReview("changes-requested"),
  "approval-stale": ofReview("approval-stale"),
  "approval-required": ofReview("approval-required"),
  "deployment-failed": ofDeployment("deployment-failed"),
  "deployment-pending": ofDeployment("deployment-pending"),
  "observation-running": ofDeployment("observation-running"),
}

/** Who ended it, to go on with a sentence; nothing where nobody is known to have. */
function ender({ ending }: Verdict, show: (text: string, limit: number) => string): string {
  return ending === null || ending.by.kind === "system" ? "" : ` by ${show(`@${ending.by.login}`, 60)}`
}

function why({ ending }: Verdict): string {
  return ending?.reason == null ? "" : `: “${plain(ending.reason, 200)}”`
}

/** What is wrong on the default branch, what would be wrong there after the merge, or both. */
function explainInvalid(verdict: Verdict): string {
  const proposed = explainProposal("config-invalid", verdict)
  const here =
    "`.github/promotion.yml` on the default branch is not valid, and no valid version of it is known. Next: mend the lines below, on the default branch."
  return [...(isNeverValid(verdict) || proposed.length === 0 ? [here] : []), ...proposed].join(" ")
}

function isNeverValid({ config }: Verdict): boolean {
  return config.status === "invalid" && !config.lastValid
}

/** The reasons that somebody can do something about: on what was given up, nobody need approve, or wait for a check. */
export function pressing({ reasons }: Verdict): readonly BlockReason[] {
  const ended = reasons.some((reason) => reason === "rejected" || reason === "expired" || reason === "aborted")
  return ended ? reasons.filter((reason) => !isOfStage(reason)) : reasons
}

/** A reason in a few words, for the title: one line without Markdown. */
export function headline(reason: BlockReason, verdict: Verdict): string {
  return words[reason].headline(verdict)
}

/** A reason in a sentence or two, with the next step, in Markdown. */
export function explain(reason: BlockReason, verdict: Verdict): string {
  return words[reason].explain(verdict)
}

function pendingHeadline(verdict: Verdict): string {
  if (verdict.partialSight) return "GitHub did not tell all checks"
  const open = names(verdict, { which: "open", show: bare })
  if (open === "") return "the change is not read yet"
  return open === noneReported ? "no check has reported yet" : `${open} not passed yet`
}

function explainPending(verdict: Verdict): string {
  if (verdict.partialSight)
    return "GitHub did not tell all of this pull request, so the gate stays shut. Next: nothing, GitHub is asked again."
  const open = names(verdict, { which: "open", show: code })
  if (open === "") return "what this pull request changes is not read yet. Next: nothing, GitHub is asked."
  if (open === noneReported) {
    return "no check has reported on this commit yet. Next: wait for what is running, start what is not. While nobody reports a check, the gate stays shut."
  }
  return `waiting for ${open} to succeed on this commit. Next: wait for what is running, start what is not. A check that nobody reports keeps the gate shut.`
}

/** Names of the checks that failed, or of the requirements that are not met yet, in the form that `show` gives them. */
function names(
  verdict: Verdict,
  how: { which: "failed" | "open"; show: (name: string, limit: number) => string },
): string {
  const requirements = verdict.stages.flatMap((stage) => (stage.kind === "checks" ? stage.requirements : []))
  const found =
    how.which === "failed"
      ? requirements.flatMap(failedNames).map((name) => how.show(name, 40))
      : requirements.flatMap((judged) => (judged.outcome === "passed" ? [] : [openName(judged, how.show)]))
  return firstOf(unique(found), { most: 2, last: " and " })
}

/** What `*` lacks while there is no check at all. */
const noneReported = "any check"

function openName(judged: JudgedRequirement, show: (name: string, limit: number) => string): string {
  const { name } = judged.requirement
  if (name !== "*") return show(name, 40)
  return judged.outcome === "missing" ? noneReported : "some checks"
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}

function firstOf(texts: readonly string[], { most, last }: { most: number; last: string }): string {
  const more = texts.length - most
  return more > 0 ? `${texts.slice(0, most).join(", ")} and ${more} more` : texts.join(last)
}

function failedNames(judged: JudgedRequirement): string[] {
  return judged.checks.filter((check) => check.meaning === "failed").map((check) => check.name)
}

/** What `*` asks for, only a person can know to be too much: then neither mending nor running again helps. */
function nextAfterFailure({ stages }: Verdict): string {
  const requirements = stages.flatMap((stage) => (stage.kind === "checks" ? stage.requirements : []))
  const ofAny = requirements.filter(({ requirement }) => requirement.name === "*").flatMap(({ checks }) => checks)
  const idle = unique(ofAny.filter(({ word }) => word === "skipped").map(({ name }) => name))
  const failed = requirements.flatMap(({ checks }) => checks.filter((check) => check.meaning === "failed"))
  const others = failed.some((check) => check.word !== "skipped" || !idle.includes(check.name))
  const mend = "mend it and push, or run it again."
  if (idle.length === 0) return mend
  const jobs = firstOf(
    idle.map((name) => code(name, 40)),
    { most: 5, last: " and " },
  )
  const were = idle.length === 1 ? "was skipped" : "were skipped"
  const advice =
    `${jobs} ${were}, and every check that reports must pass here. List the checks that must pass by name under ` +
    "`require` in `.github/promotion.yml`, or let such a job always run (`if: always()` in its workflow)."
  return others ? `${mend} ${advice}` : advice
}
