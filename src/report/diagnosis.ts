import type { Finding, FindingCode } from "../promotion/gate/diagnosis.ts"
import { code } from "./markdown.ts"

type Show = (text: string) => string

/** What is wrong and what to do about it, for somebody who may change the repository's settings. */
const words: Readonly<Record<FindingCode, (detail: Show, branch: string) => string>> = {
  "gate-not-required": (show, branch) =>
    `The gate is not required on ${show(branch)}, so GitHub lets anybody merge although it is shut. Next: require the check ${show("Promotion gate")} of this app, in a ruleset or in branch protection.`,
  "gate-required-of-any-app": (show, branch) =>
    `The gate is required on ${show(branch)} without saying of which app, so anybody who may set a commit status can open it. Next: choose this app as the source of ${show("Promotion gate")}.`,
  "gate-required-of-another-app": (show, branch) =>
    `The gate is required on ${show(branch)}, but of another app, so it never passes. Next: choose this app as the source of ${show("Promotion gate")}.`,
  "merge-queue-without-gate": (show, branch) =>
    `Merges into ${show(branch)} go through a merge queue, and the app does not hear of it, so the queue waits for a gate that never comes. Next: let the app subscribe to ${show("merge_group")}, or take the queue away.`,
  "gate-of-another-app": (show) =>
    `Another app reports a check that is named ${show("Promotion gate")} as well; it does not open the gate, but people may take it for the gate. Next: find out what it is.`,
  "permission-missing": () =>
    "A permission that the app asks for was not granted. Next: accept it on the page of the app's installation.",
  "event-missing": () =>
    "An event that the app asks for does not reach it. Next: subscribe to it on the app's settings page, and accept it on the page of its installation.",
  "branch-rules-unread": (show, branch) =>
    `GitHub did not tell all rules of ${show(branch)}, so nobody can say whether the gate is required there.`,
  "merge-queue-unread": (show, branch) =>
    `GitHub did not tell whether merges into ${show(branch)} go through a merge queue.`,
  "config-without-gate": (show, branch) =>
    `The config is read from ${show(branch)}, which is no promotion branch: a change of the config gets a gate there, but other pull requests get none, so it cannot be required, and whoever may merge there can switch the gates off. Next: name ${show(branch)} under ${show("branches")}, with ${show("stages: []")} if nothing else is to be held, and require the gate there.`,
  "grant-unread": () => "GitHub did not tell what the app was granted here.",
}

function sentence(found: Finding, { show, branch }: { show: Show; branch: string }): string {
  const detail =
    found.detail === null || found.code === "gate-required-of-another-app" ? "" : ` (${show(found.detail)})`
  return words[found.code](show, branch).replace(". Next:", `${detail}. Next:`)
}

/** Most findings told in a check run; there are no more than a dozen kinds. */
const limitFindings = 8

/** What is wrong around the gate, in Markdown. Empty when nothing is. */
export function diagnosisSection(findings: readonly Finding[], branch: string): string {
  if (findings.length === 0) return ""
  const lines = findings.slice(0, limitFindings).map((one) => `- ${sentence(one, { show: code, branch })}`)
  const more = findings.length - lines.length
  return `**Portcullis is not set up soundly here**\n\n${[...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n")}`
}

/** One finding in a line of plain text, with its code first. */
export function diagnosisLine(found: Finding, branch: string): string {
  return `${found.code}: ${sentence(found, { show: (text) => text, branch })}`
}
