import { decideHealth, type HealthPolicy } from "../promotion/health/decide-health.ts"
import type { EvidenceItem, EvidenceState } from "../promotion/health/evidence.ts"
import type { HealthVerdict } from "../promotion/health/judge-health.ts"
import type { Watch } from "../promotion/health/watch.ts"
import { buttonTexts, type CheckAction } from "./button.ts"
import type { GateContent } from "./check-run.ts"
import { evidenceDetail, evidenceHeadline, evidenceName, evidenceState, evidenceLabel, percent } from "./evidence.ts"
import { bare, code, table, upTo } from "./markdown.ts"
import { moment } from "./moment.ts"
import { explainRefusedTag, type TagRefused } from "./refused-tag.ts"

/** Name of the check run on a merge commit that tells what the merge did to the running system. */
export const healthCheckName = "Promotion health"

/** What became of the known-good tag, once a merge is healthy. */
export type KnownGoodStanding =
  /** It names this commit, or did: since `atMs`. */
  | { status: "advanced"; tag: string; atMs: number }
  /** It waits for an earlier promotion that this commit contains. */
  | { status: "held"; earlier: number | null; because: "observed" | "unhealthy" }
  /** It names a later commit already, and is never moved back. */
  | { status: "passed"; tag: string }
  | TagRefused

/** What is told beside the verdict. What is left out is not told of. */
export type HealthContext = Partial<Told>

type Told = {
  runId: string | null
  /** The pull request; null: it was pushed without one; undefined: not told. */
  number: number | null | undefined
  baseRef: string | null
  /** The commit that the merge made. */
  sha: string | null
  mode: "advisory" | "enforce"
  /** What follows by the config; null: that is told elsewhere. */
  policy: HealthPolicy | null
  /** Null while it is not decided. */
  knownGood: KnownGoodStanding | null
  /** The pull request that takes it back; null: there is none. */
  rollback: number | null
  /** What else there is to know of the rollback (why none is begun, what it waits for), in Markdown made of ours. */
  notes: readonly string[]
  /** Identifier of the button that rolls it back, 20 characters at most; null: it cannot be rolled back now. */
  button: string | null
  /** The watch after the window; null: it has not begun. */
  watch: Pick<Watch, "alerts" | "untilMs" | "isOver"> | null
}

const nothingTold: Told = {
  runId: null,
  number: undefined,
  baseRef: null,
  sha: null,
  mode: "enforce",
  policy: null,
  knownGood: null,
  rollback: null,
  notes: [],
  button: null,
  watch: null,
}

/**
 * Renders what is known of a merge's health for someone who has never heard of Portcullis. The same verdict gives the
 * same content, and time alone changes nothing in it.
 */
export function renderHealth(verdict: HealthVerdict, context: HealthContext = {}): GateContent {
  const told = { ...nothingTold, ...context }
  const sections = [
    lead(verdict, told),
    findings(verdict, told),
    ...told.notes,
    evidenceSection(verdict),
    baselineSection(verdict),
    watchSection(told),
    footer(told),
  ]
  const summary = sections.filter((text) => text !== "").join("\n\n")
  const actions = told.button === null ? [] : [rollBackButton(told.button)]
  return { ...outcome(verdict, told), title: healthTitle(verdict, told), summary, annotations: [], actions }
}

function footer({ runId, sha, baseRef }: Told): string {
  const parts = [
    ...(runId === null ? [] : [`run id ${code(runId)}`]),
    ...(sha === null ? [] : [`commit ${code(sha.slice(0, 12))}`]),
    ...(baseRef === null ? [] : [`into ${code(baseRef)}`]),
  ]
  return runId === null ? "" : `<sub>${parts.join(" · ")}</sub>`
}

/** What holds or changes a verdict, without progress: content that differs only in the rest may wait a little. */
export function healthCore(verdict: HealthVerdict, context: HealthContext = {}): string {
  const bad = verdict.items.filter(({ state }) => state === "bad").map(({ kind, name }) => `${kind}:${name}`)
  const { startMs, deadlineMs, final } = verdict
  const { watch, ...told } = { ...nothingTold, ...context }
  const alerts = watch?.alerts.map(({ key }) => key) ?? null
  const held = { verdict: verdict.verdict, final, startMs, deadlineMs, bad, alerts }
  return JSON.stringify({ ...held, ...told, watchIsOver: watch?.isOver ?? null })
}

/** GitHub takes 20 characters of a label and of an identifier, and 40 of a description. */
function rollBackButton(identifier: string): CheckAction {
  return { ...buttonTexts["roll-back"], identifier }
}

/** Neutral satisfies a required check on GitHub, so what was not proven fails. */
function outcome({ verdict, final }: HealthVerdict, { mode }: Told): Pick<GateContent, "status" | "conclusion"> {
  if (!final) return { status: "in_progress", conclusion: null }
  if (verdict === "healthy") return { status: "completed", conclusion: "success" }
  return { status: "completed", conclusion: mode === "advisory" ? "neutral" : "failure" }
}

/** The health of a merge in one line, without Markdown. */
export function healthTitle(verdict: HealthVerdict, context: HealthContext = {}): string {
  const { items, final, startMs, deadlineMs } = verdict
  const until = moment(deadlineMs)
  if (!final && startMs === null) {
    const awaited = items.filter((item) => item.kind === "deployment" && item.state !== "good")
    return `Waiting until ${until} for ${listed(awaited, "the deployment", evidenceLabel)}`
  }
  if (!final) return `Observing until ${until}: ${soFar(verdict)}`
  switch (verdict.verdict) {
    case "healthy":
      return `Healthy: ${healthyTitle(verdict, context)}${alertsTitle(context)}`
    case "unhealthy":
      return `Unhealthy: ${listed(withState(items, "bad"), "something is bad", evidenceHeadline)}`
    case "inconclusive":
      return `Inconclusive: ${listed(undecided(items), "it cannot be told", evidenceHeadline)}`
    case "no_data":
      return `No data: ${listed(withState(items, "missing"), "nothing was reported", evidenceHeadline)}`
  }
}

function soFar({ items }: HealthVerdict): string {
  const required = items.filter((item) => item.required)
  if (required.length === 0) return "nothing was asked for, nothing bad so far"
  return `${goodOf(items)} healthy so far`
}

function goodOf(items: readonly EvidenceItem[]): string {
  const required = items.filter((item) => item.required)
  return `${withState(required, "good").length} of ${required.length}`
}

function healthyTitle({ items }: HealthVerdict, { knownGood }: HealthContext): string {
  const asked = items.some(({ required }) => required)
  const why = asked ? `${goodOf(items)} good` : "nothing was asked for, nothing bad was reported"
  switch (knownGood?.status) {
    case "advanced":
      return `known-good since ${moment(knownGood.atMs)}`
    case "held":
      return `${why}, but an earlier promotion is ${knownGood.because === "observed" ? "still observed" : "unhealthy"}`
    case "refused":
      return `${why}, but the known-good tag could not be moved`
    case "passed":
    case undefined:
      return why
  }
}

function alertsTitle({ watch }: HealthContext): string {
  const count = watch?.alerts.length ?? 0
  return count === 0 ? "" : `, ${count} ${count === 1 ? "alert" : "alerts"} since`
}

/** The first, and how many more there are. */
function listed(items: readonly EvidenceItem[], otherwise: string, words: (item: EvidenceItem) => string): string {
  const [first] = items
  if (first === undefined) return otherwise
  return `${bare(words(first), 140)}${items.length > 1 ? ` and ${items.length - 1} more` : ""}`
}

function withState(items: readonly EvidenceItem[], state: EvidenceState): EvidenceItem[] {
  return items.filter((item) => item.state === state)
}

/** What keeps a merge from being healthy without being bad, what was reported first. */
function undecided(items: readonly EvidenceItem[]): EvidenceItem[] {
  const required = items.filter((item) => item.required)
  return [...withState(required, "inconclusive"), ...withState(required, "missing")]
}

function lead({ windowMs, final }: HealthVerdict, { number, baseRef, mode }: Told): string {
  const landed =
    number === undefined
      ? "This commit landed"
      : number === null
        ? "This commit was pushed"
        : `Pull request #${number} was merged`
  const where = baseRef === null ? "" : ` ${number === null ? "to" : "into"} ${code(baseRef)}`
  const watched = final ? "watched what that did" : "watches what that does"
  const meaning = final
    ? "A commit that is healthy at the end is *known-good*: the one to go back to when something breaks."
    : "If all goes well until the end, this commit is *known-good*: the one to go back to when something breaks."
  const advisory = "It runs in `advisory` mode here: it judges and records, and takes nothing back."
  return `${landed}${where}, and Portcullis ${watched} to the running system, for ${durationWords(windowMs)}. ${mode === "advisory" ? advisory : meaning}`
}

/** A duration in words, in the largest unit that fits. */
function durationWords(ms: number): string {
  const units = [
    { unit: "hour", sizeMs: 3_600_000 },
    { unit: "minute", sizeMs: 60_000 },
    { unit: "second", sizeMs: 1000 },
  ]
  const { unit, sizeMs } = units.find(({ sizeMs: size }) => ms % size === 0) ?? { unit: "second", sizeMs: 1000 }
  const count = Math.round(ms / sizeMs)
  return `${count} ${unit}${count === 1 ? "" : "s"}`
}

/** What was found, what happens now, and what a person may do. */
function findings(verdict: HealthVerdict, told: Told): string {
  if (!verdict.final) return waiting(verdict, told)
  const parts =
    verdict.verdict === "healthy"
      ? ["**Healthy.**", proof(verdict), knownGoodWords(told)]
      : [`**${finding(verdict)}**`, "Known-good stays where it was.", consequence(verdict, told)]
  return parts.filter((text) => text !== "").join(" ")
}

/** What follows from a verdict that is not healthy; empty where that is told elsewhere. */
function consequence(verdict: HealthVerdict, told: Told): string {
  if (told.rollback !== null) return rollbackWords(told)
  if (told.policy === null) return ""
  const { step } = decideHealth(verdict, told.policy)
  const isBad = verdict.verdict === "unhealthy"
  if (step !== "roll-back") return isBad ? unhealthyAsk(told, told.policy) : unknownAsk(told)
  return `${isBad ? "" : `Here that is taken back, too (${code("no_data: roll-back")}). `}${rollbackWords(told)}`
}

function waiting({ startMs, deadlineMs, windowMs, items }: HealthVerdict, told: Told): string {
  const anyTime = told.number === undefined ? [] : [`To take it back at once, comment ${rollbackCommand(told)}.`]
  if (startMs !== null) {
    return [
      `**Observing from ${moment(startMs)} until ${moment(deadlineMs)}.**`,
      ...(items.length === 0 ? ["Nothing was asked for; only what is reported as critical counts."] : []),
      nextWhileRunning(items),
      ...anyTime,
    ].join(" ")
  }
  const names = items
    .filter((item) => item.kind === "deployment" && item.state !== "good")
    .slice(0, 5)
    .map(({ name }) => code(name, 60))
  return [
    `**Waiting for the deployment to ${names.join(", ")}.**`,
    `The window of ${durationWords(windowMs)} begins when it has succeeded; that is waited for until ${moment(deadlineMs)}.`,
    "Next: see to it that this commit is deployed there.",
    ...anyTime,
  ].join(" ")
}

function nextWhileRunning(items: readonly EvidenceItem[]): string {
  return items.some(({ required, state }) => required && state === "inconclusive")
    ? "Next: see to what cannot be told below; as long as it cannot, this commit is not known-good."
    : "Next: nothing has to be done."
}

function proof({ items, deadlineMs }: HealthVerdict): string {
  return items.some(({ required }) => required)
    ? `Everything that was asked for was good when the window ended at ${moment(deadlineMs)}.`
    : `Nothing was asked for, and nothing bad was reported until ${moment(deadlineMs)}. To have it proven, name what to watch under ${code("health")} in ${code(".github/promotion.yml")}.`
}

function knownGoodWords({ knownGood: standing, mode, policy }: Told): string {
  if (standing === null) {
    return policy === null || mode === "advisory" ? "" : "Next: nothing, the known-good tag is moved here."
  }
  switch (standing.status) {
    case "advanced":
      return `The tag ${code(standing.tag)} was moved to this commit at ${moment(standing.atMs)}. Next: nothing has to be done.`
    case "held": {
      const which = standing.earlier === null ? "An earlier promotion" : `The earlier promotion #${standing.earlier}`
      const next =
        standing.because === "observed"
          ? "Next: nothing, the tag is moved when that one is healthy."
          : "Next: take that one back, or mend it by another change; the commit that contains the repair can be known-good."
      return `${which}, which this commit contains, is ${standing.because === "observed" ? "still observed" : "unhealthy"}, so the known-good tag stays where it is. ${next}`
    }
    case "passed":
      return `The tag ${code(standing.tag)} names a later commit already, and is never moved back. Next: nothing has to be done.`
    case "refused":
      return explainRefusedTag(standing)
  }
}

function finding({ verdict, deadlineMs }: HealthVerdict): string {
  switch (verdict) {
    case "unhealthy":
      return "Unhealthy."
    case "no_data":
      return `No data: nothing that was asked for was reported until ${moment(deadlineMs)}.`
    default:
      return `Inconclusive: it could not be told until ${moment(deadlineMs)} whether this commit is healthy.`
  }
}

function rollbackWords({ rollback }: Told): string {
  if (rollback !== null) {
    return `Pull request #${rollback} takes this change back. Next: see there whether it needs you, and find out what broke.`
  }
  return "Portcullis takes this change back. Next: find out what broke; for the rollback nothing has to be done unless it asks."
}

function unhealthyAsk(told: Told, { automatic }: HealthPolicy): string {
  const off = automatic || told.mode === "advisory" ? "" : ` (${code("rollback.automatic")} is not set)`
  return `Nothing is taken back without a person here${off}. Next: comment ${rollbackCommand(told)}, or mend it by another change.`
}

function unknownAsk(told: Told): string {
  return `Nothing is taken back either: that is for a person to say. Next: look at what is missing below, and at the system itself; if it is not well, comment ${rollbackCommand(told)}; if it is, the next merge that is healthy can be known-good.`
}

function rollbackCommand({ number }: Pick<Told, "number">): string {
  if (number === undefined) return `${code("/rollback")} on its pull request`
  return number === null
    ? `${code("/rollback known-good")} on any issue or pull request`
    : `${code("/rollback")} on #${number}`
}

/** Most bytes that the evidence may take; GitHub refuses a summary of 65,535 bytes. */
const limitEvidenceBytes = 32 * 1024

const worstFirst: readonly EvidenceState[] = ["bad", "inconclusive", "missing", "waiting", "good"]

function evidenceSection({ items, final }: HealthVerdict): string {
  if (items.length === 0) return ""
  const order = ({ state, required }: EvidenceItem): number => {
    return required || state === "bad" ? worstFirst.indexOf(state) : worstFirst.length
  }
  const sorted = items.toSorted((a, b) => order(a) - order(b))
  const rows = sorted.map((item) => [evidenceName(item), evidenceState(item, final), evidenceDetail(item, final)])
  const { shown, left } = upTo(
    rows.map((cells) => cells.join(" | ")),
    limitEvidenceBytes,
  )
  const told = table(["evidence", "state", "what was reported"], rows.slice(0, shown.length))
  return left === 0 ? told : `${told}\n\nand ${left} more`
}

/** What the error rate is compared with, where the config asks for that. */
function baselineSection({ items }: HealthVerdict): string {
  const rate = items.find(({ kind }) => kind === "error-rate")
  const { overBaseline, baselineRate, least = 0 } = rate?.numbers ?? {}
  if (overBaseline === undefined) return ""
  return baselineRate === undefined
    ? `Baseline: none, because fewer than ${least} requests that succeeded were reported in the 24 hours before.`
    : `Baseline: ${percent(baselineRate)} of the requests of the 24 hours before failed; ${percent(overBaseline)} more than that is too much.`
}

/** A piece of evidence and what was reported of it, in a line of Markdown. */
export function explainEvidence(item: EvidenceItem): string {
  return `${evidenceName(item)}: ${evidenceDetail(item, true)}`
}

/** Most bytes of the list of alerts. */
const limitAlertBytes = 12 * 1024

function watchSection({ watch, number }: Told): string {
  if (watch === null) return ""
  const { alerts, untilMs, isOver } = watch
  const span = isOver ? `watched until ${moment(untilMs)}` : `still watched until ${moment(untilMs)}, for alerts alone`
  if (alerts.length === 0) {
    return `**After the window**: ${span}. Nothing turned bad${isOver ? "" : " so far"}.`
  }
  const lines = alerts.map(({ item }) => `- ${explainEvidence(item)}`)
  const { shown, left } = upTo(lines, limitAlertBytes)
  const list = [...shown, ...(left > 0 ? [`- and ${left} more`] : [])].join("\n")
  const next = `Nothing is taken back for that by itself. Next: look whether this change is the cause; if so, comment ${rollbackCommand({ number })}.`
  return `**After the window**: ${span}. This turned bad:\n\n${list}\n\n${next}`
}
