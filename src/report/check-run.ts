import type { ConfigProblem } from "../promotion/config.ts"
import type { Pause } from "../promotion/pause.ts"
import type { ChecksStage, JudgedCheck, JudgedRequirement, StageStatus } from "../promotion/stage.ts"
import type { BlockReason, Verdict } from "../promotion/verdict.ts"
import { bare, code, plain, quoted, table, upTo } from "./markdown.ts"

/** Name of the check run that holds the merge; branch protection requires it by this name. */
export const gateCheckName = "Promotion gate"

/** A check run's visible content, in the form GitHub's API takes. */
export type GateContent = {
  status: "in_progress" | "completed"
  conclusion: "success" | "failure" | "neutral" | null
  /** One line without Markdown. */
  title: string
  /** Markdown, far below GitHub's 65,535 bytes. */
  summary: string
}

/** What the report tells beside the verdict. */
export type GateContext = { runId: string }

/** Renders the gate for someone who has never heard of Portcullis. The same verdict gives the same content. */
export function renderGate(verdict: Verdict, context: GateContext): GateContent {
  const sections = [
    lead(verdict),
    reasonsSection(verdict),
    configSection(verdict),
    stagesSection(verdict),
    `<sub>run id ${code(context.runId)} · head ${code(verdict.headSha.slice(0, 12))} · into ${code(verdict.baseRef)}</sub>`,
  ]
  return { ...outcome(verdict), title: title(verdict), summary: sections.filter((text) => text !== "").join("\n\n") }
}

/** What holds or opens the gate, without progress: content that differs only in the rest may wait a little. */
export function verdictCore(verdict: Verdict): string {
  const failed = verdict.stages.flatMap((stage) =>
    stage.requirements.filter((judged) => judged.outcome === "failed").map((judged) => judged.requirement),
  )
  const { mode, open, reasons, headSha, baseRef, config } = verdict
  const pauses = verdict.pauses.map((pause) => pause.id)
  const problems = config.status === "invalid" ? config.problems : []
  return JSON.stringify({ mode, open, reasons, headSha, baseRef, pauses, problems, failed })
}

function outcome({ mode, open, reasons }: Verdict): Pick<GateContent, "status" | "conclusion"> {
  if (open) return { status: "completed", conclusion: "success" }
  if (mode === "advisory") return { status: "completed", conclusion: "neutral" }
  if (reasons.every((reason) => reason === "checks-pending")) return { status: "in_progress", conclusion: null }
  return { status: "completed", conclusion: "failure" }
}

function title(verdict: Verdict): string {
  const passed = verdict.stages.filter((stage) => stage.status === "passed").length
  const count = `${passed} of ${verdict.stages.length} ${verdict.stages.length === 1 ? "stage" : "stages"} passed`
  const stages = verdict.stages.length === 0 ? "no stage required" : count
  if (verdict.open) return verdict.mode === "advisory" ? `Advisory: open, ${stages}` : `Open: ${stages}`
  const [first] = verdict.reasons
  const why = first === undefined ? "unknown" : headline(first, verdict)
  if (verdict.mode === "advisory") return `Advisory, holds nothing: ${why}, ${stages}`
  const word = verdict.reasons.every((reason) => reason === "checks-pending") ? "Waiting" : "Blocked"
  return `${word}: ${why}, ${stages}`
}

function headline(reason: BlockReason, verdict: Verdict): string {
  switch (reason) {
    case "promotion-paused":
      return `paused by ${firstOf(unique(verdict.pauses.map(who)), { most: 3, last: ", " })}`
    case "config-invalid":
      return "the gate's config is not valid"
    case "draft":
      return "the pull request is a draft"
    case "checks-failed":
      return `${names(verdict, { which: "failed", show: bare })} failed`
    case "checks-pending":
      if (verdict.partialSight) return "GitHub did not tell all checks"
      return `${names(verdict, { which: "open", show: bare })} not passed yet`
  }
}

/** Names of the checks that failed, or of the requirements that are not met yet, in the form that `show` gives them. */
function names(
  verdict: Verdict,
  how: { which: "failed" | "open"; show: (name: string, limit: number) => string },
): string {
  const requirements = verdict.stages.flatMap((stage) => stage.requirements)
  const words =
    how.which === "failed"
      ? requirements.flatMap(failedNames).map((name) => how.show(name, 40))
      : requirements.flatMap((judged) => (judged.outcome === "passed" ? [] : [openName(judged, how.show)]))
  return firstOf(unique(words), { most: 2, last: " and " })
}

function openName(judged: JudgedRequirement, show: (name: string, limit: number) => string): string {
  const { name } = judged.requirement
  if (name !== "*") return show(name, 40)
  return judged.outcome === "missing" ? "any check" : "some checks"
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)]
}

function firstOf(words: readonly string[], { most, last }: { most: number; last: string }): string {
  const more = words.length - most
  return more > 0 ? `${words.slice(0, most).join(", ")} and ${more} more` : words.join(last)
}

function failedNames(judged: JudgedRequirement): string[] {
  return judged.checks.filter((check) => check.meaning === "failed").map((check) => check.name)
}

function who(pause: Pause): string {
  return pause.actor.kind === "system" ? "a label" : `@${bare(pause.actor.login, 40)}`
}

function lead(verdict: Verdict): string {
  const proof =
    verdict.stages.length === 0 ? "no stage is required here." : "every stage passed for exactly this commit."
  if (verdict.open && verdict.mode === "enforce") {
    return `This pull request may be merged into ${code(verdict.baseRef)}: ${proof}`
  }
  const advisory = "Portcullis runs in `advisory` mode here: it judges and records, and holds nothing."
  if (verdict.open) return `${advisory} The gate would be open: ${proof}`
  if (verdict.mode === "advisory") return `${advisory} With \`mode: enforce\` it would hold the merge:`
  return `This pull request must not be merged into ${code(verdict.baseRef)} yet:`
}

function reasonsSection(verdict: Verdict): string {
  return verdict.reasons.map((reason) => `- **${reason}** — ${explain(reason, verdict)}`).join("\n")
}

function explain(reason: BlockReason, verdict: Verdict): string {
  switch (reason) {
    case "promotion-paused":
      return explainPauses(verdict)
    case "config-invalid":
      return "`.github/promotion.yml` on the default branch is not valid, and no valid version of it is known. Next: mend the lines below, on the default branch."
    case "draft":
      return "drafts are not promoted. Next: mark the pull request as ready for review."
    case "checks-failed":
      return `${names(verdict, { which: "failed", show: code })} did not succeed on this commit. Next: mend it and push, or run it again.`
    case "checks-pending":
      if (verdict.partialSight)
        return "GitHub did not tell all checks of this commit, so the gate stays shut. Next: nothing, GitHub is asked again."
      return `waiting for ${names(verdict, { which: "open", show: code })} to succeed on this commit. Next: wait for what is running, start what is not. A check that nobody reports keeps the gate shut.`
  }
}

/** Most pauses told one by one. */
const limitPauses = 5

function explainPauses({ pauses, config }: Verdict): string {
  const lines = pauses.slice(0, limitPauses).map((pause) => {
    const reason = pause.reason === null ? "" : `: “${plain(pause.reason, 200)}”`
    const what = pause.scope === "repository" ? "all promotions of this repository" : "this pull request"
    if (pause.actor.kind === "system") return `The pause label is on ${what}; GitHub did not say who set it.`
    const how = pause.source === "label" ? " by the pause label" : ""
    return `${plain(who(pause), 60)} paused ${what}${how}${reason}.`
  })
  const more = pauses.length - lines.length
  const rest = more > 0 ? ` ${more} more ${more === 1 ? "pause holds" : "pauses hold"}.` : ""
  return `${lines.join(" ")}${rest} Next: ${nextAfterPause(pauses, config.config.pause.label)}`
}

function nextAfterPause(pauses: readonly Pause[], label: string): string {
  const byCommand = pauses.some((pause) => pause.source === "command")
  const byLabel = pauses.some((pause) => pause.source === "label")
  const steps = [
    ...(byCommand ? ["an operator comments `/resume-promotion`"] : []),
    ...(byLabel ? [`an operator takes the label ${code(label, 60)} off`] : []),
  ]
  return `${steps.join(", and ")}.`
}

/** Most bytes that the config's problems may take, and the checks; GitHub refuses a summary of 65,535 bytes. */
const limitProblemBytes = 16 * 1024
const limitCheckBytes = 24 * 1024

function configSection({ config }: Verdict): string {
  if (config.status !== "invalid") return ""
  const force = config.lastValid
    ? "The newest `.github/promotion.yml` on the default branch is not valid (`config-invalid`). The last valid one stays in force. Next: mend these lines:"
    : "Problems in `.github/promotion.yml`:"
  const { shown, left } = upTo(config.problems.map(problemLine), limitProblemBytes)
  return `${force}\n\n${[...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n")}`
}

function problemLine(problem: ConfigProblem): string {
  const place = problem.path === "" ? "" : ` at ${code(problem.path)}`
  return `- line ${problem.line}, column ${problem.column}${place}: ${quoted(problem.message)}`
}

const statusWords: Readonly<Record<StageStatus, string>> = {
  pending: "⏳ pending",
  running: "⏳ running",
  passed: "✅ passed",
  failed: "❌ failed",
  skipped: "➖ skipped",
}

function stagesSection(verdict: Verdict): string {
  if (verdict.stages.length === 0) return ""
  const rows = verdict.stages.map((stage) => [stage.kind, statusWords[stage.status], stageDetail(stage)])
  return table(["stage", "status", "what was reported"], rows)
}

const limitRequirements = 30

function stageDetail(stage: ChecksStage): string {
  const { shown } = upTo(stage.requirements.slice(0, limitRequirements).map(requirementDetail), limitCheckBytes)
  const left = stage.requirements.length - shown.length
  return [...shown, ...(left > 0 ? [`and ${left} more`] : [])].join("<br>")
}

function requirementDetail({ requirement, outcome: result, checks }: JudgedRequirement): string {
  const bound = requirement.app === null ? "" : ` from app ${code(requirement.app)}`
  const name = `${requirement.name === "*" ? "every check" : code(requirement.name)}${bound}`
  if (result === "missing") return `${name}: ${requirement.name === "*" ? "none" : "not"} reported for this commit`
  const odd = [
    ...checks.filter((check) => check.meaning === "failed"),
    ...checks.filter((check) => check.meaning === "waiting"),
  ]
  if (odd.length === 0) return `${name}: passed${checks.length > 1 ? ` (${checks.length} checks)` : ""}`
  const listed = odd.slice(0, 5).map((check) => judgedWords(check, requirement.name))
  return `${name}: ${listed.join(", ")}${odd.length > 5 ? ` and ${odd.length - 5} more` : ""}`
}

/** Words for conclusions that people would otherwise take for green, and for those that need an explanation. */
const conclusionWords = new Map(
  Object.entries({
    skipped: "skipped (it tested nothing on this commit)",
    neutral: "neutral (neither passed nor failed, so not passed)",
    stale: "stale (left incomplete for 14 days)",
    timed_out: "timed out",
    action_required: "waits for an action of a person",
    startup_failure: "could not start",
    in_progress: "running",
  }),
)

function judgedWords(check: JudgedCheck, required: string): string {
  const word = conclusionWords.get(check.word) ?? plain(check.word, 40)
  return check.name === required ? word : `${code(check.name, 60)} ${word}`
}
