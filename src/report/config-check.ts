import { loosens } from "../promotion/config/config-compare.ts"
import type { ConfigDifference, ConfigEffect } from "../promotion/config/config-difference.ts"
import type { GateOutcome, VerdictDifferences } from "../promotion/config/config-outcome.ts"
import { configPath } from "../promotion/config/config.ts"
import { proposalReason, type ConfigProposal } from "../promotion/config/proposal.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { problemLine, type GateContent } from "./check-run.ts"
import { bare, code, table, upTo } from "./markdown.ts"
import { countOf, sayApprovedBefore } from "./proposal.ts"
import type { Annotation } from "./violation.ts"

/** Name of the check run on a pull request that changes the gate's own config. */
export const configCheckName = "Promotion config"

/**
 * Renders what a pull request would make of the gate's own config. Without `effects`, which are as of the moment when the
 * check run is written, the same verdict gives the same content.
 */
export function renderConfigCheck(verdict: Verdict, effects: VerdictDifferences | null): GateContent {
  const { proposal, mode, headSha, baseRef } = verdict
  if (proposal === null) return unchanged
  const held = proposalReason(proposal) !== null
  const conclusion = held ? (mode === "advisory" ? "neutral" : "failure") : "success"
  const sections = [
    lead(proposal, mode),
    problemsSection(proposal),
    differencesSection(proposal),
    effects === null ? "" : effectsSection(effects),
    `<sub>head ${code(headSha.slice(0, 12))} · into ${code(baseRef)}</sub>`,
  ]
  return {
    status: "completed",
    conclusion,
    title: title(proposal),
    summary: sections.filter((text) => text !== "").join("\n\n"),
    annotations: annotationsOf(proposal),
  }
}

const unchanged: GateContent = {
  status: "completed",
  conclusion: "success",
  title: "The gate's config stays as it is",
  summary: "Merging this pull request would leave `.github/promotion.yml` as it is on the default branch.",
  annotations: [],
}

function title(proposal: ConfigProposal): string {
  const { status, differences, approved } = proposal
  const waits = approved ? "approved by an operator" : "an operator has to approve"
  const count = differences.filter(loosens).length
  const rules = (of: number): string => `${of} ${of === 1 ? "rule" : "rules"}`
  if (status === "invalid") return `Not valid: ${problemCount(proposal)}`
  if (status === "removed") return `Removes the gate's config: ${waits}`
  if (status === "base-unread") return `Cannot be told what it loosens: ${waits}`
  if (count > 0) return `Loosens ${rules(count)}: ${waits}`
  return differences.length === 0
    ? "Valid: no rule changes"
    : `Valid: loosens nothing, ${rules(differences.length)} changed`
}

function problemCount(proposal: Extract<ConfigProposal, { status: "invalid" }>): string {
  const count = proposal.problems.length + proposal.more
  return `${count} ${count === 1 ? "problem" : "problems"}`
}

function lead(proposal: ConfigProposal, mode: Verdict["mode"]): string {
  const what = "This pull request changes `.github/promotion.yml`, the config of the gate that holds merges here."
  const advisory =
    mode === "advisory" && proposalReason(proposal) !== null
      ? " Portcullis runs in `advisory` mode here, so this is said and holds nothing."
      : ""
  return `${what} ${judgement(proposal)}${advisory}`
}

function judgement(proposal: ConfigProposal): string {
  const next = proposal.approved
    ? "An operator who had no hand in it has approved exactly this change."
    : `${sayApprovedBefore(proposal)}Next: have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\`. Until then the gate stays shut.`
  switch (proposal.status) {
    case "invalid":
      return "As it stands here, the file is not valid, and the gate stays shut. Next: mend what is listed below, and push."
    case "removed":
      return `It takes the file away. Then nothing is held any more. ${next}`
    case "base-unread":
      return `It takes rules from \`.github/promotion.yml\` of ${code(proposal.of)}, which the config in force does not, and which is not read yet. What this loosens cannot be told, so it counts as loosening. ${next}`
    case "valid":
      if (proposal.loosens) return `The file is valid, but ${countOf(proposal)}. ${next}`
      return proposal.differences.length === 0
        ? "The file is valid, and every rule stays as it is."
        : "The file is valid, and nothing passes under it that is held now."
  }
}

const limitProblemBytes = 16 * 1024

function problemsSection(proposal: ConfigProposal): string {
  if (proposal.status !== "invalid") return ""
  const { shown, left } = upTo(proposal.problems.map(problemLine), limitProblemBytes)
  const more = left + proposal.more
  return [...shown, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n")
}

/** At the lines of the pull request's own file; what is wrong in the organisation's is only listed. */
function annotationsOf(proposal: ConfigProposal): Annotation[] {
  if (proposal.status !== "invalid") return []
  return proposal.problems
    .filter(({ of }) => of === undefined)
    .map(({ line, message }) => ({
      path: configPath,
      start_line: line,
      end_line: line,
      annotation_level: "failure",
      title: "Not valid",
      message: bare(message, 400),
    }))
}

const effectWords: Readonly<Record<ConfigEffect, string>> = {
  loosens: "⚠️ loosens",
  unclear: "⚠️ cannot be told, so it counts as loosening",
  tightens: "tightens",
  neither: "changes no verdict",
}

const limitTableBytes = 20 * 1024

function differencesSection({ differences }: ConfigProposal): string {
  if (differences.length === 0) return ""
  const inOrder = [...differences.filter(loosens), ...differences.filter((one) => !loosens(one))]
  const { shown, left } = upTo(inOrder.map(differenceRow), limitTableBytes)
  const head = table(["rule", "now", "becomes", "what that does"], [])
  return `${[head, ...shown].join("\n")}${left > 0 ? `\n\nand ${left} more` : ""}`
}

function differenceRow({ path, was, becomes, effect }: ConfigDifference): string {
  const value = (text: string | null): string => (text === null ? "–" : code(text, 160))
  return `| ${[path === "" ? "the whole file" : code(path, 120), value(was), value(becomes), effectWords[effect]].join(" | ")} |`
}

/** Most promotions listed. */
const limitListed = 50

const limitEffectBytes = 16 * 1024

function effectsSection({ different, same, unknown, left }: VerdictDifferences): string {
  const judged = different.length + same
  const lines = different.slice(0, limitListed).map(({ number, was, becomes }) => {
    return `- #${number}: now ${outcomeWords(was)}; then ${outcomeWords(becomes)}`
  })
  const { shown } = upTo(lines, limitEffectBytes)
  const more = different.length - shown.length
  const sum =
    judged === 0
      ? "There is no other open promotion that could be judged."
      : different.length === 0
        ? `Of ${judged} other open promotions none would be judged otherwise.`
        : `Of ${judged} other open promotions ${different.length} would be judged otherwise:`
  const unjudged = unknown.length + left
  return [
    "**What would change for open promotions**",
    [sum, ...(shown.length === 0 ? [] : ["", ...shown]), ...(more > 0 ? [`- and ${more} more`] : [])].join("\n"),
    ...(unjudged === 0 ? [] : [unknownWords(unjudged, unknown)]),
    "<sub>As of when this was written; press “Re-run” to have it judged again.</sub>",
  ].join("\n\n")
}

function unknownWords(count: number, numbers: readonly number[]): string {
  const some = numbers.slice(0, 20).map((number) => `#${number}`)
  const named = some.length === 0 ? "" : ` (${some.join(", ")}${count > some.length ? ", …" : ""})`
  return `Not judged, because that takes asking GitHub first, or too long: ${count}${named}.`
}

function outcomeWords(outcome: GateOutcome): string {
  if (outcome.kind === "no-gate") return "no gate at all"
  const { open, mode, reasons } = outcome
  const words = open ? "open" : `shut (${reasons.join(", ")})`
  return mode === "advisory" ? `${words}, but holding nothing` : words
}
