import type { PolicyStage } from "../promotion/policy/policy.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import type { Violation } from "../promotion/policy/violation.ts"
import { bare, code, plain, upTo } from "./markdown.ts"

/** A remark at a line of the diff, in the form GitHub's API takes. */
export type Annotation = {
  path: string
  start_line: number
  end_line: number
  annotation_level: "failure" | "warning"
  title: string
  message: string
}

/** Most annotations GitHub takes with one request; of more the summary tells. */
const limitAnnotations = 50

function policyOf(verdict: Verdict): PolicyStage | undefined {
  return verdict.stages.find((stage) => stage.kind === "policy")
}

/** The block reasons of the `policy` stage. */
export type PolicyReason = Violation["reason"]

/** Whether the `policy` stage gives this reason. */
export function isViolated(reason: PolicyReason, verdict: Verdict): boolean {
  return policyOf(verdict)?.violations.some((one) => one.reason === reason) === true
}

/** A reason of the `policy` stage in a few words, without Markdown. */
export function violationHeadline(reason: PolicyReason, verdict: Verdict): string {
  const found = policyOf(verdict)?.violations.filter((one) => one.reason === reason) ?? []
  const [first] = found
  if (first === undefined) return "a rule is broken"
  const more = found.length > 1 ? ` and ${found.length - 1} more` : ""
  switch (reason) {
    case "wrong-source-branch":
      return `nothing comes into ${bare(verdict.baseRef, 40)} from this branch`
    case "protected-path":
      return `${bare(first.path ?? "", 60)}${more} ${found.length > 1 ? "are" : "is"} protected`
    case "diff-too-large":
      return "the change is too large"
    case "policy-violation":
      return `${found.length} ${found.length === 1 ? "violation" : "violations"} of the policy`
  }
}

/** A reason of the `policy` stage with the next step. */
export function explainViolations(reason: PolicyReason, verdict: Verdict): string {
  const found = policyOf(verdict)?.violations.filter((one) => one.reason === reason) ?? []
  const operator = found.some((one) => one.needs === "operator")
  const change = found.some((one) => one.needs === "change")
  const steps = [
    ...(change ? ["change what is listed below"] : []),
    ...(operator
      ? [
          `${change ? "for the rest " : ""}have an operator (the \`maintain\` role) who had no hand in it approve, in a GitHub review or by \`/approve\``,
        ]
      : []),
  ]
  return `${whatIs[reason]} Next: ${steps.join("; ")}.`
}

const whatIs: Readonly<Record<PolicyReason, string>> = {
  "wrong-source-branch": "the config names the branches that this one is promoted from.",
  "protected-path": "an agent may not change protected paths on its own.",
  "diff-too-large": "the config limits how much one pull request may change.",
  "policy-violation": "the change breaks rules of the config.",
}

/** Most bytes of the list of violations. */
const limitBytes = 12 * 1024

/** Every violation in a line. Empty when there is none. */
export function violationsSection(verdict: Verdict): string {
  const policy = policyOf(verdict)
  if (policy === undefined || policy.violations.length === 0) return ""
  const { scope } = verdict.config.config.policy
  const { shown, left } = upTo(
    policy.violations.map((one) => `- ${placeOf(one)}${sentence(one, { name: code, text: plain, scope })}`),
    limitBytes,
  )
  const more = left + policy.left
  return `**What the policy found**\n\n${[...shown, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n")}`
}

function placeOf({ path, line }: Violation): string {
  if (path === null) return ""
  return `${code(line === null ? path : `${path}:${line}`, 160)}: `
}

/** The violations that are about a file, as remarks at their lines; about a whole file at its first line. */
export function annotationsOf(verdict: Verdict): Annotation[] {
  const asText = (text: string): string => bare(text, 200)
  const { scope } = verdict.config.config.policy
  return (policyOf(verdict)?.violations ?? [])
    .flatMap((one): Annotation[] => {
      if (one.path === null) return []
      const line = one.line ?? 1
      return [
        {
          path: one.path,
          start_line: line,
          end_line: line,
          annotation_level: one.needs === "operator" ? "warning" : "failure",
          title: titles[one.rule],
          message: sentence(one, { name: asText, text: asText, scope }),
        },
      ]
    })
    .slice(0, limitAnnotations)
}

const titles: Readonly<Record<Violation["rule"], string>> = {
  "protected-path": "Protected path",
  "forbidden-path": "Forbidden path",
  scope: "Outside of what may change",
  "changed-lines": "Too large",
  content: "Forbidden content",
  syntax: "Broken file",
  description: "Description",
  "source-branch": "Source branch",
  unreadable: "Could not be judged",
}

/** Why something could not be judged, by the word that the policy has for it. */
const unreadableWords: Readonly<Record<string, string>> = {
  incomplete: "GitHub did not tell all files of this change",
  symlink: "it is a link to another path, and what it leads to is not in the diff",
  submodule: "it points at a commit of another repository, and that is not in the diff",
  moved: "it was moved or copied to where a rule holds, and the diff does not show its lines",
  binary: "it is no text, and a rule about its lines holds here",
  "not-told": "GitHub did not tell its lines, because the diff is too large",
  syntax: "its syntax could not be read",
}

type Show = (text: string, limit?: number) => string

/** How a name and a text are shown, and the paths that pull requests may change; none: all. */
type Showing = { name: Show; text: Show; scope: readonly string[] }

/** What is wrong and what to do, for someone who has never heard of the rule. */
function sentence(one: Violation, showing: Showing): string {
  const next = one.needs === "operator" ? "An operator may let it pass by approving." : nextWords[one.rule]
  return `${what(one, showing)} ${next}`
}

const nextWords: Readonly<Record<Violation["rule"], string>> = {
  "protected-path": "Take it out of this pull request.",
  "forbidden-path": "Take it out of this pull request.",
  scope: "Take it out of this pull request.",
  "changed-lines": "Split it into smaller ones.",
  content: "Change the line.",
  syntax: "Mend it.",
  description: "Edit the description.",
  "source-branch": "Open it from a branch that `.github/promotion.yml` lists under `from`.",
  unreadable: "Make it smaller, or take that file out.",
}

function tooLarge([lines = "", limit = ""]: readonly string[], text: Show): string {
  return `It changes ${text(lines)} lines, and ${text(limit)} are the most that one pull request may change.`
}

/** The first few of the paths that may change, to end a sentence with. */
function allowed({ name, scope }: Showing): string {
  if (scope.length === 0) return ""
  const shown = scope.slice(0, 5).map((glob) => name(glob, 80))
  return `: ${shown.join(", ")}${scope.length > shown.length ? ` and ${scope.length - shown.length} more` : ""}`
}

function what(one: Violation, showing: Showing): string {
  const { name, text } = showing
  switch (one.rule) {
    case "protected-path":
      return `${name(one.detail, 80)} is protected: an agent may not change it on its own.`
    case "forbidden-path":
      return `Nobody may change ${name(one.detail, 80)} by a pull request.`
    case "scope":
      return `This path is outside of what pull requests may change here${allowed(showing)}.`
    case "changed-lines":
      return tooLarge(one.detail.split(" > "), text)
    case "content":
      return `The rule ${name(one.name ?? "", 80)} found a match of ${name(one.detail, 120)} in an added line.`
    case "syntax":
      return `The file is broken: ${text(one.detail)}.`
    case "description":
      return `The description has no section ${name(one.name ?? "", 80)}, or nothing in it.`
    case "source-branch":
      return one.detail === "fork"
        ? "It comes from a fork, and only branches of this repository are promoted here."
        : `The branch ${name(one.detail)} is none of those that are promoted into this one.`
    case "unreadable":
      return `This could not be judged: ${unreadableWords[one.detail] ?? text(one.detail)}.`
  }
}
