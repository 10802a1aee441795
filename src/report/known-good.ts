import type { EvidenceItem } from "../promotion/health/evidence.ts"
import type { HealthVerdict } from "../promotion/health/judge-health.ts"
import { evidenceDetail, evidenceLabel } from "./evidence.ts"
import { bare, upTo } from "./markdown.ts"
import { moment } from "./moment.ts"

/** What the message of a known-good tag says. */
export type KnownGoodFacts = {
  runId: string
  /** The pull request; null: it was pushed without one. */
  number: number | null
  baseRef: string
  sha: string
  verdict: Pick<HealthVerdict, "items" | "startMs" | "deadlineMs">
  /** The repository's ledger when the commit was found healthy: how many entries it has, and the hash of the last. */
  ledger: { size: number; hash: string }
}

/** Most bytes that the evidence may take: a tag is fetched by everybody who clones. */
const limitEvidenceBytes = 4 * 1024

/**
 * The message of the annotated tag that names a known-good commit, in plain text. The lines at its end are read by
 * programs, and mean what git trailers do. The same facts give the same message, to the byte.
 */
export function renderKnownGood(facts: KnownGoodFacts): string {
  const { runId, baseRef, sha, ledger } = facts
  return `${[
    `Known-good: ${bare(baseRef, 100)} at ${sha.slice(0, 12)}`,
    story(facts),
    evidenceList(facts.verdict.items),
    [
      `Known-good-commit: ${sha}`,
      `Run-id: ${runId}`,
      `Ledger-entries: ${ledger.size}`,
      `Ledger-head: ${ledger.hash}`,
    ].join("\n"),
  ].join("\n\n")}\n`
}

function story({ number, baseRef, verdict: { startMs, deadlineMs } }: KnownGoodFacts): string {
  const landed = number === null ? "This commit was pushed" : `Pull request #${number} was merged`
  return [
    `${landed} into ${bare(baseRef, 100)} and was found healthy.`,
    `It was watched from ${moment(startMs ?? deadlineMs)} until ${moment(deadlineMs)}.`,
  ].join("\n")
}

function evidenceList(items: readonly EvidenceItem[]): string {
  const required = items.filter((item) => item.required)
  if (required.length === 0) return "Evidence: nothing was asked for, and nothing bad was reported."
  const { shown, left } = upTo(
    required.map((item) => `- ${evidenceLabel(item)}: ${evidenceDetail(item, true)}`),
    limitEvidenceBytes,
  )
  return ["Evidence:", ...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n")
}
