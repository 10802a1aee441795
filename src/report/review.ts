import type { Approver } from "../promotion/config/config-rules.ts"
import type { ReviewStage, UncountedApproval } from "../promotion/review/review.ts"
import type { Relanding } from "../promotion/review/taken-back.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { bare, code, mention } from "./markdown.ts"
import { moment } from "./moment.ts"

/** The block reasons of the `review` stage. */
export type ReviewReason = "changes-requested" | "approval-stale" | "approval-required"

function stageOf(verdict: Verdict): ReviewStage | undefined {
  return verdict.stages.find((stage) => stage.kind === "review")
}

/** A reason of the `review` stage in a few words, without Markdown. */
export function reviewHeadline(reason: ReviewReason, verdict: Verdict): string {
  const stage = stageOf(verdict)
  if (stage === undefined) return "a review is needed"
  const missing = lackingOf(stage)
  if (reason !== "changes-requested" && missing === 0) return "not all of its commits are read"
  const again = stage.relanding === null ? "" : `, ${relandingWords(stage.relanding)}`
  const needs = `${missing} more ${missing === 1 ? "approval" : "approvals"} needed (${stage.level} risk${again})`
  switch (reason) {
    case "changes-requested":
      return `changes requested by ${names(stage.changesRequestedBy, (login) => `@${bare(login, 40)}`)}`
    case "approval-stale":
      return `an approval went stale, ${needs}`
    case "approval-required":
      return needs
  }
}

function lackingOf(stage: ReviewStage): number {
  return Math.max(0, stage.needed - stage.approvals.filter(({ not }) => not === null).length)
}

/** The first few of some people, and how many more there are. */
export function names(logins: readonly string[], show: (login: string) => string): string {
  const shown = logins.slice(0, 3).map(show).join(", ")
  return logins.length > 3 ? `${shown} and ${logins.length - 3} more` : shown
}

/** A reason of the `review` stage with the next step: who may approve, who did, and whose approval does not count. */
export function explainReview(reason: ReviewReason, verdict: Verdict): string {
  const stage = stageOf(verdict)
  if (stage === undefined) return "a review is needed."
  if (reason === "changes-requested") {
    const who = names(stage.changesRequestedBy, mention)
    return `${who} asked for changes. Next: make them and ask for a new review; an approval, or the dismissal of the review, lifts this.`
  }
  if (lackingOf(stage) === 0) {
    return "there are approvals enough, but not all commits of this pull request are read (GitHub tells no more than 250), and nobody approves what they wrote. Next: if it stays so, squash its commits, or split it."
  }
  const lost =
    reason === "approval-stale"
      ? `what ${names(stage.staleApprovers, mention)} approved was another change, so it counts no more. `
      : ""
  const count = stage.needed === 1 ? "one approval" : `${stage.needed} approvals of different people`
  const wait = stage.autoApproveAtMs === null ? "" : " Waiting will do as well: see the risk below."
  const next = `Next: approve in a GitHub review, or comment ${code("/approve")}.`
  if (stage.relanding !== null) return `${explainRelanding(stage.relanding, stage)} ${uncounted(stage)}${next}`
  const demand = `${lost === "" ? "a" : "A"} change of ${stage.level} risk needs ${count} by ${approvers(stage.from)}${becauseOfAgent(stage, verdict)}`
  return `${lost}${demand}. ${uncounted(stage)}${next}${wait}`
}

function relandingWords({ of, certain }: Relanding): string {
  const which = of.number === 0 ? "a push" : `#${of.number}`
  return certain ? `taken back before as ${which}` : `perhaps taken back before as ${which}`
}

/** What hurt once is not let in again by what was said of it before it did. */
function explainRelanding({ of, certain }: Relanding, stage: ReviewStage): string {
  const which = of.number === 0 ? "what was pushed past all pull requests" : `the change of #${of.number}`
  const what = certain
    ? `this is ${which}, which was taken back on ${moment(of.atMs)}`
    : `not all of this change can be read, so it may be ${which}, which was taken back on ${moment(of.atMs)}`
  const count = stage.needed === 1 ? "an approval" : `${stage.needed} approvals of different people`
  return `${what}. It lands again only with ${count} given since, by ${approvers(stage.from)}; approvals from before count no more, and waiting will not do.`
}

/** Said where `agents: two-humans` asks for more than the risk does. */
function becauseOfAgent({ level, needed }: ReviewStage, { agent, config }: Verdict): string {
  const { review } = config.config
  const more = agent?.agent === true && review.agents === "two-humans" && review[level].approvals < needed
  return more ? ", because it is an agent's work" : ""
}

/** Who may approve, in words. */
function approvers(from: readonly Approver[]): string {
  const words = from.slice(0, 10).map(approverWords)
  const more = from.length > 10 ? [`${from.length - 10} more`] : []
  return [...words, ...more].join(" or ")
}

function approverWords(one: Approver): string {
  switch (one.kind) {
    case "role":
      return `people with the ${code(one.role)} role`
    case "team":
      return `team ${code(`${one.org}/${one.slug}`)}`
    case "user":
      return mention(one.login)
  }
}

const whyNot: Readonly<Record<UncountedApproval, string>> = {
  author: "opened the pull request",
  committer: "has a commit in it",
  pusher: "pushed its newest commit",
  agent: "is an agent or app",
  "not-entitled": "may not approve a change of this risk",
  "before-taken-back": "approved it before it was taken back",
}

function uncounted(stage: ReviewStage): string {
  const without = stage.approvals.filter(({ not }) => not !== null).slice(0, 5)
  if (without.length === 0) return ""
  const words = without.map(({ approval, not }) => `${mention(approval.by.login)} (${not === null ? "" : whyNot[not]})`)
  return `These approvals do not count: ${words.join(", ")}. `
}
