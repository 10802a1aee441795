import type { AgentJudgement } from "../promotion/policy/agent.ts"
import type { Risk } from "../promotion/policy/risk.ts"
import type { Verdict } from "../promotion/gate/verdict.ts"
import { code, plain, upTo } from "./markdown.ts"
import { moment } from "./moment.ts"

/** How risky the change is, and why. Empty where no stage asks for it. */
export function riskSection(verdict: Verdict): string {
  const { risk } = verdict
  if (risk === null) return ""
  const review = verdict.stages.find((stage) => stage.kind === "review")
  const waited = review?.autoApproveAtMs ?? null
  const wait = waited === null ? "" : `\n\nIf nobody objects, it counts as approved from ${moment(waited)} on.`
  const { shown, left } = upTo(risk.reasons.map(reasonLine), limitBytes)
  const lines = [...shown, ...(left > 0 ? [`- and ${left} more`] : [])]
  return `**Risk: ${risk.level}**\n\n${lines.join("\n")}${wait}`
}

/** Most bytes of the reasons; GitHub refuses a summary of 65,535 bytes. */
const limitBytes = 8 * 1024

const limitPaths = 5

function reasonLine(reason: Risk["reasons"][number]): string {
  const shown = reason.paths.slice(0, limitPaths).map((path) => code(path, 100))
  const left = reason.paths.length - shown.length + reason.more
  const paths = [...shown, ...(left > 0 ? [`${left} more`] : [])].join(", ")
  const why = reason.reason === null ? whyWords[reason.why] : plain(reason.reason, 120)
  return `- ${reason.level}: ${why}${paths === "" ? "" : ` (${paths})`}`
}

const whyWords: Readonly<Record<Risk["reasons"][number]["why"], string>> = {
  paths: "it changes paths that are listed as such",
  "changed-lines": "it changes many lines",
  agent: "it is an agent's work",
  content: "it adds what a content rule looks for",
  unknown: "it could not be read whole, so it may be anything",
  default: "no rule makes it more than that",
}

/** What is known of the agent that made the change. Empty for a person's work. */
export function agentSection({ agent }: Verdict): string {
  if (agent === null || !agent.agent) return ""
  const facts = [
    ...(agent.task === null ? [] : [`task ${plain(agent.task, 120)}`]),
    ...(agent.run === null ? [] : [`run ${plain(agent.run, 120)}`]),
    ...(agent.requester === null ? [] : [`asked for by ${plain(agent.requester, 120)}`]),
  ]
  return `Taken for an agent's work: ${agentWords[agent.how ?? "unknown"]}${facts.length === 0 ? "" : ` (${facts.join(", ")})`}.`
}

const agentWords: Readonly<Record<NonNullable<AgentJudgement["how"]>, string>> = {
  login: "its author, or somebody behind one of its commits, is listed as an agent",
  bot: "its author is an app",
  label: "it carries the label of agents, which counts until an operator who had no hand in the change takes it off",
  trailer: "the message of one of its commits says so",
  unknown: "not all of its commits could be read, and unknown counts as agent",
}
