import type { Button } from "../promotion/command/button.ts"
import type { ConfigProblem } from "../promotion/config/config.ts"
import type { Finding } from "../promotion/gate/diagnosis.ts"
import type { MergeAttempt } from "../promotion/merge/merge.ts"
import type { HardStopProblem } from "../promotion/pause/hard-stop.ts"
import type { Reversal } from "../promotion/merge/reversal.ts"
import type { BlockReason, Verdict } from "../promotion/gate/verdict.ts"
import { renderButtons, type CheckAction } from "./button.ts"
import { diagnosisSection } from "./diagnosis.ts"
import { explainHardStop, explainLeftover } from "./hard-stop.ts"
import { code, quoted, upTo } from "./markdown.ts"
import { isRefused, mergeSection } from "./merge.ts"
import { explain, headline, pressing } from "./reason.ts"
import { reversalSection } from "./reversal.ts"
import { agentSection, riskSection } from "./risk.ts"
import { stagesSection } from "./stage.ts"
import { urgentHeadline, urgentSection } from "./urgent.ts"
import { annotationsOf, violationsSection, type Annotation } from "./violation.ts"
import { withdrawnSection, type LandingToTell } from "./withdraw.ts"

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
  /** At the lines they are about; as many as GitHub takes at once. */
  annotations: readonly Annotation[]
  /** Buttons beside it; none unless told. */
  actions?: readonly CheckAction[]
}

/** What is told beside the verdict. */
export type GateContext = {
  runId: string
  /** The newest attempt of the app to merge this head, if any. */
  merge?: MergeAttempt | null
  buttons?: readonly Button[]
  /** What was found around the gate. */
  findings?: readonly Finding[]
  /** How it could be taken back; null: nobody reads its files. */
  reversal?: Reversal | null
  landing?: LandingToTell | null
  hardStop?: HardStopProblem | null
}

/** Renders the gate for someone who has never heard of Portcullis. The same verdict gives the same content. */
export function renderGate(verdict: Verdict, context: GateContext): GateContent {
  const sections = [
    lead(verdict),
    urgentSection(verdict),
    reasonsSection(verdict),
    configSection(verdict),
    stagesSection(verdict),
    violationsSection(verdict),
    riskSection(verdict),
    agentSection(verdict),
    reversalSection(context.reversal ?? null),
    mergeSection(context.merge ?? null),
    withdrawnSection(context.landing ?? null),
    hardStopSection(verdict, context),
    diagnosisSection(context.findings ?? [], verdict.baseRef),
    `<sub>run id ${code(context.runId)} · head ${code(verdict.headSha.slice(0, 12))} · into ${code(verdict.baseRef)}</sub>`,
  ]
  const summary = sections.filter((text) => text !== "").join("\n\n")
  const shown = { title: gateTitle(verdict, context), summary, annotations: annotationsOf(verdict) }
  return { ...outcome(verdict), ...shown, actions: renderButtons(context.buttons ?? []) }
}

/** Told only when it is not as it must be: where a pause of the whole branch holds, and where none does but it may. */
function hardStopSection({ pauses, baseRef }: Verdict, { hardStop = null }: GateContext): string {
  if (hardStop === null) return ""
  const { problem, stands } = hardStop
  if (pauses.some(({ scope }) => scope !== "pull-request")) return explainHardStop({ refs: [], problem })
  return stands ? explainLeftover(problem, baseRef) : ""
}

/** What holds or opens the gate, without progress: content that differs only in the rest may wait a little. */
export function verdictCore(verdict: Verdict): string {
  const failed = verdict.stages.map((stage) => {
    if (stage.kind === "deployment") return [stage.environment, stage.status === "failed"]
    if (stage.kind !== "checks") return stage
    return stage.requirements.filter((judged) => judged.outcome === "failed").map((judged) => judged.requirement)
  })
  const { mode, open, reasons, headSha, baseRef, config, labelled, urgent, agent, proposal } = verdict
  const pauses = verdict.pauses.map((pause) => pause.id)
  const problems = config.status === "invalid" ? config.problems : []
  const told = proposal === null ? undefined : { ...proposal, config: undefined }
  const risk = verdict.risk?.level
  const held = { mode, open, reasons, headSha, baseRef, pauses, labelled, problems, failed, urgent, told }
  return JSON.stringify({ ...held, risk, agent: agent ?? undefined })
}

function outcome({ mode, open, reasons }: Verdict): Pick<GateContent, "status" | "conclusion"> {
  if (open) return { status: "completed", conclusion: "success" }
  if (mode === "advisory") return { status: "completed", conclusion: "neutral" }
  if (reasons.every(isWaiting)) return { status: "in_progress", conclusion: null }
  return { status: "completed", conclusion: "failure" }
}

/** Nothing is wrong yet: something has to come first. */
function isWaiting(reason: BlockReason): boolean {
  return waiting.includes(reason)
}

const waiting: readonly BlockReason[] = [
  "checks-pending",
  "approval-required",
  "deployment-pending",
  "observation-running",
]

/** The gate in one line, without Markdown. */
export function gateTitle(verdict: Verdict, { merge }: Pick<GateContext, "merge"> = {}): string {
  const passed = verdict.stages.filter((stage) => stage.status === "passed").length
  const count = `${passed} of ${verdict.stages.length} ${verdict.stages.length === 1 ? "stage" : "stages"} passed`
  const stages = verdict.stages.length === 0 ? "no stage required" : count
  if (verdict.open)
    return verdict.mode === "advisory" ? `Advisory: open, ${stages}` : openTitle(verdict, { merge, stages })
  const [first] = verdict.reasons
  const why = first === undefined ? "unknown" : headline(first, verdict)
  if (verdict.mode === "advisory") return `Advisory, holds nothing: ${why}, ${stages}`
  const word = verdict.reasons.every(isWaiting) ? "Waiting" : "Blocked"
  return `${word}: ${why}, ${stages}`
}

type OpenTitle = { merge: GateContext["merge"] | undefined; stages: string }

function openTitle(verdict: Verdict, { merge, stages }: OpenTitle): string {
  const urgent = verdict.urgent === null ? "" : ", urgent"
  const refused = isRefused(merge ?? null) ? ", but GitHub refused the merge" : ""
  const past = urgentHeadline(verdict)
  return `Open${urgent}${refused}: ${past === "" ? "" : `${past}, `}${stages}`
}

function lead(verdict: Verdict): string {
  const proof =
    verdict.stages.length === 0 ? "no stage is required here." : "every stage passed for exactly this commit."
  if (verdict.urgent !== null) {
    return `This pull request may be merged into ${code(verdict.baseRef)}, because somebody who may says that it cannot wait:`
  }
  if (verdict.open && verdict.mode === "enforce") {
    return `This pull request may be merged into ${code(verdict.baseRef)}: ${proof}`
  }
  const advisory = "Portcullis runs in `advisory` mode here: it judges and records, and holds nothing."
  if (verdict.open) return `${advisory} The gate would be open: ${proof}`
  if (verdict.mode === "advisory") return `${advisory} With \`mode: enforce\` it would hold the merge:`
  return `This pull request must not be merged into ${code(verdict.baseRef)} yet:`
}

/** Each pressing reason with its next step, as a list; empty where there is none. */
export function reasonsSection(verdict: Verdict): string {
  return pressing(verdict)
    .map((reason) => `- **${reason}** — ${explain(reason, verdict)}`)
    .join("\n")
}

/** Most bytes that the config's problems may take; GitHub refuses a summary of 65,535 bytes. */
const limitProblemBytes = 16 * 1024

function configSection({ config }: Verdict): string {
  if (config.status !== "invalid") return ""
  const force = config.lastValid
    ? "The newest `.github/promotion.yml` on the default branch is not valid (`config-invalid`). The last valid one stays in force. Next: mend these lines:"
    : "Problems in `.github/promotion.yml`:"
  const { shown, left } = upTo(config.problems.map(problemLine), limitProblemBytes)
  const more = left + config.more
  return `${force}\n\n${[...shown, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n")}`
}

/** One thing wrong with a config file, as an item of a list. */
export function problemLine(problem: ConfigProblem): string {
  const place = problem.path === "" ? "" : ` at ${code(problem.path)}`
  const file = problem.of === undefined ? "" : `in \`.github/promotion.yml\` of ${code(problem.of)}, `
  return `- ${file}line ${problem.line}, column ${problem.column}${place}: ${quoted(problem.message)}`
}
