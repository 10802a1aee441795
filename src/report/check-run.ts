import type { ConfigProblem } from "../promotion/config.ts"
import type { Pause } from "../promotion/pause.ts"
import type { ChecksStage, JudgedCheck, JudgedRequirement, StageStatus } from "../promotion/stage.ts"
import type { BlockReason, Verdict } from "../promotion/verdict.ts"
import { bare, code, plain, table } from "./markdown.ts"

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
  if (verdict.open) return verdict.mode === "advisory" ? `Advisory: open, ${count}` : `Open: ${count}`
  const [first] = verdict.reasons
  const why = first === undefined ? "unknown" : headline(first, verdict)
  if (verdict.mode === "advisory") return `Advisory, holds nothing: ${why}, ${count}`
  const word = verdict.reasons.every((reason) => reason === "checks-pending") ? "Waiting" : "Blocked"
  return `${word}: ${why}, ${count}`
}

function headline(reason: BlockReason, verdict: Verdict): string {
  switch (reason) {
    case "promotion-paused":
      return `paused by ${[...new Set(verdict.pauses.map((pause) => who(pause)))].slice(0, 3).join(", ")}`
    case "config-invalid":
      return "the gate's config is not valid"
    case "draft":
      return "the pull request is a draft"
    case "checks-failed":
      return `${names(verdict, "failed")} failed`
    case "checks-pending":
      return verdict.partialSight ? "GitHub did not tell all checks" : `${names(verdict, "open")} not passed yet`
  }
}

function names(verdict: Verdict, which: "failed" | "open"): string {
  const wanted = verdict.stages
    .flatMap((stage) => stage.requirements)
    .filter((judged) => (which === "failed" ? judged.outcome === "failed" : judged.outcome !== "passed"))
    .flatMap((judged) => (which === "failed" ? failedNames(judged) : [judged.requirement.name]))
  const unique = [...new Set(wanted)].map((name) => (name === "*" ? "any check" : bare(name, 40)))
  if (unique.length <= 2) return unique.join(" and ")
  return `${unique.slice(0, 2).join(", ")} and ${unique.length - 2} more`
}

function failedNames(judged: JudgedRequirement): string[] {
  return judged.checks.filter((check) => check.meaning === "failed").map((check) => check.name)
}

function who(pause: Pause): string {
  return pause.actor.kind === "system" ? "a label" : `@${bare(pause.actor.login, 40)}`
}

function lead(verdict: Verdict): string {
  if (verdict.open && verdict.mode === "enforce") {
    return `This pull request may be merged into ${code(verdict.baseRef)}: every stage passed for exactly this commit.`
  }
  const advisory = "Portcullis runs in `advisory` mode here: it judges and records, and holds nothing."
  if (verdict.open) return `${advisory} Every stage passed for exactly this commit.`
  if (verdict.mode === "advisory") return `${advisory} With \`mode: enforce\` the merge would be held:`
  return `This pull request must not be merged into ${code(verdict.baseRef)} yet:`
}

function reasonsSection(verdict: Verdict): string {
  return verdict.reasons.map((reason) => `- **${reason}** — ${explain(reason, verdict)}`).join("\n")
}

function explain(reason: BlockReason, verdict: Verdict): string {
  switch (reason) {
    case "promotion-paused":
      return explainPauses(verdict.pauses)
    case "config-invalid":
      return "`.github/promotion.yml` on the default branch is not valid and no valid version is known. Next: mend the lines below."
    case "draft":
      return "Next: mark the pull request as ready for review."
    case "checks-failed":
      return `${names(verdict, "failed")} did not succeed on this commit. Next: mend it and push, or run it again.`
    case "checks-pending":
      if (verdict.partialSight)
        return "GitHub did not tell all checks of this commit, so the gate stays shut. It is asked again."
      return `waiting for ${names(verdict, "open")}. Next: nothing, if they are on their way; a check that never reports keeps the gate shut.`
  }
}

function explainPauses(pauses: readonly Pause[]): string {
  const lines = pauses.slice(0, 5).map((pause) => {
    const reason = pause.reason === null ? "" : `: “${plain(pause.reason, 200)}”`
    const scope = pause.scope === "repository" ? "the repository's promotions" : "this pull request"
    const since = pause.source === "label" ? "by a label" : "by command"
    return `${plain(who(pause), 60)} paused ${scope} ${since}${reason}.`
  })
  const more = pauses.length > 5 ? ` (and ${pauses.length - 5} more pauses.)` : ""
  return `${lines.join(" ")}${more} Next: ${nextAfterPause(pauses)}`
}

function nextAfterPause(pauses: readonly Pause[]): string {
  const byCommand = pauses.some((pause) => pause.source === "command")
  const byLabel = pauses.some((pause) => pause.source === "label")
  const steps = [
    ...(byCommand ? ["an operator comments `/resume-promotion`"] : []),
    ...(byLabel ? ["an operator takes the label off"] : []),
  ]
  return `${steps.join(", and ")}.`
}

function configSection({ config }: Verdict): string {
  if (config.status !== "invalid") return ""
  const force = config.lastValid
    ? "The newest `.github/promotion.yml` on the default branch is not valid (`config-invalid`); the last valid one stays in force."
    : "Problems in `.github/promotion.yml`:"
  return `${force}\n\n${config.problems.map(problemLine).join("\n")}`
}

function problemLine(problem: ConfigProblem): string {
  const place = problem.path === "" ? "" : ` at ${code(problem.path)}`
  return `- line ${problem.line}, column ${problem.column}${place}: ${plain(problem.message, 200)}`
}

const statusWords: Readonly<Record<StageStatus, string>> = {
  pending: "⏳ pending",
  running: "⏳ running",
  passed: "✅ passed",
  failed: "❌ failed",
  skipped: "➖ skipped",
}

function stagesSection(verdict: Verdict): string {
  const rows = verdict.stages.map((stage) => [stage.kind, statusWords[stage.status], stageDetail(stage)])
  return table(["stage", "status", "what it waits for"], rows)
}

const limitRequirements = 30

function stageDetail(stage: ChecksStage): string {
  const lines = stage.requirements.slice(0, limitRequirements).map(requirementDetail)
  const more = stage.requirements.length - lines.length
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("<br>")
}

function requirementDetail({ requirement, outcome: result, checks }: JudgedRequirement): string {
  const bound = requirement.app === null ? "" : ` from app ${code(requirement.app)}`
  const name = `${code(requirement.name)}${bound}`
  if (result === "missing") return `${name}: not reported for this commit`
  const odd = checks.filter((check) => check.meaning !== "passed")
  if (odd.length === 0) return `${name}: passed${checks.length > 1 ? ` (${checks.length} checks)` : ""}`
  const listed = odd.slice(0, 5).map((check) => judgedWords(check, requirement.name))
  return `${name}: ${listed.join(", ")}${odd.length > 5 ? ` and ${odd.length - 5} more` : ""}`
}

/** Words for conclusions that people would otherwise take for green, and for those that need an explanation. */
const conclusionWords: Readonly<Record<string, string>> = {
  skipped: "skipped (it tested nothing on this commit)",
  neutral: "neutral (neither passed nor failed, so not passed)",
  stale: "stale (left incomplete for 14 days)",
  timed_out: "timed out",
  action_required: "waits for an action of a person",
  startup_failure: "could not start",
  in_progress: "running",
}

function judgedWords(check: JudgedCheck, required: string): string {
  const word = conclusionWords[check.word] ?? plain(check.word, 40)
  return check.name === required ? word : `${code(check.name, 60)} ${word}`
}
