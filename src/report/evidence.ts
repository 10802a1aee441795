import type { EvidenceItem, EvidenceKind, EvidenceReason, EvidenceState } from "../promotion/health/evidence.ts"
import { bare, code, plain } from "./markdown.ts"
import { moment } from "./moment.ts"

/**
 * Words for a piece of evidence. Nothing in them ticks while a window runs: a check run is written when something is
 * different, not with every probe that went well again. What was measured is told when it is over, or bad.
 */

type Show = (text: string, limit?: number) => string

const nouns: Readonly<Record<EvidenceKind, (item: EvidenceItem, show: Show) => string>> = {
  deployment: ({ name }, show) => `deployment to ${show(name, 60)}`,
  check: ({ name, from }, show) => `check ${show(name, 60)}${from === null ? "" : ` of app ${show(from, 40)}`}`,
  probe: ({ name }, show) => `probe of ${show(name, 60)}`,
  "error-rate": () => "error rate",
  heartbeat: () => "heartbeat",
  prometheus: ({ name, from }, show) => {
    return `query ${show(name, 60)}${from === null || from === "default" ? "" : ` of ${show(from, 40)}`}`
  },
  failures: () => "reported failures",
}

/** What it is, in a line of Markdown. */
export function evidenceName(item: EvidenceItem): string {
  return nouns[item.kind](item, code)
}

/** The same for a title or a tag: one line without Markdown. */
export function evidenceLabel(item: EvidenceItem): string {
  return nouns[item.kind](item, bare)
}

const states: Readonly<Record<EvidenceState, string>> = {
  good: "✅ good",
  bad: "❌ bad",
  waiting: "⏳ waiting",
  inconclusive: "❔ cannot tell",
  missing: "➖ nothing reported",
}

/** Where it stands, in two words. `final`: whether the verdict stays. */
export function evidenceState({ state, required }: EvidenceItem, final: boolean): string {
  if (!required && state !== "bad") return "➖ decides nothing"
  if (state === "waiting" && final) return "➖ not waited for"
  return state === "good" && !final ? "✅ good so far" : states[state]
}

/** What was reported, in a line of Markdown. `final`: whether the verdict stays. */
export function evidenceDetail(item: EvidenceItem, final: boolean): string {
  const words = details[item.reason]
  return typeof words === "string" ? words : words(item, final && item.state !== "waiting")
}

/** Why something is bad or does not tell, in a few words without Markdown, for a title. */
export function evidenceHeadline(item: EvidenceItem): string {
  const words = headlines[item.reason]
  return words === undefined ? `${evidenceLabel(item)} does not tell` : words(item)
}

/** With a pattern, the check that it is about. */
const labelOf = (item: EvidenceItem): string => evidenceLabel({ ...item, name: item.which ?? item.name })
const failed = (item: EvidenceItem): string => `${labelOf(item)} failed`
const unreported = (item: EvidenceItem): string => `${evidenceLabel(item)} not reported`
const tooHigh = ({ numbers: { errors = 0, requests = 0 } }: EvidenceItem): string => {
  return `${errors} of ${requests} requests failed`
}

const headlines: Readonly<Partial<Record<EvidenceReason, (item: EvidenceItem) => string>>> = {
  "deployment-failed": failed,
  "deployment-running": (item) => `${evidenceLabel(item)} did not end in time`,
  "deployment-replaced": ({ name }) => `something else was deployed to ${bare(name, 60)}`,
  "check-failed": failed,
  "check-failed-again": (item) => `${failed(item)} twice`,
  "check-unconfirmed": (item) => `${failed(item)}, and was not run again in time`,
  "check-running": (item) => `${labelOf(item)} did not end in time`,
  "check-unread": (item) => `${labelOf(item)} is not told: the commit has a thousand checks or more`,
  "check-untold": (item) => `${labelOf(item)} was ${bare((item.word ?? "").replaceAll("_", " "), 60)}`,
  failing: failed,
  outside: (item) =>
    item.kind === "probe" ? `${failed(item)} ${times(item)}` : `${evidenceLabel(item)} gave ${value(item)}`,
  "over-limit": tooHigh,
  "over-baseline": tooHigh,
  silent: (item) => `no heartbeat since ${timeOf(item)}`,
  "critical-failure": () => "a critical failure was reported",
  "many-failures": ({ numbers: { count = 0 } }) => `${count} failures were reported`,
  "nothing-reported": unreported,
  "not-begun": unreported,
}

type Words = string | ((item: EvidenceItem, final: boolean) => string)

const details: Readonly<Record<EvidenceReason, Words>> = {
  "nothing-reported": (item, final) => (final ? "nothing was reported in time" : unheard[item.kind]),
  "not-begun": (_, final) =>
    final ? "not looked at, because the commit was not deployed in time" : "looked at from the deployment on",
  stale: (item) => `nothing was reported after ${timeOf(item)}`,
  deployed: (item) => `succeeded at ${timeOf(item)}`,
  "deployed-later": (item) =>
    `a later commit (${commitOf(item)}), which contains this one, succeeded at ${timeOf(item)}`,
  "deployment-failed": (item) => `reported as ${wordOf(item)} at ${timeOf(item)}`,
  "deployment-running": (item, final) => `${wordOf(item)}${final ? ", and did not succeed in time" : ""}`,
  "deployment-late": (item) => `succeeded at ${timeOf(item)}, too late to be watched for a whole window`,
  "deployment-replaced": (item) =>
    `another commit (${commitOf(item)}) was deployed there since: ${wordOf(item)} at ${timeOf(item)}`,
  "deployment-inactive": (item) => `was taken down at ${timeOf(item)}`,
  "check-passed": (item) => {
    const { checks = 1 } = item.numbers
    return checks > 1 ? `passed (${checks} checks)` : "passed"
  },
  "check-passed-again": "failed once, and passed when it was run again",
  "check-failed": whichWord,
  "check-failed-again": (item) => `${whichWord(item)}, also when it was run again`,
  "check-unconfirmed": (item) => `${whichOf(item)}failed, and was not done running again when the window ended`,
  "check-confirming": (item) =>
    `${whichOf(item)}failed, and is run once more on the same commit before that is believed`,
  "check-running": (item, final) => `${whichWord(item)}${final ? ", and did not end in time" : ""}`,
  "check-late": (item) => `${whichOf(item)}passed at ${timeOf(item)}, after the window`,
  "check-unread": () => "not all checks of the commit are read: it has a thousand or more",
  "check-untold": (item) => `${whichWord(item)}, which says neither yes nor no`,
  within: (item, final) => (final ? measured(item) : kept[item.kind]),
  outside: (item) =>
    item.kind === "probe" ? `failed ${times(item)}${why(item)}` : `${measured(item)} at ${timeOf(item)}`,
  failing: (item) => `failed ${times(item)}${why(item)}; ${item.numbers.needed ?? 1} in a row are too many`,
  untold: (item) => `${unasked[item.kind] ?? "not known"}${why(item)}`,
  "over-limit": (item) => measured(item),
  "over-baseline": (item) =>
    `${measured(item)}; that is more than ${percent(item.numbers.overBaseline)} over the day before (${percent(item.numbers.baselineRate)})`,
  "too-few-requests": (item, final) =>
    `${final ? `${measured(item)}; ` : ""}fewer than ${item.numbers.least ?? 0} requests that succeeded are too few to judge by`,
  "no-baseline": "the day before tells too few requests to compare with, and no `limit` is given",
  beating: "is heard",
  silent: (item) => `not heard since ${timeOf(item)}`,
  "not-since-start": "not heard since the watch began",
  "critical-failure": failures,
  "many-failures": (item) => `${failures(item)}, clearly more than on the day before`,
  "few-failures": failures,
}

const unheard: Readonly<Record<EvidenceKind, string>> = {
  deployment: "no deployment of this commit is known yet",
  check: "not reported for this commit yet",
  probe: "not asked yet",
  "error-rate": "nothing reported yet",
  heartbeat: "never heard yet",
  prometheus: "not asked yet",
  failures: "nothing reported yet",
}

/** What is well while it goes on. */
const kept: Readonly<Record<EvidenceKind, string>> = {
  deployment: "well",
  check: "well",
  probe: "answers",
  "error-rate": "not too high",
  heartbeat: "is heard",
  prometheus: "within its bounds",
  failures: "none",
}

const unasked: Readonly<Partial<Record<EvidenceKind, string>>> = {
  probe: "Portcullis could not ask",
  prometheus: "no number was told",
}

/** Which check behind a pattern it is; empty where there is no pattern. */
function whichOf({ which }: EvidenceItem): string {
  return which === null ? "" : `${code(which, 60)} `
}

function whichWord(item: EvidenceItem): string {
  return `${whichOf(item)}${wordOf(item)}`
}

function commitOf({ which }: EvidenceItem): string {
  return code((which ?? "").slice(0, 12))
}

/** GitHub's word for a state or conclusion. */
function wordOf({ word }: EvidenceItem): string {
  return plain((word ?? "unknown").replaceAll("_", " "), 80)
}

/** Why a probe or query went wrong, and what was answered. */
function why({ word, numbers: { status } }: EvidenceItem): string {
  if (status !== undefined && (word === "status" || word === null)) return ` (answered with ${status})`
  if (word === null) return ""
  return ` (${reasons.get(word) ?? plain(word, 60)})`
}

const reasons = new Map(
  Object.entries({
    "bad-url": "it is no address that can be asked",
    "not-allowed": "whoever runs Portcullis does not list its host under `PROBE_ALLOWED_HOSTS`",
    "not-resolved": "its name has no address",
    "address-refused": "its name leads to an address that may not be asked",
    timeout: "no answer in time",
    connection: "no connection",
    tls: "no secure connection",
    "not-http": "what answers does not speak HTTP",
    "too-large": "the answer is too large",
    "redirect-refused": "it sends on to a place that may not be asked",
    "too-many-redirects": "it sends on too many times",
    "unknown-source": "whoever runs Portcullis has set up no data source of that name",
    query: "the data source says that this is no query it can work out",
    denied: "the data source does not let Portcullis ask: its token is wrong or missing",
    status: "the data source is in trouble",
    malformed: "the answer is not one of Prometheus",
    partial: "the answer says that something is missing in it",
    "no-sample": "there is no such series",
    "several-samples": "there are several series; the query must give one number",
    "wrong-type": "it gives something else than a number",
    "not-a-number": "it is no number, as after a division by zero",
  }),
)

function times({ numbers: { inRow = 1 } }: EvidenceItem): string {
  return inRow === 1 ? "once" : `${inRow} times in a row`
}

/** What was measured, and what it is held against. */
function measured(item: EvidenceItem): string {
  const { numbers } = item
  if (item.kind === "probe") return numbers.status === undefined ? "answered" : `answered with ${numbers.status}`
  if (item.kind === "prometheus") return `${value(item)} (${bounds(item)})`
  const { errors = 0, requests = 0, limit } = numbers
  const of = limit === undefined ? "" : ` (limit ${percent(limit)})`
  return requests === 0 ? "no requests" : `${percent(errors / requests)} of ${requests} requests failed${of}`
}

function value({ numbers }: EvidenceItem): string {
  return numbers.value === undefined ? "no number" : String(numbers.value)
}

function bounds({ numbers: { below, above } }: EvidenceItem): string {
  const parts = [...(below === undefined ? [] : [`below ${below}`]), ...(above === undefined ? [] : [`above ${above}`])]
  return parts.length === 0 ? "no bounds given" : `must be ${parts.join(" and ")}`
}

function failures({ numbers: { count = 0, critical = 0 } }: EvidenceItem): string {
  const reported = `${count} ${count === 1 ? "was" : "were"} reported`
  return critical === 0 ? `${reported}, none of them critical` : `${reported}, ${critical} of them critical`
}

/** A part as people write it: `0.05` is `5%`. */
export function percent(part: number | undefined): string {
  return part === undefined ? "unknown" : `${Number((part * 100).toPrecision(3))}%`
}

function timeOf({ atMs }: EvidenceItem): string {
  return atMs === null ? "an unknown time" : moment(atMs)
}
